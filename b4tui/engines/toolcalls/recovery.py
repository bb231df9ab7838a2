"""Tool calls that a model meant and the server passed on as text (research/runtime.md 1.8).

To be used on a finished answer that has no tool calls. Only registered tools; a call that is cut off, lacks a required
parameter or can be read in two ways is never given as a call but as a problem, for the model to be told of.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from b4tui.engines.ids import new_call_id
from b4tui.engines.toolcalls import leaked_json, leaked_xml
from b4tui.engines.types import ToolCall, ToolSpec

TEXT_LIMIT = 512 * 1024
CALL_LIMIT = 32
TAG_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was found in a text: calls that may run, problems in words, and the text without both."""

    calls: tuple[ToolCall, ...]
    problems: tuple[str, ...]
    rest: str


@dataclass(frozen=True, slots=True)
class _Found:
    tool: str
    start: int
    end: int
    arguments: Mapping[str, Any]
    problems: tuple[str, ...]


def recover(
    text: str, tools: tuple[ToolSpec, ...], truncated: bool, *, new_id: Callable[[], str] = new_call_id
) -> Recovered:
    """Find leaked calls in an answer's text. `truncated`: the answer ended because it was too long.

    Never raises; a text without anything like a call comes back as `rest`, unchanged.
    """
    specs = {tool.name: tool for tool in tools}
    if "<function" not in text and "<tool_call>" not in text and '"name"' not in text:
        return Recovered((), (), text)
    if len(text) > TEXT_LIMIT or text.count("<function") + text.count("parameter") > TAG_LIMIT:
        return Recovered((), ("the answer is too long to look for a tool call written as text",), text)
    found = _from_xml(text, specs, truncated) or _from_json(text, specs)
    if not found:
        return Recovered((), (), text)
    calls = [
        ToolCall(id=new_id(), name=item.tool, arguments=item.arguments, recovered=True)
        for item in found
        if not item.problems
    ]
    problems = [f"{item.tool or 'tool call'}: {problem}" for item in found for problem in item.problems]
    if len(calls) > CALL_LIMIT:
        calls, problems = [], [*problems, f"more than {CALL_LIMIT} tool calls in one answer"]
    return Recovered(tuple(calls), tuple(problems), _without(text, found))


def _from_xml(text: str, specs: Mapping[str, ToolSpec], truncated: bool) -> list[_Found]:
    def declared(tool: str) -> frozenset[str]:
        return frozenset(_properties(specs[tool]))

    def match(written: str) -> str | None:
        return _tool_named(written, specs)

    found = []
    for call in leaked_xml.find_calls(text, match, declared, truncated):
        properties = _properties(specs[call.tool])
        arguments = {key: _typed(value, properties.get(key)) for key, value in call.values.items()}
        problems = (*call.problems, *_missing(specs[call.tool], arguments))
        found.append(_Found(call.tool, call.start, call.end, arguments, problems))
    return found


def _from_json(text: str, specs: Mapping[str, ToolSpec]) -> list[_Found]:
    def match(written: str) -> str | None:
        return _tool_named(written, specs)

    found = []
    for call in leaked_json.find_calls(text, match):
        problems = (call.problem,) if call.problem else tuple(_missing(specs[call.tool], call.arguments))
        found.append(_Found(call.tool, call.start, call.end, call.arguments, problems))
    return found


def _tool_named(written: str, specs: Mapping[str, ToolSpec]) -> str | None:
    """The registered tool a written name means: itself, or the only one that differs by case or a prefix."""
    name = written.strip().strip("\"'")
    if name in specs:
        return name
    short = re.split(r"[.:]", name)[-1].casefold()
    hits = [known for known in specs if known.casefold() == short]
    return hits[0] if len(hits) == 1 else None


def _properties(tool: ToolSpec) -> Mapping[str, Any]:
    properties = tool.parameters.get("properties")
    return properties if isinstance(properties, Mapping) else {}


def _missing(tool: ToolSpec, arguments: Mapping[str, Any]) -> list[str]:
    required = tool.parameters.get("required") or ()
    return [f"{key} is missing" for key in required if key not in arguments]


def _typed(raw: str, schema: object) -> object:
    """The value a raw text means by the parameter's declared type; the text itself where it does not fit."""
    types = _types(schema)
    text = raw.strip()
    if "string" in types:
        return None if text == "null" and "null" in types else raw
    if "boolean" in types and text.casefold() in {"true", "false"}:
        return text.casefold() == "true"
    if types & {"integer", "number"} and re.fullmatch(r"[+-]?\d{1,18}", text):
        return int(text)
    if "number" in types and re.fullmatch(r"[+-]?\d{1,18}\.\d{1,18}(e[+-]?\d{1,2})?", text, re.IGNORECASE):
        return float(text)
    if types & {"array", "object", "null"}:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return raw
        return value if value is None or isinstance(value, (list, dict)) else raw
    return raw


def _types(schema: object) -> set[str]:
    if not isinstance(schema, Mapping):
        return {"string"}
    options = [schema, *(part for part in schema.get("anyOf") or () if isinstance(part, Mapping))]
    types: set[str] = set()
    for option in options:
        named = option.get("type")
        types.update([named] if isinstance(named, str) else named or ())
    return types or {"string"}


def _without(text: str, found: list[_Found]) -> str:
    parts, last = [], 0
    for item in found:
        parts.append(text[last : item.start])
        last = item.end
    parts.append(text[last:])
    return "".join(parts).strip()
