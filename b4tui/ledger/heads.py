"""The head of a ledger as a small text, to be put where nobody who changes the ledger can change it too: in git.

b4tui ledger 44ff8947d01ebbd73caebcbe2e81b102
head 2200 24684a52d216d4ab28bd0ec31488530e5e8a4f92f787a773a64fc25f66158403
at 2026-11-25T18:33:41.679646Z
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from b4tui.ledger.chain import moment_text
from b4tui.ledger.types import Head, LedgerError

FILE_NAME = "ledger-head.txt"
LARGEST = 4_096
"""Bytes; a head is three short lines."""
_HEAD = re.compile(
    r"b4tui ledger (?P<ledger>[0-9a-f]{32})\s+head (?P<seq>[0-9]{1,18}) (?P<hash>[0-9a-f]{64})\s+at \S+\s*"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedHead:
    """A head that was written down: of which ledger, and what was its newest row."""

    ledger: str
    head: Head


def head_text(ledger: str, head: Head, at: datetime) -> str:
    """The text to write down."""
    return f"b4tui ledger {ledger}\nhead {head.seq} {head.hash}\nat {moment_text(at)}\n"


def read_head(text: str, where: str) -> NotedHead:
    """The head in a text that came from `where`. Raises LedgerError."""
    found = _HEAD.fullmatch(text)
    if not found:
        raise LedgerError(f"{where} holds no head of a ledger: `b4tui ledger head --write` makes one")
    return NotedHead(ledger=found["ledger"], head=Head(int(found["seq"]), found["hash"]))
