"""What this operator has read of which payloads, for as long as the console is open."""

from __future__ import annotations

from b4tui.tui.outward.seen import Seen

MOST = 64
"""Payloads that are remembered; of older ones the reading begins anew."""


class Readings:
    """By sha256: what was read of other bytes counts for nothing."""

    def __init__(self) -> None:
        self._seen: dict[str, Seen] = {}

    def of(self, sha256: str, size: int) -> Seen:
        """What was seen of these bytes so far; `size` in characters."""
        if sha256 not in self._seen:
            while len(self._seen) >= MOST:
                del self._seen[next(iter(self._seen))]
            self._seen[sha256] = Seen(size)
        return self._seen[sha256]

    @property
    def whole(self) -> frozenset[str]:
        """The digests of payloads that were read to the end."""
        return frozenset(sha256 for sha256, seen in self._seen.items() if seen.whole)
