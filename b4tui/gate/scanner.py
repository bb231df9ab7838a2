"""The search of one view of a text: one pass finds all words, then every rule is tried where its own words are.

Nothing here depends on time, order of hashing or what was scanned before: the same text has the same hits.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from itertools import islice

import ahocorasick

from b4tui.gate.detector import Detector, Positions
from b4tui.gate.pacing import Tick, untimed
from b4tui.gate.patterns import lazily
from b4tui.gate.rarity import rarity
from b4tui.gate.rulebook.rule import Anchor, Rule, RuleSet, compiled
from b4tui.gate.rulebook.validators import VALIDATORS, Validator
from b4tui.gate.types import FindingClass, GateError, Hit

MOST = 1000
"""Findings that one rule or detector gives for one text; more of them would change nothing, and take their time."""


DENSE = "dense-words"
"""The rule that a text breaks that is made of the words of rules: it cannot be searched in a time worth waiting for."""
_SELF = "scanner"
_DENSE_FROM = 131072
_DENSEST = 6
"""In so many characters and more, a word of a rule in every six is too many: ordinary text has one in fifty."""


class Scanner:
    """Finds what the rules describe. Raises GateError when rules and detectors do not fit together."""

    def __init__(self, rules: RuleSet, detectors: Sequence[Detector]) -> None:
        self.rules = rules
        self._by_id = rules.by_id()
        self._searches = tuple(_Search(rule) for rule in rules if rule.pattern)
        self._detectors = _wanted(rules, detectors)
        self._classes = {one.name: _classes_of(rules, one) for one in self._detectors}
        self._automaton = _automaton(
            {word for rule in rules for word in rule.keywords}.union(*(one.words for one in self._detectors))
        )
        self._by_word: dict[str, list[_Search]] = {}
        for search in self._searches:
            for word in search.rule.keywords:
                self._by_word.setdefault(word, []).append(search)
        self._asked_by_word: dict[str, list[int]] = {}
        for number, detector in enumerate(self._detectors):
            for word in detector.words:
                self._asked_by_word.setdefault(word, []).append(number)
        self._always = frozenset(number for number, one in enumerate(self._detectors) if not one.words)
        self._everywhere = tuple(search for search in self._searches if not search.rule.keywords)

    def scan(self, text: str, classes: Collection[FindingClass] | None = None, tick: Tick = untimed) -> tuple[Hit, ...]:
        """What is found in the text, by place and rule; only of some classes where they are given."""
        lower = lowered(text)
        found = self._words_in(lower)
        if len(text) >= _DENSE_FROM and sum(map(len, found.values())) * _DENSEST > len(text):
            return (Hit(DENSE, 0, len(text), "made of words of rules, too many to be searched"),)
        at = Positions(found, tick)
        searches = {search.rule.id: search for word in found for search in self._by_word.get(word, ())}
        hits: set[Hit] = set()
        for search in (*searches.values(), *self._everywhere):
            tick()
            if classes is None or search.rule.finding_class in classes:
                hits.update(islice(search.find(text, at), MOST))
        for number in sorted(self._always.union(*(self._asked_by_word.get(word, ()) for word in found))):
            detector = self._detectors[number]
            tick()
            if classes is None or not self._classes[detector.name].isdisjoint(classes):
                hits.update(islice(self._known(detector.find(text, lower, at), classes), MOST))
        return tuple(sorted(self._without_those_that_give_way(hits), key=lambda hit: (hit.start, hit.end, hit.rule)))

    def _words_in(self, lower: str) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        if self._automaton is None:
            return found
        for end, (word, back) in self._automaton.iter(lower):
            if word in found:
                found[word].append(end - back)
            else:
                found[word] = [end - back]
        return found

    def _known(self, hits: Iterator[Hit], classes: Collection[FindingClass] | None) -> Iterator[Hit]:
        for hit in hits:
            rule = self._by_id.get(hit.rule)
            if rule is None:
                if hit.rule in self.rules.disabled:
                    continue
                raise GateError(f"a detector speaks of a rule {hit.rule} that no file describes")
            if classes is None or rule.finding_class in classes:
                yield hit

    def _without_those_that_give_way(self, hits: set[Hit]) -> Iterator[Hit]:
        firm = _merged(sorted((hit.start, hit.end) for hit in hits if not self._by_id[hit.rule].gives_way))
        for hit in hits:
            if not self._by_id[hit.rule].gives_way or not _covered(hit, firm):
                yield hit


class _Search:
    """A rule's pattern, compiled when it is first needed."""

    __slots__ = ("_allow", "_compiled", "_validators", "rule")

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._compiled: re.Pattern[str] | None = None
        self._allow: tuple[re.Pattern[str], ...] = ()
        try:
            self._validators: tuple[Validator, ...] = tuple(VALIDATORS[name] for name in rule.validators)
        except KeyError as error:
            raise GateError(f"rule {rule.id}: no validator is called {error}") from error

    def find(self, text: str, at: Positions) -> Iterator[Hit]:
        if self._compiled is None:
            self._allow = tuple(compiled(pattern, self.rule.origin) for pattern in self.rule.allow)
            self._compiled = compiled(self.rule.pattern, self.rule.origin)
        judged: dict[str, str | None] = {}
        for match in self._matches(self._compiled, text, at):
            start, end = _value_span(match)
            value = text[start:end]
            if value not in judged:
                judged[value] = self._why(value)
            why = judged[value]
            if why is not None:
                yield Hit(self.rule.id, start, end, why)

    def _matches(self, pattern: re.Pattern[str], text: str, at: Positions) -> Iterator[re.Match[str]]:
        rule = self.rule
        if rule.anchor is Anchor.WHOLE:
            yield from pattern.finditer(text)
        elif rule.anchor is Anchor.AROUND:
            for start, end in _windows(rule, at, len(text)):
                yield from pattern.finditer(text, start, end)
        else:
            done = -1
            for start, _ in at.any_of(rule.keywords):
                if start < done or (rule.bounded and start and _continues(text, start)):
                    continue
                if match := pattern.match(text, start):
                    done = match.end()
                    yield match

    def _why(self, value: str) -> str | None:
        """Why the value is a finding; None when it is none."""
        if any(pattern.search(value) for pattern in self._allow):
            return None
        if not all(fits(value) for fits in self._validators):
            return None
        if self.rule.min_rarity:
            bits = rarity(value)
            return f"looks random: {bits:.1f} bits" if bits >= self.rule.min_rarity else None
        return self.rule.description


