"""Puts the trials to one model on one engine, one after the other, and says what came of each."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from b4tui.engines.interface import Engine, EngineError
from b4tui.engines.trials.rules import Answer
from b4tui.engines.trials.trials import LoadedAs, Trial, TrialSet, question
from b4tui.engines.types import (
    Done,
    Failure,
    FailureKind,
    Restarted,
    StreamEvent,
    Text,
    ToolCall,
    Usage,
)

MAX_CHARS = 8_192  # num_predict bounds an honest answer far below this

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
    began = clock()
    async with aclosing(engine.chat(question(trial, system, model, loaded))) as events:
        heard = await _hear(events)
    if heard.failure is not None and heard.failure.kind in _HOPELESS:
        raise EngineError(heard.failure)
    return TrialResult(
        trial=trial.name,
        why=_why(trial, heard),
        text=in_words(heard.answer),
        tokens=heard.usage.generated_tokens if heard.usage is not None else None,
        rate=_rate(heard.usage),
        seconds=clock() - began,
    )


@dataclass(frozen=True, slots=True)
class _Heard:
    """One answer to its end; `cut_off` when it was longer than it may be: then no call in it is whole for sure."""

    answer: Answer
    usage: Usage | None
    failure: Failure | None
    cut_off: bool


async def _hear(events: AsyncIterator[StreamEvent]) -> _Heard:
    text: list[str] = []
    calls: list[ToolCall] = []
    usage: Usage | None = None
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
                return _Heard(Answer("".join(text), tuple(calls)), usage, event, cut_off=False)
            case Done(reason):
                return _Heard(Answer("".join(text), tuple(calls)), usage, None, cut_off=reason == "length")
        if sum(map(len, text)) > MAX_CHARS:
            break
    failure = Failure(FailureKind.INCOMPLETE, "the answer had no end")
    return _Heard(Answer("".join(text)[:MAX_CHARS], ()), usage, failure, cut_off=True)


def _why(trial: Trial, heard: _Heard) -> str:
    if heard.failure is not None:
        return heard.failure.message
    if heard.cut_off:
        return f"it was not at its end after {trial.num_predict} tokens"
    return trial.rule.broken(heard.answer)


def in_words(answer: Answer) -> str:
    """An answer as a person reads it: its text, then a line for each call."""
    called = [f"→ {call.name}({json.dumps(dict(call.arguments), ensure_ascii=False)})" for call in answer.calls]
    return "\n".join([text for text in (answer.text.strip(),) if text] + called)


def _rate(usage: Usage | None) -> float | None:
    if usage is None or not usage.generate_seconds:
        return None
    return usage.generated_tokens / usage.generate_seconds
