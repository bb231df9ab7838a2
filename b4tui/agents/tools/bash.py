"""`bash`: a command line in the bead's folder, without any network."""

from __future__ import annotations

import json

from pydantic import Field

from b4tui.agents import commands
from b4tui.agents.sandbox import NoSandbox
from b4tui.agents.tools.base import Arguments, Result, Tool, ToolError, Workbench, one_line
from b4tui.provenance import Source, SourceKind

# It is handed on as JSON in one argument of a program, and Linux allows 128 KiB for each.
MAX_BYTES = 100_000


class BashArguments(Arguments):
    """Arguments of `bash`."""

    command: str = Field(description="A command line for bash. Each call is a fresh shell in your work folder.")
    timeout_s: int = Field(default=120, ge=1, description="Seconds after which the command is stopped.")


async def _run(arguments: BashArguments, bench: Workbench) -> Result:
    if isinstance(bench.sandbox, NoSandbox):
        raise ToolError(f"commands cannot be run here: no sandbox works on this machine ({bench.sandbox.reason})")
    if "\0" in arguments.command:
        raise ToolError("a command cannot contain a NUL character")
    if len(json.dumps(arguments.command)) > MAX_BYTES:
        raise ToolError(f"the command is longer than {MAX_BYTES} bytes; make a file with write, and use that")
    seconds = min(arguments.timeout_s, bench.limits.command_timeout_s, max(1.0, bench.seconds_left()))
    ran = await commands.run(
        bench.sandbox, arguments.command, bench.files.root, timeout_s=seconds, most=bench.output_chars - 200
    )
    if ran.status is None:
        ending = f"stopped {ran.stopped}, with everything it had started"
    else:
        ending = f"exit status {ran.status}"
    output = f"{ran.output.rstrip()}\n[{ending}]" if ran.output.strip() else f"(no output)\n[{ending}]"
    return Result(ok=ran.status == 0, output=output, summary=ending)


BASH = Tool(
    name="bash",
    description="Run a command line in your work folder. There is no network, and no input; nothing stays running.",
    arguments=BashArguments,
    example={"command": "python3 hello.py", "timeout_s": 60},
    told=lambda arguments: one_line(arguments.command),
    run=_run,
    changes_files=True,
    source=lambda arguments: Source(SourceKind.TOOL, f"bash: {arguments.command}"),
)