def lowered(text: str) -> str:
    """The text in lower case, character for character: a letter whose lower case is longer (`İ`) stays as it is."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(small if len(small := char.lower()) == 1 else char for char in text)


def _wanted(rules: RuleSet, detectors: Sequence[Detector]) -> tuple[Detector, ...]:
    named = {rule.detector for rule in rules if rule.detector}
    if missing := named - {one.name for one in detectors} - {_SELF}:
        raise GateError(f"no detector is called {', '.join(sorted(missing))}")
    return tuple(one for one in detectors if one.name in named)


def _classes_of(rules: RuleSet, detector: Detector) -> frozenset[FindingClass]:
    return frozenset(rule.finding_class for rule in rules if rule.detector == detector.name)


def _automaton(words: Collection[str]) -> ahocorasick.Automaton | None:
    if not words:
        return None
    automaton = ahocorasick.Automaton()
    for word in sorted(words):
        automaton.add_word(word, (word, len(word) - 1))
    automaton.make_automaton()
    return automaton


def _windows(rule: Rule, at: Positions, length: int) -> Iterator[tuple[int, int]]:
    """The stretches around a rule's keywords; those that touch are one, so that no character is searched twice."""
    begin = end = -1
    for start, word in at.any_of(rule.keywords):
        if start - rule.before <= end:
            end = min(length, start + len(word) + rule.after)
            continue
        if end >= 0:
            yield begin, end
        begin, end = max(0, start - rule.before), min(length, start + len(word) + rule.after)
    if end >= 0:
        yield begin, end


_COLOUR = lazily(r"\x1b\[[0-9;]{0,16}m$")


def _continues(text: str, start: int) -> bool:
    """Whether a word goes on here. The `m` that ends a terminal's colour is no letter of it."""
    before = text[start - 1]
    if not (before.isalnum() or before == "_"):
        return False
    return before != "m" or _COLOUR.search(text[max(0, start - 20) : start]) is None


def _value_span(match: re.Match[str]) -> tuple[int, int]:
    for name, value in match.groupdict().items():
        if value is not None:
            return match.span(name)
    return match.span()


def _merged(spans: Sequence[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    """The spans with those that overlap made one, ascending."""
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _covered(hit: Hit, firm: Sequence[tuple[int, int]]) -> bool:
    """Whether the hit overlaps one of the spans, which are ascending and apart from each other."""
    after = bisect_left(firm, (hit.end,))
    return after > 0 and firm[after - 1][1] > hit.start
