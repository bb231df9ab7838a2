"""A board that was read, and everything that follows from it at one instant."""

from __future__ import annotations

from dataclasses import dataclass

from b4tui.board.model import BoardState, Readiness
from b4tui.runtime.queues import Queues
from b4tui.runtime.snapshot import Columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """`waiting` are beads that wait for the operator; `branch` is the git branch, "" where there is none."""

    state: BoardState
    readiness: Readiness
    columns: Columns
    queues: Queues
    waiting: frozenset[str]
    branch: str = ""
