"""`edit`: replace one piece of a file by another."""

from __future__ import annotations

import asyncio

from pydantic import Field

from b4tui.agents.tools.base import Arguments, Result, Tool, ToolError, Workbench, file_source, one_line
from b4tui.agents.tools.read import numbered, text_of
from b4tui.agents.tools.replacing import NotReplaced, replace
from b4tui.agents.tools.write import save

REGION_LINES = 8


class EditArguments(Arguments):
    """Arguments of `edit`."""

    path: str = Field(description="File, relative to your work folder.")
    old_text: str = Field(description="The text to replace, copied exactly, without line numbers; found only once.")
    new_text: str = Field(description="The text to put in its place.")
    replace_all: bool = Field(default=False, description="Replace every place instead of exactly one.")


def _edit(arguments: EditArguments, bench: Workbench) -> Result:
    try:
        text = text_of(bench.files, arguments.path)
    except FileNotFoundError:
        raise ToolError(f"there is no file {arguments.path}; make it with write") from None
    if not arguments.old_text:
        raise ToolError("old_text is empty; quote the text to replace, or use write for a whole file")
    if arguments.old_text == arguments.new_text:
        raise ToolError("old_text and new_text are the same; nothing would change")
    if "\ufffd" in text:
        raise ToolError(f"{arguments.path} is not UTF-8 text; change it with a command")
    old, new = _with_line_ends_of(text, arguments.old_text), _with_line_ends_of(text, arguments.new_text)
    done = replace(text, old, new, everywhere=arguments.replace_all)
    if isinstance(done, NotReplaced):
        raise ToolError(_why_not(arguments, done, text))
    places = "1 place" if done.count == 1 else f"{done.count} places"
    how = "" if done.how == "exactly" else f" (old_text matched {done.how})"
    return save(arguments.path, done.text, bench, f"Replaced {places}{how} in")


def _with_line_ends_of(text: str, quoted: str) -> str:
    """Models see lines, not line ends: in a file of Windows lines their text gets such lines too."""
    if "\r\n" not in text or "\r\n" in quoted:
        return quoted
    return quoted.replace("\n", "\r\n")


def _why_not(arguments: EditArguments, failed: NotReplaced, text: str) -> str:
    if failed.count:
        return (
            f"old_text is in {arguments.path} {failed.count} times; quote more lines so that it is found once, "
            "or set replace_all to true"
        )
    lines = text.splitlines()
    first = max(1, failed.nearest - 2)
    region = numbered(lines[first - 1 : first - 1 + REGION_LINES], first)
    nearest = "The nearest place" if failed.nearest else "The file begins"
    return f"old_text is not in {arguments.path}. {nearest}:\n{region}\nCopy the text exactly, without line numbers."


async def _run(arguments: EditArguments, bench: Workbench) -> Result:
    return await asyncio.to_thread(_edit, arguments, bench)


EDIT = Tool(
    name="edit",
    description="Replace a piece of a file. old_text must be in the file exactly once, or set replace_all.",
    arguments=EditArguments,
    example={"path": "hello.py", "old_text": "print('hello')", "new_text": "print('hello, world')"},
    told=lambda arguments: one_line(arguments.path),
    run=_run,
    source=lambda arguments: file_source(arguments.path),
    changes_files=True,
)
