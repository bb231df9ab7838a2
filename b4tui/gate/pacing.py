"""How long searches are kept within their time: whoever goes through many things looks at the clock now and then."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

Tick = Callable[[], None]
"""Raises OutOfTime when the time is over."""

_STRIDE = 128


def untimed() -> None:
    """Nobody waits."""


def paced(items: Iterable[T], tick: Tick) -> Iterator[T]:
    """The same items; the clock is looked at before the first and every 128 after it."""
    for number, item in enumerate(items):
        if not number % _STRIDE:
            tick()
        yield item
