"""Passwords in SQL: in statements that make users and roles."""

from __future__ import annotations

from collections.abc import Iterator

from b4tui.gate.detector import Positions
from b4tui.gate.patterns import lazily
from b4tui.gate.rarity import rarity
from b4tui.gate.secrets.commands import may_be_one
from b4tui.gate.types import Hit

_IDENTIFIED = lazily(
    r"""(?i)identified\s{1,4}(?:with\s{1,4}["'`]?\w{1,40}["'`]?\s{1,4})?(?:by|as)\s{1,4}(?:password\s{1,4})?"""
    r"""(?P<quote>["'`])?(?P<value>[^\s"'`;,)]{4,120})"""
)
_QUOTED = lazily(r"(?i)password\s{0,4}(?:\(\s{0,3})?'(?P<value>[^'\n]{4,120})'")
_STATEMENT = lazily(r"(?i)\b(?:create|alter|set|grant|update)\b[^;\n]{0,200}$")


class Sql:
    """Finds passwords in statements that make users and roles."""

    name = "sql"
    words = frozenset({"identified", "password '", "password('", "password ('", "password  '"})

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """One finding for each statement."""
        done = -1
        for start, word in at.any_of(self.words):
            if start < done:
                continue
            match = (_IDENTIFIED if word == "identified" else _QUOTED).match(text, start)
            if match is None:
                continue
            done = match.end()
            value = match["value"]
            if word == "identified":
                said = match["quote"] is not None or (not _is_plain(value) and _is_in_a_statement(text, start))
            else:
                said = _is_in_a_statement(text, start)
            if said and may_be_one(value):
                yield Hit("sql-password", *match.span("value"), "a password in SQL")


def _is_in_a_statement(text: str, start: int) -> bool:
    return _STATEMENT.search(text[max(0, start - 220) : start]) is not None


def _is_plain(value: str) -> bool:
    """People are identified by words too; a password without quotes is not a plain one."""
    return value.isalpha() and (value == value.lower() or rarity(value) < 4.4)
