"""What the operator can do: one interface for the console and for the commands without a screen.

A verb that does not apply raises `OperatorError` with a sentence for a person; `applies` says beforehand which do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import StrEnum
from typing import ParamSpec, Protocol, TypeVar

from b4tui.board.model import Bead, Changes, NewBead
from b4tui.board.store import BoardError, BoardStore
from b4tui.events import AgentState, BeadClosed, BeadCommented, BeadCreated, BeadReopened, Event, now
from b4tui.routing.rules import AGENT_LABEL
from b4tui.runtime.declining import OperatorError
from b4tui.runtime.outside.outside import Outside
from b4tui.runtime.outside.verbs import OutwardVerbs
from b4tui.runtime.snapshot import Snapshot

P = ParamSpec("P")
T = TypeVar("T")

__all__ = ["CANCELLED", "Crew", "Operator", "OperatorError", "Verb", "applies", "is_running", "why_not"]

CANCELLED = "cancelled by the operator"


class Verb(StrEnum):
    """What can be done to one bead."""

    CANCEL = "cancel"  # stop its run; it waits for `retry`
    RETRY = "retry"  # let the agents try it again
    ASSIGN = "assign"  # give it to another agent
    COMMENT = "comment"
    CLOSE = "close"
    REOPEN = "reopen"


class Crew(Protocol):
    """What the operator needs of the runtime: its agents, and the beads that wait for a word."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The config keys of the agents that run here."""
        ...

    @property
    def known(self) -> tuple[str, ...]:
        """The config keys of all agents, those of another b4tui on this hub included."""
        ...

    def pause(self, agent: str) -> None:
        """Let this agent take no new bead; a running one goes on."""
        ...

    def resume(self, agent: str) -> None:
        """Let this agent take beads again."""
        ...

    async def cancel(self, bead_id: str, comment: str, *, hold: bool) -> None:
        """Stop the bead's run and wait until the bead went back; `hold` keeps agents off it until `allow`."""
        ...

    async def allow(self, bead_id: str) -> None:
        """Forget the attempts and the hold of a bead."""
        ...

    async def refresh(self) -> None:
        """Read the board anew, now."""
        ...


def applies(snapshot: Snapshot, bead_id: str) -> frozenset[Verb]:
    """The verbs that apply to a bead as the snapshot shows it."""
    bead = snapshot.board.beads.get(bead_id) if snapshot.board else None
    if bead is None or snapshot.read_only or bead.status == "tombstone":
        return frozenset()
    if is_running(snapshot, bead_id):
        return frozenset({Verb.COMMENT, Verb.CANCEL, Verb.ASSIGN})
    if bead.status == "closed":
        return frozenset({Verb.COMMENT, Verb.REOPEN})
    verbs = {Verb.COMMENT, Verb.CLOSE}
    if bead.status == "open":
        verbs.add(Verb.ASSIGN)
        if bead_id in snapshot.attempts_spent:
            verbs.add(Verb.RETRY)
    return frozenset(verbs)


def why_not(verb: Verb, snapshot: Snapshot, bead_id: str) -> str:
    """Why a verb does not apply to a bead as the snapshot shows it, as a clause; "" where it does."""
    bead = snapshot.board.beads.get(bead_id) if snapshot.board else None
    if verb in applies(snapshot, bead_id):
        return ""
    if snapshot.read_only:
        return f"the board cannot be written: {snapshot.read_only}"
    if snapshot.board is None:
        return "the board is not loaded yet"
    if bead is None or bead.status == "tombstone":
        return f"there is no bead {bead_id} on this board" if bead_id else "there is no bead under the cursor"
    if verb is Verb.CANCEL:
        return f"no agent has {bead_id} in hand"
    if verb is Verb.REOPEN:
        return f"{bead_id} is not closed"
    if is_running(snapshot, bead_id):
        return f"an agent has {bead_id} in hand: cancel that first"
    if bead.status == "closed":
        return f"{bead_id} is closed"
    if verb is Verb.RETRY and bead.status == "open":
        return f"the attempts at {bead_id} are not used up"
    return f"{bead_id} is {bead.status.replace('_', ' ')}"


def is_running(snapshot: Snapshot, bead_id: str) -> bool:
    """Whether an agent of this process has the bead in hand now."""
    busy = {AgentState.WORKING, AgentState.WAITING}
    return any(agent.bead == bead_id and agent.state in busy for agent in snapshot.agents)


