"""How much of a payload has been on the screen."""

from __future__ import annotations


class Seen:
    """Remembers which characters of a text were shown; it grows and never shrinks."""

    def __init__(self, size: int) -> None:
        self._shown = bytearray(size)
        self._count = 0

    def add(self, start: int, end: int) -> None:
        """These characters are on the screen."""
        start, end = max(0, start), min(end, len(self._shown))
        if start < end:
            self._count += self._shown.count(0, start, end)
            self._shown[start:end] = b"\1" * (end - start)

    @property
    def share(self) -> float:
        """From 0 to 1; an empty text is seen at once."""
        return self._count / len(self._shown) if self._shown else 1.0

    @property
    def whole(self) -> bool:
        """Whether not one character is missing."""
        return self._count == len(self._shown)

    def next_unseen(self) -> int:
        """The first character that was not shown yet; the text's length where all were."""
        place = self._shown.find(0)
        return len(self._shown) if place < 0 else place
