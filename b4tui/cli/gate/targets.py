"""What `b4tui gate check` reads: files, standard input, and git's diffs."""

from __future__ import annotations

import codecs
import os
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from b4tui.cli.common import Failed
from b4tui.cli.gate.checking import Target
from b4tui.gate.types import GateLimits, UnreadableText

STDIN = "-"
STDIN_NAME = "<stdin>"
_STAGED = (
    "git -c core.quotePath=false -c diff.noprefix=false -c diff.mnemonicPrefix=false -c core.fsmonitor=false "
    "-c diff.relative=false "
    "diff --cached --no-color --no-ext-diff --no-textconv --no-renames --unified=3 --diff-filter=d"
)

_BINARY = "it is binary, not text; the gate does not read files of other kinds"
_SNIFF = 8000  # bytes in which git, too, looks for a NUL


def targets(names: Sequence[str], limits: GateLimits, *, diff: bool, staged: bool) -> Iterator[Target]:
    """The texts to check, one by one. A name that is no file is wrong usage."""
    if staged:
        for target in _of_diff("the staged changes", _staged(), limits):
            # A line in .gitattributes makes any text "binary" to git: what it holds decides, not what it is called.
            yield _of_blob(target.name, limits) if target.binary else target
    for name in names:
        shown, data = (STDIN_NAME, _from_stdin(limits, diff)) if name == STDIN else (name, _of_file(name, limits, diff))
        if isinstance(data, str):
            yield Target(name=shown, refusal=data)
        elif diff:
            yield from _of_diff(shown, data, limits)
        else:
            yield _of_bytes(shown, data, limits)


def _from_stdin(limits: GateLimits, diff: bool) -> bytes | str:
    """What comes in, or why it is not read; a diff is cut into its files before each of them is measured."""
    try:
        return sys.stdin.buffer.read() if diff else sys.stdin.buffer.read(limits.max_payload + 1)
    except OSError as error:
        return f"standard input cannot be read: {error.strerror}"


def _of_file(name: str, limits: GateLimits, diff: bool) -> bytes | str:
    """The bytes of a file, one more than is read at most; or why it is not read."""
    path = Path(name)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return "it is no regular file; the gate does not read it"
            if status.st_size > limits.max_payload and not diff:
                if b"\0" in (head := file.read(_SNIFF)):
                    return head  # enough to say that it is binary
                return f"it has {status.st_size:,} bytes, and the gate reads {limits.max_payload:,} at most"
            return file.read() if diff else file.read(limits.max_payload + 1)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise click.UsageError(f"{name}: {error.strerror}") from error
    except OSError as error:
        return f"it cannot be read: {error.strerror}"


def _of_bytes(name: str, data: bytes, limits: GateLimits) -> Target:
    from b4tui.gate.limits import text_of

    if b"\0" in data[:_SNIFF]:
        return Target(name=name, refusal=_BINARY, binary=True)
    if len(data) > limits.max_payload:  # of a stream no more than that was read: nobody knows how many there are
        told = f"it has more than {limits.max_payload:,} bytes, which are the most the gate reads"
        return Target(name=name, refusal=f"{told}; let a local model summarise it")
    try:
        return Target(name=name, text=text_of(data.removeprefix(codecs.BOM_UTF8), limits))
    except UnreadableText as error:
        return Target(name=name, refusal=str(error))


def _of_diff(name: str, data: bytes, limits: GateLimits) -> Iterator[Target]:
    from b4tui.gate.diffs import NoDiff, changed_files

    text = data.decode("utf-8", "surrogateescape")  # so that only a file that is not text is refused for it
    try:
        for changed in changed_files(text):
            if changed.binary:
                yield Target(name=changed.path, refusal=_BINARY, binary=True)
                continue
            target = _of_bytes(changed.path, changed.text.encode("utf-8", "surrogateescape"), limits)
            yield Target(
                name=target.name,
                text=target.text,
                refusal=target.refusal,
                numbers=changed.numbers,
                added=changed.added,
            )
    except NoDiff as error:
        raise click.UsageError(f"{name} is no unified diff: {error}; make one with git diff") from error


def _of_blob(name: str, limits: GateLimits) -> Target:
    """A whole file as it is staged; one that git cannot give stays here."""
    command = ("git", "cat-file", "blob", f":0:{name}")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as giving:
        assert giving.stdout is not None
        data = giving.stdout.read(limits.max_payload + 1)
        if len(data) > limits.max_payload:
            giving.kill()
    if giving.returncode and len(data) <= limits.max_payload:
        return Target(name=name, refusal="git does not give what is staged of it, so nobody looked")
    return _of_bytes(name, data, limits)


def _staged() -> bytes:
    """What is staged in the repository here, with the index that a hook was given."""
    try:
        answer = subprocess.run(_STAGED.split(), capture_output=True, check=False)
    except OSError as error:
        raise Failed(f"git could not be started: {error.strerror}") from error
    if answer.returncode:
        words = " ".join(answer.stderr.decode("utf-8", "replace").split()[:40])
        if "--no-index" in words:  # outside of a repository, git takes `diff` for another command
            words = "there is no repository here; go into one"
        raise Failed(f"git cannot tell what is staged: {words}")
    return answer.stdout
