"""A history as a graph: peaks of equal stretches, holes where nothing was measured, a scale that does not dance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b4tui.tui.machine.graphs import Point, blocks, bound, columns, extent


def points(*values: float | None, every: float = 1.0, start: float = 0.0) -> tuple[Point, ...]:
    return tuple(Point(start + every * number, value) for number, value in enumerate(values))


class TestColumns:
    def test_each_is_the_peak_of_its_stretch(self) -> None:
        assert columns(points(1, 9, 2, 3, 4, 5), until=5.9, count=3, span_s=6) == (9, 3, 5)

    def test_what_is_older_than_the_span_is_left_out(self) -> None:
        assert columns(points(7, 7, 1, 1), until=3.9, count=2, span_s=2) == (1, 1)

    def test_a_history_that_began_later_leaves_the_left_free(self) -> None:
        assert columns(points(5, 6, start=4), until=5.9, count=3, span_s=6) == (None, None, 6)

    def test_the_past_stays_as_it_was_drawn_while_the_stretch_lasts(self) -> None:
        told = points(*range(60))
        drawn = {columns(told, until=until / 10, count=6, span_s=60) for until in range(600, 700)}
        assert len(drawn) == 1

    def test_a_figure_that_could_not_be_had_is_a_hole(self) -> None:
        assert columns(points(1, None, 3), until=2.9, count=3, span_s=3) == (1, None, 3)

    def test_samples_that_come_seldom_are_no_holes(self) -> None:
        seldom = points(1, 2, 3, every=4.0)
        assert columns(seldom, until=8.9, count=9, span_s=9) == (1, 1, 1, 1, 2, 2, 2, 2, 3)

    def test_but_a_long_silence_is(self) -> None:
        silent = (*points(1, 1, 1, every=2.0), *points(5, 5, every=2.0, start=40))
        drawn = columns(silent, until=42.9, count=43, span_s=43)
        assert drawn[4] == 1
        assert drawn[38:] == (None, None, 5, 5, 5)

    @given(
        st.lists(st.tuples(st.floats(0, 1e6), st.none() | st.floats(0, 1e6))), st.floats(0, 1e6), st.integers(-2, 99)
    )
    def test_there_are_always_as_many_as_asked_for(self, told, until, count) -> None:
        assert len(columns([Point(*one) for one in sorted(told, key=lambda one: one[0])], until, count)) == max(
            0, count
        )


class TestBlocks:
    def test_eighths_of_a_cell_can_be_told_apart(self) -> None:
        assert blocks((0, 50, 100), 100, 1) == ("▁▄▇",)

    def test_rows_stand_on_each_other(self) -> None:
        assert blocks((100, 25), 100, 2) == ("▇ ", "█▄")

    def test_nought_shows_and_a_hole_does_not(self) -> None:
        assert blocks((0, None), 100, 1) == ("▁ ",)

    def test_what_exceeds_the_scale_is_a_full_column(self) -> None:
        assert blocks((900,), 100, 2) == ("▇", "█")

    def test_a_scale_of_nought_draws_nothing(self) -> None:
        assert blocks((1, 2), 0, 1) == ("  ",)


class TestTheScale:
    def test_is_the_largest_figure_up_to_the_next_step(self) -> None:
        assert bound(points(41, 63, 58), until=9, step=10) == 70

    def test_does_not_follow_what_came_since_the_second_began(self) -> None:
        assert bound(points(41, 99, every=0.5), until=0.0, step=10) == 50

    def test_is_one_step_while_nothing_is_known(self) -> None:
        assert bound(points(None), until=9, step=10) == 10


@pytest.mark.parametrize(
    ("values", "now", "seen"),
    [((3, 9, 4), 4, (3, 4, 9)), ((None,), None, (None, None, None)), ((), 5, (None, 5, None))],
)
def test_the_extent_is_what_was_measured_and_nothing_else(values, now, seen) -> None:
    told = extent(points(*values), now)
    assert (told.least, told.now, told.most) == seen
