"""How far a pull is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from b4tui.engines.interface import PullProgress
from b4tui.engines.ollama.tally import Standing, Tally


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def layer(digest: str, completed: int, total: int = 1000) -> PullProgress:
    return PullProgress(status=f"pulling {digest}", digest=digest, completed=completed, total=total)


def play(*steps: tuple[float, PullProgress]) -> Standing:
    """Feed steps at their times; where the pull stands after the last."""
    clock = Clock()
    tally = Tally(clock)
    standing = None
    for clock.now, progress in steps:
        standing = tally.add(progress)
    assert standing is not None
    return standing


def test_layers_are_summed() -> None:
    standing = play((0, layer("a", 1000)), (1, layer("b", 10, 50)))
    assert (standing.completed, standing.total) == (1010, 1050)


def test_rate_and_time_left_come_from_what_arrived() -> None:
    standing = play((0, layer("a", 0)), (0, layer("a", 100)), (1, layer("a", 200)), (2, layer("a", 300)))
    assert standing.rate == 100
    assert standing.left_s == 7


def test_nothing_is_said_of_the_rate_before_it_was_measured() -> None:
    assert play((0, layer("a", 100)), (0.1, layer("a", 200))).rate is None
    standing = play((0, PullProgress(status="pulling manifest")))
    assert (standing.rate, standing.left_s, standing.total) == (None, None, 0)


def test_what_was_there_before_did_not_arrive_now() -> None:
    standing = play((0, layer("a", 0)), (0, layer("a", 900)), (1, layer("a", 910)))
    assert (standing.completed, standing.rate) == (910, 10)


def test_an_old_speed_is_forgotten() -> None:
    steps = [(float(second), layer("a", 100 * second, 10_000)) for second in range(1, 6)]
    steps += [(float(second), layer("a", 500 + second, 10_000)) for second in range(6, 30)]
    standing = play(*steps)
    assert standing.rate is not None and 0.9 < standing.rate < 1.2


def test_the_last_words_keep_the_figures() -> None:
    standing = play((0, layer("a", 1000)), (1, PullProgress(status="success")))
    assert (standing.status, standing.completed, standing.total, standing.left_s) == ("success", 1000, 1000, None)


@given(counts=st.lists(st.tuples(st.sampled_from("ab"), st.integers(-5, 2000), st.integers(0, 1500)), min_size=1))
def test_a_server_that_counts_oddly_does_no_harm(counts: list[tuple[str, int, int]]) -> None:
    standing = play(*((float(at), layer(*row)) for at, row in enumerate(counts)))
    assert 0 <= standing.completed <= standing.total
    assert standing.rate is None or standing.rate > 0
