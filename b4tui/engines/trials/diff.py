"""Two models' results side by side: which rules got worse, and which words of an answer changed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from b4tui.engines.trials.run import TrialResult

_WORD = re.compile(r"\w+|\s+|[^\w\s]")


class Change(StrEnum):
    """What became of a piece of text."""

    SAME = "same"
    GONE = "gone"  # only the old answer has it
    NEW = "new"  # only the new answer has it


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that share one fate."""

    change: Change
    text: str


@dataclass(frozen=True, slots=True)
class Compared:
    """One trial, new and old; `old` is None where there is nothing to compare with."""

    new: TrialResult
    old: TrialResult | None

    @property
    def worse(self) -> bool:
        """Whether the new model breaks a rule that the old one kept."""
        return self.old is not None and self.old.passed and not self.new.passed

    @property
    def better(self) -> bool:
        """Whether the new model keeps a rule that the old one broke."""
        return self.old is not None and self.new.passed and not self.old.passed

    @property
    def same_words(self) -> bool:
        """Whether both gave the same answer."""
        return self.old is not None and self.old.text == self.new.text

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The old answer turned into the new one, word by word; () where there is no old one."""
        return word_diff(self.old.text, self.new.text) if self.old is not None else ()


def compare(new: Iterable[TrialResult], old: Iterable[TrialResult]) -> tuple[Compared, ...]:
    """The new results in their order, each with the old one of the same trial."""
    before = {result.trial: result for result in old}
    return tuple(Compared(result, before.get(result.trial)) for result in new)


def word_diff(old: str, new: str) -> tuple[Piece, ...]:
    """One text turned into the other, in words, blanks and marks. All but NEW is the old text, all but GONE the new."""
    before, after = _WORD.findall(old), _WORD.findall(new)
    pieces: list[Piece] = []
    for _, start, end, begin, stop in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        gone, fresh = "".join(before[start:end]), "".join(after[begin:stop])
        if gone == fresh:
            pieces.append(Piece(Change.SAME, gone))
            continue
        pieces += [Piece(Change.GONE, gone)] if gone else []
        pieces += [Piece(Change.NEW, fresh)] if fresh else []
    return tuple(pieces)
