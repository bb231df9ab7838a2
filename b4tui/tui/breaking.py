"""What is said when a part of the console breaks: where, and never with what values: private texts are among them.

Textual would print every local variable and the exception's own words (design section 4.6).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from traceback import extract_tb

MOST_FRAMES = 12


def last_words(error: BaseException | None) -> str:
    """What stands in the terminal after the console has closed because of this."""
    name = type(error).__name__ if error is not None else "an unknown error"
    return "\n".join(
        (
            f"b4tui broke and closed itself: {name}. Beads in hand go back; nothing is sent without an approval.",
            *_places(error),
            "Values are left out here, because private texts may be among them.",
        )
    )


def screen_words(error: BaseException) -> str:
    """What is said where a screen could not be drawn and was left."""
    place = next(reversed(list(_places(error))), "").strip()
    return f"That screen broke and was left, with nothing decided on it: {type(error).__name__} {place}"


def _places(error: BaseException | None) -> Iterator[str]:
    """File, line and function of the last calls, innermost last."""
    for frame in extract_tb(error.__traceback__)[-MOST_FRAMES:] if error is not None else ():
        yield f"  {'/'.join(PurePath(frame.filename).parts[-3:])}:{frame.lineno} in {frame.name}"
