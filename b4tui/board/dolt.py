"""The store of a hub whose truth is an embedded Dolt database: everything goes through the bd program.

Rules named by number are those of research/beads-dolt.md section 0; the exports that may lie beside the database are
never written (section 7), and ready and blocked are computed by `rules` from one list, never asked of bd (rule 7).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from b4tui.board import bd_commands
from b4tui.board.bd import BdProgram, find_program
from b4tui.board.bd_answers import Unanswered, carried, changed_row, rows
from b4tui.board.bd_commands import Command
from b4tui.board.dolt_folder import locate
from b4tui.board.dolt_rules import (
    check_claim,
    check_new_bead,
    edges_missing,
    has_edge,
    holds,
    landed_bead,
    not_written,
    state_of_rows,
    with_edge,
    without_edge,
)
from b4tui.board.model import Bead, BoardState, Changes, Hub, NewBead
from b4tui.board.store import BoardError, ClaimLost, NoSuchBead, NothingChanged, ReadOnly, Refused, known

_READER = "b4tui"  # the actor of calls that change nothing (rule 3: always named)


class DoltStore:
    """Reads and changes an embedded Dolt hub; making one raises ReadOnly where bd cannot serve the hub here.

    `program` is the bd to use (else BD_BIN, else `bd` on the PATH), `patience_s` the time limit of a call, longer on
    large boards. Beyond the protocol: `detail`, because a list has no comment bodies, and `stop`.
    """

    def __init__(
        self,
        hub: Hub,
        *,
        program: Path | None = None,
        environ: Mapping[str, str] | None = None,
        patience_s: float = 30.0,  # rule 8
        clock: Callable[[], float] = time.time,
    ) -> None:
        environ = os.environ if environ is None else environ
        self._hub = hub
        self._folder = locate(hub.beads_dir)  # rule 1: before any bd is started, `version` included
        self._bd = BdProgram(program or find_program(environ), hub.beads_dir, environ)
        self._patience_s = patience_s
        self._clock = clock
        self._reading = threading.Lock()
        self._writing = threading.Lock()
        self._state: BoardState | None = None
        self._details: dict[str, Bead] = {}
        self._details_of = ""
        self._why = ""
        self._bd.check()

    @property
    def hub(self) -> Hub:
        """The hub this store serves."""
        return self._hub

    @property
    def read_only(self) -> str:
        """Why nothing can be written, as the last call of bd showed; empty where it can."""
        return self._why

    def fingerprint(self) -> str:
        """The content of the database's manifest (rule 9); "" where it cannot be read."""
        return self._folder.manifest()

    def load(self) -> BoardState:
        """The board as it is now: one `list`, and none when the manifest says that nothing changed (rules 7, 9)."""
        with self._reading:
            if self._state is None or not self._state.version or self._state.version != self.fingerprint():
                self._state = self._list()
            return self._state

    def detail(self, bead_id: str) -> Bead:
        """The bead with its comments, read on demand and once per version of the board. Raises NoSuchBead."""
        state = self.load()
        bead = known(state, bead_id)
        if not bead.row.get("comment_count"):
            return bead
        if self._details_of != state.version:
            self._details_of, self._details = state.version, {}
        if bead_id not in self._details:
            self._details[bead_id] = self._with_comments(bead)
        return self._details[bead_id]

    def create(self, new: NewBead, actor: str) -> Bead:
        """Make a bead; bd picks the id (rule 6). Raises Refused for a parent or an edge that is not there."""
        with self._turn():
            before = self.load()
            check_new_bead(before, new)
            try:
                row = self._ask(bd_commands.create(new), actor)
            except Unanswered as unknown:
                made = landed_bead(before, self._reread(unknown), new.title, actor)
                if made is None:
                    raise not_written(unknown, "no such bead was made") from unknown
            else:
                made = Bead(changed_row(row, str(row.get("id")) if isinstance(row, dict) else ""))
        if made.id in before.beads:
            raise BoardError(f"bd wrote over {made.id} instead of making a bead: look at its history and put it back")
        # The answer has neither edges nor the stored times (section 2), and an edge that failed is only a warning.
        made = self._seen_again(made)
        if missing := edges_missing(made, new):
            raise BoardError(f"{made.id} was made, but without its edge to {', '.join(missing)}: add it by hand")
        return made

    def update(self, bead_id: str, changes: Changes, actor: str) -> Bead:
        """Change those fields that differ, in one write; labels too (rule 13)."""
        with self._turn():
            bead = known(self.load(), bead_id)
            command = bd_commands.update(bead, changes)
            if command is None:
                raise NothingChanged(f"{bead_id} is already so")
            return self._change(bead, command, actor, lambda now: bd_commands.update(now, changes) is None)

    def claim(self, bead_id: str, actor: str) -> Bead:
        """Take a bead: won only by exit code 0 and the row (rule 10), and only if nobody held it before.

        bd lets a holder claim again, and two b4tui use the same names: so look and claim are one step in the hub's
        turn, and a bead in progress is lost whoever holds it. bd also claims blocked beads (rule 14); this does not.
        """
        with self._turn():
            state = self.load()
            bead = known(state, bead_id)
            check_claim(state, bead, actor, self._clock())
            try:
                answer = self._ask(bd_commands.claim(bead_id), actor)
            except Unanswered as unknown:
                now = self._reread(unknown).beads.get(bead_id)
                if now is None or not holds(now, actor):
                    raise not_written(unknown, f"{bead_id} was not claimed") from unknown
                # It was free when our turn began, so the claim is ours; asked again, bd confirms it to the holder.
                answer = self._ask(bd_commands.claim(bead_id), actor)
            won = carried(bead, changed_row(answer, bead_id))
            if not holds(won, actor):
                raise ClaimLost(f"{bead_id} is held by {won.assignee or 'nobody'} ({won.status}); take another bead")
            return won

    def release(self, bead_id: str, actor: str, comment: str) -> Bead:
        """Give a bead back. The comment is written first, so that whoever takes the bead next finds it."""
        with self._turn():
            bead = known(self.load(), bead_id)
            if bead.status == "closed" or (bead.status == "open" and not bead.assignee):
                raise NothingChanged(f"{bead_id} is {bead.status} and held by nobody")
            bead = self._commented(bead, comment, actor)
            return self._change(
                bead, bd_commands.release(bead_id), actor, lambda now: now.status == "open" and not now.assignee
            )

    def close(self, bead_id: str, reason: str, actor: str, *, force: bool = False) -> Bead:
        """Close with a reason; a closed bead is left alone, because bd would write over its reason (rule 14)."""
        with self._turn():
            bead = known(self.load(), bead_id)
            if bead.status == "closed":
                raise NothingChanged(f"{bead_id} is already closed")
            command = bd_commands.close(bead_id, reason, force=force)
            return self._change(bead, command, actor, lambda now: now.status == "closed")

    def reopen(self, bead_id: str, actor: str, reason: str = "") -> Bead:
        """Closed back to open; bd keeps no reason of its own (section 3), so it becomes a comment."""
        with self._turn():
            bead = known(self.load(), bead_id)
            if bead.status != "closed":
                raise NothingChanged(f"{bead_id} is {bead.status}, not closed")
            bead = self._commented(bead, reason, actor)
            return self._change(bead, bd_commands.reopen(bead_id), actor, lambda now: now.status != "closed")

    def comment(self, bead_id: str, text: str, actor: str) -> Bead:
        """Add a comment and return the bead with all its comments. Raises Refused for an empty one."""
        if not text.strip():
            raise Refused("a comment needs a text")
        with self._turn():
            bead = self._commented(known(self.load(), bead_id), text, actor)
        try:
            return self._with_comments(bead)
        except BoardError:
            return bead  # written; only the look at it failed

    def add_dependency(self, bead_id: str, on: str, kind: str, actor: str) -> Bead:
        """Make `bead_id` depend on `on`; bd keeps one edge a pair and refuses a second type and cycles."""
        with self._turn():
            state = self.load()
            bead = known(state, bead_id)
            if not on.startswith("external:"):
                known(state, on)
            if any(edge.depends_on_id == on and edge.type == kind for edge in bead.dependencies):
                raise NothingChanged(f"{bead_id} already depends on {on} ({kind})")
            self._change_edge(bead, on, bd_commands.add_dependency(bead_id, on, kind), actor, there=True)
        return self._seen_again(with_edge(bead, on, kind))

    def remove_dependency(self, bead_id: str, on: str, actor: str) -> Bead:
        """Take the edge away; bd says 0 to an edge that is not there, so that is checked here."""
        with self._turn():
            bead = known(self.load(), bead_id)
            if not has_edge(bead, on):
                raise NothingChanged(f"{bead_id} does not depend on {on}")
            self._change_edge(bead, on, bd_commands.remove_dependency(bead_id, on), actor, there=False)
        return self._seen_again(without_edge(bead, on))

    def stop(self) -> None:
        """End the call of bd under way and refuse all later ones; for the end of b4tui."""
        self._bd.stop()

    def _ask(self, command: Command, actor: str) -> Any:
        try:
            locate(self._hub.beads_dir)  # rule 1, before every call: the hub may have been moved aside
            data = self._bd.ask(command, actor, self._limit())
        except ReadOnly as error:
            self._why = str(error)
            raise
        self._why = ""
        return data

    def _limit(self) -> float:
        return self._folder.time_limit(self._patience_s, beads=len(self._state.beads) if self._state else 0)

    def _list(self) -> BoardState:
        for _ in range(3):
            version = self.fingerprint()
            found = rows(self._ask(bd_commands.LIST, _READER))
            if version == self.fingerprint():
                break  # else somebody wrote meanwhile: this list may be of before or after
        return state_of_rows(self._hub, found, version)

    def _reread(self, unknown: Unanswered) -> BoardState:
        """The board after a call that ended without an answer: look first, never repeat blindly (section 9)."""
        with self._reading:
            self._state = None
        try:
            return self.load()
        except BoardError as error:
            busy = " (another program keeps the database)" if self._folder.busy() else ""
            raise BoardError(
                f"{unknown}. Whether it was done is unknown, because the board cannot be read now{busy}: {error}"
            ) from unknown

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Rule 5: the list that ids are taken from stays fresh while we write, among threads and b4tui processes."""
        with self._writing, self._folder.turn(self._limit()):
            yield

    def _change(self, bead: Bead, command: Command, actor: str, landed: Callable[[Bead], bool]) -> Bead:
        try:
            return carried(bead, changed_row(self._ask(command, actor), bead.id))
        except Unanswered as unknown:
            now = self._reread(unknown).beads.get(bead.id)
            if now is None or not landed(now):
                raise not_written(unknown, f"{bead.id} was not changed") from unknown
            return now

    def _change_edge(self, bead: Bead, on: str, command: Command, actor: str, *, there: bool) -> None:
        answer = self._change(bead, command, actor, lambda now: has_edge(now, on) is there)
        named = answer.row.get("depends_on_id", on)
        if named != on:  # rule 5
            raise BoardError(f"bd was asked for an edge to {on} and changed the one to {named}; look at {bead.id}")

    def _commented(self, bead: Bead, text: str, actor: str) -> Bead:
        if not text.strip():
            return bead
        count = int(bead.row.get("comment_count") or 0)
        self._change(bead, bd_commands.comment(bead.id, text), actor, lambda now: self._has_comment(now, text, count))
        return Bead({**bead.row, "comment_count": count + 1})

    def _has_comment(self, now: Bead, text: str, count: int) -> bool:
        if int(now.row.get("comment_count") or 0) <= count:
            return False
        said = {comment.text.strip() for comment in self._with_comments(now).comments}
        return bd_commands.sendable(text).strip() in said

    def _with_comments(self, bead: Bead) -> Bead:
        found = rows(self._ask(bd_commands.comments(bead.id), _READER))
        if any(row.get("issue_id") != bead.id for row in found):  # rule 5
            raise NoSuchBead(f"{bead.id} was deleted a moment ago; read the board again")
        return Bead({**bead.row, "comments": list(found), "comment_count": len(found)})

    def _seen_again(self, bead: Bead) -> Bead:
        """The bead as the board has it now, or as the change left it where the board cannot be read."""
        try:
            return self.load().beads.get(bead.id, bead)
        except BoardError:
            return bead
