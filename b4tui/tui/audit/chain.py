"""Whether the record is whole, as one line: a sign, words, and what it is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from b4tui.ledger.types import Verification
from b4tui.tui import words
from b4tui.tui.paint import Ink, Line, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What is known of the chain now. `done` of `total` rows while it is verified; `at` is when that ended."""

    rows: int = 0
    size: int = 0
    done: int = 0
    total: int = 0
    found: Verification | None = None
    at: datetime | None = None
    error: str = ""


def chain_line(chain: Chain, now: datetime) -> Line:
    """The line."""
    if chain.error:
        return Line((Span("✗ ", Ink.BAD), Span(chain.error, Ink.BAD)))
    extent = (Span(f"{chain.rows:,} rows, {chain.size / 1_000_000:.1f} MB", Ink.SOFT),)
    if chain.found is None or chain.at is None:
        share = f" {100 * chain.done // chain.total} %" if chain.total else ""
        return Line((Span(f"◌ verifying the chain{share}", Ink.SOFT),), extent)
    ago = f"verified {words.age(words.seconds_between(chain.at, now))} ago"
    if chain.found.faults:
        count = len(chain.found.faults)
        more = f" and {count - 1:,} more" if count > 1 else ""
        return Line((Span("✗ not whole: ", Ink.BAD), Span(f"{chain.found.faults[0]}{more}; {ago}", Ink.BAD)), extent)
    whole = f"whole up to row {chain.found.head.seq:,} ({chain.found.head.hash[:12]}), {ago}"
    return Line((Span("✓ ", Ink.GOOD), Span(whole, Ink.SOFT)), extent)
