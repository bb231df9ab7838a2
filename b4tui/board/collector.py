"""Python's garbage collector, kept out of the way where only lasting objects are made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_off() -> Iterator[None]:
    """No search for garbage inside the block: parsing a board makes a million objects, and all of them stay.

    What was made inside counts as old afterwards: freezing and thawing puts it into the oldest generation unsearched,
    where the collector would else walk through all of it three times (a quarter of the time of loading 100,000 beads).
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.freeze()
            gc.unfreeze()
            gc.enable()
