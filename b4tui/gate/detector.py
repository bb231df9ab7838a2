"""What a detector is: a search that is code, fed by the one pass over the text that finds everybody's words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from b4tui.gate.pacing import Tick, paced, untimed
from b4tui.gate.types import Hit


class Positions:
    """Where the words of all rules and detectors begin in a text, each in ascending order.

    `tick` is called now and then while they are gone through; whoever loops over something else calls it itself.
    """

    __slots__ = ("_found", "tick")

    def __init__(self, found: Mapping[str, Sequence[int]], tick: Tick = untimed) -> None:
        self._found = found
        self.tick = tick

    def __contains__(self, word: object) -> bool:
        return word in self._found

    def __getitem__(self, word: str) -> Sequence[int]:
        """Where the word begins; empty where it is not found. Nobody's word is found nowhere."""
        return self._found.get(word, ())

    def any_of(self, words: Iterable[str]) -> Iterator[tuple[int, str]]:
        """All places where any of the words begins, as (start, word), ascending. Words may overlap each other.

        Of a set of very many words, those are looked at that were found.
        """
        found = self._found
        if isinstance(words, frozenset) and len(words) > len(found):
            places = sorted((start, word) for word, starts in found.items() if word in words for start in starts)
        else:
            places = sorted((start, word) for word in words if word in found for start in found[word])
        return paced(places, self.tick)


class Detector(Protocol):
    """A search that is code. Detectors keep nothing between texts.

    `name` is what rules call it by (`detector = "name"`); `words` are the lower-case literals it wants the positions
    of. A detector with words is only asked where one of them was found; one without is asked for every text.
    """

    @property
    def name(self) -> str:
        """What rules call it by."""
        ...

    @property
    def words(self) -> frozenset[str]:
        """The lower-case literals whose positions it needs."""
        ...

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """What it finds in the text, under ids of rules that name it. `lower` is the text in lower case, as long."""
        ...
