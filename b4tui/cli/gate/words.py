"""What the gate found, for a person and as JSON: where, by which rule, how it was read; never the value itself."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TextIO

from b4tui.cli.gate.checking import Checked, Placed
from b4tui.gate.types import Finding, FindingClass, Severity, Verdict
from b4tui.safe_text import visible

_WEIGHT = {Severity.BLOCK: "stays here", Severity.ASK: "you would be asked", Severity.WARN: "note"}
_CLASSES = {
    FindingClass.SECRET: ("secret", "secrets"),
    FindingClass.PERSONAL: ("piece of personal data", "pieces of personal data"),
    FindingClass.INFRASTRUCTURE: ("name of your own network", "names of your own network"),
    FindingClass.OPAQUE: ("block that cannot be judged", "blocks that cannot be judged"),
    FindingClass.POLICY: ("piece of hidden text", "pieces of hidden text"),
}
_PROGRESS_AFTER_S = 1.0
_PROGRESS_EVERY_S = 0.2


def checked_lines(result: Checked) -> Iterator[str]:
    """What was found in one text, a line each, as compilers write it."""
    for placed in (*result.findings, *result.notes):
        yield f"{result.name}:{placed.line}:{placed.column}: {finding_words(placed.finding)}"
    if result.verdict is Verdict.LOCAL_ONLY and not result.findings:
        for reason in result.reasons:
            yield f"{result.name}: stays here: {reason}"


def finding_words(finding: Finding) -> str:
    """`github-token (secret, stays here) gh••••x1: looks random: 6.1 bits [read as base64]`."""
    why = f": {finding.why}" if finding.why else ""
    view = "" if finding.view in ("raw", "normalised") else f" [read as {finding.view}]"
    return f"{finding.rule} ({finding.finding_class}, {_WEIGHT[finding.severity]}) {finding.preview}{why}{view}"


class Tally:
    """How many texts, and what was in them."""

    def __init__(self) -> None:
        self.texts = 0
        self.kept = 0
        self._found: Counter[FindingClass] = Counter()

    def add(self, result: Checked) -> None:
        """Count one text."""
        self.texts += 1
        self.kept += result.verdict is Verdict.LOCAL_ONLY
        self._found.update(_apart([placed.finding for placed in result.findings]))

    def line(self) -> str:
        """The sum, and what to do."""
        texts = f"{self.texts} text{'' if self.texts == 1 else 's'}"
        if not self.kept:
            return f"nothing found in {texts}"
        found = ", ".join(f"{count} {_CLASSES[kind][count != 1]}" for kind, count in sorted(self._found.items()))
        if not found:
            return f"{self.kept} of {texts} must stay here"
        return (
            f"{self.kept} of {texts} must stay here ({found}). Take it out, or see `b4tui gate redact`; "
            "the hash of a value that is public (`--json --hashes`) goes to `allow` of [gate] in your settings"
        )


def _apart(findings: Sequence[Finding]) -> Iterator[FindingClass]:
    """The class of each thing that was found, once: several rules may find the same one."""
    ends: dict[FindingClass, int] = {}
    for finding in sorted(findings, key=lambda one: (one.start, one.end)):
        if finding.start >= ends.get(finding.finding_class, 0):
            yield finding.finding_class
        ends[finding.finding_class] = max(finding.end, ends.get(finding.finding_class, 0))


def checked_document(result: Checked, hashes: bool) -> dict[str, Any]:
    """One text's answer as JSON."""
    return {
        "path": result.name,
        "verdict": result.verdict,
        "reasons": list(result.reasons),
        "findings": [placed_document(placed, hashes) for placed in result.findings],
        "notes": [placed_document(placed, hashes) for placed in result.notes],
    }


def placed_document(placed: Placed, hashes: bool) -> dict[str, Any]:
    """One finding as JSON, with its place."""
    return finding_document(placed.finding, hashes) | {"line": placed.line, "column": placed.column}


def finding_document(finding: Finding, hashes: bool) -> dict[str, Any]:
    """One finding as JSON; the hash of its value only where it was asked for, because a short value can be guessed."""
    told = {
        "rule": finding.rule,
        "version": finding.version,
        "class": finding.finding_class,
        "severity": finding.severity,
        "start": finding.start,
        "end": finding.end,
        "view": finding.view,
        "preview": finding.preview,
        "why": finding.why,
    }
    return told | {"value_sha256": finding.value_hash} if hashes else told


class Progress:
    """Which text is at hand, on one line of a terminal; nothing where there is none, or where it is quick."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._terminal = stream.isatty()
        self._due = clock() + _PROGRESS_AFTER_S
        self._count = 0
        self._shown = False

    def at(self, name: str) -> None:
        """The next text."""
        self._count += 1
        if self._terminal and self._clock() >= self._due:
            self._due = self._clock() + _PROGRESS_EVERY_S
            self._stream.write(f"\r\x1b[Kchecking {self._count}: {visible(name)[-60:]}")
            self._stream.flush()
            self._shown = True

    def clear(self) -> None:
        """Take the line away, before something else is written."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._shown = False
