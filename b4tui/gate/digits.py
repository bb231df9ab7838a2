"""One walk over all digits of a text, for everything that begins with digits or has them in it.

A pattern of its own for each kind of number would read the text a dozen times. Here every row of digits is met once,
and a look at the characters around it says who is asked: networks, telephones and cards, accounts, papers, streets.
"""

from __future__ import annotations

from collections.abc import Iterator

from b4tui.gate.detector import Positions
from b4tui.gate.infrastructure.networks import ipv4_at
from b4tui.gate.pacing import paced
from b4tui.gate.patterns import lazily
from b4tui.gate.personal.accounts import iban_at
from b4tui.gate.personal.houses import house_at
from b4tui.gate.personal.numbers import numbers_in_run
from b4tui.gate.personal.papers import paper_at
from b4tui.gate.personal.postal import may_be_town, town_at
from b4tui.gate.types import Hit

_ROW = lazily(r"[0-9]+")
_LONGEST_ROW = 40
"""Digits in a row beyond which it is no number of anything but data."""
_OF_A_WORD = bytes(49 if bytes([code]).isalnum() or code in b"+/" else 48 for code in range(256))
_ENDLESS = b"1" * 96
_BEFORE_STREET = frozenset(" ,-/abcdefghABCDEFGH")
_IN_RUN = frozenset("0123456789 ()./:-")


def _without_data(text: str) -> str:
    """The text with blanks for its endless words, as base64 and hexadecimal digits are: no number stands in one."""
    mask = text.encode("ascii", "replace").translate(_OF_A_WORD)
    start = mask.find(_ENDLESS)
    if start < 0:
        return text
    kept, done = [], 0
    while start >= 0:
        end = mask.find(b"0", start)
        end = len(text) if end < 0 else end
        kept += [text[done:start], " " * (end - start)]
        done, start = end, mask.find(_ENDLESS, end)
    return "".join([*kept, text[done:]])


class DigitDetector:
    """Everything with digits in it that needs no word beside it, and what the words beside it make of the digits."""

    name = "digits"
    words: frozenset[str] = frozenset()

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """Hits under the rules of addresses in dots, cards, telephones, accounts, papers, streets and towns."""
        run_end = token_end = house_end = 0
        for row in paced(_ROW.finditer(_without_data(text)), at.tick):
            start, end = row.span()
            length = end - start
            if length > _LONGEST_ROW:
                run_end = token_end = end
                continue
            before, after = text[start - 1 : start], text[end : end + 1]
            if before == "%":
                continue  # an escape, which another view undoes
            if start >= run_end and (length > 5 or after in _IN_RUN):
                run_end, numbers = numbers_in_run(text, lower, start)
                yield from numbers
            if after == "." and length < 4 and (hit := ipv4_at(text, lower, start)):
                yield hit
            if length > 1 and start > 1 and before.isalpha() and (hit := iban_at(text, start)):
                yield hit
            if start >= token_end and (length > 2 or before == "-" or before.isalpha()):
                token_end, paper = paper_at(text, start)
                if paper:
                    yield paper
            if (
                length < 7
                and start >= house_end
                and after in _BEFORE_STREET
                and not before.isalnum()
                and (hit := house_at(text, lower, start))
            ):
                house_end = hit.end
                yield hit
            if length < 9 and may_be_town(text, start, before, after) and (hit := town_at(text, start, end)):
                yield hit
