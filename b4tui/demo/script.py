"""Scripts: what the simulated model says and calls, step by step, for one bead.

A script is data (`scripts/*.toml`): a bead's id or title, and the model's answers in order. Which answer is due follows
from the conversation alone, so that a retry or a new run starts at the beginning again.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

TASK_LINE = re.compile(r"# (?P<id>[^\s:]+): (?P<title>.*)")


class ScriptError(Exception):
    """A script file cannot be used; the message names the file and what is wrong."""


class Call(BaseModel):
    """One tool call: the tool's name, and its arguments as further keys."""

    model_config = ConfigDict(extra="allow", frozen=True)

    tool: str

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments as the model sends them."""
        return dict(self.model_extra or {})


class Step(BaseModel):
    """One answer of the model: what it thinks, what it says, which tools it calls.

    `needs` is a text that the result of the call before must contain. Where it does not, the model says so and stops:
    a script never claims a check that did not pass. `wants` is a tool: where the model has not got it, the step is
    left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    think: str = ""
    say: str = ""
    needs: str = ""
    wants: str = ""
    calls: tuple[Call, ...] = ()


class Script(BaseModel):
    """The model's part in one bead, found by the bead's id or, for beads made on the way, by its title.

    With `model` it is that model's alone, and wins over one for all models.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    bead: str = ""
    title: str = ""
    model: str = ""
    steps: tuple[Step, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _has_a_key(self) -> Script:
        if not self.bead and not self.title:
            raise ValueError("a script needs the id of its bead, or its title")
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    script: tuple[Script, ...]


def gives_up(why: str) -> Step:
    """The model says that it cannot do the bead, and ends the run."""
    return Step(say=f"I stop here. {why}", calls=(Call(tool="finish", summary=why, evidence="", success=False),))


UNSCRIPTED = (
    Step(
        say="The models of this demo are simulated, and nobody wrote a script for this bead.",
        calls=(
            Call(
                tool="comment",
                text="Nothing was done here: the models of this demo are simulated and only know the sample beads. "
                "With a real Ollama an agent would work on this one.",
            ),
        ),
    ),
    gives_up("A simulated model cannot do a bead that has no script; nothing was worked on."),
)
OUT_OF_STEPS = gives_up("My script for this bead is at its end, and the bead is still open.")


def read_scripts() -> tuple[Script, ...]:
    """The scripts of the sample hub. Raises ScriptError."""
    found: list[Script] = []
    folder = files("b4tui.demo") / "scripts"
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".toml"):
            found += parse_scripts(entry.read_text(encoding="utf-8"), entry.name)
    return tuple(found)


def parse_scripts(text: str, name: str) -> tuple[Script, ...]:
    """The scripts of one file. Raises ScriptError."""
    try:
        return _File.model_validate(tomllib.loads(text)).script
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise ScriptError(f"{name}: {error}") from error


def task_of(messages: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Id and title of the bead that a conversation is about; two empty strings when it does not say."""
    for message in messages:
        if message.get("role") == "user":
            found = TASK_LINE.match(str(message.get("content") or ""))
            return (found["id"], found["title"].strip()) if found else ("", "")
    return "", ""


class Scripts:
    """All scripts a server knows."""

    def __init__(self, scripts: Iterable[Script]) -> None:
        self._by_bead: dict[tuple[str, str], Script] = {}
        self._by_title: dict[tuple[str, str], Script] = {}
        for script in scripts:
            if script.bead:
                self._by_bead[script.bead, script.model] = script
            else:
                self._by_title[script.title, script.model] = script

    def find(self, bead: str, title: str, model: str = "") -> Script | None:
        """The script for a bead; an id counts for more than a title, and a script of the model's own for more still."""
        keys = ((bead, self._by_bead), (title, self._by_title))
        found = (known.get((key, owner)) for owner in (model, "") for key, known in keys)
        return next((script for script in found if script is not None), None)

    def answer(
        self, messages: Sequence[Mapping[str, Any]], model: str = "", tools: Collection[str] = frozenset()
    ) -> Step:
        """What the model says next in this conversation, with these tools."""
        script = self.find(*task_of(messages), model)
        steps = [step for step in (script.steps if script else UNSCRIPTED) if not step.wants or step.wants in tools]
        taken = sum(1 for message in messages if message.get("role") == "assistant")
        if taken >= len(steps):
            return OUT_OF_STEPS
        step = steps[taken]
        if step.needs and not any(step.needs in text for text in _last_results(messages)):
            return gives_up(f"The last check was to say “{step.needs}”, and it did not.")
        return step


def _last_results(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the tools said since the model spoke last."""
    results: list[str] = []
    for message in reversed(messages):
        if message.get("role") == "assistant":
            break
        if message.get("role") == "tool":
            results.append(str(message.get("content") or ""))
    return results
