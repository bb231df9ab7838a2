"""What a tool is: a name, a description, arguments as a pydantic model, an example, and something to run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from b4tui.agents.confined import Confined
from b4tui.agents.outward import AskFrontier
from b4tui.agents.sandbox import NoSandbox, Sandbox
from b4tui.board.model import Bead
from b4tui.board.store import BoardStore
from b4tui.config import LimitsConfig
from b4tui.events import Event
from b4tui.provenance import Part, Source, SourceKind


class Arguments(BaseModel):
    """The arguments of a call. Flat: strings, integers and booleans only (research/runtime.md 4.4)."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ToolError(Exception):
    """A call cannot be carried out; the message goes to the model and says what to do instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The agent says that the run is over, and whether the bead is done."""

    success: bool
    summary: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a call led to. `output` is for the model; `summary` is one line for a person; `ending` is `finish`'s own.

    `malformed` when the call was none: an unknown tool, or arguments that do not fit. `sources` are where the output
    came from; () means the call itself, as `source_of` names it.
    """

    ok: bool
    output: str
    summary: str
    events: tuple[Event, ...] = ()
    ending: Ending | None = None
    malformed: bool = False
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbench:
    """What tools work with during one run. `output_chars` is the most that one result may hold.

    `written` gives what the model wrote its origin; `ask_frontier` is None where nothing can leave.
    """

    files: Confined
    sandbox: Sandbox | NoSandbox
    board: BoardStore
    bead: Bead
    actor: str
    tools: tuple[str, ...]
    limits: LimitsConfig
    output_chars: int
    clock: Callable[[], datetime]
    seconds_left: Callable[[], float]
    written: Callable[[str], Part] = Part
    ask_frontier: AskFrontier | None = None


A = TypeVar("A", bound=Arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool(Generic[A]):
    """One tool. `told` turns the arguments into one line for a person; `run` raises ToolError.

    `source` names the place that a call's output comes from; without one it is the tool itself.
    """

    name: str
    description: str
    arguments: type[A]
    example: Mapping[str, Any]
    told: Callable[[A], str]
    run: Callable[[A, Workbench], Awaitable[Result]]
    changes_files: bool = False
    source: Callable[[A], Source] | None = None


def file_source(path: str) -> Source:
    """A file of the work folder as a source."""
    return Source(SourceKind.FILE, path)


def one_line(text: str, most: int = 120) -> str:
    """The start of a text as one line."""
    line = " ".join(text[: most * 4].split())
    return line if len(line) <= most else line[: most - 1] + "…"
