"""With NO_COLOR, at every size: nothing is coloured, and what was found, what is asked and where enter goes show."""

import pytest
from approving import approving, quiet, screen_text
from driving import settle, strike
from frozen_approvals import HIGH, SHORT
from rich.segment import Segment

FOUND = "anna@example.org"


def painted(app) -> list[Segment]:
    """The segments as the terminal gets them."""
    segments: list[Segment] = []
    for strip in app.screen._compositor.render_strips():
        for each in app._filters:
            strip = strip.apply_filter(each, app.styles.background)
        segments += strip
    return segments


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (160, 45)])
async def test_an_approval_is_told_by_words_and_signs(size, monkeypatch, until) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with approving(HIGH, SHORT, size=size, until=until) as (app, _runtime, clocks, pilot):
        await quiet(app, clocks, until)
        await strike(pilot, "n")
        await settle(pilot)
        styles = [segment.style for segment in painted(app) if segment.style is not None]
        inks = [colour.triplet for style in styles for colour in (style.color, style.bgcolor) if colour]
        assert all(ink is None or len(set(ink)) == 1 for ink in inks), "something is coloured"
        (found,) = [segment for segment in painted(app) if FOUND in segment.text]
        assert found.style is not None and found.style.underline and found.style.bold
        text = screen_text(app)
        for told in ("▲ Send", "▲ high", "▶ mail-address", "▐ Deny ▌", "Approve waits"):
            assert told in text
