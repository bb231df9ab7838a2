"""What is written to the ledger and read from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


class LedgerError(Exception):
    """The ledger cannot be read or written; the message says why and what to do. Nothing leaves while it is so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """A fact to be recorded. `kind` is the event's name (`approval_asked`); `facts` are plain JSON values.

    `actor` is who did it: an agent's key, the operator's name, `policy`, `clock`. Never a payload and never a value
    that was found: bodies are kept apart (`Ledger.keep_body`), findings hold masked previews.
    """

    kind: str
    at: datetime
    actor: str = ""
    bead: str = ""
    run: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A recorded fact: `seq` counts from 1 without gaps, `hash` is over this row and `previous`."""

    seq: int
    kind: str
    at: datetime
    actor: str
    bead: str
    run: str
    facts: Mapping[str, Any]
    previous: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found, oldest first; `note` says why it had to read every row, "" where it used the index."""

    entries: tuple[Entry, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest row: what `verify` must reach, and what can be written to git to fix the past."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What `verify` found; `faults` in words with the row's number, empty when the chain holds.

    `unproven` names approvals and grants that the chain cannot prove, because an older b4tui wrote them: no fault, but
    they are not used.
    """

    rows: int
    head: Head
    faults: tuple[str, ...] = ()
    unproven: tuple[str, ...] = ()
