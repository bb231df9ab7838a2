"""The gate: from a payload's parts and bytes to a judgement. Whatever goes wrong ends on the local side.

The same bytes, rules and circumstances have the same answer in every process; nothing in a text changes what is done.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from b4tui.gate.cache import ScanCache
from b4tui.gate.deciding import decide
from b4tui.gate.known.known import Known
from b4tui.gate.limits import check, text_of
from b4tui.gate.policy.allowing import Allowed
from b4tui.gate.rulebook.rule import RuleSet
from b4tui.gate.searching import OutOfTime, Search, finding_of
from b4tui.gate.types import (
    BODY,
    GATE_VERSION,
    Cause,
    Circumstances,
    Finding,
    GateError,
    GateLimits,
    Judgement,
    NamedPart,
    Reason,
    Severity,
    UnreadableText,
    Verdict,
)
from b4tui.gate.views.conversation import side_by_side
from b4tui.gate.views.residue import Stretch, residue
from b4tui.gate.views.seams import seams
from b4tui.gate.views.views import View
from b4tui.provenance import most_private

CACHE_BYTES = 8 * 1024 * 1024
_MEGABYTE = 1_000_000
Clock = Callable[[], float]
"""Seconds that only ever grow."""


class Gate:
    """Judges payloads and searches texts, by one set of rules and what this machine knows.

    `clock` measures the time a judgement takes, for its budget alone. Raises GateError when rules and detectors do
    not fit together.
    """

    def __init__(
        self,
        rules: RuleSet,
        clock: Clock,
        *,
        known: Known | None = None,
        limits: GateLimits | None = None,
        allowed: Allowed | None = None,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self._rules = rules
        self._limits = limits or GateLimits()
        self._known = known or Known.nothing()
        self._search = Search(rules, self._known, self._limits, allowed or Allowed())
        self._clock = clock
        self._cache = ScanCache(cache_bytes)

    @property
    def rules(self) -> RuleSet:
        """The rules it judges by."""
        return self._rules

    @property
    def rules_sha256(self) -> str:
        """The hash of the rules it judges by."""
        return self._rules.sha256

    @property
    def limits(self) -> GateLimits:
        """What it reads before it refuses."""
        return self._limits

    @property
    def known(self) -> Known:
        """What it knows of this machine."""
        return self._known

    def scan_text(self, text: str) -> tuple[Finding, ...]:
        """What is found in one text, by place; spans count its characters, and the part has no name.

        Raises UnreadableText where it is too large, binary or folded too deep, GateError where time runs out.
        """
        return self._scan(text, _Timer(self._clock, self._limits, len(text)))

    def judge(
        self,
        parts: Sequence[NamedPart],
        body: bytes,
        circumstances: Circumstances,
        before: Sequence[str] = (),
    ) -> Judgement:
        """The verdict on a payload: its parts in order, and the bytes they were made into.

        `before` are the texts of the payloads that went before in the same run, oldest first: a known secret that is
        told in pieces is found across them. Never raises.
        """
        found: list[Finding] = []
        failures: list[Reason] = []
        try:
            timer = _Timer(self._clock, self._limits, len(body))
            found, failures = self._findings(parts, text_of(body, self._limits), before, timer)
        except UnreadableText as error:
            failures = [Reason(Cause.LIMIT, f"{BODY}: {error}")]
        except GateError as error:
            failures = [Reason(Cause.ERROR, str(error))]
        except Exception as error:  # a defect of ours keeps the payload here; its words may quote it
            failures = [Reason(Cause.ERROR, f"the gate failed ({type(error).__name__}); please report it")]
        return self._judgement(parts, body, circumstances, found, failures)

    def _judgement(
        self,
        parts: Sequence[NamedPart],
        body: bytes,
        circumstances: Circumstances,
        found: Sequence[Finding],
        failures: Sequence[Reason],
    ) -> Judgement:
        findings = tuple(finding for finding in found if finding.severity is not Severity.WARN)
        verdict, reasons = decide(circumstances, parts, findings, failures)
        return Judgement(
            verdict=verdict,
            reasons=reasons,
            findings=findings,
            notes=tuple(finding for finding in found if finding.severity is Severity.WARN),
            provenance=most_private(named.part.provenance for named in parts),
            body_sha256=hashlib.sha256(body).hexdigest(),
            rules_sha256=self.rules_sha256,
        )

    def _findings(
        self, parts: Sequence[NamedPart], body: str, before: Sequence[str], timer: _Timer
    ) -> tuple[list[Finding], list[Reason]]:
        """Everything that is found, part by part, at their seams, and in the rest of the body."""
        failures: list[Reason] = []
        found: list[Finding] = []
        for named in parts:
            try:
                found += [_named(finding, named.name) for finding in self._scan(named.part.text, timer)]
            except UnreadableText as error:
                failures.append(Reason(Cause.LIMIT, f"{named.name}: {error}"))
        if failures:
            # A part that cannot be read would be read again as a piece of the body, and fail there too.
            return found, failures
        try:
            found += self._between(parts, body, {_mark(finding) for finding in found}, timer)
            found += self._over_time(body, before)
        except UnreadableText as error:
            failures.append(Reason(Cause.LIMIT, f"{BODY}: {error}"))
        return found, failures

    def _between(self, parts: Sequence[NamedPart], body: str, seen: set[_Mark], timer: _Timer) -> Iterator[Finding]:
        texts = [named.part.text for named in parts]
        values = {(rule, value) for _, rule, value in seen}
        yield from _new(self._at_seams(parts, texts, timer), seen)
        yield from _new(self._in_body(body, texts, values, timer), set())

    def _at_seams(self, parts: Sequence[NamedPart], texts: Sequence[str], timer: _Timer) -> Iterator[Finding]:
        for seam in seams(texts):
            for finding in self._scan(seam.text, timer):
                for part, here in seam.of_the_seam(finding):
                    yield _named(here, parts[part].name)

    def _in_body(
        self, body: str, texts: Sequence[str], values: set[tuple[str, str]], timer: _Timer
    ) -> Iterator[Finding]:
        for stretch in residue(body, texts):
            for finding in self._scan(stretch.text, timer):
                here = _in_body(finding, stretch)
                if not stretch.concerns(here.start, here.end):
                    continue
                _, rule, value = _mark(here)
                if stretch.within_part(here.start, here.end) and (rule, value) in values:
                    continue
                yield here

    def _over_time(self, body: str, before: Sequence[str]) -> Iterator[Finding]:
        if not before:
            return
        for hit in self._search.known_in(side_by_side(before, body)):
            finding = finding_of(self._search.rule(hit.rule), replace(hit, start=0, end=0), View(""))
            yield replace(
                finding, part=BODY, view="conversation", why=f"{hit.why}, told in pieces over several payloads"
            )

    def _scan(self, text: str, timer: _Timer) -> tuple[Finding, ...]:
        key = self._key(text)
        known = self._cache.get(key)
        if known is None:
            timer.tick()
            try:
                check(text, self._limits)
                known = self._search.findings(text, timer.tick)
            except UnreadableText as error:
                known = str(error)
            self._cache.put(key, known)
        if isinstance(known, str):
            raise UnreadableText(known)
        return known

    def _key(self, text: str) -> bytes:
        """What an answer depends on. The gate's limits and what it knows do not change while it lives."""
        data = text.encode("utf-8", "surrogatepass")
        return hashlib.sha256(data + self.rules_sha256.encode() + str(GATE_VERSION).encode()).digest()


