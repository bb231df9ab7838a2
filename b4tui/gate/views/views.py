"""The ways in which a text is read: as it is, joined, unescaped, decoded; each with the way back to the text itself.

The first view is the text as its reader takes it. From it, and from all that is decoded, come the others, until there
is nothing more to unfold. What is folded deeper than the limits allow is not read, and so refused
(research/gate.md 6.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from b4tui.gate.hidden import carried
from b4tui.gate.pacing import Tick, untimed
from b4tui.gate.types import GateLimits, UnreadableText
from b4tui.gate.views.accents import unaccented
from b4tui.gate.views.decoding import Decoded, decoded
from b4tui.gate.views.escapes import unescaped
from b4tui.gate.views.joining import joined
from b4tui.gate.views.normalising import beyond_ascii, holds_look_alikes, normalised
from b4tui.gate.views.offsets import Offsets, pieced
from b4tui.gate.views.reading import Budget
from b4tui.gate.views.runs import runs
from b4tui.gate.views.spacing import spaced_out
from b4tui.gate.views.tables import tables
from b4tui.gate.views.twisting import halves, twisted

RAW, NORMALISED = "raw", "normalised"
_NO_LEVEL = ("utf-16", "binary")
"""Steps that are no encoding of their own."""
_MANY = 8
"""Values encoded in the same way that are read one by one; more of them are read as one text."""
_FLOOR = 256 * 1024
"""Bytes that may be unfolded from however small a text."""


class Scope(StrEnum):
    """What a view is searched for."""

    ALL = "all"
    SECRETS = "secrets"  # what is put together again is a secret or nothing
    TOKENS = "tokens"  # twisted or guessed: only what has the form of a known kind of token, and what is known


@dataclass(frozen=True, slots=True)
class View:
    """One reading of a text. `steps` name what was undone; `depth` counts the encodings among them."""

    text: str = field(repr=False)
    steps: tuple[str, ...] = ()
    scope: Scope = Scope.ALL
    depth: int = 0
    offsets: tuple[Offsets, ...] = field(default=(), repr=False)

    @property
    def path(self) -> str:
        """The view as findings name it: `raw`, `normalised`, `base64>gzip`."""
        return ">".join(self.steps) or RAW

    @property
    def put_together(self) -> bool:
        """Whether the last step was to put something together: that is not tried twice in a row."""
        return self.steps[-1:] in (("joined",), ("spaced",), ("table",), ("unaccented",))

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where in the text itself the stretch came from."""
        for offsets in self.offsets:
            start, end = offsets.span(start, end)
        return start, end

    def child(self, name: str, text: str, offsets: Offsets, scope: Scope, levels: int = 0) -> View:
        """A reading of this view."""
        steps = () if self.steps == (NORMALISED,) else self.steps
        scope = self.scope if scope is Scope.ALL else scope
        return View(text, (*steps, name), scope, self.depth + levels, (offsets, *self.offsets))


def views(text: str, limits: GateLimits, tick: Tick = untimed) -> Iterator[View]:
    """All readings of a text, the text itself first.

    Raises UnreadableText when it is folded deeper than `max_decode_depth`, or unfolds to more than its budget.
    """
    budget = Budget(_FLOOR + int(limits.decode_budget * len(text)), tick)
    rare = beyond_ascii(text)
    shown, steps = normalised(text, rare)
    first = View(shown, (NORMALISED,) if shown != text else (), Scope.ALL, 0, steps)
    yield first
    if holds_look_alikes(rare):
        yield View(text)  # or else they are the letters of a language
    waiting = [first, *_carried(View(text), rare)]
    yield from waiting[1:]
    while waiting:
        view = waiting.pop()
        for child in _readings(view, budget, limits.max_decode_depth):
            yield child
            if child.depth > view.depth or (child.scope is Scope.SECRETS and not view.put_together):
                waiting.append(child)


def _readings(view: View, budget: Budget, most: int) -> Iterator[View]:
    text = view.text
    for read, offsets in joined(text):
        yield view.child("joined", read, offsets, Scope.SECRETS)
    for read, offsets in spaced_out(text):
        yield view.child("spaced", read, offsets, Scope.SECRETS)
    for read, offsets in unaccented(text, budget.tick):
        yield view.child("unaccented", read, offsets, Scope.SECRETS)
    for read, offsets in tables(text):
        yield view.child("table", read, offsets, Scope.SECRETS)
    budget.tick()
    found = runs(text)
    for name, read, offsets in (*twisted(text, found, budget.tick), *halves(text, found, budget.tick)):
        yield view.child(name, read, offsets, Scope.TOKENS)
    for child in _unfolded(view, found, budget, most):
        rare = beyond_ascii(child.text)
        shown, steps = normalised(child.text, rare)
        yield View(shown, child.steps, child.scope, child.depth, (*steps, *child.offsets))
        yield from _carried(child, rare)


def _unfolded(view: View, found: Sequence[tuple[int, int]], budget: Budget, most: int) -> Iterator[View]:
    for stretch in unescaped(view.text):
        if view.depth < most:
            budget.spend(len(stretch.text))
            # Quotes and line ends hide nothing but where a name ends and its value begins.
            scope = Scope.SECRETS if stretch.plain else Scope.ALL
            yield view.child(stretch.name, stretch.text, stretch.offsets, scope, 1)
        elif stretch.dense:
            raise _too_deep(most)
    by_steps: dict[tuple[str, ...], list[Decoded]] = {}
    for one in decoded(view.text, budget, found):
        if view.depth + _levels(one.steps) > most:
            raise _too_deep(most)
        by_steps.setdefault(one.steps, []).append(one)
    for steps, ones in by_steps.items():
        for together in [ones] if len(ones) > _MANY else [[one] for one in ones]:
            pieces = (
                piece for one in together for piece in ((one.text, one.start, one.end), ("\n\n", one.end, one.end))
            )
            yield view.child(">".join(steps), *pieced(pieces, opaque=True), Scope.ALL, _levels(steps))


def _levels(steps: Sequence[str]) -> int:
    return sum(step not in _NO_LEVEL for step in steps)


def _carried(view: View, rare: str) -> Iterator[View]:
    """What is written in a view in characters that nobody sees."""
    for name, shown, offsets in carried(view.text, rare):
        yield view.child(name, shown, offsets, Scope.ALL)


def _too_deep(most: int) -> UnreadableText:
    return UnreadableText(f"encodings are folded into each other more than {most} deep; send what they hold instead")
