"""Run git on a board's repository: never a hook, a prompt, a pager, a signature, or another repository by accident."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_QUIET = (
    # Hooks could rewrite the board (bd's pre-commit exports its database over it).
    "core.hooksPath=/dev/null",
    # Both would start programs that live on with our lock file open.
    "core.fsmonitor=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "commit.gpgSign=false",
    "i18n.commitEncoding=UTF-8",
    "core.quotePath=false",
)
# What git itself calls local (git rev-parse --local-env-vars): set where a hook or an editor started us.
_LOCAL = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_CONFIG GIT_CONFIG_PARAMETERS GIT_CONFIG_COUNT GIT_OBJECT_DIRECTORY GIT_DIR "
    "GIT_WORK_TREE GIT_IMPLICIT_WORK_TREE GIT_GRAFT_FILE GIT_INDEX_FILE GIT_NO_REPLACE_OBJECTS GIT_REPLACE_REF_BASE "
    "GIT_PREFIX GIT_SHALLOW_FILE GIT_COMMON_DIR "
    # Not local, but just as wrong here: the dates of the commit that somebody else is making.
    "GIT_AUTHOR_DATE GIT_COMMITTER_DATE"
)
_GRACE_S = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """How a git command ended. `error` is what it said on stderr, as one line."""

    code: int
    out: bytes
    error: str

    @property
    def text(self) -> str:
        """Its output as text."""
        return self.out.decode("utf-8", "replace")


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment git gets: ours without what ties it to another repository, and with no way to ask anybody."""
    env = {key: value for key, value in os.environ.items() if key not in _LOCAL.split()}
    env |= {"GIT_TERMINAL_PROMPT": "0", "GIT_LITERAL_PATHSPECS": "1", "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    env.setdefault("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")
    return env | dict(extra or {})


def git(
    folder: Path,
    arguments: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    keep_open: int | None = None,
    stdin: bytes = b"",
    timeout_s: float = 30.0,
) -> Answer:
    """Run one git command in the folder. `keep_open` is a descriptor that git inherits, to hold a lock until it ends.

    Never raises for what git does: a missing git or a time-out is an answer with code 127 or 124. Runs in a session of
    its own, so that a key pressed in the terminal or a killed parent does not stop it in the middle.
    """
    settings = [part for setting in _QUIET for part in ("-c", setting)]
    try:
        process = subprocess.Popen(
            ["git", *settings, *arguments],
            cwd=folder,
            env=environment(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=() if keep_open is None else (keep_open,),
            start_new_session=True,
        )
    except OSError as error:
        return Answer(127, b"", f"git could not be started: {error.strerror}")
    with process:
        try:
            out, err = process.communicate(stdin, timeout_s)
        except subprocess.TimeoutExpired:
            _stop(process)
            return Answer(124, b"", f"git {arguments[0]} took longer than {timeout_s:g} s")
    return Answer(process.returncode, out, " ".join(err.decode("utf-8", "replace").split()))


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask first, so that git removes its lock files."""
    for word in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, word)
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_GRACE_S)
            return
