"""What the operator looks for in the record: `kind:payload_sent bead:hub-1 some words`. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FIELD = re.compile(r"(?P<name>kind|bead):(?P<value>\S*)")


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
