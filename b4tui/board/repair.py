"""A line of a board file that is no plain JSON object: read what can be read of it, and say what is wrong."""

from __future__ import annotations

import json
import re
from typing import Any

from b4tui.board.model import Problem, Severity

Row = dict[str, Any]

_CONFLICT = re.compile(r"(<{7}|={7}|>{7}|\|{7})(?: |$)")
_MOST_DIGITS = 4300  # beyond this Python does not turn text into a whole number


def repair(line: str, number: int) -> tuple[Row | None, list[Problem]]:
    """The row on the line, None where there is none, and the problems found. Never raises."""
    reading = _Reading(number)
    if _CONFLICT.match(line):
        reading.say(
            "conflict-marker", Severity.ERROR, "is a merge conflict marker: resolve the conflict and delete the line"
        )
        return None, reading.problems
    text = line.strip(" \t\r\ufeff")
    if not text.strip("\0"):
        reading.say("not-json", Severity.ERROR, "holds only NUL bytes, as after a power cut: delete the line")
        return None, reading.problems
    row = reading.parse(text)
    if row is not None and not isinstance(row, dict):
        reading.say("not-an-object", Severity.ERROR, f"is JSON, but no object: {text[:40]!r}; delete the line")
        return None, reading.problems
    return row, reading.problems


class _Reading:
    """One careful look at one line."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.problems: list[Problem] = []

    def say(self, rule: str, severity: Severity, text: str) -> None:
        if not any(problem.rule == rule for problem in self.problems):
            self.problems.append(Problem(rule, severity, f"line {self.number} {text}", line=self.number))

    def parse(self, text: str) -> Any:
        """The value of the line, None where it has none."""
        for strict in (True, False):
            decoder = json.JSONDecoder(
                strict=strict,
                parse_int=self._whole,
                parse_constant=self._constant,
                object_pairs_hook=self._pairs,
            )
            try:
                value = decoder.decode(text)
            except json.JSONDecodeError as error:
                reason = f"is no JSON ({error.msg} at column {error.colno}): mend or delete it"
                continue
            except RecursionError:
                reason = "is nested too deeply to be read: delete the innermost levels"
                break
            if not strict:
                self.say(
                    "control-characters",
                    Severity.ERROR,
                    "has control characters that are not escaped; other trackers refuse it",
                )
            return value
        self.say("not-json", Severity.ERROR, reason)
        return None

    def _whole(self, digits: str) -> int | str:
        if len(digits) <= _MOST_DIGITS:
            return int(digits)
        self.say("huge-number", Severity.WARNING, f"has a number of {len(digits)} digits; it is kept as text")
        return digits

    def _constant(self, word: str) -> float:
        self.say(
            "not-a-number", Severity.ERROR, f"has the value {word}, which is no JSON; other trackers refuse the line"
        )
        return float(word)

    def _pairs(self, pairs: list[tuple[str, Any]]) -> Row:
        row = dict(pairs)
        if len(row) != len(pairs):
            names = [name for name, _ in pairs]
            twice = sorted({name for name in names if names.count(name) > 1})
            self.say(
                "duplicate-key", Severity.WARNING, f"has the key {', '.join(twice)} more than once; the last one counts"
            )
        return row
