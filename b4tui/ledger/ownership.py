"""Whose ledger a file is.

A hub can come from elsewhere, with a `.b4tui/ledger.db` in it that holds approvals and grants somebody else made up.
So a ledger is sealed under the user's key when it is made, and nothing that was decided in one without such a seal is
acted on: its rows can be read, but nothing leaves by them until the operator takes it over, empty of decisions.
"""

from __future__ import annotations

import hashlib
import hmac
import sqlite3

from b4tui.ledger.bodies import key_name

NOT_OURS = (
    "this ledger was made under another key than yours, so what was decided in it is not acted on: "
    "`b4tui ledger adopt` makes it yours and forgets its approvals and grants"
)
DECIDED = ("approvals", "grants", "spent_permits")
"""The tables that hold decisions."""

_SEAL = b"b4tui ledger seal 1\0"


def seal_ledger(connection: sqlite3.Connection, ledger: str, key: bytes) -> None:
    """Say in the file that it is of the user who has this key."""
    connection.execute("INSERT INTO seals (key, seal) VALUES (?, ?)", (key_name(key), _seal(ledger, key)))


def is_ours(connection: sqlite3.Connection, ledger: str, key: bytes) -> bool:
    """Whether the user who has this key made the file or took it over."""
    row = connection.execute("SELECT seal FROM seals WHERE key = ?", (key_name(key),)).fetchone()
    return (
        row is not None
        and isinstance(row[0], str)
        and hmac.compare_digest(row[0].encode(), _seal(ledger, key).encode())
    )


def _seal(ledger: str, key: bytes) -> str:
    return hmac.new(key, _SEAL + ledger.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
