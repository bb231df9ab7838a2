"""The three themes of the console, as data. Colours carry meaning only beside a word or a sign.

Amber means the operator is wanted, red that something is broken, green that something just closed; all else is calm.
`PAIRS` are the pairs of text and ground that the console uses; a test holds their contrast.
The dark palette is #B4mad's (research/beads.md section 9), its faintest greys lifted to be legible.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from textual.theme import Theme


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one theme, as `#rrggbb`. In style sheets a field `edge_focus` is `$b4-edge-focus`."""

    bg: str
    panel: str
    bar: str
    cursor: str
    edge: str
    edge_focus: str
    ink: str
    soft: str
    faint: str
    accent: str
    info: str
    good: str
    attention: str
    bad: str
    added: str
    removed: str
    inverse_ink: str
    inverse: str


GROUNDS = ("bg", "panel", "bar", "cursor")
INKS = ("ink", "soft", "faint", "accent", "info", "good", "attention", "bad", "added", "removed")
PAIRS = (
    *((ink, ground) for ink in INKS for ground in GROUNDS),
    *(("inverse_ink", ground) for ground in ("inverse", "attention", "info")),
)
"""(text, ground) pairs that occur on screen."""

DARK = Palette(
    bg="#0A0E14",
    panel="#0F151D",
    bar="#151C25",
    cursor="#1F2D3B",
    edge="#2A3947",
    edge_focus="#5AAD92",
    ink="#E0E6ED",
    soft="#A3B3C2",
    faint="#8596A7",
    accent="#5AAD92",
    info="#6CB6EA",
    good="#58D68D",
    attention="#F5B041",
    bad="#FF8A7A",
    added="#7CCFA8",
    removed="#F0968C",
    inverse_ink="#0A0E14",
    inverse="#E0E6ED",
)

LIGHT = Palette(
    bg="#F7F9FA",
    panel="#FFFFFF",
    bar="#E9EEF1",
    cursor="#D9E8E2",
    edge="#B7C3CC",
    edge_focus="#2C6B58",
    ink="#16202A",
    soft="#3D4C5A",
    faint="#4C5B69",
    accent="#1F6450",
    info="#125A8C",
    good="#14663A",
    attention="#804B00",
    bad="#A3271B",
    added="#1A6A48",
    removed="#9C2F25",
    inverse_ink="#FFFFFF",
    inverse="#16202A",
)

HIGH_CONTRAST = Palette(
    bg="#000000",
    panel="#000000",
    bar="#101010",
    cursor="#00325C",
    edge="#B0B0B0",
    edge_focus="#FFFFFF",
    ink="#FFFFFF",
    soft="#F0F0F0",
    faint="#DDDDDD",
    accent="#7DF9D0",
    info="#9ED8FF",
    good="#6CFF9A",
    attention="#FFD23F",
    bad="#FFB3AB",
    added="#8CFFC1",
    removed="#FFB3AB",
    inverse_ink="#000000",
    inverse="#FFFFFF",
)

PALETTES = {"b4-dark": DARK, "b4-light": LIGHT, "b4-high-contrast": HIGH_CONTRAST}
DEFAULT = "b4-dark"


def theme(name: str) -> Theme:
    """The named palette as a Textual theme with our own variables."""
    palette = PALETTES[name]
    variables = {f"b4-{field.name.replace('_', '-')}": getattr(palette, field.name) for field in fields(palette)}
    return Theme(
        name=name,
        primary=palette.accent,
        secondary=palette.info,
        accent=palette.accent,
        foreground=palette.ink,
        background=palette.bg,
        surface=palette.panel,
        panel=palette.bar,
        success=palette.good,
        warning=palette.attention,
        error=palette.bad,
        dark=name != "b4-light",
        variables=variables,
    )
