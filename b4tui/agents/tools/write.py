"""`write`: a whole file, in one step."""

from __future__ import annotations

import asyncio

from pydantic import Field

from b4tui.agents.tools.base import Arguments, Result, Tool, ToolError, Workbench, file_source, one_line
from b4tui.agents.tools.checking import complaint

MAX_CHARS = 2_000_000


class WriteArguments(Arguments):
    """Arguments of `write`."""

    path: str = Field(description="File, relative to your work folder. Missing folders are made.")
    content: str = Field(description="The whole new content of the file.")


def save(path: str, text: str, bench: Workbench, what: str) -> Result:
    """Write a file whole, check it, and say both. Raises ToolError, Outside, OSError."""
    if len(text) > MAX_CHARS:
        raise ToolError(f"the content is longer than {MAX_CHARS} characters; write a program that makes the file")
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError:
        raise ToolError("the content holds characters that are no text (lone surrogates); leave them out") from None
    if not bench.files.parts(path):
        raise ToolError("'path' must name a file, such as notes/plan.md")
    bench.files.write(path, data)
    wrong = complaint(path, text)
    lines = text.count("\n") + bool(text and not text.endswith("\n"))
    output = f"{what} {path} ({lines} lines, {len(data)} bytes)."
    if wrong:
        output += f"\nThe file was written, but it is not valid: {wrong}. Correct it."
    return Result(ok=not wrong, output=output, summary=wrong or f"{path}: {lines} lines")


async def _run(arguments: WriteArguments, bench: Workbench) -> Result:
    return await asyncio.to_thread(save, arguments.path, arguments.content, bench, "Wrote")


WRITE = Tool(
    name="write",
    description="Write a whole file, replacing what was there. For a small change of a long file use edit.",
    arguments=WriteArguments,
    example={"path": "hello.py", "content": "print('hello')\n"},
    told=lambda arguments: f"{one_line(arguments.path)} ({len(arguments.content)} characters)",
    run=_run,
    source=lambda arguments: file_source(arguments.path),
    changes_files=True,
)