class Operator(OutwardVerbs):
    """The verbs. `name` is the actor written to the board. Call from the runtime's loop only."""

    def __init__(
        self,
        store: BoardStore,
        crew: Crew,
        snapshot: Callable[[], Snapshot],
        publish: Callable[[Event], None],
        name: str = "operator",
        outside: Outside | None = None,
    ) -> None:
        super().__init__(outside, name)
        self._store = store
        self._crew = crew
        self._snapshot = snapshot
        self._publish = publish
        self._name = name

    @property
    def name(self) -> str:
        """The actor that the operator's acts are signed with."""
        return self._name

    async def pause(self, agent: str | None = None) -> None:
        """Let an agent (None: every agent) take no new bead. A bead in hand is finished first; `cancel` stops it."""
        for key in self._chosen(agent):
            self._crew.pause(key)

    async def resume(self, agent: str | None = None) -> None:
        """Let an agent (None: every agent) take beads again."""
        for key in self._chosen(agent):
            self._crew.resume(key)

    async def cancel(self, bead: str) -> None:
        """Stop the bead's run; the bead goes back open with a comment, and no agent takes it until `retry`."""
        self._demand(Verb.CANCEL, bead)
        await self._crew.cancel(bead, CANCELLED, hold=True)

    async def retry(self, bead: str) -> None:
        """Let the agents try a bead again that used up its attempts or was cancelled."""
        self._demand(Verb.RETRY, bead)
        await self._crew.allow(bead)

    async def assign(self, bead: str, agent: str) -> None:
        """Give a bead to an agent; a run of it elsewhere is cancelled first.

        Written as the label `agent:KEY`: it survives a restart, every tracker shows it, and the bead can still be
        claimed (classic bd refuses to claim a bead that has an assignee, research/beads.md section 4).
        """
        self._demand(Verb.ASSIGN, bead)
        key = _named(agent, self._crew.known)
        if is_running(self._snapshot(), bead):
            await self._crew.cancel(bead, f"given to {key} by the operator", hold=False)
        await self._write(self._label, bead, key)
        await self._crew.allow(bead)

    async def create(self, new: NewBead) -> str:
        """Make a bead and return its id."""
        bead = await self._write(self._store.create, new, self._name)
        self._publish(BeadCreated(at=now(), bead=bead.id, agent=self._name, title=bead.title))
        await self._crew.refresh()
        return bead.id

    async def comment(self, bead: str, text: str) -> None:
        """Write a comment."""
        self._demand(Verb.COMMENT, bead)
        if not text.strip():
            raise OperatorError("The comment is empty: nothing was written.")
        await self._write(self._store.comment, bead, text, self._name)
        self._publish(BeadCommented(at=now(), bead=bead, agent=self._name, text=text))
        await self._crew.refresh()

    async def close(self, bead: str, reason: str) -> None:
        """Close a bead that no agent has in hand."""
        self._demand(Verb.CLOSE, bead)
        await self._write(self._store.close, bead, reason, self._name)
        self._publish(BeadClosed(at=now(), bead=bead, agent=self._name, reason=reason))
        await self._crew.refresh()

    async def reopen(self, bead: str, reason: str) -> None:
        """Open a closed bead again; the reason becomes a comment, and earlier attempts are forgotten."""
        self._demand(Verb.REOPEN, bead)
        await self._write(self._store.reopen, bead, self._name, reason)
        self._publish(BeadReopened(at=now(), bead=bead, agent=self._name, reason=reason))
        await self._crew.allow(bead)

    def _demand(self, verb: Verb, bead: str) -> None:
        if why := why_not(verb, self._snapshot(), bead):
            raise OperatorError(f"No {verb}: {why}.")

    def _chosen(self, agent: str | None) -> tuple[str, ...]:
        if agent is None:
            return self._crew.keys
        return (_named(agent, self._crew.keys),)

    def _label(self, bead_id: str, key: str) -> Bead:
        """Runs in a thread: replace the bead's agent labels, and free it of an assignee that would forbid a claim."""
        bead = self._store.load().beads.get(bead_id)
        wanted = f"{AGENT_LABEL}{key}"
        labels = () if bead is None else bead.labels
        stale = tuple(label for label in labels if label.casefold().startswith(AGENT_LABEL) and label != wanted)
        changes = Changes(
            add_labels=() if wanted in labels else (wanted,),
            remove_labels=stale,
            assignee="" if bead is not None and bead.assignee else None,
        )
        return self._store.update(bead_id, changes, self._name)

    async def _write(self, change: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await asyncio.to_thread(change, *args, **kwargs)
        except BoardError as error:
            raise OperatorError(str(error)) from error


def _named(agent: str, keys: tuple[str, ...]) -> str:
    for key in keys:
        if key.casefold() == agent.casefold():
            return key
    raise OperatorError(f"There is no agent {agent} here; there are {', '.join(keys) or 'none'}.")
