"""Where the findings of a payload lie in its serialised body, so that the operator sees them in place.

Findings count characters of their part; the body holds the part inside a JSON string, escaped. Whoever has both at hand
(the desk, when it builds a payload) keeps the spots; from the body alone they cannot be told.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from b4tui.escalation.types import Spot
from b4tui.gate.types import BODY, Finding, NamedPart


def read_body(body: bytes) -> str:
    """A body as text with one character for each byte that is not UTF-8; `Spot` counts these characters."""
    return body.decode("utf-8", "surrogateescape")


def spots(findings: Iterable[Finding], parts: Sequence[NamedPart], body: bytes) -> tuple[Spot, ...]:
    """The spots of those findings that can be located; a part that occurs twice is marked twice."""
    text = read_body(body)
    written = {named.name: named.part.text for named in parts}
    found: list[Spot] = []
    for number, finding in enumerate(findings):
        spans = [(finding.start, finding.end)] if finding.part == BODY else ()
        if finding.part in written:
            spans = list(_spans(text, written[finding.part], finding.start, finding.end))
        found += [Spot(finding=number, start=start, end=end) for start, end in spans if 0 <= start < end <= len(text)]
    return tuple(found)


def _spans(text: str, part: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Every span of the body that holds `part[start:end]`, however the serialiser escapes what is not ASCII."""
    for ascii_only in (False, True):
        whole = _escaped(part, ascii_only)
        before = len(_escaped(part[:start], ascii_only))
        size = len(_escaped(part[start:end], ascii_only))
        at = text.find(whole) if whole else -1
        while at >= 0:
            yield at + before, at + before + size
            at = text.find(whole, at + len(whole))
        if whole.isascii():
            return  # both ways give the same


def _escaped(text: str, ascii_only: bool) -> str:
    """The text as it stands between the quotes of a JSON string."""
    return json.dumps(text, ensure_ascii=ascii_only)[1:-1]
