"""The one function that turns untrusted text into what a terminal may show (design section 4.6).

A bead's title, a model's answer or a tool's output can hold escape sequences that repaint the screen, write to the
clipboard, or reverse the reading order. `visible` shows every such character and drops nothing.
Facts and attacks: research/textual.md 2.3.
"""

from __future__ import annotations

# Unicode's format characters (category Cf) outside Latin-1: bidi controls, zero-width characters, the byte order mark,
# interlinear and musical marks, tags. Listed because asking `unicodedata` for all of Unicode costs 150 ms a start;
# a test holds the list against the table of the running Python.
_FORMAT = (
    (0x00AD, 0x00AD),
    (0x0600, 0x0605),
    (0x061C, 0x061C),
    (0x06DD, 0x06DD),
    (0x070F, 0x070F),
    (0x0890, 0x0891),
    (0x08E2, 0x08E2),
    (0x180E, 0x180E),
    (0x200B, 0x200F),
    (0x2028, 0x202E),
    (0x2060, 0x206F),
    (0xFEFF, 0xFEFF),
    (0xFFF9, 0xFFFB),
    (0x110BD, 0x110BD),
    (0x110CD, 0x110CD),
    (0x13430, 0x1343F),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0001, 0xE007F),
)


def _table() -> dict[int, str]:
    table = {code: chr(0x2400 + code) for code in range(0x20) if code not in (0x09, 0x0A)}
    table[0x7F] = "\u2421"
    table.update({code: f"\\x{code:02x}" for code in range(0x80, 0xA0)})
    for first, last in (*_FORMAT, (0xD800, 0xDFFF)):
        for code in range(first, last + 1):
            table[code] = f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return table


_TABLE = _table()


def visible(text: str) -> str:
    """The text with every control, format and surrogate character shown; tab and line feed stay."""
    return text.translate(_TABLE)
