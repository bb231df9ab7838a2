"""Finds known hosts and people in a text: one Aho-Corasick pass over it in lower case, then a look at each place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice

import ahocorasick

from b4tui.gate.known.host_places import ROLES, stands_as_a_host
from b4tui.gate.known.sought import PersonWord, PrivateHost, phone_end
from b4tui.gate.patterns import lazily
from b4tui.gate.types import Hit

HOST_RULE = "known-host"
PERSON_RULE = "known-person"

_MOST = 1000
"""More findings of one text are not told apart: that it stays here is long decided."""
_GAP = r"[\s.,_\u00a0-]{1,4}"
_NUMBER = lazily(r"\d[\d ()./-]{5,24}\d")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})

_MOST_LOOKS = 40_000
"""Places of one text where hosts that are plain words are weighed; where there are more, the rest count as hosts."""

_Look = Callable[[str, int, int], tuple[int, int] | None]
"""Looks at a place of the lower-cased text, and gives the span of what is there, if it is what it seems."""

_Meant = Callable[[str, int, int], bool]
"""Looks at a span of the lower-cased text, and tells whether it is meant as what it may be."""


@dataclass(frozen=True, slots=True)
class _Sought:
    rule: str
    why: str
    look: _Look
    meant: _Meant | None = None


class Names:
    """Hosts and people to look for. What is kept here is private, and in memory only."""

    __slots__ = ("_automaton", "_phones", "hosts", "people")

    def __init__(self, hosts: Iterable[PrivateHost], people: Iterable[PersonWord]) -> None:
        sought: dict[str, list[_Sought]] = {}
        seen: set[tuple[str, str]] = set()
        self._phones: dict[str, str] = {}
        self.hosts = self.people = 0
        for host in hosts:
            if (str(host.zone), host.name) not in seen:
                seen.add((str(host.zone), host.name))
                self.hosts += 1
                sought.setdefault(host.name, []).append(_sought(host))
        for person in people:
            if (person.kind, person.text.lower()) in seen:
                continue
            seen.add((person.kind, person.text.lower()))
            self.people += 1
            if person.kind == "phone":
                self._phones[person.text] = f"a phone number from {person.origin}"
            else:
                for word, look in _looks(person):
                    sought.setdefault(word, []).append(_Sought(PERSON_RULE, _words(person), look))
        self._automaton = _automaton(sought)

    def __repr__(self) -> str:
        return f"Names({self.hosts} hosts, {self.people} words of people)"

    def find(self, lower: str) -> Iterator[Hit]:
        """Where they stand in a text, given in lower case."""
        if self._automaton is not None:
            yield from islice(self._named(self._automaton, lower), _MOST)
        if self._phones:
            yield from islice(self._numbers(lower), _MOST)

    def _named(self, automaton: ahocorasick.Automaton, lower: str) -> Iterator[Hit]:
        looked = 0
        for end, (length, sought) in automaton.iter(lower):
            for one in sought:
                span = one.look(lower, end - length + 1, end + 1)
                if span and one.meant:
                    looked += 1
                    if looked <= _MOST_LOOKS and not one.meant(lower, *span):
                        continue
                if span:
                    yield Hit(one.rule, span[0], span[1], one.why)

    def _numbers(self, lower: str) -> Iterator[Hit]:
        for match in _NUMBER.finditer(lower):
            start, end = match.span()
            why = self._phones.get(phone_end(match.group()))
            before = lower[start - 1] if start else " "
            if why and not (before.isalnum() or before in "._") and not lower[end : end + 1].isalnum():
                yield Hit(PERSON_RULE, start - (before == "+"), end, why)


def _automaton(sought: dict[str, list[_Sought]]) -> ahocorasick.Automaton | None:
    if not sought:
        return None
    automaton = ahocorasick.Automaton()
    for word, ones in sorted(sought.items()):
        automaton.add_word(word, (len(word), tuple(ones)))
    automaton.make_automaton()
    return automaton


def _words(person: PersonWord) -> str:
    return f"a mail address from {person.origin}" if person.kind == "mail" else f"a name from {person.origin}"


def _of_name(char: str) -> bool:
    return char.isalnum() or char in "_-"


def _goes_on(lower: str, end: int) -> bool:
    """Whether a host's name goes on at its end: `db.corp` in `db.corp.example`, but not before a full stop."""
    if end < len(lower) and _of_name(lower[end]):
        return True
    return lower[end : end + 1] == "." and end + 1 < len(lower) and lower[end + 1].isalnum()


def _host(lower: str, start: int, end: int) -> tuple[int, int] | None:
    before = lower[start - 1] if start else " "
    return None if _of_name(before) or _goes_on(lower, end) else (start, end)


def _sought(host: PrivateHost) -> _Sought:
    meant = partial(stands_as_a_host, role=host.name in ROLES) if host.word else None
    return _Sought(HOST_RULE, f"a host from {host.origin}", _zone if host.zone else _host, meant)


def _zone(lower: str, start: int, end: int) -> tuple[int, int] | None:
    if (start and _of_name(lower[start - 1])) or _goes_on(lower, end):
        return None
    while start and (_of_name(lower[start - 1]) or lower[start - 1] == "."):
        start -= 1
    return start, end


def _mail(lower: str, start: int, end: int) -> tuple[int, int] | None:
    before = lower[start - 1] if start else " "
    return None if before.isalnum() or before in "._%+-" or _goes_on(lower, end) else (start, end)


def _looks(person: PersonWord) -> Iterator[tuple[str, _Look]]:
    """What to look for of a person: a word for the automaton, and how to look at its place."""
    lower = person.text.lower()
    if person.kind == "mail":
        yield lower, _mail
        return
    for spelling in dict.fromkeys((lower, lower.translate(_UMLAUTS))):
        words = spelling.split()
        yield max(words[0], words[-1], key=len), _whole_name(words)


def _whole_name(words: list[str]) -> _Look:
    """A look for the whole name around its first or last word: in either order, with or without the middle."""
    first, last = re.escape(words[0]), re.escape(words[-1])
    if len(words) == 1:
        pattern = lazily(rf"(?<!\w){last}(?!\w)")
    else:
        middle = "".join(rf"(?:{re.escape(word)}{_GAP})?" for word in words[1:-1])
        pattern = lazily(rf"(?<![^\W_]){first}{_GAP}{middle}{last}(?![^\W_])|(?<![^\W_]){last}{_GAP}{first}(?![^\W_])")

    reach = sum(len(word) + 4 for word in words)  # as far as the longest gaps let the name go

    def look(lower: str, start: int, end: int) -> tuple[int, int] | None:
        left, right = max(0, start - reach), end + reach
        if lower.find(words[0], left, right) < 0 or lower.find(words[-1], left, right) < 0:
            return None
        for match in pattern.finditer(lower, left, right):
            if match.start() <= start and end <= match.end():
                return match.span()
        return None

    return look