class _Timer:
    """The time one answer may take: the budget for each megabyte, or part of one, that is read."""

    def __init__(self, clock: Clock, limits: GateLimits, size: int) -> None:
        self._clock = clock
        self._budget_s = limits.time_budget_s * max(1, math.ceil(size / _MEGABYTE))
        self._end = clock() + self._budget_s

    def tick(self) -> None:
        """Raises OutOfTime when it is over."""
        if self._clock() > self._end:
            raise OutOfTime(f"the gate did not come to an end in {self._budget_s:g} s; send less at once")


_Mark = tuple[str, str, str]


def _mark(finding: Finding) -> _Mark:
    """What makes a finding the same as another in the same part."""
    return finding.part, finding.rule, finding.value_hash or finding.preview


def _named(finding: Finding, part: str) -> Finding:
    return replace(finding, part=part)


def _new(findings: Iterable[Finding], seen: set[_Mark]) -> Iterator[Finding]:
    for finding in findings:
        if (mark := _mark(finding)) not in seen:
            seen.add(mark)
            yield finding


def _in_body(finding: Finding, stretch: Stretch) -> Finding:
    start, end = stretch.offsets.span(finding.start, finding.end)
    return replace(finding, part=BODY, start=start, end=end)


class ClosedGate:
    """The gate that could not be opened: it keeps everything here and says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.rules_sha256 = ""

    def scan_text(self, text: str) -> tuple[Finding, ...]:
        """Always raises GateError."""
        raise GateError(self.reason)

    def judge(
        self,
        parts: Sequence[NamedPart],
        body: bytes,
        circumstances: Circumstances,
        before: Sequence[str] = (),
    ) -> Judgement:
        """Stays here, whatever it is."""
        _, reasons = decide(circumstances, parts, (), (Reason(Cause.ERROR, self.reason),))
        return Judgement(
            verdict=Verdict.LOCAL_ONLY,
            reasons=reasons,
            findings=(),
            notes=(),
            provenance=most_private(named.part.provenance for named in parts),
            body_sha256=hashlib.sha256(body).hexdigest(),
            rules_sha256="",
        )
