"""What a run may use up, and when it has: pure counting, no clock of its own."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from typing import Any

from b4tui.config import LimitsConfig

WINDOW = 8


class LimitReached(Exception):
    """The run must end; the message says which limit, with its figure."""


class Limits:
    """Counts one run. Every method raises LimitReached when its limit is passed. Seconds are the caller's."""

    def __init__(self, config: LimitsConfig, started: float) -> None:
        self._config = config
        self._deadline = started + config.wall_clock_s
        self._recent: deque[str] = deque(maxlen=WINDOW)
        self._format_errors = 0
        self.steps = 0
        self.tokens = 0

    def step(self, now: float) -> int:
        """Begin another step and return its number, from 1."""
        if self.seconds_left(now) <= 0:
            raise LimitReached(f"the run took longer than {self._config.wall_clock_s:g} seconds")
        if self.tokens >= self._config.tokens:
            raise LimitReached(f"the run used {self.tokens} tokens; the limit is {self._config.tokens}")
        if self.steps >= self._config.steps:
            raise LimitReached(f"the run took {self.steps} steps and was not finished")
        self.steps += 1
        return self.steps

    def seconds_left(self, now: float) -> float:
        """Until the wall clock ends the run; negative after it."""
        return self._deadline - now

    def used(self, tokens: int) -> None:
        """Count tokens, prompt and generated; the next step notices when they were too many."""
        self.tokens += max(0, tokens)

    def called(self, name: str, arguments: Mapping[str, Any]) -> bool:
        """Count a call: the same call with the same arguments, N times among the last eight, is a loop.

        Whether one more of the same would be too many.
        """
        call = _as_text(name, arguments)
        self._recent.append(call)
        count = self._recent.count(call)
        if count >= self._config.identical_calls:
            raise LimitReached(f"the same call of {name[:60]} was made {count} times, and nothing changed in between")
        return count == self._config.identical_calls - 1

    def changed(self, name: str, arguments: Mapping[str, Any]) -> None:
        """A call changed the folder: the others may be made again, because they may now give something else.

        A test that is run after every edit is no loop; the same edit over and over is one.
        """
        call = _as_text(name, arguments)
        same = [recent for recent in self._recent if recent == call]
        self._recent.clear()
        self._recent.extend(same)

    def format_error(self, reason: str) -> None:
        """Count an answer that holds no call that can be carried out."""
        self._format_errors += 1
        if self._format_errors >= self._config.format_errors:
            raise LimitReached(f"{self._format_errors} answers in a row could not be used: {reason}")

    def well_formed(self) -> None:
        """An answer could be used: format errors are counted in a row."""
        self._format_errors = 0


def _as_text(name: str, arguments: Mapping[str, Any]) -> str:
    return json.dumps([name, dict(arguments)], sort_keys=True, default=repr)
