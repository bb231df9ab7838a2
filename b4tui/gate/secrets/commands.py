"""Passwords that commands are given: `mysql -px`, `sshpass -p x`, `curl -u a:x`, `docker login -p x`, and in SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from b4tui.gate.detector import Positions
from b4tui.gate.rarity import rarity
from b4tui.gate.types import Hit
from b4tui.gate.values import stands_for_a_value

_Q = r"""["']?"""
_LINE = r"(?:[^\n\\]|\\\n){0,240}?"
_COMMANDS: Mapping[str, re.Pattern[str]] = {
    "mysql": re.compile(rf"""mysql(?:dump|admin|import|sh)?\b{_LINE}\s-p{_Q}(?P<value>[^\s"'-][^\s"']{{3,100}})"""),
    "mariadb": re.compile(rf"""mariadb(?:-dump)?\b{_LINE}\s-p{_Q}(?P<value>[^\s"'-][^\s"']{{3,100}})"""),
    "sshpass": re.compile(rf"""sshpass\s{{1,4}}-p\s{{0,4}}{_Q}(?P<value>[^\s"']{{3,100}})"""),
    " login ": re.compile(rf""" login\b{_LINE}\s(?:-p|--password)[ =]{_Q}(?P<value>[^\s"'$-][^\s"']{{3,200}})"""),
    "curl": re.compile(
        rf"""curl\b{_LINE}\s(?:-u|--user|--proxy-user)[ =]{{0,3}}{_Q}[^\s:"']{{1,80}}:(?P<value>[^\s"'@]{{3,200}})"""
    ),
    "wget": re.compile(rf"""wget\b{_LINE}\s--(?:http-|ftp-|proxy-)?password[ =]{_Q}(?P<value>[^\s"']{{3,100}})"""),
    "redis-cli": re.compile(rf"""redis-cli\b{_LINE}\s-a\s{{0,3}}{_Q}(?P<value>[^\s"']{{3,100}})"""),
    "ldapsearch": re.compile(rf"""ldapsearch\b{_LINE}\s-w\s{{0,3}}{_Q}(?P<value>[^\s"']{{3,100}})"""),
    "sqlcmd": re.compile(rf"""sqlcmd\b{_LINE}\s-P\s{{0,3}}{_Q}(?P<value>[^\s"']{{3,100}})"""),
    "ssh -p": re.compile(r"""ssh\s{1,3}-P\s{1,3}(?P<value>(?!\d{1,5}\b)[^\s"'@]{4,100})\s"""),
    "net use": re.compile(
        rf"""(?i)net\s{{1,3}}use\s{{1,3}}(?:\w:\s{{1,3}})?\\\\\S{{3,80}}\s{{1,3}}/user:\S{{1,80}}\s{{1,3}}{_Q}(?P<value>[^\s"'/]{{4,100}})"""
    ),
    "-passin": re.compile(rf"""-passin\s{{1,3}}{_Q}pass:(?P<value>[^\s"']{{3,100}})"""),
    "-passout": re.compile(rf"""-passout\s{{1,3}}{_Q}pass:(?P<value>[^\s"']{{3,100}})"""),
    "convertto-securestring": re.compile(
        r"""(?i)convertto-securestring\s{1,3}(?:-string\s{1,3})?["']?(?P<value>(?!-)[^\s"']{4,200})"""
    ),
    "chpasswd": re.compile(r"""chpasswd\s{0,3}<<<\s{0,3}["']?[\w.-]{1,40}:(?P<value>[^\s"']{3,100})"""),
    "| chpasswd": re.compile(r"""\| chpasswd"""),
}
_ECHOED = re.compile(r"""echo\s{1,3}["']?[\w.-]{1,40}:(?P<value>[^\s"'|]{3,100})["']?\s{0,3}$""")


class Commands:
    """Finds passwords on command lines."""

    name = "command"
    words = frozenset(_COMMANDS)

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """One finding for each command that is given a password."""
        done = -1
        for start, word in at.any_of(self.words):
            if start < done:
                continue
            if word == "| chpasswd":
                match = _ECHOED.search(text[max(0, start - 160) : start])
                span = None if match is None else tuple(place + max(0, start - 160) for place in match.span("value"))
            else:
                match = _COMMANDS[word].match(text, start)
                span = None if match is None else match.span("value")
            if match is None or span is None:
                continue
            done = start + 1 if word == "| chpasswd" else match.end()
            if _may_be_one(match["value"]):
                yield Hit("command-password", span[0], span[1], "a password on a command line")


_SQL = re.compile(
    r"""(?i)(?:identified\s{1,4}(?:with\s{1,4}["'`]?\w{1,40}["'`]?\s{1,4})?(?:by|as)\s{1,4}(?:password\s{1,4})?"""
    r"""(?P<quote>["'`])?(?P<value>[^\s"'`;,)]{4,120})|(?:encrypted\s{1,4}|login\s{1,4}|with\s{1,4}|role\s{1,4}\w{1,40}\s{1,4}|user\s{1,4}["'`]?\w{1,40}["'`]?\s{1,4})"""
    r"""password\s{1,4}'(?P<quoted>[^'\n]{4,120})'|password\s{0,3}\(\s{0,3}'(?P<inner>[^'\n]{4,120})'\s{0,3}\))"""
)


class Sql:
    """Finds passwords in statements that make users and roles."""

    name = "sql"
    words = frozenset(
        {"identified", "encrypted password", "login password", "with password", "password(", "password ("}
    )

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """One finding for each statement."""
        done = -1
        for start, _ in at.any_of(self.words):
            if start < done:
                continue
            match = _SQL.match(text, start)
            if match is None:
                continue
            done = match.end()
            group = next(name for name in ("value", "quoted", "inner") if match[name] is not None)
            value = match[group]
            bare = group == "value" and match["quote"] is None
            if _may_be_one(value) and not (
                bare and value.isalpha() and (value == value.lower() or rarity(value) < 4.4)
            ):
                yield Hit("sql-password", *match.span(group), "a password in SQL")


def _may_be_one(value: str) -> bool:
    if stands_for_a_value(value) or value.startswith(("$", "-", "=", ":", "%", "{", "<", "(")):
        return False
    return not (value.isalpha() and value == value.lower() and rarity(value) < 4.0)
