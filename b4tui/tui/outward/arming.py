"""When a decision may be taken: not before the operator has seen what it is about and has stopped typing.

Type-ahead, a held key or a click that only brought the terminal to the front must decide nothing (research/textual.md
0.3 and 5.2). Pure: seconds of one steady clock come in as arguments.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

OPENED = "it was just opened"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arming:
    """How far a screen is from taking a decision. It starts inert, and becomes inert again with every disturbance.

    `quiet_s`: how long no key may come after the paint. `painted_at`: None until it was on the screen as it is now.
    `why` says what made it inert, in words.
    """

    quiet_s: float
    painted_at: float | None = None
    quiet_from: float = 0.0
    armed: bool = False
    why: str = OPENED

    def painted(self, at: float) -> Arming:
        """What is to be decided is on the screen now: the quiet begins."""
        return self if self.armed else replace(self, painted_at=at, quiet_from=at)

    def heard(self, at: float) -> Arming:
        """A key came: while inert, the quiet begins anew."""
        return self if self.armed else replace(self, quiet_from=max(self.quiet_from, at))

    def disturbed(self, why: str) -> Arming:
        """Something is not as it was when the operator looked: inert until it was painted and quiet again."""
        return replace(self, painted_at=None, armed=False, why=why)

    def at(self, now: float) -> Arming:
        """As it is now: armed once the quiet was long enough."""
        quiet = self.painted_at is not None and now - self.quiet_from >= self.quiet_s
        return replace(self, armed=True, why="") if quiet and not self.armed else self

    def admits(self, struck_at: float) -> bool:
        """Whether a key or click of that moment may decide: armed, and not older than the paint."""
        return self.armed and self.painted_at is not None and struck_at >= self.painted_at
