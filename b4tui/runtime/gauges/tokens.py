"""Tokens in sum, by agent and by model: what the servers counted, over the last minute and since the start.

The servers' figures come when an answer is finished. Its tokens are spread over the seconds in which the server says
it made them, so that a long answer does not show as a burst at its end. What streams now is `meter.Meter`'s.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from b4tui.events import Event, TokensCounted
from b4tui.runtime.snapshot import TokenFigures, TokensView

WINDOW_S = 60.0
_SHORTEST_S = 1.0  # of what was observed: a rate over less is noise
_FADE_EVERY_S = 1.0  # rates fall while no answer comes


class TokenTally:
    """Adds up the answers since `started_at`. Times are aware; the runtime reads it a few times a second."""

    def __init__(self, started_at: datetime) -> None:
        self._started_at = started_at
        self._recent: deque[TokensCounted] = deque()
        self._totals = TokensView()
        self._view = TokensView()
        self._viewed_at: datetime | None = None

    def add(self, event: Event) -> None:
        """Count an answer; any other event is nothing to it."""
        if not isinstance(event, TokensCounted):
            return
        self._recent.append(event)
        self._viewed_at = None
        before = self._totals
        self._totals = TokensView(
            total=_added(before.total, event),
            agents={**before.agents, event.agent: _added(before.agents.get(event.agent), event)},
            models={**before.models, event.model: _added(before.models.get(event.model), event)}
            if event.model
            else before.models,
        )

    def read(self, at: datetime) -> TokensView:
        """The figures at this time; the same object while they stand."""
        if self._viewed_at is None or not 0 <= (at - self._viewed_at).total_seconds() < _FADE_EVERY_S:
            self._viewed_at = at
            view = self._rates(at)
            self._view = self._view if view == self._view else view
        return self._view

    def _rates(self, at: datetime) -> TokensView:
        while self._recent and (at - self._recent[0].at).total_seconds() > WINDOW_S:
            self._recent.popleft()
        seconds = min(WINDOW_S, max(_SHORTEST_S, (at - self._started_at).total_seconds()))
        recent, totals = tuple(self._recent), self._totals

        def rated(figures: TokenFigures, answers: Iterable[TokensCounted]) -> TokenFigures:
            return _rated(figures, tuple(answers), at, seconds)

        agents = {key: rated(it, (one for one in recent if one.agent == key)) for key, it in totals.agents.items()}
        models = {key: rated(it, (one for one in recent if one.model == key)) for key, it in totals.models.items()}
        return TokensView(total=rated(totals.total, recent), agents=agents, models=models)


def _added(figures: TokenFigures | None, answer: TokensCounted) -> TokenFigures:
    """The totals with one more answer; its waits are the last ones."""
    figures = figures or TokenFigures()
    return replace(
        figures,
        requests=figures.requests + 1,
        prompt_tokens=figures.prompt_tokens + answer.prompt_tokens,
        generated_tokens=figures.generated_tokens + answer.generated_tokens,
        cached_tokens=figures.cached_tokens + (answer.cached_tokens or 0),
        first_token_s=answer.first_token_seconds,
        queue_s=answer.queue_seconds,
        load_s=answer.load_seconds,
    )


def _rated(figures: TokenFigures, answers: tuple[TokensCounted, ...], at: datetime, seconds: float) -> TokenFigures:
    """The figures with their rates. `seconds` of the past were observed."""
    begin = at - timedelta(seconds=seconds)
    known = [answer for answer in answers if answer.cached_tokens is not None and answer.prompt_tokens]
    computed = [
        (answer.prompt_tokens - (answer.cached_tokens or 0), answer.prompt_seconds)
        for answer in known
        if answer.prompt_seconds and answer.prompt_tokens > (answer.cached_tokens or 0)
    ]
    spent = sum(time for _, time in computed if time)
    asked = sum(answer.prompt_tokens for answer in known)
    return replace(
        figures,
        generated_per_s=round(sum(_within(answer, begin) for answer in answers) / seconds, 1)
        if figures.requests
        else None,
        prompt_per_s=round(sum(tokens for tokens, _ in computed) / spent, 1) if spent else None,
        cached_share=sum(answer.cached_tokens or 0 for answer in known) / asked if asked else None,
    )


def _within(answer: TokensCounted, begin: datetime) -> float:
    """The tokens of an answer that were made since `begin`."""
    since = (answer.at - begin).total_seconds()
    if since <= 0:
        return 0.0
    took = answer.generate_seconds or 0.0
    return answer.generated_tokens * (min(1.0, since / took) if took else 1.0)
