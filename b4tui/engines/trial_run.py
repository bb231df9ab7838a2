"""Puts the trials to one model on one engine, one after the other, and says what came of each."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from b4tui.engines.trial_rules import Answer
from b4tui.engines.trials import LoadedAs, Trial, TrialSet, question
from b4tui.engines.types import (
    Engine,
    EngineError,
    Failure,
    FailureKind,
    Restarted,
    Text,
    ToolCall,
    Usage,
)

# After these no other question would fare better, and none is asked.
_HOPELESS = frozenset(
    {
        FailureKind.UNREACHABLE,
        FailureKind.NO_MODEL,
        FailureKind.REMOTE,
        FailureKind.UNATTESTED,
        FailureKind.OUT_OF_MEMORY,
        FailureKind.PROTOCOL,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """What a model made of one trial. `why` says why the rule is broken, "" where it is kept.

    `text` is the whole answer, calls included, as a person reads it; `tokens` were generated, at `rate` a second by the
    server's own clock; None where it does not say. `seconds` were measured here.
    """

    trial: str
    why: str
    text: str
    tokens: int | None
    rate: float | None
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether the rule is kept."""
        return not self.why


async def run_trials(
    engine: Engine, model: str, trials: TrialSet, loaded: LoadedAs, clock: Callable[[], float]
) -> AsyncGenerator[TrialResult, None]:
    """Ask everything; `clock` counts seconds. An answer that failed is a result, with the failure as its reason.

    Raises EngineError where no question can be answered: nobody there, no such model, computed elsewhere.
    """
    for trial in trials.trial:
        yield await _try(engine, model, trial, trials.system, loaded, clock)


async def _try(
    engine: Engine, model: str, trial: Trial, system: str, loaded: LoadedAs, clock: Callable[[], float]
) -> TrialResult:
    text: list[str] = []
    calls: list[ToolCall] = []
    usage: Usage | None = None
    failure: Failure | None = None
    began = clock()
    stream = engine.chat(question(trial, system, model, loaded))
    async with aclosing(stream) as events:
        async for event in events:
            match event:
                case Text():
                    text.append(event.text)
                case ToolCall():
                    calls.append(event)
                case Restarted():
                    text.clear()
                    calls.clear()
                case Usage():
                    usage = event
                case Failure():
                    failure = event
    if failure is not None and failure.kind in _HOPELESS:
        raise EngineError(failure)
    answer = Answer("".join(text), tuple(calls))
    return TrialResult(
        trial=trial.name,
        why=failure.message if failure is not None else trial.rule.broken(answer),
        text=in_words(answer),
        tokens=usage.generated_tokens if usage is not None else None,
        rate=_rate(usage),
        seconds=clock() - began,
    )


def in_words(answer: Answer) -> str:
    """An answer as a person reads it: its text, then a line for each call."""
    called = [f"→ {call.name}({json.dumps(dict(call.arguments), ensure_ascii=False)})" for call in answer.calls]
    return "\n".join([text for text in (answer.text.strip(),) if text] + called)


def _rate(usage: Usage | None) -> float | None:
    if usage is None or not usage.generate_seconds:
        return None
    return usage.generated_tokens / usage.generate_seconds
