"""Gives back the beads that a killed b4tui left claimed on this hub. Blocking; call it from a thread."""

from __future__ import annotations

import os
from dataclasses import dataclass

from b4tui.board.store import BoardError, BoardStore
from b4tui.runtime.claims import ClaimLock, Holder, left_behind
from b4tui.runtime.journal import Progress, progress
from b4tui.runtime.state import StateFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """A bead that was given back, and how far its run had come."""

    holder: Holder
    reason: str
    progress: Progress


def recover(state: StateFolder, store: BoardStore) -> tuple[Recovered, ...]:
    """Find every claim whose process is gone and give its bead back with a comment.

    Only a claim that a free lock file names is touched: not a living process's, not a person's, not another machine's.
    What the board refuses now is left for the next time. Raises OSError when the state folder cannot be read.
    """
    found = (_settle(lock, state, store) for lock in left_behind(state.claims))
    return tuple(recovered for recovered in found if recovered is not None)


def _settle(lock: ClaimLock, state: StateFolder, store: BoardStore) -> Recovered | None:
    settled = False
    try:
        holder = lock.read()
        recovered = _give_back(holder, state, store) if holder is not None else None
        settled = True
        return recovered
    except BoardError:
        return None
    finally:
        if settled:
            lock.clear()
        else:
            lock.abandon()


def _give_back(holder: Holder, state: StateFolder, store: BoardStore) -> Recovered | None:
    if not holder.holds(holder.find(store)):
        return None
    if holder.pid == os.getpid():
        reason = f"interrupted: run {holder.run} could not be settled on the board"
    else:
        reason = f"interrupted: b4tui ended in the middle of run {holder.run}"
    holder.give_back(store, reason)
    return Recovered(holder=holder, reason=reason, progress=progress(state.runs / f"{holder.run}.jsonl"))
