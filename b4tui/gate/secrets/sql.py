"""Passwords in SQL: in statements that make users and roles, and in rows that are put into tables."""

from __future__ import annotations

from collections.abc import Iterator

from b4tui.gate.detector import Positions
from b4tui.gate.patterns import lazily
from b4tui.gate.rarity import rarity
from b4tui.gate.secrets.commands import may_be_one
from b4tui.gate.secrets.keys import Strength, strength
from b4tui.gate.types import Hit
from b4tui.gate.values import as_password

_IDENTIFIED = lazily(
    r"""(?i)identified\s{1,4}(?:with\s{1,4}["'`]?\w{1,40}["'`]?\s{1,4})?(?:by|as)\s{1,4}(?:password\s{1,4})?"""
    r"""(?P<quote>["'`])?(?P<value>[^\s"'`;,)]{4,120})"""
)
_QUOTED = lazily(r"(?i)password\s{0,4}(?:\(\s{0,3})?'(?P<value>[^'\n]{4,120})'")
_INTO = lazily(
    r"(?i)insert\s{1,3}(?:or\s{1,3}\w{1,12}\s{1,3}|ignore\s{1,3})?into\s{1,3}[\w.\"`\[\]]{1,80}\s{0,3}"
    r"\((?P<columns>[\w\s,\"`\[\]]{1,600})\)\s{0,20}values\s{0,20}(?=\()"
)
_FIELD = lazily(
    r"""\s{0,20}(?:[NE]?'(?P<value>(?:[^'\\\n]|\\.|''){0,400})'|[^',()\n]{0,80}(?:\([^()\n]{0,200}\))?)\s{0,20}(?P<end>[,)])"""
)
_MORE = lazily(r"\s{0,20},\s{0,20}\(")
_ROWS = 20
"""Rows of one statement that are read; those after them are like them."""
_STATEMENT = lazily(r"(?i)\b(?:create|alter|set|grant|update)\b[^;\n]{0,200}$")


_IN_WORDS = lazily(r"(?i)\b(?:is|are|be|was|were|been|and) $")
"""How a sentence speaks of what is identified by something."""


class Sql:
    """Finds passwords in statements that make users and roles, and in rows under a column of passwords."""

    name = "sql"
    words = frozenset({"identified", "insert ", "password '", "password('", "password ('", "password  '"})

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """One finding for each statement."""
        done = -1
        for start, word in at.any_of(self.words):
            if start < done:
                continue
            if word == "insert ":
                for span in _in_rows(text, start):
                    done = span[1]
                    yield Hit("sql-password", *span, "stands under a column of secrets")
                continue
            match = (_IDENTIFIED if word == "identified" else _QUOTED).match(text, start)
            if match is None:
                continue
            done = match.end()
            value = match["value"]
            if word == "identified":
                said = (
                    match["quote"] is not None
                    and match["quote"] != "`"
                    and not _IN_WORDS.search(text, max(0, start - 12), start)
                ) or (not _is_plain(value) and _is_in_a_statement(text, start))
            else:
                said = _is_in_a_statement(text, start)
            if said and may_be_one(value):
                yield Hit("sql-password", *match.span("value"), "a password in SQL")


def _in_rows(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Secrets in the rows of an INSERT, by the names of the columns they stand under."""
    into = _INTO.match(text, start)
    if into is None:
        return
    names = [name.strip(' \t\r\n"`[]') for name in into["columns"].split(",")]
    secret = {place for place, name in enumerate(names) if strength(name) is Strength.STRONG}
    place = into.end() + 1
    for _ in range(_ROWS if secret else 0):
        column, field = 0, _FIELD.match(text, place)
        while field is not None:
            if column in secret and field["value"] and as_password(field["value"], quoted=True):
                yield field.span("value")
            place = field.end()
            column, field = column + 1, None if field["end"] == ")" else _FIELD.match(text, place)
        more = _MORE.match(text, place)
        if more is None:
            return
        place = more.end()


def _is_in_a_statement(text: str, start: int) -> bool:
    return _STATEMENT.search(text[max(0, start - 220) : start]) is not None


def _is_plain(value: str) -> bool:
    """People are identified by words too; a password without quotes is not a plain one."""
    return value.isalpha() and (value == value.lower() or rarity(value) < 4.4)
