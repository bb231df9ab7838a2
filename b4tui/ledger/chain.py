"""How rows are chained: the bytes of a row that its hash is over, and the hash.

A row's hash is SHA-256 over, in this order and nothing between them:

1. `b4tui ledger row 1` and a zero byte, so that no other program's hash can pass for one;
2. the hash of the row before (32 bytes); before the first row that is `genesis` of the ledger's own random id, so
   that rows of one ledger are no rows of another;
3. the row's number, 8 bytes, big end first;
4. the fields `at`, `kind`, `actor`, `bead`, `run` and `facts`, each as UTF-8 behind its length in bytes (8 bytes, big
   end first), so that nothing can be moved from one field to the next.

`facts` is JSON with keys sorted by code point, no spaces, every character but the ones JSON must escape as itself,
integers in digits, other numbers in the shortest form that reads back as the same (a subset of what RFC 8785 gives:
there 1.0 reads 1). What is stored is that text, and the hash is over what is stored: nothing is formed anew to verify.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from b4tui.ledger.types import LedgerError

HASH_BYTES = 32
MAX_FACTS = 1_048_576
"""Bytes of one row's facts. A fact is small; what is large is a body and is kept as one."""

_ROW = b"b4tui ledger row 1\0"
_GENESIS = b"b4tui ledger 1\0"


def genesis(ledger_id: str) -> bytes:
    """What stands in the first row for the hash of the row before."""
    return hashlib.sha256(_GENESIS + ledger_id.encode("ascii", "replace")).digest()


def row_hash(previous: bytes, seq: int, fields: tuple[str, str, str, str, str, str]) -> bytes:
    """The hash of a row; `fields` are at, kind, actor, bead, run and facts as they are stored."""
    digest = hashlib.sha256(_ROW)
    digest.update(previous)
    digest.update(seq.to_bytes(8, "big"))
    for field in fields:
        data = field.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.digest()


def moment_text(moment: datetime) -> str:
    """A time as it is stored: UTC, always with microseconds, so that the order of texts is the order of times."""
    if moment.tzinfo is None:
        raise LedgerError("a time without a zone cannot be recorded: hand in an aware one")
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def storable(text: str) -> str:
    """A text without lone surrogates (names of files that are no UTF-8): SQLite takes none. They show as `\\udcff`."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def facts_text(facts: Mapping[str, Any]) -> str:
    """The facts as they are stored. Raises LedgerError for what is not plain JSON, or too long to be a fact."""
    try:
        text = json.dumps(
            dict(facts), ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"), skipkeys=False
        )
    except (TypeError, ValueError, RecursionError) as error:
        raise LedgerError(f"these facts are no plain JSON and cannot be recorded ({type(error).__name__})") from error
    stored = storable(text)  # inside a JSON string `\udcff` reads back as what it was
    if len(stored.encode("utf-8")) > MAX_FACTS:
        raise LedgerError(f"facts of more than {MAX_FACTS:,} bytes are no facts: keep them as a body")
    return stored
