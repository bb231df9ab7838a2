"""A row of the ledger as a line of JSON, for other programs."""

from __future__ import annotations

import json
from typing import Any

from b4tui.ledger.chain import moment_text
from b4tui.ledger.types import Entry


def as_json(entry: Entry) -> dict[str, Any]:
    """The row as one JSON object; `at` as it is stored, so that the hash can be checked from the line alone."""
    return {
        "seq": entry.seq,
        "at": moment_text(entry.at),
        "kind": entry.kind,
        "actor": entry.actor,
        "bead": entry.bead,
        "run": entry.run,
        "facts": dict(entry.facts),
        "previous": entry.previous,
        "hash": entry.hash,
    }


def line_of(entry: Entry) -> str:
    """The row on one line, without its end; characters JSON need not escape stand as themselves."""
    text = json.dumps(as_json(entry), ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
