"""Tool calls of the JSON kind that leaked into text: in <tool_call> tags, in a code fence, or as the whole answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

# A model that runs in circles may write a hundred thousand beginnings, and for each one that cannot be read the decoder
# counts the lines before it.
PLACE_LIMIT = 1000
_PLACE = re.compile(r"(?P<tag><tool_call>)\s*+(?=\{)|```(?:json|tool_call)?+\s*+(?=\{)|\A\s*+(?=\{)")
_CLOSER = re.compile(r"\s*+(?:</tool_call>|```|\Z)")
_DECODER = json.JSONDecoder(parse_constant=lambda name: _refuse(name))


@dataclass(frozen=True, slots=True)
class JsonCall:
    """A call as it stands in the text. `problem` when it is one but cannot be run."""

    tool: str
    start: int
    end: int
    arguments: dict[str, Any]
    problem: str = ""


def find_calls(text: str, match: Callable[[str], str | None]) -> Iterator[JsonCall]:
    """The calls of known tools in the text, in order, without overlap. `match` gives the tool that a name means."""
    last = 0
    for place in islice(_PLACE.finditer(text), PLACE_LIMIT):
        if place.start() < last:
            continue
        try:
            value, end = _DECODER.raw_decode(text, place.end())
        except (ValueError, RecursionError):
            if place["tag"]:
                last = len(text)
                yield JsonCall("", place.start(), last, {}, "its JSON cannot be read")
            continue
        closer = _CLOSER.match(text, end)
        call = _call(value, match)
        if call is None or closer is None:
            continue
        last = closer.end()
        tool, arguments = call
        problem = "" if arguments is not None else "its arguments are not a JSON object"
        yield JsonCall(tool, place.start(), last, arguments or {}, problem)


def _call(value: dict[str, Any], match: Callable[[str], str | None]) -> tuple[str, dict[str, Any] | None] | None:
    function = value.get("function")
    inner = function if isinstance(function, dict) else value
    name = inner.get("name")
    tool = match(name) if isinstance(name, str) else None
    if tool is None or not {"arguments", "parameters"} & inner.keys():
        return None
    arguments = inner.get("arguments", inner.get("parameters"))
    if isinstance(arguments, str):
        try:
            arguments = _DECODER.decode(arguments)
        except (ValueError, RecursionError):
            return tool, None
    return tool, arguments if isinstance(arguments, dict) else None


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
