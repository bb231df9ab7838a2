"""`ask_frontier`: a question for a larger model in a cloud, if gate and operator let it leave."""

from __future__ import annotations

from pydantic import Field

from b4tui.agents.tools.base import Arguments, Result, Tool, ToolError, Workbench, one_line
from b4tui.engines.types import ChatRequest, Message, Role
from b4tui.provenance import Part, Provenance, Source, SourceKind

MAX_QUESTION_CHARS = 60_000
ANSWER_TOKENS = 4096
TEMPERATURE = 0.3

HOUSE_WORDS = (
    "You are asked one question by a program that works for a person. Answer it completely in one message, in "
    "Markdown, with sources where you know them. You cannot ask back. Words in double square brackets such as "
    "[[HOST_n]] stand for values you are not told: use them as they are."
)
"""The example is no placeholder: one would make each real one `[[N1_HOST_1]]`, so that the two are told apart."""


class FrontierArguments(Arguments):
    """Arguments of `ask_frontier`."""

    question: str = Field(description="The whole question, with all that is needed to answer it and nothing else.")
    reason: str = Field(description="Why the local model is not enough, in one sentence for the operator.")


async def _run(arguments: FrontierArguments, bench: Workbench) -> Result:
    if bench.ask_frontier is None:
        raise ToolError("no cloud model can be asked from here; do it with what you know, and say what is missing")
    question, reason = arguments.question.strip(), one_line(arguments.reason.strip(), 300)
    if not question or not reason:
        raise ToolError("the question or the reason is empty; write both")
    if len(question) > MAX_QUESTION_CHARS:
        raise ToolError(f"the question is longer than {MAX_QUESTION_CHARS} characters; ask only what is needed")
    answer = await bench.ask_frontier(_chat(bench.written(question)), reason)
    if answer.refused:
        what = "there is no answer" if answer.failed else "nothing was sent"
        raise ToolError(f"{what}: {answer.refused}. Go on with what you know, and say what is missing.")
    return Result(ok=True, output=answer.text, summary=f"answered, {len(answer.text):,} characters")


def _chat(question: Part) -> ChatRequest:
    """The one question; the model is the provider's, whichever it will be."""
    house = Part(HOUSE_WORDS, Source(SourceKind.HOUSE, "ask_frontier"), Provenance.PUBLIC)
    return ChatRequest(
        model="",
        messages=(Message.of_parts(Role.SYSTEM, (house,)), Message.of_parts(Role.USER, (question,))),
        num_ctx=0,
        num_predict=ANSWER_TOKENS,
        temperature=TEMPERATURE,
    )


ASK_FRONTIER = Tool(
    name="ask_frontier",
    description=(
        "Ask a larger model in a cloud one question, when the bead cannot be done without it. The operator sees the "
        "exact text and decides, so leave out names, addresses, hosts and secrets. It may take long or be refused."
    ),
    arguments=FrontierArguments,
    example={
        "question": "Compare the published approaches to KV-cache compression for models with few active parameters.",
        "reason": "It needs knowledge of recent papers that the local model does not have.",
    },
    told=lambda arguments: one_line(arguments.question),
    run=_run,
)
