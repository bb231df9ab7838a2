"""`search`: lines that match a regular expression, below a file or folder."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from pydantic import Field

from b4tui.agents import searching
from b4tui.agents.tools.base import Arguments, Result, Tool, ToolError, Workbench, file_source, one_line

TIMEOUT_S = 10.0
_BOOT = "import sys; sys.path.append(sys.argv[1]); from b4tui.agents.searching import main; main()"
_PACKAGE_PARENT = str(Path(searching.__file__).resolve().parents[2])


class SearchArguments(Arguments):
    """Arguments of `search`."""

    pattern: str = Field(description="A regular expression (Python's), matched within single lines.")
    path: str = Field(default=".", description="File or folder to search, relative to your work folder.")


async def _run(arguments: SearchArguments, bench: Workbench) -> Result:
    bench.files.parts(arguments.path)
    order = {"root": str(bench.files.root), "path": arguments.path, "pattern": arguments.pattern}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", "-c", _BOOT, _PACKAGE_PARENT),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={},
    )
    try:
        async with asyncio.timeout(TIMEOUT_S):
            out, wrong = await process.communicate(json.dumps(order).encode())
    except TimeoutError:
        raise ToolError(f"the search took longer than {TIMEOUT_S:.0f} seconds; use a simpler pattern or path") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        reason = wrong.decode("utf-8", "replace").strip()[-300:]
        raise ToolError(f"cannot search for {arguments.pattern[:80]!r}: {reason}")
    lines = out.decode("utf-8", "replace").splitlines()
    # Each file that a line came from is a source: one of them may be private although the folder is not.
    names = dict.fromkeys(line.split(":", 1)[0] for line in lines if ":" in line)
    return Result(
        ok=True,
        output="\n".join(lines) or "(no line matches)",
        summary=f"{len(lines)} lines",
        sources=tuple(file_source(name) for name in names),
    )


SEARCH = Tool(
    name="search",
    description="Find the lines that match a regular expression, with file names and line numbers.",
    arguments=SearchArguments,
    example={"pattern": "def main", "path": "."},
    told=lambda arguments: one_line(f"{arguments.pattern} in {arguments.path}"),
    run=_run,
    source=lambda arguments: file_source(arguments.path),
)
