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
    """The same items; the clock is looked at after each 128 of them."""
    return iter(items) if tick is untimed else _paced(items, tick)


def _paced(items: Iterable[T], tick: Tick) -> Iterator[T]:
    for number, item in enumerate(items, 1):
        if not number % _STRIDE:
            tick()
        yield item
