"""Every pair of text and ground that occurs is legible, in every theme."""

import pytest
from textual.color import Color

from b4tui.tui import themes
from b4tui.tui.themes import PAIRS, PALETTES

LEAST = {"b4-dark": 4.5, "b4-light": 4.5, "b4-high-contrast": 7.0}


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [part / 255 for part in Color.parse(colour).rgb]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_measure_is_the_usual_one() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", PALETTES)
def test_text_is_legible(name: str) -> None:
    palette = PALETTES[name]
    measured = {pair: contrast(getattr(palette, pair[0]), getattr(palette, pair[1])) for pair in PAIRS}
    assert {pair: round(value, 2) for pair, value in measured.items() if value < LEAST[name]} == {}


@pytest.mark.parametrize("name", PALETTES)
def test_the_focused_border_stands_out(name: str) -> None:
    assert contrast(PALETTES[name].edge_focus, PALETTES[name].panel) >= 3.0


@pytest.mark.parametrize("name", PALETTES)
def test_a_theme_gives_style_sheets_every_colour(name: str) -> None:
    variables = themes.theme(name).variables
    assert variables["b4-edge-focus"] == PALETTES[name].edge_focus
    assert len(variables) == len(themes.fields(themes.Palette))


def test_the_style_sheets_use_no_colour_of_their_own() -> None:
    from b4tui.config import resource

    for sheet in resource("styles").glob("*.tcss"):
        for line in sheet.read_text().splitlines():
            if "color:" in line or "background:" in line:
                assert "$b4-" in line, f"{sheet.name}: {line}"
