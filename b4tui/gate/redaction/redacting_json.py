"""Redact a serialised JSON body: its strings one by one, all with one numbering, and the body built anew from them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from b4tui.gate.redaction.redacting import Scan, redact
from b4tui.gate.types import GateError, NamedPart
from b4tui.provenance import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactedBody:
    """A body without what must stay here; `originals` as in `RedactedParts`."""

    body: bytes
    placeholders: tuple[str, ...]
    originals: Mapping[str, str] = field(default_factory=dict, repr=False)


def redact_body(body: bytes, scan: Scan) -> RedactedBody:
    """The body with its string values and keys redacted, and scanned again as the whole it is.

    Raises GateError when it is no JSON, or cannot be made clean: a number that is somebody's phone has no placeholder.
    """
    try:
        document = json.loads(body)
        strings = list(dict.fromkeys(_strings(document)))
        done = redact([NamedPart(f"string {at}", Part(text)) for at, text in enumerate(strings, 1)], scan)
        new = {old: named.part.text for old, named in zip(strings, done.parts, strict=True)}
        text = json.dumps(_rebuilt(document, new.__getitem__), ensure_ascii=False, separators=(",", ":"))
        built = text.encode()
    except (ValueError, RecursionError) as error:
        raise GateError("the body is no JSON that can be redacted; it stays here") from error
    left = redact([NamedPart("body", Part(text))], scan)
    if left.placeholders:
        raise GateError("the body is not clean although each of its strings is; it stays here")
    return RedactedBody(body=built, placeholders=done.placeholders, originals=done.originals)


def _strings(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        for item in node:
            yield from _strings(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from _strings(value)


def _rebuilt(node: Any, new: Callable[[str], str]) -> Any:
    if isinstance(node, str):
        return new(node)
    if isinstance(node, list):
        return [_rebuilt(item, new) for item in node]
    if isinstance(node, dict):
        return {new(key): _rebuilt(value, new) for key, value in node.items()}
    return node
