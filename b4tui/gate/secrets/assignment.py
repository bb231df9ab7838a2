"""Names with values beside them: `password: x`, `"apiKey" => "x"`, `<secret>x</secret>`, `--token x`.

The most valuable of all searches for secrets (research/gate.md 0.4). It begins at the words that such names hold, reads
the name they are in, then what stands between it and a value, and judges the value by what the name promises.
"""

from __future__ import annotations

from collections.abc import Iterator

from b4tui.gate.detector import Positions
from b4tui.gate.patterns import lazily
from b4tui.gate.secrets.beside import (
    bytes_beside,
    compared_before,
    is_about_tests,
    name_around,
    what_follows,
)
from b4tui.gate.secrets.catalogues import is_a_text
from b4tui.gate.secrets.keys import SEGMENT, WORDS, Strength, strength
from b4tui.gate.secrets.standing import plain_from
from b4tui.gate.stand_ins import stands_for_a_value
from b4tui.gate.types import Hit
from b4tui.gate.values import as_password, as_token

RULE = "assigned-secret"
_NESTED = 8
"""Values that begin in the values of names before them, in a row; no text for people or programs has more."""
_NUMBERED = lazily(r"(?:^|[_.-])(?:pin|passcode)$")
_NAMES_A_VALUE = lazily(r"""["'],?\s{1,20}["']?(?:\w{1,10}:)?[vV]alue["']?\s{0,3}[:=]""")
"""After a key that is the name of a value, as in `{"Key": "owner", "Value": "x"}`."""
_BADGE = lazily(r"badge(?:\.svg)?\?$")

_Span = tuple[int, int]


class Assignments:
    """Finds values that stand beside telling names."""

    name = "assignment"
    words = WORDS

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """Values beside names, each judged by what its name promises; values in values without end are told."""
        judge = _Judge(text)
        done = covered = nested = 0
        for start, word in at.any_of(self.words):
            if start < done:
                continue
            begin, end = name_around(text, start, start + len(word))
            done = end
            found = judge.beside(begin, end)
            if found is None:
                continue
            value, why = found
            nested = nested + 1 if value[0] < covered else 0
            covered = max(covered, value[1])
            if why is None and nested > _NESTED:
                value, why = (begin, covered), "values in values, too many to judge"
            if why is not None:
                done, nested = max(done, value[1]), 0
                yield Hit(RULE, *value, why)


class _Judge:
    """Judges names and values of one text; each different one once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._promised: dict[str, Strength | None] = {}
        self._judged: dict[tuple[str, Strength, bool, float | None], str | None] = {}

    def beside(self, begin: int, end: int) -> tuple[_Span, str | None] | None:
        """Where a value is beside the name that stands here, and why it is a secret; None where there is no value."""
        text = self._text
        name = text[begin:end]
        promise = self._promise(name)
        if promise is None:
            return None
        if text[end : end + 1] != "[" and (span := compared_before(text, begin)):
            return span, self._why(text[span[0] : span[1]], promise, quoted=True)
        found = what_follows(text, begin, end, name)
        if found is None:
            span = bytes_beside(text, end) if promise is Strength.STRONG else None
            return (span, "a secret as a list of bytes") if span else None
        value = text[found.start : found.end]
        if _is_itself(name, value) or (promise is Strength.WEAK and _NAMES_A_VALUE.match(text, found.end)):
            return None
        if name.lower().endswith("pass") and is_about_tests(text, found, value):
            return None
        if text[begin - 1 : begin] in ("?", "&"):
            value = value.partition("&")[0]
        quoted = bool(found.quote)
        why = self._why(value, promise, quoted=quoted, plain_from=plain_from(text, found))
        if why and (is_a_text(text, name, found.start, found.end, quoted=quoted) or _is_of_a_badge(text, begin)):
            return None
        return (found.start, found.start + len(value)), why or _is_a_number(name, value)

    def _promise(self, name: str) -> Strength | None:
        if name not in self._promised:
            self._promised[name] = strength(name)
        return self._promised[name]

    def _why(self, value: str, promise: Strength, *, quoted: bool, plain_from: float | None = None) -> str | None:
        key = (value, promise, quoted, plain_from)
        if key not in self._judged:
            strong = promise is Strength.STRONG
            self._judged[key] = (
                as_password(value, quoted=quoted, plain_from=plain_from) if strong else as_token(value, quoted=quoted)
            )
        return self._judged[key]


def _is_of_a_badge(text: str, begin: int) -> bool:
    """Whether it is the query of a picture on a readme: those tokens show a number, and are there to be read."""
    return text[begin - 1 : begin] == "?" and _BADGE.search(text, max(0, begin - 40), begin) is not None


def _is_itself(name: str, value: str) -> bool:
    """Whether what stands beside a name is the name again: a field, a link's words."""
    plain = [written.lower().replace("_", "").replace("-", "").lstrip(".:@$&*") for written in (name, value)]
    if plain[1] in (plain[0], plain[0].rsplit(".", 1)[-1]):
        return True
    parts = {part.lower() for part in SEGMENT.findall(value)}
    return (
        len(parts) > 1 and value.replace("-", "").isalpha() and parts <= {*map(str.lower, SEGMENT.findall(name)), "x"}
    )


def _is_a_number(name: str, value: str) -> str | None:
    """Some services number their tokens: a name that speaks of tokens and fifteen digits are enough; so is a PIN's."""
    if not value.isdigit() or stands_for_a_value(value):
        return None
    whole = name.lower()
    if ("token" in whole or "secret" in whole) and 15 <= len(value) <= 40 and len(set(value)) > 4:
        return "a long number beside a telling name"
    short = 4 <= len(value) <= 8 and len(set(value)) > 1
    return "a number beside a name for one" if short and _NUMBERED.search(whole) else None
