"""How a name and its value stand in their line: it tells how plain a word there may be and still be a password."""

from __future__ import annotations

from b4tui.gate.patterns import lazily
from b4tui.gate.secrets.beside import Beside
from b4tui.gate.values import ALONE, IN_A_SETTING, SURELY_MADE

PASSED = 4.8
"""Bits from which a plain word is a password where it is passed to a function."""
LISTED = 5.6
"""Bits from which it is one between commas, where most words are names of variables."""

CONNECTING = 3.3
"""Bits from which it is one in what a program connects with, where no name of a variable stands."""
WITH_A_USER = 3.6
"""Bits from which it is one in quotes where the name of a user stands before it: most words are then."""

_USER = lazily(
    r"""(?i)(?:user(?:[_-]?(?:name|id))?|uid|login|ssid|account|e?mail)["'\])]{0,3}\s{0,12}(?::|=>?|:=|,)\s{0,3}"""
    r"""(?P<quote>["'])(?P<user>[^"'\n]{1,60})(?P=quote)[^\n"']{0,40}\n?[^\n"']{0,60}["']?$"""
)
_USER_BEHIND = lazily(
    r"""(?i)["'][^\n"'=:]{0,20}\n?[^\n"'=:]{0,40}["']?user(?:[_-]?(?:name|id))?["'\])]{0,3}\s{0,12}(?::|=>?|:=)\s{0,3}"""
    r"""(?P<quote>["'])(?P<user>[^"'\n]{1,60})(?P=quote)"""
)
_NO_USER = lazily(
    r"(?i)(?:user[ _-]?(?:name|id)?|name|login|uid|e?[ _-]?mail(?:[ _-]?address)?|account|ssid)[: ]{0,2}$|"
    r"(?-i:[A-Z])|.*[ <{$%]"
)
_ROW = lazily(r"(?:^|[\s\"'])(?:user|host|dbname|port)=[^\s=,]{1,60}[ ]{1,3}(?:\w{2,20}=[^\s=,]{1,60}[ ]{1,3}){0,5}$")
_CONNECTS = lazily(r"(?i)[?&;'\"\s](?:user(?:[ _-]?(?:id|name))?|uid|username)[ ]?=[^;&=\n]{1,40}[;&][^\n]{0,160}$")
_SETTING = r"(?:export|set|setx|setenv|env|arg|var|put|declare[ \t]+-x|-|[%\#][ \t]{0,3}(?:define|global))[ \t]+"
_ALONE = lazily(rf"""(?i)[ \t]*(?:{_SETTING})?["'*]{{0,2}}[\w.\-]+["'*]{{0,2}}[ \t]*(?:[?:+]?=|:\*{{0,2}})[ \t]*$""")
_OF_SETTINGS = lazily(r"(?:(?:export|set|ENV|ARG)[ \t]+)?(?:[A-Z][A-Z0-9_]*_[A-Z0-9_]+|[a-z][\w-]*(?:\.[\w-]+)+)=$")
_ALONE_BUT_SPACED = lazily(rf"(?i)[ \t]*(?:{_SETTING})?$")


def plain_from(text: str, found: Beside) -> float | None:
    """The bits from which a plain word that stands here is a password; None where only the sort of value counts.

    Where name and value are the whole line, as in an environment file or YAML, most words are one; in a line that may
    be one of a program, and for what is passed to a function or a command, only those that are no words.
    """
    if found.quote:
        if _is_beside_a_user(text, found):
            return WITH_A_USER
        return PASSED if found.passed else None
    if found.begin and found.sign == "=" and text[found.begin - 1] in "?&;" and _is_of_a_connection(text, found.begin):
        return CONNECTING
    if found.sign == "=" and found.space is None and _is_in_a_row(text, found.begin):
        return CONNECTING
    if (
        found.name.startswith("-")
        or found.sign == ":-"
        or (found.begin and found.sign == "=" and text[found.begin - 1] in "?&;")
    ):
        return SURELY_MADE
    line = text.rfind("\n", max(0, found.start - 120), found.start) + 1
    if line == 0 and found.start > 120:
        return None
    rest = text[found.end : found.end + 2]
    if rest == "</":
        return SURELY_MADE
    if (rest and not rest[0].isspace()) or (rest[:1] in (" ", "\t") and rest[1:] not in ("", "#", "\n")):
        if rest[0] == "," and found.sign in (":", "="):
            return LISTED
        return SURELY_MADE if _is_a_word_of_a_command(text, found, rest) else None
    if found.space is not None:
        return SURELY_MADE if _ALONE_BUT_SPACED.match(text[line : found.begin]) else None
    head = text[line : found.start]
    if not found.sign:
        return None
    if not _ALONE.match(head):
        return SURELY_MADE if found.sign == ":" or _is_a_word_of_a_command(text, found, rest) else None
    if _OF_SETTINGS.match(head):
        return IN_A_SETTING
    return ALONE if head[:1].isupper() or head.endswith((": ", "=")) else SURELY_MADE


def _is_beside_a_user(text: str, found: Beside) -> bool:
    """Whether what stands before or behind it names a user, and not what a field for one is called."""
    user = _USER.search(text[max(0, found.begin - 160) : found.begin]) or _USER_BEHIND.match(text, found.end)
    return user is not None and _NO_USER.match(user["user"]) is None


def _is_in_a_row(text: str, begin: int) -> bool:
    """Whether it stands in a row of settings that libpq takes: `host=a user=b password=c`."""
    return text[begin - 1 : begin] == " " and _ROW.search(text[max(0, begin - 160) : begin]) is not None


def _is_of_a_connection(text: str, begin: int) -> bool:
    """Whether a user is named before it in the same row of settings: `Server=a;User Id=b;Password=c`."""
    return _CONNECTS.search(text[max(0, begin - 220) : begin]) is not None


def _is_a_word_of_a_command(text: str, found: Beside, rest: str) -> bool:
    """Whether name, `=` and value are one word among others, as in `-e PASSWORD=x` or `user=a password=b`."""
    before = text[found.begin - 1 : found.begin]
    together = found.sign == "=" and text[found.start - 1] == "="
    return together and (not before or before in " \t\n\"'=,") and (not rest or rest[0] in " \t\n\"'")
