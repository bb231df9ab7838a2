"""The numbers of all rows of a ledger as keys of a list: newest first, and none of them made before it is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload


@dataclass(frozen=True, slots=True)
class Numbers(Sequence[str]):
    """From the newest row's number down to 1, as text."""

    newest: int

    def __len__(self) -> int:
        return self.newest

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...
    def __getitem__(self, place: int | slice) -> str | Sequence[str]:
        if isinstance(place, slice):
            return [str(self.newest - at) for at in range(*place.indices(self.newest))]
        at = place + self.newest if place < 0 else place
        if not 0 <= at < self.newest:
            raise IndexError(place)
        return str(self.newest - at)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key.isdecimal() and 1 <= int(key) <= self.newest

    def index(self, value: str, start: int = 0, stop: int | None = None) -> int:
        """Where a number stands. Raises ValueError."""
        if value not in self:
            raise ValueError(value)
        return self.newest - int(value)
