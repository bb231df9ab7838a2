"""How long the end of a runtime may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class EndBounds:
    """Seconds for the parts of an end: by default two in all, with the engines and the store that close after them.

    In `good_order_s` the beads go back. Then tasks are cancelled and have `last_moments_s`; what they still hold is
    found at the next start.
    """

    good_order_s: float = 1.4
    last_moments_s: float = 0.3


USUAL = EndBounds()
