"""Take out of texts what must stay here, so that the rest may leave, and fill it back in on this side (research 7.3).

What was found becomes a typed placeholder: `[[EMAIL_1]]`, the same for the same value within one request. Secrets are
gone for good (`[[SECRET_1:github-token]]`); personal data and hosts come back by `rehydrate`, from a map that is only
ever in memory. After each round the text is scanned again; where a finding stays, more around it goes. What cannot be
made clean is a GateError.

A placeholder tells that something was there, of which kind, and where it occurs again: nothing of what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

import ahocorasick

from b4tui.gate.redaction.placeholders import FOR_GOOD, PLACEHOLDER, kind_of, placeholder
from b4tui.gate.types import Finding, FindingClass, GateError, NamedPart, Redaction, Severity
from b4tui.provenance import Part

Scan = Callable[[str], Sequence[Finding]]
"""The gate's reading of one text: `Gate.scan_text`."""

MAX_ROUNDS = 6
"""Rounds of replacing and scanning again before giving up."""
_LINES_FROM = 2  # from this round on whole lines go
_ALL_FROM = 4  # from this one the whole text
_LEAST = 6  # characters of a value that is taken out wherever it stands, found there or not

_ORDER = (
    FindingClass.SECRET,
    FindingClass.OPAQUE,
    FindingClass.POLICY,
    FindingClass.PERSONAL,
    FindingClass.INFRASTRUCTURE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactedParts:
    """Parts without what must stay here. `originals` holds what placeholders stand for, secrets excepted.

    Kept in memory by who asked, for as long as the answer is awaited; it is in no repr.
    """

    parts: tuple[NamedPart, ...]
    placeholders: tuple[str, ...]
    originals: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    finding_class: FindingClass
    rule: str


def redact(parts: Sequence[NamedPart], scan: Scan) -> RedactedParts:
    """The parts with everything that blocks or asks replaced; scanned again, they are clean.

    Raises GateError when they cannot be made clean.
    """
    texts = [named.part.text for named in parts]
    book = _Book(_prefix(texts))
    waiting = set(range(len(texts)))
    for round_ in range(MAX_ROUNDS + 1):
        found = {at: spans for at in sorted(waiting) if (spans := _found(texts[at], scan))}
        if not found:
            return RedactedParts(
                parts=tuple(_with_text(named, text) for named, text in zip(parts, texts, strict=True)),
                placeholders=tuple(book.made),
                originals=book.originals,
            )
        if round_ < MAX_ROUNDS:
            waiting = _replace_all(texts, found, round_, book)
    names = ", ".join(parts[at].name for at in sorted(found))
    raise GateError(f"this cannot be redacted so that the gate is content: {names}; it stays here")


def redact_text(text: str, scan: Scan) -> Redaction:
    """One text with everything that blocks or asks replaced. Raises GateError when it cannot be made clean."""
    done = redact([NamedPart("text", Part(text))], scan)
    return Redaction(done.parts[0].part.text, done.placeholders, done.originals)


def rehydrate(text: str, originals: Mapping[str, str]) -> str:
    """An answer with placeholders filled in again: for this side only, never for anything that goes out (N19).

    What goes out after this, such as a tool call, is a new text to the gate.
    """
    return PLACEHOLDER.sub(lambda match: originals.get(match.group(), match.group()), text)


class _Book:
    """The placeholders of one request."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._numbers: dict[str, Iterator[int]] = {}
        self._by_value: dict[tuple[str, str], str] = {}
        self.made: list[str] = []
        self.originals: dict[str, str] = {}

    def placeholder(self, span: _Span, value: str) -> str:
        """The placeholder of a value; the same for the same value of one kind."""
        value = rehydrate(value, self.originals)
        kind = kind_of(span.finding_class, span.rule)
        if (kind, value) not in self._by_value:
            number = next(self._numbers.setdefault(kind, count(1)))
            made = placeholder(span.finding_class, span.rule, number, self._prefix)
            self._by_value[kind, value] = made
            self.made.append(made)
            if span.finding_class not in FOR_GOOD:
                self.originals[made] = value
        return self._by_value[kind, value]

    def places(self, text: str) -> list[tuple[int, int]]:
        """Where placeholders of this request stand in a text."""
        mine = set(self.made)
        return [match.span() for match in PLACEHOLDER.finditer(text) if match.group() in mine] if mine else []


def _prefix(texts: Sequence[str]) -> str:
    """What placeholders begin with, so that none of them is in the texts already."""
    for number in count():
        prefix = f"N{number}_" if number else ""
        if not any(f"[[{prefix}" in text and PLACEHOLDER.search(text) for text in texts):
            return prefix
    raise AssertionError


def _with_text(named: NamedPart, text: str) -> NamedPart:
    return named if text == named.part.text else replace(named, part=replace(named.part, text=text))


def _found(text: str, scan: Scan) -> list[_Span]:
    return [
        _Span(finding.start, finding.end, finding.finding_class, finding.rule)
        for finding in scan(text)
        if finding.severity is not Severity.WARN
    ]


def _replace_all(texts: list[str], found: Mapping[int, Sequence[_Span]], round_: int, book: _Book) -> set[int]:
    """Replace what was found, and the same values elsewhere. Gives the texts that changed or were not clean."""
    wider = {at: [_widened(texts[at], span, round_, book) for span in spans] for at, spans in found.items()}
    values = {
        texts[at][span.start : span.end]: span
        for at, spans in sorted(found.items())
        for span in spans
        if span.end - span.start >= _LEAST
    }
    again = _Occurrences(values)
    changed = set(found)
    for at, text in enumerate(texts):
        spans = _merged([*wider.get(at, ()), *again.in_text(text, book)])
        if spans:
            changed.add(at)
            texts[at] = "".join(_pieces(text, spans, book))
    return changed


def _pieces(text: str, spans: Sequence[_Span], book: _Book) -> Iterator[str]:
    """The text in pieces, with placeholders for the spans, numbered in their order."""
    done = 0
    for span in spans:
        yield text[done : span.start]
        yield book.placeholder(span, text[span.start : span.end])
        done = span.end
    yield text[done:]


def _widened(text: str, span: _Span, round_: int, book: _Book) -> _Span:
    """What is taken out for a finding: its span; in later rounds its lines, then everything; placeholders as wholes."""
    if round_ >= _ALL_FROM:
        return replace(span, start=0, end=len(text))
    start, end = span.start, span.end
    if round_ >= _LINES_FROM:
        start = text.rfind("\n", 0, start) + 1
        after = text.find("\n", max(start, end - 1))
        end = len(text) if after < 0 else after
    for before, behind in book.places(text):
        if before < end and start < behind:
            start, end = min(start, before), max(end, behind)
    return replace(span, start=start, end=max(start, end))


class _Occurrences:
    """Finds values again wherever they stand, but for where a placeholder is."""

    def __init__(self, values: Mapping[str, _Span]) -> None:
        self._automaton: ahocorasick.Automaton | None = None
        if values:
            self._automaton = ahocorasick.Automaton()
            for value, span in values.items():
                self._automaton.add_word(value, (len(value), span))
            self._automaton.make_automaton()

    def in_text(self, text: str, book: _Book) -> Iterator[_Span]:
        """Where any of the values stands in the text."""
        if self._automaton is None:
            return
        taken = book.places(text)
        for last, (length, span) in self._automaton.iter(text):
            start, end = last - length + 1, last + 1
            if not any(start < after and before < end for before, after in taken):
                yield replace(span, start=start, end=end)


def _merged(spans: Iterable[_Span]) -> list[_Span]:
    """The spans with those that overlap made one, of the most private class among them."""
    merged: list[_Span] = []
    for span in sorted(spans, key=lambda one: (one.start, -one.end, _ORDER.index(one.finding_class), one.rule)):
        last = merged[-1] if merged else None
        if last is None or span.start >= last.end:
            merged.append(span)
            continue
        first = min(last, span, key=lambda one: _ORDER.index(one.finding_class))
        merged[-1] = replace(first, start=last.start, end=max(last.end, span.end))
    return [span for span in merged if span.end > span.start]
