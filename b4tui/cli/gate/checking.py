"""One text through the gate, as `b4tui gate check` reports it. Content alone decides here, and, if named, the category.

Where a text came from is judged when it is part of a prompt; a file on disk has no such label.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from b4tui.gate.deciding import decide
from b4tui.gate.types import Circumstances, Finding, GateError, Severity, Verdict

Scan = Callable[[str], Sequence[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A text to check. `numbers` and `added` are those of a diff; without them lines are as they stand.

    `refusal` says why there is no text; it stays here. `binary`: because it is none.
    """

    name: str
    text: str = ""
    numbers: tuple[int, ...] = ()
    added: tuple[bool, ...] = ()
    refusal: str = ""
    binary: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """A finding with the line and the column where it begins, both from 1."""

    finding: Finding
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What came of a text: findings block or ask, notes are only said."""

    name: str
    verdict: Verdict
    reasons: tuple[str, ...]
    findings: tuple[Placed, ...] = ()
    notes: tuple[Placed, ...] = ()


def checked(target: Target, scan: Scan, category: str | None, may_escalate: frozenset[str]) -> Checked:
    """Check one text. Never raises: what cannot be read, or fails, stays here."""
    if target.refusal:
        return Checked(name=target.name, verdict=Verdict.LOCAL_ONLY, reasons=(target.refusal,))
    try:
        found = scan(target.text)
    except GateError as error:
        return Checked(name=target.name, verdict=Verdict.LOCAL_ONLY, reasons=(str(error),))
    except Exception as error:  # a defect of ours keeps the text here; its words may quote it
        reason = f"the gate failed ({type(error).__name__}); please report it"
        return Checked(name=target.name, verdict=Verdict.LOCAL_ONLY, reasons=(reason,))
    lines = _Lines(target)
    placed = [lines.placed(replace(finding, part=target.name)) for finding in found if lines.counts(finding)]
    findings = tuple(one for one in placed if one.finding.severity is not Severity.WARN)
    notes = tuple(one for one in placed if one.finding.severity is Severity.WARN)
    reasons = _reasons([one.finding for one in findings], category, may_escalate)
    verdict = Verdict.LOCAL_ONLY if findings or reasons else Verdict.MAY_ESCALATE
    return Checked(name=target.name, verdict=verdict, reasons=reasons, findings=findings, notes=notes)


def _reasons(findings: Sequence[Finding], category: str | None, may_escalate: frozenset[str]) -> tuple[str, ...]:
    circumstances = Circumstances(
        category=category or "",
        may_escalate=frozenset({""}) if category is None else may_escalate,
        kept_home=frozenset(),  # a file on disk has no label of where it came from
    )
    _, reasons = decide(circumstances, (), findings)
    asks = any(finding.severity is Severity.ASK for finding in findings)
    return (*(reason.text for reason in reasons), *(("it holds what you would be asked about",) if asks else ()))


class _Lines:
    """Where in a text its lines are."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._starts: list[int] = []

    def placed(self, finding: Finding) -> Placed:
        index = self._index(finding.start)
        numbers = self._target.numbers
        return Placed(finding, numbers[index] if numbers else index + 1, finding.start - self._starts[index] + 1)

    def counts(self, finding: Finding) -> bool:
        """Whether the finding touches a line that was added; without a diff each does."""
        if not self._target.added:
            return True
        first, last = self._index(finding.start), self._index(max(finding.start, finding.end - 1))
        return any(self._target.added[first : last + 1])

    def _index(self, at: int) -> int:
        if not self._starts:
            self._starts = [0]
            next_line = self._target.text.find("\n")
            while next_line >= 0:
                self._starts.append(next_line + 1)
                next_line = self._target.text.find("\n", next_line + 1)
        return bisect_right(self._starts, at) - 1
