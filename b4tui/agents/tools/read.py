"""`read`: a text file with numbered lines, or the names in a folder."""

from __future__ import annotations

import asyncio
import os
import stat
from itertools import islice

from pydantic import Field

from b4tui.agents.confined import Confined
from b4tui.agents.tools.base import Arguments, Result, Tool, ToolError, Workbench, file_source, one_line

MAX_BYTES = 8 << 20
MAX_LINE_CHARS = 2000
MAX_NAMES = 500
_BINARY_LOOK = 8000


class ReadArguments(Arguments):
    """Arguments of `read`; lines count from 1."""

    path: str = Field(description="File or folder, relative to your work folder.")
    start: int = Field(default=1, description="First line, from 1.")
    end: int = Field(default=0, description="Last line; 0 for as many as fit.")


def text_of(files: Confined, path: str) -> str:
    """A text file's content; line ends as they are. Raises ToolError for a binary or huge file, Outside, OSError."""
    with os.fdopen(files.open(path), "rb") as file:
        data = file.read(MAX_BYTES + 1)
    if b"\0" in data[:_BINARY_LOOK]:
        raise ToolError(f"{path} is a binary file; look at it with a command such as: file {path}")
    if len(data) > MAX_BYTES:
        raise ToolError(f"{path} is larger than {MAX_BYTES >> 20} MiB; look at parts of it with a command such as sed")
    return data.decode("utf-8", "replace")


def numbered(lines: list[str], first: int) -> str:
    """Lines with their numbers, the first being number `first`."""
    return "\n".join(f"{number:>5}  {_short(line)}" for number, line in enumerate(lines, first))


def _short(line: str) -> str:
    if len(line) <= MAX_LINE_CHARS:
        return line
    return f"{line[:MAX_LINE_CHARS]} [... {len(line) - MAX_LINE_CHARS} characters of this line cut]"


def _read(arguments: ReadArguments, bench: Workbench) -> Result:
    try:
        text = text_of(bench.files, arguments.path)
    except IsADirectoryError:
        return _names(arguments.path, bench)
    except FileNotFoundError:
        raise ToolError(f"there is no file {arguments.path}; read '.' to see the names in your work folder") from None
    lines = text.splitlines()
    first = max(1, arguments.start)
    last = min(arguments.end if arguments.end > 0 else len(lines), len(lines))
    if first > max(1, len(lines)) or (arguments.end > 0 and arguments.end < first):
        raise ToolError(f"{arguments.path} has {len(lines)} lines; {first} to {arguments.end or 'the end'} is no part")
    shown = _as_many_as_fit(lines[first - 1 : last], bench.output_chars)
    output = numbered(shown, first) or "(the file is empty)"
    reached = first + len(shown) - 1
    if reached < last:
        output += f"\n[lines {first} to {reached} of {len(lines)}; go on with start={reached + 1}]"
    return Result(ok=True, output=output, summary=f"{arguments.path}: {len(shown)} of {len(lines)} lines")


def _as_many_as_fit(lines: list[str], most: int) -> list[str]:
    """Whole lines, at least one, so that the result is not cut in its middle."""
    room = most - 80
    count = 0
    for line in lines:
        room -= min(len(line), MAX_LINE_CHARS + 60) + 8
        if room < 0 and count:
            break
        count += 1
    return lines[:count]


def _names(path: str, bench: Workbench) -> Result:
    parts = bench.files.parts(path)
    with bench.files.folder(parts) as folder, os.scandir(folder) as entries:
        found = sorted((entry.name, entry.stat(follow_symlinks=False)) for entry in islice(entries, MAX_NAMES))
    lines = [
        f"{name}/" if stat.S_ISDIR(status.st_mode) else f"{name}  ({status.st_size} bytes)" for name, status in found
    ]
    output = "\n".join(lines) or "(the folder is empty)"
    return Result(ok=True, output=output, summary=f"{path}: {len(lines)} names")


async def _run(arguments: ReadArguments, bench: Workbench) -> Result:
    return await asyncio.to_thread(_read, arguments, bench)


READ = Tool(
    name="read",
    description="Read a text file with line numbers, or list the names in a folder.",
    arguments=ReadArguments,
    example={"path": "src/app.py", "start": 1, "end": 80},
    told=lambda arguments: one_line(arguments.path),
    run=_run,
    source=lambda arguments: file_source(arguments.path),
)
