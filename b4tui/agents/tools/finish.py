"""`finish`: the agent says that it is done, or that it cannot do the bead, and on what evidence."""

from __future__ import annotations

from pydantic import Field

from b4tui.agents.tools.base import Arguments, Ending, Result, Tool, ToolError, Workbench, one_line
from b4tui.agents.tools.text import clip

MAX_CHARS = 4_000
_EMPTY_WORDS = frozenset({"", "-", "n/a", "na", "none", "nothing", "null", "ok", "okay", "yes", "true", "done", "..."})
_MAKE_EVIDENCE = frozenset({"bash", "edit", "read", "search", "write"})

WHAT_EVIDENCE_IS = (
    "Evidence is something another can check: the command you ran and what it printed, the files you wrote, "
    "the lines you found."
)


class FinishArguments(Arguments):
    """Arguments of `finish`."""

    summary: str = Field(description="What was done, in one to three sentences; or why it cannot be done.")
    evidence: str = Field(description=f"{WHAT_EVIDENCE_IS}")
    success: bool = Field(default=True, description="false when the bead cannot be done.")


async def _run(arguments: FinishArguments, bench: Workbench) -> Result:
    summary, evidence = arguments.summary.strip(), arguments.evidence.strip()
    if not summary:
        raise ToolError("the summary is empty; say in a sentence what was done")
    wanted = arguments.success and bool(_MAKE_EVIDENCE & set(bench.tools))
    if wanted and evidence.lower().rstrip(".!") in _EMPTY_WORDS:
        raise ToolError(f"finish needs evidence. {WHAT_EVIDENCE_IS} Check your work now, then call finish with it.")
    ending = Ending(success=arguments.success, summary=clip(summary, MAX_CHARS), evidence=clip(evidence, MAX_CHARS))
    return Result(ok=True, output="The run ends here.", summary=one_line(summary), ending=ending)


FINISH = Tool(
    name="finish",
    description="End your work on the bead. Call it once, when everything asked for is done and checked.",
    arguments=FinishArguments,
    example={"summary": "Wrote hello.py.", "evidence": "python3 hello.py printed: hello"},
    told=lambda arguments: one_line(arguments.summary),
    run=_run,
)
