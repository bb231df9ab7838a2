"""From a tool call to its one result: find the tool, check the arguments, run it, and put every failure in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from b4tui.agents.confined import Outside
from b4tui.agents.tools.base import Arguments, Result, Tool, ToolError, Workbench, one_line
from b4tui.agents.tools.text import clip, valid
from b4tui.board.store import BoardError
from b4tui.engines.types import ToolCall, ToolSpec
from b4tui.provenance import Source, SourceKind

Tools = Mapping[str, Tool[Any]]


def spec(tool: Tool[Any]) -> ToolSpec:
    """The tool as a model is told of it: a flat schema, with defaults in words because renderers drop the rest."""
    schema = tool.arguments.model_json_schema()
    properties = {}
    for name, field in schema["properties"].items():
        default = f" Default: {json.dumps(field['default'])}." if "default" in field else ""
        properties[name] = {"type": field["type"], "description": field.get("description", "") + default}
    parameters = {"type": "object", "properties": properties, "required": schema.get("required", [])}
    return ToolSpec(tool.name, tool.description, parameters)


def how_to_call(tool: Tool[Any]) -> str:
    """The parameters and an example, for an error."""
    described = spec(tool).parameters
    lines = [
        f"- {name} ({field['type']}, {'required' if name in described['required'] else 'optional'}): "
        f"{field['description']}"
        for name, field in described["properties"].items()
    ]
    example = json.dumps({"name": tool.name, "arguments": dict(tool.example)})
    return "\n".join([f"{tool.name} takes:", *lines, f"Example: {example}"])


def checked(call: ToolCall, tools: Tools) -> tuple[Tool[Any], Arguments]:
    """The tool and its arguments. Raises ToolError with how to call."""
    tool = tools.get(call.name)
    if tool is None:
        raise ToolError(f"there is no tool {valid(call.name)[:60]!r}. Your tools are: {', '.join(sorted(tools))}.")
    try:
        return tool, tool.arguments.model_validate(dict(call.arguments))
    except ValidationError as error:
        wrong = "; ".join(_in_words(problem) for problem in error.errors()[:5])
        raise ToolError(valid(f"{wrong}.\n{how_to_call(tool)}")) from None


def _in_words(problem: Any) -> str:
    name = ".".join(str(part) for part in problem["loc"])[:60]
    if problem["type"] == "missing":
        return f"the parameter {name!r} is missing"
    if problem["type"] == "extra_forbidden":
        return f"there is no parameter {name!r}"
    return f"{name}: {problem['msg']}"


def told(call: ToolCall, tools: Tools) -> str:
    """One line for a person about a call, whether it is right or not."""
    try:
        tool, arguments = checked(call, tools)
    except ToolError:
        return valid(f"{call.name} (a call that cannot be carried out)")[:120]
    return valid(tool.told(arguments))


async def carry_out(call: ToolCall, tools: Tools, bench: Workbench) -> Result:
    """Run a call. Never raises but for cancellation and defects; the output is cut to `bench.output_chars`."""
    try:
        tool, arguments = checked(call, tools)
    except ToolError as error:
        # It quotes the call at most, and that the model wrote.
        return _failed(str(error), bench, Source(SourceKind.HOUSE, "calling"), malformed=True)
    source = tool.source(arguments) if tool.source else Source(SourceKind.TOOL, tool.name)
    try:
        result = await tool.run(arguments, bench)
    except (ToolError, Outside, BoardError, ValueError) as error:
        return _failed(str(error), bench, source)
    except OSError as error:
        return _failed(f"{error.filename or 'the file'}: {error.strerror or error}", bench, source)
    return replace(
        result,
        output=clip(result.output, bench.output_chars),
        summary=one_line(valid(result.summary)),
        sources=result.sources or (source,),
    )


def _failed(reason: str, bench: Workbench, source: Source, *, malformed: bool = False) -> Result:
    output = clip(f"Error: {reason}", bench.output_chars)
    return Result(ok=False, output=output, summary=one_line(valid(reason)), malformed=malformed, sources=(source,))
