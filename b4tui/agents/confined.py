"""A folder that paths cannot leave: every component is opened from the one before it and no symbolic link is followed.

A check of the name alone could be raced by a command that swaps a folder for a link; walking by descriptors cannot.
Standard library only: the search process starts with `python -I -S`.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

MAX_DEPTH = 40
MAX_ENTRIES = 100_000
DEFAULT_MODE = 0o644


class Outside(Exception):
    """A path leads out of the folder, or through a link; the message says which paths are right."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file found by `walk`: its path from the root with `/` between, and its lstat."""

    path: str
    status: os.stat_result


class Confined:
    """Files below one real folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def parts(self, path: str) -> tuple[str, ...]:
        """The components of a path below the root; () is the root. Raises Outside."""
        if "\0" in path:
            raise Outside("a path cannot contain a NUL character")
        try:
            os.fsencode(path)
        except UnicodeEncodeError:
            raise Outside("this path is no text; use plain characters") from None
        if path.startswith("/"):
            inside = self._relative(path)
            if inside is None:
                raise Outside(f"{path} is outside your work folder; use a path relative to it, such as notes/plan.md")
            path = inside
        parts = tuple(part for part in path.split("/") if part not in ("", "."))
        if ".." in parts:
            raise Outside(f"{path} uses '..'; use a path relative to your work folder, such as notes/plan.md")
        return parts

    def _relative(self, path: str) -> str | None:
        """Models like absolute paths: one that names this folder itself is as good as a relative one."""
        root = str(self.root)
        return path[len(root) :] if path == root or path.startswith(root + "/") else None

    @contextmanager
    def folder(self, parts: tuple[str, ...], *, create: bool = False) -> Iterator[int]:
        """A descriptor of a folder below the root, made on the way when `create`. Raises Outside, OSError."""
        here = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for part in parts:
                if create:
                    with suppress(FileExistsError):
                        os.mkdir(part, dir_fd=here)
                below = self._open(part, os.O_RDONLY | os.O_DIRECTORY, here)
                os.close(here)
                here = below
            yield here
        finally:
            os.close(here)

    def open(self, path: str) -> int:
        """A descriptor to read a regular file. Raises Outside, OSError (IsADirectoryError for a folder)."""
        parts = self.parts(path)
        if not parts:
            raise IsADirectoryError(errno.EISDIR, "is a folder", path)
        with self.folder(parts[:-1]) as folder:
            # Not blocking: a pipe that somebody put there must not hang us.
            opened = self._open(parts[-1], os.O_RDONLY | os.O_NONBLOCK, folder)
        mode = os.fstat(opened).st_mode
        if stat.S_ISREG(mode):
            return opened
        os.close(opened)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, "is a folder", path)
        raise Outside(f"{path} is not a regular file")

    def write(self, path: str, data: bytes) -> bool:
        """Replace or make a file in one step, whole or not at all, keeping its mode; whether it is new.

        Makes missing folders. A script (`#!`) that is new can be executed. Raises Outside, OSError.
        """
        parts = self.parts(path)
        if not parts:
            raise IsADirectoryError(errno.EISDIR, "is a folder", path)
        with self.folder(parts[:-1], create=True) as folder:
            before = self._mode(parts[-1], folder, path)
            mode = before if before is not None else DEFAULT_MODE | (0o111 if data.startswith(b"#!") else 0)
            temporary = f".{secrets.token_hex(8)}.part"
            opened = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=folder)
            try:
                with os.fdopen(opened, "wb") as file:
                    file.write(data)
                    os.fchmod(file.fileno(), mode)
                os.rename(temporary, parts[-1], src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                os.unlink(temporary, dir_fd=folder)
                raise
        return before is None

    def walk(self, path: str = "", *, skip: frozenset[str] = frozenset()) -> Iterator[Entry]:
        """Every file and link below a folder, in order of names, never through a link. Raises Outside, OSError.

        Folders named in `skip`, those deeper than MAX_DEPTH, and all after MAX_ENTRIES files and folders are left out.
        """
        parts = self.parts(path)
        with self.folder(parts) as folder:
            yield from self._below(folder, "/".join(parts), MAX_DEPTH, skip, iter(range(MAX_ENTRIES)))

    def _below(
        self, folder: int, prefix: str, depth: int, skip: frozenset[str], places: Iterator[int]
    ) -> Iterator[Entry]:
        for name in sorted(os.listdir(folder)):
            if name in skip:
                continue
            if next(places, None) is None:
                return
            try:
                status = os.stat(name, dir_fd=folder, follow_symlinks=False)
                inner = f"{prefix}/{name}" if prefix else name
                if not stat.S_ISDIR(status.st_mode):
                    yield Entry(inner, status)
                elif depth > 0:
                    below = self._open(name, os.O_RDONLY | os.O_DIRECTORY, folder)
                    try:
                        yield from self._below(below, inner, depth - 1, skip, places)
                    finally:
                        os.close(below)
            except (OSError, Outside):
                continue  # it went away, or became something else, while we looked

    def link(self, path: str) -> str:
        """Where a symbolic link points, without following it. Raises Outside, OSError."""
        parts = self.parts(path)
        with self.folder(parts[:-1]) as folder:
            return os.readlink(parts[-1], dir_fd=folder)

    def _mode(self, name: str, folder: int, path: str) -> int | None:
        try:
            mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return None
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, "is a folder", path)
        if not stat.S_ISREG(mode):
            raise Outside(f"{path} is a link or not a regular file; choose another name")
        return stat.S_IMODE(mode) & 0o777

    def _open(self, name: str, flags: int, folder: int) -> int:
        try:
            return os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        except OSError as error:
            linked = error.errno == errno.ELOOP
            if error.errno == errno.ENOTDIR:
                linked = stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
            if linked:
                raise Outside(
                    f"{name} is a symbolic link, and links are not followed here; use the real path"
                ) from None
            raise
