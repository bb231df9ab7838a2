"""Timestamps: every shape a tracker wrote is read as the same instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b4tui.board.times import instant, stamp, written

NOON = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31T12:00:00Z",
        "2026-01-31T12:00:00+00:00",
        "2026-01-31T04:00:00-08:00",
        "2026-01-31T22:00:00+10:00",
        "2026-01-31T17:30:00+0530",
        "2026-01-31 12:00:00",
        "2026-01-31T12:00:00",
        "2026-01-31t12:00:00z",
        "2026-01-31T12:00:00.0Z",
        "2026-01-31T12:00:00.000000000Z",
        "2026-01-31 04:00:00 -0800 PST",
        "2026-01-31 04:00:00.000000000 -0800 PST m=+0.012345678",
        " 2026-01-31T12:00:00Z ",
        "2026-1-31T12:00:00Z",
    ],
)
def test_all_shapes_of_one_moment_are_one_instant(text: str) -> None:
    assert instant(text) == NOON


@pytest.mark.parametrize("digits", range(1, 10))
def test_a_fraction_may_have_one_to_nine_digits(digits: int) -> None:
    fraction = "123456789"[:digits]
    assert instant(f"2026-01-31T12:00:00.{fraction}-00:00") == pytest.approx(NOON + float(f"0.{fraction}"), abs=2e-6)


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01T00:00:00Z", "2026-02-30", "12:00", "0001-01-01T00:00:00Z"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert instant(text) is None


@pytest.mark.parametrize("value", [None, 5, 1.5, [], {}, True, b"2026-01-31"])
def test_a_value_of_the_wrong_type_is_none(value: object) -> None:
    assert instant(value) is None


@given(st.text())
def test_no_text_ends_the_reading(text: str) -> None:
    assert instant(text) is None or isinstance(instant(text), float)


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1)), st.integers(-720, 720))
def test_a_written_moment_is_read_back(moment: datetime, offset: int) -> None:
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=offset)))
    written = stamp(aware)
    assert written.endswith("Z")
    assert instant(written) == pytest.approx(aware.timestamp(), abs=1e-6)


def test_the_fraction_is_only_as_long_as_it_must_be() -> None:
    assert stamp(datetime(2026, 1, 31, 12, tzinfo=UTC)) == "2026-01-31T12:00:00Z"
    assert stamp(datetime(2026, 1, 31, 12, microsecond=250_000, tzinfo=UTC)) == "2026-01-31T12:00:00.25Z"
    assert stamp(datetime(301, 1, 31, 12, tzinfo=UTC)) == "0301-01-31T12:00:00Z"


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("2026-01-31T04:00:00.120000000-08:00", "2026-01-31T04:00:00.12-08:00"),
        ("2026-01-31T12:00:00.000Z", "2026-01-31T12:00:00Z"),
        ("2026-01-31T12:00:00+00:00", "2026-01-31T12:00:00Z"),
        ("2026-01-31 04:00:00 -0800 PST", "2026-01-31T12:00:00Z"),
        ("soon", ""),
    ],
)
def test_go_writes_a_time_again_with_its_offset_and_without_needless_zeros(text: str, again: str) -> None:
    assert written(text) == again
