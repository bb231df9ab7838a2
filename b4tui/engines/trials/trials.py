"""The fixed set of questions that `b4tui models check` puts to a model (trials.toml), and how each is asked."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from b4tui.engines.trials.rules import Rule
from b4tui.engines.types import ChatRequest, Message, Role, ToolSpec
from b4tui.provenance import Provenance

SEED = 7
DEFAULT_CONTEXT = 4096


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Tool(_Data):
    name: str
    description: str
    parameters: Mapping[str, Any]


class Trial(_Data):
    """One question, and the rule that its answer must keep. `num_predict` in tokens."""

    name: str
    title: str
    prompt: str
    num_predict: PositiveInt
    rule: Rule
    tools: tuple[_Tool, ...] = ()


class TrialSet(_Data):
    """All questions. `mark` tells one wording of them from another: answers are compared within one only."""

    system: str
    trial: tuple[Trial, ...] = Field(min_length=1)
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedAs:
    """How the model is loaded for its trials: as its role has it, so that nothing is loaded anew for them.

    `num_ctx` in tokens; `options` as in the role's settings (research/runtime.md 1.5).
    """

    num_ctx: int = DEFAULT_CONTEXT
    keep_alive: str = "5m"
    options: Mapping[str, Any] = field(default_factory=dict)


def read_trials() -> TrialSet:
    """The set that ships with the program."""
    text = (files("b4tui.engines.trials") / "trials.toml").read_text(encoding="utf-8")
    return parse_trials(text)


def parse_trials(text: str) -> TrialSet:
    """A set of trials from TOML. Raises ValueError for what is none."""
    mark = hashlib.sha256(text.encode()).hexdigest()[:16]
    return TrialSet.model_validate({**tomllib.loads(text), "mark": mark})


def question(trial: Trial, system: str, model: str, loaded: LoadedAs) -> ChatRequest:
    """The request that puts a trial to a model. It holds public text only."""
    told = f"# check-{trial.name}: {trial.title}\n\n{trial.prompt.strip()}"
    return ChatRequest(
        model=model,
        messages=(
            Message(Role.SYSTEM, system, provenance=Provenance.PUBLIC),
            Message(Role.USER, told, provenance=Provenance.PUBLIC),
        ),
        tools=tuple(ToolSpec(tool.name, tool.description, tool.parameters) for tool in trial.tools),
        num_ctx=loaded.num_ctx,
        num_predict=trial.num_predict,
        temperature=0.0,
        think=False,
        keep_alive=loaded.keep_alive,
        seed=SEED,
        options=loaded.options,
    )
