"""What the operator looks for in the record: `kind:payload_sent bead:hub-1 some words`. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from dataclasses import dataclass

from b4tui.tui.paint import Ink, Line, Span, plain, wrapped

_FIELD = re.compile(r"(?P<name>kind|bead):(?P<value>\S*)")

_LIKE_A_FIELD = re.compile(r"(?P<name>[A-Za-z]{2,12}):\S*")
_FIELDS = ("kind", "bead")
_NEAR = 0.6
"""How much alike two names are, from 0 to 1, before one is taken for the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Rows of one kind, of one bead, with these words in them; what is empty narrows nothing."""

    kind: str = ""
    bead: str = ""
    words: str = ""

    def __bool__(self) -> bool:
        return bool(self.kind or self.bead or self.words)


def read_question(text: str) -> Question:
    """The question in what was typed. A field with nothing after it is not asked yet."""
    fields: dict[str, str] = {}
    words: list[str] = []
    for word in text.split():
        if found := _FIELD.fullmatch(word):
            fields[found["name"]] = found["value"]
        else:
            words.append(word)
    kind = fields.get("kind", "").lower().replace("-", "_")
    return Question(kind=kind, bead=fields.get("bead", ""), words=" ".join(words))


def hint(question: Question, kinds: Collection[str]) -> str:
    """Why nothing can fit, in words: a kind that is none of `kinds`, a field that there is not; "" where it could."""
    if question.kind and question.kind not in kinds:
        begun = sorted(kind for kind in kinds if kind.startswith(question.kind))
        near = begun[:1] or difflib.get_close_matches(question.kind, sorted(kinds), n=1, cutoff=_NEAR)
        return f"There is no kind {plain(question.kind, 40)}" + (f": do you mean {near[0]}?" if near else ".")
    for word in question.words.split():
        like = _LIKE_A_FIELD.fullmatch(word)
        near = difflib.get_close_matches(like["name"].lower(), _FIELDS, n=1, cutoff=_NEAR) if like else []
        if like and near:
            return f"There is no field {like['name']}: do you mean {near[0]}: ?"
    return ""


def none_fit(why: str, width: int) -> tuple[Line, ...]:
    """What stands where no row fits, with a hint; in `width` cells."""
    told = (why, "Nothing in the record fits. escape shows all of it.")
    rows = (row for text in told if text for row in wrapped(text, max(20, width - 2), Ink.SOFT))
    return (Line(), *(Line((Span("  "), *row.left)) for row in rows))
