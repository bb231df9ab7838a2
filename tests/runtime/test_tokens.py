"""Tokens in sum, by agent and by model: totals since the start, rates of the last minute, nothing that was not told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from b4tui.events import Event, StepStarted, TokensCounted
from b4tui.runtime.fold import with_tokens
from b4tui.runtime.gauges.run_tokens import RunTokens
from b4tui.runtime.gauges.tokens import TokenTally
from b4tui.runtime.snapshot import Snapshot, TokenFigures, TokensView

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def answer(seconds: float, **more: Any) -> TokensCounted:
    """An answer that was finished so long after the start."""
    figures: dict[str, Any] = {
        "prompt_tokens": 1000,
        "cached_tokens": None,
        "generated_tokens": 600,
        "prompt_seconds": 2.0,
        "generate_seconds": 10.0,
        "load_seconds": None,
        "first_token_seconds": None,
        "agent": "pltops",
        "model": "coder",
    }
    return TokensCounted(at=after(seconds), run="r", bead="b", step=1, **figures | more)


def tally(*events: Event) -> TokenTally:
    made = TokenTally(START)
    for event in events:
        made.add(event)
    return made


def test_before_the_first_answer_nothing_is_known():
    view = tally(StepStarted(at=START, run="r", bead="b", agent="a", step=1)).read(after(5))
    assert view == TokensView(total=TokenFigures(), agents={}, models={})
    assert view.total.generated_per_s is None


def test_totals_are_of_all_time_by_agent_by_model_and_in_sum():
    view = tally(
        answer(10), answer(20, agent="brew", model="small"), answer(30, cached_tokens=700), answer(500, model="")
    ).read(after(1000))
    assert (view.total.requests, view.total.prompt_tokens, view.total.generated_tokens) == (4, 4000, 2400)
    assert {key: figures.requests for key, figures in view.agents.items()} == {"pltops": 3, "brew": 1}
    assert {key: figures.requests for key, figures in view.models.items()} == {"coder": 2, "small": 1}
    assert view.agents["pltops"].cached_tokens == 700


def test_the_rate_is_of_the_last_minute_pauses_included():
    counted = tally(answer(100))
    assert counted.read(after(100)).total.generated_per_s == 10.0  # 600 tokens in 60 s
    assert counted.read(after(160.5)).total.generated_per_s == 0.0
    assert counted.read(after(160.5)).total.generated_tokens == 600


def test_in_the_first_minute_the_rate_is_over_what_was_observed_so_far():
    assert tally(answer(15)).read(after(20)).total.generated_per_s == 30.0
    assert tally(answer(0.1, generate_seconds=0.1)).read(after(0.2)).total.generated_per_s == 600.0, (
        "never over less than 1 s"
    )


def test_an_answer_longer_than_the_window_counts_only_what_it_made_within():
    slow = answer(300, generated_tokens=4000, generate_seconds=100.0)
    assert tally(slow).read(after(300)).total.generated_per_s == 40.0
    assert tally(slow).read(after(330)).total.generated_per_s == 20.0


def test_an_answer_whose_time_the_server_does_not_say_counts_when_it_ends():
    assert tally(answer(300, generate_seconds=None)).read(after(301)).total.generated_per_s == 10.0


def test_the_rate_of_each_agent_is_its_own():
    view = tally(answer(100), answer(100, agent="brew", model="small", generated_tokens=60)).read(after(100))
    assert (view.agents["pltops"].generated_per_s, view.agents["brew"].generated_per_s) == (10.0, 1.0)
    assert (view.models["coder"].generated_per_s, view.models["small"].generated_per_s) == (10.0, 1.0)
    assert view.total.generated_per_s == 11.0


def test_the_prompt_rate_counts_what_was_computed_over_the_time_it_took():
    view = tally(
        answer(10, cached_tokens=800, prompt_seconds=0.5), answer(11, cached_tokens=0, prompt_seconds=1.5)
    ).read(after(12))
    assert view.total.prompt_per_s == 600.0  # (200 + 1000) / (0.5 + 1.5)
    assert view.total.cached_share == 0.4


@pytest.mark.parametrize(
    "unknown",
    [
        {"cached_tokens": None},
        {"cached_tokens": 10, "prompt_seconds": None},
        {"cached_tokens": 10, "prompt_seconds": 0.0},
        {"cached_tokens": 1000},
        {"cached_tokens": 1200},
    ],
)
def test_a_prompt_rate_that_nobody_measured_is_absent(unknown):
    assert tally(answer(10, **unknown)).read(after(11)).total.prompt_per_s is None


def test_the_cached_share_is_of_answers_whose_server_says_it():
    view = tally(answer(10), answer(10, cached_tokens=500)).read(after(11))
    assert view.total.cached_share == 0.5
    assert tally(answer(10)).read(after(11)).total.cached_share is None


def test_waits_are_those_of_the_last_answer_of_each():
    view = tally(
        answer(1, first_token_seconds=9.0, queue_seconds=3.0, load_seconds=5.0),
        answer(2, agent="brew", first_token_seconds=0.4, queue_seconds=0.0),
    ).read(after(3))
    total, pltops = view.total, view.agents["pltops"]
    assert (total.first_token_s, total.queue_s, total.load_s) == (0.4, 0.0, None)
    assert (pltops.first_token_s, pltops.queue_s, pltops.load_s) == (9.0, 3.0, 5.0)


def test_the_same_figures_are_the_same_object_and_make_no_new_snapshot():
    counted = tally(answer(100))
    view = counted.read(after(100))
    assert counted.read(after(100.3)) is view
    snapshot = with_tokens(Snapshot(hub="hub"), view)
    assert (snapshot.tokens, snapshot.revision) == (view, 1)
    assert with_tokens(snapshot, view) is snapshot
    counted.add(answer(100.4))
    assert counted.read(after(100.5)).total.requests == 2


def test_what_is_idle_for_long_stays_the_same_object():
    counted = tally(answer(1))
    late = counted.read(after(1000))
    assert late.total.generated_per_s == 0.0
    assert counted.read(after(2000)) is late


def test_a_run_has_figures_over_all_its_answers_and_of_its_last():
    nothing = RunTokens()
    assert (nothing.prompt_per_s, nothing.generated_per_s, nothing.cached_share) == (None, None, None)
    run = nothing
    for one in (
        answer(1, cached_tokens=0, prompt_seconds=1.5),
        answer(2, cached_tokens=800, prompt_seconds=0.5),
        answer(3, cached_tokens=1000),
        answer(4, generate_seconds=None, queue_seconds=7.0),
    ):
        run = run.with_answer(one)
    assert (run.answers, run.prompt_per_s, run.generated_per_s, run.cached_share) == (4, 600.0, 60.0, 0.6)
    assert run.last is not None and run.last.queue_seconds == 7.0


async def test_a_run_reaches_the_snapshot(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it")])
    runtime = world.runtime()
    await runtime.start()
    await world.until(lambda: runtime.snapshot.tokens.total.requests > 0, "an answer is counted")
    await world.until(lambda: runtime.snapshot.tokens.total.requests == len(world.told("tokens_counted")), "all are")
    tokens = runtime.snapshot.tokens
    assert runtime.snapshot.runs["w-1"].tokens.answers == tokens.total.requests
    assert set(tokens.agents) == {event.agent for event in world.told("tokens_counted")}
    assert tokens.total.generated_tokens == sum(event.generated_tokens for event in world.told("tokens_counted"))
