"""`comment` and `create_bead`: what an agent may write to the board itself, in its own name."""

from __future__ import annotations

import asyncio

from pydantic import Field

from b4tui.agents.tools.base import Arguments, Result, Tool, ToolError, Workbench, one_line
from b4tui.agents.tools.text import clip, valid
from b4tui.board.model import DISCOVERED_FROM, Bead, NewBead
from b4tui.events import BeadCommented, BeadCreated
from b4tui.provenance import LOCAL_ONLY_LABEL, is_local_only

MAX_TEXT_CHARS = 20_000
MAX_TITLE_CHARS = 500


class CommentArguments(Arguments):
    """Arguments of `comment`."""

    text: str = Field(description="The comment, in Markdown.")


class CreateBeadArguments(Arguments):
    """Arguments of `create_bead`."""

    title: str = Field(description="One line that says what is to be done.")
    description: str = Field(description="What you found, and how one sees that it is done.")
    priority: int = Field(default=2, ge=0, le=4, description="0 critical to 4 backlog.")
    labels: str = Field(default="", description="Labels, separated by commas.")


async def _comment(arguments: CommentArguments, bench: Workbench) -> Result:
    text = clip(arguments.text.strip(), MAX_TEXT_CHARS)
    if not text:
        raise ToolError("the comment is empty; say what the reader should know")
    await asyncio.to_thread(bench.board.comment, bench.bead.id, text, bench.actor)
    said = BeadCommented(at=bench.clock(), bead=bench.bead.id, agent=bench.actor, text=text)
    return Result(ok=True, output=f"Commented on {bench.bead.id}.", summary=one_line(text), events=(said,))


async def _create(arguments: CreateBeadArguments, bench: Workbench) -> Result:
    title = " ".join(valid(arguments.title).split())
    if not title or len(title) > MAX_TITLE_CHARS:
        raise ToolError(f"the title must have 1 to {MAX_TITLE_CHARS} characters")
    new = NewBead(
        title=title,
        description=clip(arguments.description, MAX_TEXT_CHARS),
        priority=arguments.priority,
        labels=_labels(arguments.labels, bench.bead),
        dependencies=((DISCOVERED_FROM, bench.bead.id),),
    )
    bead = await asyncio.to_thread(bench.board.create, new, bench.actor)
    made = BeadCreated(at=bench.clock(), bead=bead.id, agent=bench.actor, title=title, discovered_from=bench.bead.id)
    return Result(ok=True, output=f"Created {bead.id}.", summary=f"{bead.id}: {one_line(title)}", events=(made,))


def _labels(wanted: str, bead: Bead) -> tuple[str, ...]:
    """The labels the model wants; what is made of a bead that stays here stays here too."""
    found = tuple(label for part in valid(wanted).split(",") if (label := part.strip()))
    return (*found, LOCAL_ONLY_LABEL) if is_local_only(bead.labels) and not is_local_only(found) else found


COMMENT = Tool(
    name="comment",
    description="Write a comment on your bead, for the people who follow it.",
    arguments=CommentArguments,
    example={"text": "Progress: 50%. The parser works; the tests are next."},
    told=lambda arguments: one_line(arguments.text),
    run=_comment,
)

CREATE_BEAD = Tool(
    name="create_bead",
    description="Put work that you found, and that is not part of your bead, on the board as a new bead.",
    arguments=CreateBeadArguments,
    example={"title": "Fix the broken link in README", "description": "It leads nowhere.", "priority": 3},
    told=lambda arguments: one_line(arguments.title),
    run=_create,
)
