"""The database folder of an embedded Dolt hub: whether it is there, whether it changed, and whose turn it is to write.

Nothing here starts bd. Rules named by number are those of research/beads-dolt.md section 0.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from b4tui.board.bd_answers import plain
from b4tui.board.store import BoardError, Busy, ReadOnly

_TURN_FILE = "b4tui.lock"  # covered by the `*.lock` of the .gitignore that bd puts into .beads/
_LOOK_AGAIN_S = 0.02
_BEADS = 5_000  # that many are served well within the usual time limit (section 5)
_STORED = 500_000_000  # bytes; a fresh import of 10,000 rows, never collected, has 899 MB


@dataclass(frozen=True, slots=True)
class DoltFolder:
    """Where the data of one hub is."""

    beads_dir: Path
    database: str

    @property
    def noms(self) -> Path:
        """The store below the database's `.dolt`."""
        return self.beads_dir / "embeddeddolt" / self.database / ".dolt" / "noms"

    def manifest(self) -> str:
        """Some 150 bytes that change if and only if the data does; "" where they cannot be read.

        Rule 9: the content, never the mtime, because every read renames a new manifest of equal content into place.
        """
        try:
            return (self.noms / "manifest").read_text("utf-8", "replace")
        except OSError:
            return ""

    def time_limit(self, base_s: float, beads: int) -> float:
        """How long a call may take: `base_s` seconds, and more for a large board or a large store (rule 8)."""
        stored = 0
        with suppress(OSError):
            for entry in os.scandir(self.noms):
                with suppress(OSError):
                    stored += entry.stat().st_size
        return base_s * max(1.0, beads / _BEADS, stored / _STORED)

    def busy(self) -> bool:
        """True while a bd process has the database's own lock; it is tried and given back at once (section 4)."""
        try:
            with (self.noms / "LOCK").open("r+b") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    @contextmanager
    def turn(self, patience_s: float) -> Iterator[None]:
        """Hold b4tui's own lock of this hub, so that "look, then write" is one step among all b4tui processes.

        It is not bd's LOCK: bd takes that one itself. Raises Busy when another b4tui keeps it longer than `patience_s`.
        """
        path = self.beads_dir / _TURN_FILE
        try:
            lock = path.open("ab")
        except OSError as error:
            raise BoardError(f"{path} cannot be opened ({error.strerror}): the hub must be writable for you") from error
        deadline = time.monotonic() + patience_s
        with lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= deadline:
                        raise Busy(
                            f"another b4tui has been writing to this hub for {patience_s:.0f} s; try again"
                        ) from None
                    time.sleep(_LOOK_AGAIN_S)
            yield


def locate(beads_dir: Path) -> DoltFolder:
    """The data folder of an embedded Dolt hub. Raises ReadOnly with the reason where bd must not be called.

    Rule 1: bd is never called to see what is there, because where the hub is half-made it makes a new, empty one.
    So metadata.json must name Dolt, and the database it names must be there.
    """
    metadata = _metadata(beads_dir / "metadata.json")
    if metadata.get("backend") != "dolt":
        raise ReadOnly(f"{beads_dir / 'metadata.json'} names no Dolt database; make the hub with `bd init`")
    mode = metadata.get("dolt_mode") or "embedded"
    if mode != "embedded":
        raise ReadOnly(
            f"this hub is in Dolt's {plain(str(mode))} mode; b4tui works with embedded hubs only. Change it with bd"
        )
    database = metadata.get("dolt_database")
    if not isinstance(database, str) or not database or Path(database).name != database or database == "..":
        raise ReadOnly(
            f"{beads_dir / 'metadata.json'} has no usable dolt_database; run `bd doctor` or make the hub anew"
        )
    folder = DoltFolder(beads_dir, database)
    if not folder.noms.parent.is_dir():
        raise ReadOnly(
            f"this clone has no database yet ({folder.noms.parent} is missing): run `bd bootstrap --yes` in"
            f" {beads_dir.parent}"
        )
    return folder


def _metadata(path: Path) -> dict[str, object]:
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise ReadOnly(f"{path} is missing: the hub is half-made. Move .beads aside and run `bd init`") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ReadOnly(f"{path} cannot be read ({plain(str(error))}): restore it from git") from error
    if not isinstance(data, dict):
        raise ReadOnly(f"{path} is not a JSON object: restore it from git")
    return data
