"""The store of a classic hub: one JSON object a line in `.beads/issues.jsonl`, kept in git.

Every change takes the board's lock, reads the file anew, changes the rows it means, replaces the file as a whole and
commits it: the writer rules of research/beads.md section 2.6. What each verb does to a row is in `edits`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from b4tui.board import edits, ids
from b4tui.board.atomic import Overtaken, replace_file, sweep
from b4tui.board.bdcache import BdCache
from b4tui.board.commit import BoardLog, Intent, digest_of
from b4tui.board.document import Document
from b4tui.board.lock import BD, OWN, holding
from b4tui.board.model import Bead, BoardState, Changes, Hub, NewBead
from b4tui.board.reader import state_of
from b4tui.board.stamp import file_stamp
from b4tui.board.store import BoardError, Busy, NoSuchBead, ReadOnly, Refused, known
from b4tui.board.vicinity import blockers
from b4tui.events import now as present

Row = Mapping[str, Any]
Plan = Callable[[Document, str], tuple[str, str, Document]]  # (document, stamp) -> bead id, verb, new document

_ATTEMPTS = 20
_ORDERING = frozenset({"blocks", "conditional-blocks", "waits-for", "parent-child"})


class ClassicStore:
    """Reads and changes a classic board. `warn` hears what went well enough to go on but should be known.

    `clock` gives aware times. `lock_timeout_s` is how long a change waits for other writers before it is Busy.
    """

    def __init__(
        self,
        hub: Hub,
        *,
        warn: Callable[[str], None] | None = None,
        clock: Callable[[], datetime] = present,
        environ: Mapping[str, str] | None = None,
        lock_timeout_s: float = 15.0,
    ) -> None:
        if hub.data_file is None:
            raise ReadOnly(f"{hub.beads_dir} has no board file")
        self._hub = hub
        self._file: Path = hub.data_file
        self._warn = warn or (lambda _: None)
        self._clock = clock
        self._lock_timeout_s = lock_timeout_s
        self._guard = threading.RLock()
        self._log = BoardLog(self._file, self._warn)
        self._bd = BdCache(hub.beads_dir, os.environ if environ is None else environ, self._warn)
        self._seen = ""
        self._state: BoardState | None = None
        self._opened = False

    @property
    def hub(self) -> Hub:
        """The hub this store serves."""
        return self._hub

    @property
    def read_only(self) -> str:
        """Empty where the board can be written; else why it cannot, in words."""
        folder = self._file.resolve().parent
        if os.access(folder, os.W_OK | os.X_OK):
            return ""
        return f"{folder} cannot be written by this user, or lies on a read-only file system"

    def load(self) -> BoardState:
        """The board as it is now, parsed only when the file changed since the last call. Raises BoardError.

        The first call also commits a change that a killed program wrote and did not get to commit.
        """
        with self._guard:
            if not self._opened:
                self._opened = True
                self._recover()
            seen = self.fingerprint()
            if self._state is not None and seen == self._seen:
                return self._state
            return self._state_of(self._read(), seen)

    def detail(self, bead_id: str) -> Bead:
        """The bead; `load` has all of it. Raises NoSuchBead."""
        return known(self.load(), bead_id)

    def stop(self) -> None:
        """Nothing lasts long here: a write ends by itself."""

    def fingerprint(self) -> str:
        """The data file's stamp; changes when somebody changed the board."""
        return file_stamp(self._file)

    def settle(self, timeout_s: float) -> bool:
        """Wait until bd's cache, where there is one, has every change; False when that took too long."""
        return self._bd.settle(timeout_s)

    def create(self, new: NewBead, actor: str) -> Bead:
        """Make a bead and return it with its id. Raises Refused."""
        now = self._clock()

        def plan(document: Document, seen: str) -> tuple[str, str, Document]:
            taken = self._state_of(document.data, seen).beads
            for target in (new.parent, *(on for _, on in new.dependencies)):
                if target and target not in taken and not target.startswith("external:"):
                    raise Refused(f"the new bead names {target}, which is not on this board")
            bead_id = self._new_id(new, taken, actor, now)
            return bead_id, "create", document.inserted(edits.created(new, bead_id, actor, now))

        return self._write(plan, actor)

    def update(self, bead_id: str, changes: Changes, actor: str) -> Bead:
        """Change fields in one write. Raises NoSuchBead, NothingChanged, Refused."""
        return self._edit(bead_id, "update", actor, lambda row, _, now: edits.updated(row, changes, now))

    def claim(self, bead_id: str, actor: str) -> Bead:
        """Set assignee and status in one change, for exactly one caller.

        Raises ClaimLost, which names the holder, NoSuchBead, or Refused for a blocked bead, with what blocks it.
        """

        def change(row: Row, document: Document, now: datetime) -> edits.Row:
            new = edits.claimed(row, actor, now, started_at=b'"started_at"' in document.data)
            self._refuse_blocked(document, bead_id, "claimed", now)
            return new

        return self._edit(bead_id, "claim", actor, change)

    def release(self, bead_id: str, actor: str, comment: str) -> Bead:
        """Give a bead that the actor holds back, with the comment that says why. Raises NothingChanged, NoSuchBead."""
        return self._edit(bead_id, "release", actor, lambda row, _, now: edits.released(row, actor, comment, now))

    def close(self, bead_id: str, reason: str, actor: str, *, force: bool = False) -> Bead:
        """Close with a reason. Raises Refused when it is blocked (unless forced), NothingChanged when it is closed."""

        def change(row: Row, document: Document, now: datetime) -> edits.Row:
            new = edits.closed(row, reason, now)
            if not force:
                self._refuse_blocked(document, bead_id, "closed", now)
            return new

        return self._edit(bead_id, "close", actor, change)

    def reopen(self, bead_id: str, actor: str, reason: str = "") -> Bead:
        """Closed back to open; the reason becomes a comment. Raises NothingChanged when it is not closed."""
        return self._edit(bead_id, "reopen", actor, lambda row, _, now: edits.reopened(row, actor, reason, now))

    def comment(self, bead_id: str, text: str, actor: str) -> Bead:
        """Add a comment and return the bead. Raises NoSuchBead, Refused for an empty text."""
        return self._edit(bead_id, "comment", actor, lambda row, _, now: edits.commented(row, actor, text, now))

    def add_dependency(self, bead_id: str, on: str, kind: str, actor: str) -> Bead:
        """Make `bead_id` depend on `on`. Raises NothingChanged when the edge is there, Refused for a cycle."""

        def change(row: Row, document: Document, now: datetime) -> edits.Row:
            new = edits.depending(row, on, kind, actor, now)
            beads = state_of(self._hub, document.data).beads
            if on not in beads and not on.startswith("external:"):
                raise NoSuchBead(f"there is no bead {on} on this board")
            if kind in _ORDERING and (way := _way(beads, on, bead_id)):
                raise Refused(f"that would make a cycle: {' -> '.join([bead_id, *way])}")
            return new

        return self._edit(bead_id, "dep add", actor, change)

    def remove_dependency(self, bead_id: str, on: str, actor: str) -> Bead:
        """Take the edge away. Raises NothingChanged when there is none."""
        return self._edit(bead_id, "dep remove", actor, lambda row, _, now: edits.independent(row, on, now))

    def _edit(
        self, bead_id: str, verb: str, actor: str, change: Callable[[Row, Document, datetime], edits.Row]
    ) -> Bead:
        def plan(document: Document, _: str) -> tuple[str, str, Document]:
            located = document.find(bead_id)
            return bead_id, verb, document.replaced(located, change(located.row, document, self._clock()))

        return self._write(plan, actor)

    def _write(self, plan: Plan, actor: str) -> Bead:
        """Carry out one change. `plan` may be asked again when another program changed the file meanwhile."""
        with self._guard, holding(self._hub.beads_dir / OWN, self._lock_timeout_s) as lock:
            sweep(self._file)
            for _ in range(_ATTEMPTS):
                seen = self.fingerprint()
                bead_id, verb, document = plan(Document(self._read()), seen)
                intent = Intent(f"{bead_id}: {verb}", actor, digest_of(document.data))
                self._log.recover(lock)
                with suppress(Overtaken), self._bd_kept_away() as bd_lock:
                    self._replace(document, seen, intent)
                    if bd_lock is not None:
                        self._bd.refresh(bd_lock)
                    break
            else:
                raise Busy("another program keeps rewriting the board; nothing was changed: try again")
            self._log.commit(intent, lock)
        located = document.find(bead_id)
        return Bead(located.row, located.line)

    def _replace(self, document: Document, seen: str, intent: Intent) -> None:
        try:
            self._log.note(intent)
        except OSError as error:
            raise BoardError(f"nothing was changed: the git folder cannot be written: {error.strerror}") from error
        try:
            replace_file(self._file, document.data, seen)
        except BaseException:
            with suppress(OSError):
                self._log.forget()
            raise

    @contextmanager
    def _bd_kept_away(self) -> Iterator[int | None]:
        """Hold the lock that bd 0.4x exports under, where a bd keeps a cache here; its descriptor."""
        if self._bd.exists:
            with holding(self._hub.beads_dir / BD, self._lock_timeout_s) as descriptor:
                yield descriptor
        else:
            yield None

    def _recover(self) -> None:
        """Commit what a killed program left; a board in use by somebody else is left to that one."""
        if self._log.left_over:
            with suppress(BoardError), holding(self._hub.beads_dir / OWN, 0) as lock:
                sweep(self._file)
                self._log.recover(lock)

    def _read(self) -> bytes:
        try:
            return self._file.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise BoardError(f"{self._file} cannot be read: {error.strerror}") from error

    def _state_of(self, data: bytes, seen: str) -> BoardState:
        if self._state is None or seen != self._seen:
            self._state = state_of(self._hub, data)
            self._seen = seen
        return self._state

    def _refuse_blocked(self, document: Document, bead_id: str, what: str, now: datetime) -> None:
        holding_up = blockers(document, self._hub, bead_id, now.timestamp())
        if holding_up:
            names = ", ".join(f"{bead.id} ({bead.status})" for bead in holding_up)
            raise Refused(f"{bead_id} cannot be {what}: it is blocked by {names}")

    def _new_id(self, new: NewBead, taken: Mapping[str, Bead], actor: str, now: datetime) -> str:
        if new.parent:
            return ids.child_id(new.parent, taken)
        prefix = ids.prefix_of(taken, str(self._hub.config.get("issue-prefix") or ""), self._hub.root.name)
        return ids.new_id(prefix, taken, title=new.title, description=new.description, creator=actor, at=now)


def _way(beads: Mapping[str, Bead], start: str, end: str) -> list[str]:
    """A way from `start` to `end` along the edges that order work, both included; empty where there is none."""
    before: dict[str, str] = {start: ""}
    line = [start]
    while line:
        here = line.pop()
        if here == end:
            way = [here]
            while before[way[0]]:
                way.insert(0, before[way[0]])
            return way
        for edge in beads[here].dependencies if here in beads else ():
            if edge.type in _ORDERING and edge.depends_on_id not in before:
                before[edge.depends_on_id] = here
                line.append(edge.depends_on_id)
    return []
