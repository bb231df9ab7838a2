"""People who must not be named: out of a vCard file or a list, and out of the authors of a repository."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from b4tui.gate.known.sought import PersonWord, phone_end
from b4tui.gate.patterns import lazily

_MAIL = lazily(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = lazily(r"\+?\d[\d ()./-]{5,24}\d")
_FOLDED = lazily(r"\r?\n[ \t]")
_WORD = lazily(r"[^\W\d_](?:[^\W\d_]|['’.-](?=[^\W\d_]))*")
_NOT_A_PERSON = lazily(r"(?i)\[bot\]|\bbot\b|github|gitlab|renovate|dependabot|\bci\b|\broot\b|action|automat|\bteam\b")
_NOBODYS = lazily(r"(?i)(?:^|[+._-])no-?reply|@users\.noreply\.|@(?:[\w-]+\.)*(?:localhost|invalid|example(?:\.\w+)?)$")


def people_listed(text: str) -> Iterator[PersonWord]:
    """The people of a vCard file (3 or 4), or of a list with one a line."""
    if "BEGIN:VCARD" in text[:4096].upper():
        yield from _cards(text)
        return
    for line in text.splitlines():
        line = line.partition("#")[0].strip()
        if line:
            yield from _line(line)


def _line(line: str) -> Iterator[PersonWord]:
    origin = "the people file"
    for mail in _MAIL.findall(line):
        yield PersonWord("mail", mail.lower(), origin)
    rest = _MAIL.sub(" ", line)
    yield from _phones(rest, origin)
    yield from _name(_PHONE.sub(" ", rest), origin, least_words=1)


def _cards(text: str) -> Iterator[PersonWord]:
    origin = "the people file"
    for line in _FOLDED.sub("", text).splitlines():
        head, _, value = line.partition(":")
        key = head.partition(";")[0].rpartition(".")[2].upper()
        value = re.sub(r"\\([,;\\])", r"\1", value.strip())
        if key in ("FN", "NICKNAME"):
            yield from _name(value, origin, least_words=2 if key == "NICKNAME" else 1)
        elif key == "N":
            family, given = ([*value.split(";"), ""])[:2]
            if family and given:
                yield from _name(f"{given} {family}", origin, least_words=2)
        elif key == "EMAIL":
            for mail in _MAIL.findall(value):
                yield PersonWord("mail", mail.lower(), origin)
        elif key == "TEL":
            yield from _phones(value.removeprefix("tel:"), origin)


def authors_of(log: Iterable[tuple[str, str]]) -> Iterator[PersonWord]:
    """The people among authors of commits, as pairs of name and mail. Programs that commit are none."""
    origin = "this hub's history"
    for name, mail in log:
        if _NOT_A_PERSON.search(name):
            continue
        yield from _name(name, origin, least_words=2)
        if _MAIL.fullmatch(mail) and not _NOBODYS.search(mail):
            yield PersonWord("mail", mail.lower(), origin)


def _name(text: str, origin: str, least_words: int) -> Iterator[PersonWord]:
    words = [] if any(char.isdigit() for char in text) else _WORD.findall(text)
    long = [word for word in words if len(word) >= 2]
    if least_words <= len(words) <= 6 and long and (len(words) > 1 or len(words[0]) >= 4):
        yield PersonWord("name", " ".join(words), origin)


def _phones(text: str, origin: str) -> Iterator[PersonWord]:
    for number in _PHONE.findall(text):
        if end := phone_end(number):
            yield PersonWord("phone", end, origin)
