"""The folder in which an agent works on one bead, and what changed in it since the run began.

The measure lies outside the folder (`base/../git/NAME`): a bare git repository of our own that only holds contents,
so that nothing the agent does, its own `.git` included, changes what is measured. A hub from elsewhere may bring both:
links in their place are refused, and git reads no settings but ours. Methods block; they may be called from several
threads.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import stat
import subprocess
import threading
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from b4tui.agents.confined import Confined, Entry, Outside

MAX_FILES = 5_000
MAX_COMPARED_BYTES = 4 << 20
MAX_COMPARED_TOGETHER = 64 << 20
MAX_DIFF_CHARS = 200_000
GIT_TIMEOUT_S = 10.0

_MANIFEST = "start.json"
_NOT_MEASURED = frozenset({".git", "__pycache__", "node_modules", ".venv", ".mypy_cache", ".pytest_cache"})
_BINARY_LOOK = 8000
_BLOB = re.compile(r"[0-9a-f]{40}")
_SETTINGS = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
_LEADS_ELSEWHERE = ("commondir", "objects/info/alternates")
"""Files by which a repository has git read another one: its settings, its contents."""


@dataclass(frozen=True, slots=True)
class FileDiff:
    """A file that differs from the run's start; lines added and removed (0 and 0 for a binary file).

    `content` is the same as long as the file is; "" when it is gone.
    """

    path: str
    added: int
    removed: int
    content: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class _Content:
    mode: int
    blob: str
    lines: int


_Manifest = dict[str, _Content]


class WorkFolder:
    """One bead's folder. Make it with `open`."""

    def __init__(self, path: Path, git_dir: Path) -> None:
        self.path = path
        self._files = Confined(path)
        self._git_dir = git_dir
        self._lock = threading.Lock()
        self._seen: dict[tuple[int, int, int, int, bool], str] = {}
        self._lines: dict[str, int] = {}
        self._counts: dict[tuple[str, str], tuple[int, int]] = {}
        self._ours = False

    @classmethod
    def open(cls, base: Path, bead_id: str) -> WorkFolder:
        """The bead's folder below `base`, made when it is missing, as an earlier attempt left it otherwise.

        Raises OSError, also for a link in its place.
        """
        name = safe_name(bead_id)
        path = base / name
        _refuse_link(path)
        base.mkdir(parents=True, exist_ok=True)
        # A command may leave a program there that runs with our rights: nobody else may reach it.
        path.mkdir(mode=0o700, exist_ok=True)
        return cls(path.resolve(), base.resolve().parent / "git" / name)

    def mark(self) -> None:
        """From now on, changes are counted against this moment: the start of a run."""
        with self._lock:
            current = self._current()
            rows = {path: [item.mode, item.blob, item.lines] for path, item in current.items()}
            temporary = self._repository() / f"{_MANIFEST}.part"
            temporary.write_text(json.dumps(rows), encoding="utf-8")
            temporary.replace(self._git_dir / _MANIFEST)

    def changes(self) -> tuple[FileDiff, ...]:
        """The files that differ from the start, by name."""
        with self._lock:
            before, after = self._start(), self._current()
            differ = [path for path in sorted(before.keys() | after.keys()) if before.get(path) != after.get(path)]
            self._compare((before[path].blob, after[path].blob) for path in differ if path in before and path in after)
            return tuple(
                FileDiff(path, *self._count(before.get(path), after.get(path)), content=_identity(after.get(path)))
                for path in differ
            )

    def diff(self, path: str) -> str:
        """One file's unified diff against the start, cut to MAX_DIFF_CHARS; "" when it did not change."""
        with self._lock:
            old, new = self._start().get(path), self._current().get(path)
            if old == new:
                return ""
            text = self._git("diff", "--no-color", "--no-ext-diff", "--no-textconv", self._blob(old), self._blob(new))
        return _cut(_named(text, path, old is None, new is None))

    def _start(self) -> _Manifest:
        try:
            rows = json.loads((self._git_dir / _MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return _read_manifest(rows)

    def _current(self) -> _Manifest:
        """Every file as it is now, its content kept in our repository.

        Files beyond MAX_FILES are left out; those beyond MAX_COMPARED_TOGETHER are told apart by size and time alone.
        """
        found: _Manifest = {}
        room = MAX_COMPARED_TOGETHER
        for entry in self._files.walk(skip=_NOT_MEASURED):
            if len(found) >= MAX_FILES:
                break
            compared = entry.status.st_size <= min(room, MAX_COMPARED_BYTES)
            room -= entry.status.st_size if compared else 0
            content = self._measured(entry, compared)
            if content is not None:
                found[_shown(entry.path)] = content
        return found

    def _measured(self, entry: Entry, compared: bool) -> _Content | None:
        status = entry.status
        key = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns, compared)
        if key not in self._seen:
            try:
                data = self._data(entry, compared)
            except (OSError, Outside):
                return None
            self._seen[key] = blob = self._keep(data)
            self._lines[blob] = _line_count(data)
        blob = self._seen[key]
        executable = stat.S_ISREG(status.st_mode) and bool(status.st_mode & 0o100)
        return _Content(0o100755 if executable else 0o100644, blob, self._lines[blob])

    def _data(self, entry: Entry, compared: bool) -> bytes:
        if stat.S_ISLNK(entry.status.st_mode):
            return f"(a link to {self._files.link(entry.path)})\n".encode("utf-8", "surrogateescape")
        if not stat.S_ISREG(entry.status.st_mode):
            return b"(not a regular file)\n"
        if not compared:
            size, time = entry.status.st_size, entry.status.st_mtime_ns
            return f"(a file of {size} bytes, too large to compare; changed at {time} ns)\n".encode()
        with os.fdopen(self._files.open(entry.path), "rb") as file:
            return file.read(MAX_COMPARED_BYTES)

    def _keep(self, data: bytes) -> str:
        """Store content as git does (a loose object) without starting a program for each file."""
        whole = b"blob %d\0" % len(data) + data
        name = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
        place = self._repository() / "objects" / name[:2] / name[2:]
        if not place.exists():
            place.parent.mkdir(exist_ok=True)
            temporary = place.with_suffix(".part")
            temporary.write_bytes(zlib.compress(whole, 1))
            temporary.replace(place)
        return name

    def _blob(self, content: _Content | None) -> str:
        return content.blob if content else self._keep(b"")

    def _count(self, old: _Content | None, new: _Content | None) -> tuple[int, int]:
        if old is None or new is None:
            return (new.lines if new else 0, old.lines if old else 0)
        return self._counts[old.blob, new.blob]

    def _compare(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Count the lines between pairs of contents, all in one go: a program for each would take minutes."""
        fresh = [pair for pair in dict.fromkeys(pairs) if pair not in self._counts]
        if not fresh:
            return
        self._counts |= dict.fromkeys(fresh, (0, 0))
        trees = [
            self._git(
                "mktree", "-z", given="".join(f"100644 blob {pair[side]}\t{at}\0" for at, pair in enumerate(fresh))
            )
            for side in (0, 1)
        ]
        switches = ("--numstat", "--no-renames", "--no-ext-diff", "--no-textconv")
        for line in self._git("diff-tree", *switches, *(tree.strip() for tree in trees)).splitlines():
            added, removed, at = line.split("\t")
            if added.isdigit() and removed.isdigit():
                self._counts[fresh[int(at)]] = int(added), int(removed)

    def _repository(self) -> Path:
        if not self._ours:
            _refuse_link(self._git_dir.parent)
            _refuse_link(self._git_dir)
            self._git_dir.mkdir(parents=True, exist_ok=True)
            _settle(self._git_dir)
            if not (self._git_dir / "HEAD").exists():
                _run_git("init", "--bare", "--quiet", "--template=", str(self._git_dir))
            self._ours = True
        return self._git_dir

    def _git(self, *arguments: str, given: str = "") -> str:
        return _run_git(f"--git-dir={self._repository()}", *arguments, given=given)


def safe_name(bead_id: str) -> str:
    """A bead's id as a folder name: itself where that is safe, else cleaned and told apart by a digest."""
    clean = re.sub(r"[^A-Za-z0-9._-]", "-", bead_id)[:60].lstrip(".-")
    if clean == bead_id and clean:
        return clean
    digest = hashlib.sha256(bead_id.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{clean or 'bead'}-{digest}"


def _refuse_link(path: Path) -> None:
    if path.is_symlink():
        raise NotADirectoryError(errno.ENOTDIR, "is a link; b4tui works in a folder of its own: remove the link", path)


def _settle(git_dir: Path) -> None:
    """Put our settings in place of any: settings may name programs, and a server that missing contents come from."""
    for name in _LEADS_ELSEWHERE:
        (git_dir / name).unlink(missing_ok=True)
    draft = git_dir / "config.part"
    draft.unlink(missing_ok=True)
    draft.write_text(_SETTINGS, encoding="ascii")
    draft.replace(git_dir / "config")


def _read_manifest(rows: object) -> _Manifest:
    """The manifest as we write it; what has another shape is left out, since git is given what stands in it."""
    found: _Manifest = {}
    for path, row in rows.items() if isinstance(rows, dict) else ():
        match row:
            case [int(mode), str(blob), int(lines)] if _BLOB.fullmatch(blob):
                found[path] = _Content(mode, blob, lines)
    return found


def _run_git(*arguments: str, given: str = "") -> str:
    """Run git with nobody's configuration but ours; "" when it fails or takes too long (a hostile pair of files)."""
    command = ["git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "gc.auto=0", *arguments]
    variables = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
    variables |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_PAGER": "cat"}
    try:
        done = subprocess.run(
            command, env=variables, input=given.encode(), capture_output=True, timeout=GIT_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.decode("utf-8", "replace")


def _named(diff: str, path: str, added: bool, removed: bool) -> str:
    """Git compares two contents and knows no path: put it where the contents' names stand."""
    _, mark, hunks = diff.partition("\n@@")
    if not mark:
        return f"{path}: a binary file, or one whose mode alone changed\n"
    old = "/dev/null" if added else f"a/{path}"
    new = "/dev/null" if removed else f"b/{path}"
    return f"--- {old}\n+++ {new}\n@@{hunks}"


def _cut(text: str) -> str:
    if len(text) <= MAX_DIFF_CHARS:
        return text
    return f"{text[:MAX_DIFF_CHARS]}\n(cut: {len(text) - MAX_DIFF_CHARS} more characters)\n"


def _shown(path: str) -> str:
    """A name that is not UTF-8 is shown with escapes, so that it can be printed and asked for."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _identity(content: _Content | None) -> str:
    return f"{content.mode:o} {content.blob}" if content else ""


def _line_count(data: bytes) -> int:
    if b"\0" in data[:_BINARY_LOOK]:
        return 0
    return data.count(b"\n") + bool(data and not data.endswith(b"\n"))
