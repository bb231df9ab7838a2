"""A run's transcript as rows to read: what was said as text, thinking folded to a line, tool calls that open.

Pure: `Stream.feed` takes pieces, `Stream.rows` gives rows for a width. Only what grew is wrapped again.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

from b4tui.runtime.transcript import Kind, Piece
from b4tui.tui import words
from b4tui.tui.paint import Ink, Line, Span, line, wrapped

MOST_BLOCKS = 3000
VOID_MARK = "╎ "
"""Stands before text of an answer that broke off, so that it needs no colour to be told apart."""
LONGEST_BLOCK = 100_000
"""Characters of one paragraph, one thought or one tool's output that are kept for the screen."""


class Shape(StrEnum):
    """How a block is shown."""

    PARAGRAPH = "paragraph"
    THOUGHT = "thought"
    TOOL = "tool"
    STEP = "step"
    NOTE = "note"
    BREAK = "break"


@dataclass
class Block:
    """A part of the stream that grows or opens as one; `void` when the answer it was part of broke off."""

    key: str
    shape: Shape
    text: str
    detail: str = ""
    ok: bool | None = None
    seconds: float | None = None
    open: bool = False
    void: bool = False
    lines: tuple[Line, ...] | None = field(default=None, repr=False)


class Stream:
    """The blocks of one run, bounded."""

    def __init__(self) -> None:
        self.blocks: deque[Block] = deque(maxlen=MOST_BLOCKS)
        self.dropped = 0
        self._count = 0
        self._width = 0

    def feed(self, pieces: tuple[Piece, ...], dropped: int = 0) -> None:
        """Take what came; `dropped` pieces were lost before it."""
        if dropped:
            self.dropped += dropped
            self._add(Shape.NOTE, f"{words.plural(dropped, 'piece')} came faster than could be kept and are not shown")
        for piece in pieces:
            self._take(piece)

    def _take(self, piece: Piece) -> None:
        match piece.kind:
            case Kind.TEXT:
                self._say(Shape.PARAGRAPH, piece.text)
            case Kind.THINKING:
                self._think(piece.text)
            case Kind.STEP:
                self._add(Shape.STEP, piece.text)
            case Kind.CALL:
                self._add(Shape.TOOL, piece.text).detail = piece.detail
            case Kind.RESULT:
                self._result(piece)
            case Kind.VOID:
                self._void(piece.text)
            case Kind.NOTE:
                self._add(Shape.NOTE, piece.text)

    def _add(self, shape: Shape, text: str) -> Block:
        block = Block(str(self._count), shape, text)
        self._count += 1
        self.blocks.append(block)
        return block

    def _say(self, shape: Shape, text: str) -> None:
        """Every line of an answer is a block of its own, so that a growing answer wraps its last line only."""
        first, *more = text.split("\n")
        last = self.blocks[-1] if self.blocks else None
        if last is not None and last.shape is shape and len(last.text) < LONGEST_BLOCK:
            last.text += first
            last.lines = None
        else:
            self._add(shape, first)
        for paragraph in more:
            self._add(shape, paragraph)

    def _think(self, text: str) -> None:
        last = self.blocks[-1] if self.blocks else None
        if last is None or last.shape is not Shape.THOUGHT:
            last = self._add(Shape.THOUGHT, "")
        if len(last.text) < LONGEST_BLOCK:
            last.text += text
        last.lines = None

    def _result(self, piece: Piece) -> None:
        """A call's one result; calls are answered in their order."""
        call = next((block for block in self.blocks if block.shape is Shape.TOOL and block.ok is None), None)
        if call is None:
            call = self._add(Shape.TOOL, "")
        call.ok, call.seconds = piece.ok, piece.seconds
        shown = f"{call.detail}\n{piece.detail}" if call.detail and piece.detail else call.detail or piece.detail
        call.detail = f"{piece.text}\n{shown}" if shown else piece.text
        call.lines = None

    def _void(self, reason: str) -> None:
        """What was said since the step began, or since the last break, does not count; it stays to be read."""
        for block in reversed(self.blocks):
            if block.shape in {Shape.STEP, Shape.TOOL, Shape.BREAK}:
                break
            if block.shape is not Shape.NOTE:
                block.void, block.lines = True, None
        self._add(Shape.BREAK, reason)

    def foldable(self, key: str) -> Block | None:
        """What a row belongs to, where it can be opened or folded: a call, a thought. The newest are the first seen."""
        block = next((block for block in reversed(self.blocks) if block.key == key), None)
        return block if block is not None and block.shape in {Shape.TOOL, Shape.THOUGHT} else None

    def toggle(self, key: str) -> None:
        """Open or fold what a row belongs to."""
        if (block := self.foldable(key)) is not None:
            block.open = not block.open
            block.lines = None

    def rows(self, width: int) -> tuple[tuple[str, Line], ...]:
        """Keys and lines; a row's key is `BLOCK.NUMBER`."""
        if width != self._width:
            self._width = width
            for block in self.blocks:
                block.lines = None
        rows: list[tuple[str, Line]] = []
        for block in self.blocks:
            if block.lines is None:
                block.lines = tuple(_lines(block, width))
            rows.extend((f"{block.key}.{number}", text) for number, text in enumerate(block.lines))
        return tuple(rows)

    def text(self) -> str:
        """Everything as plain text, for the clipboard."""
        return "\n".join(f"{_spoken(block)}\n{block.detail}".strip() for block in self.blocks)


def _spoken(block: Block) -> str:
    return f"[void] {block.text}" if block.void else block.text


def _lines(block: Block, width: int) -> list[Line]:
    match block.shape:
        case Shape.STEP:
            label = block.text if block.text.casefold().startswith("step") else f"step {block.text}"
            return [line(Span(f"── {label} ", Ink.FAINT), Span("─" * max(0, width - len(label) - 4), Ink.FAINT))]
        case Shape.NOTE:
            return [Line((Span("· ", Ink.FAINT), *text.left)) for text in wrapped(block.text, width - 2, Ink.SOFT)]
        case Shape.BREAK:
            said = (
                f"The answer broke off and is asked for again; what is marked {VOID_MARK}does not count. {block.text}"
            )
            return [Line((Span("✗ ", Ink.INFO), *text.left)) for text in wrapped(said, width - 2, Ink.SOFT)]
        case Shape.THOUGHT if block.void:
            gist = Span(_gist(block.text), Ink.FAINT)
            return _folded(block, Span(f"{VOID_MARK}thinks ", Ink.FAINT), gist, width, ())
        case Shape.PARAGRAPH if block.void:
            rows = wrapped(block.text, width - len(VOID_MARK), Ink.FAINT)
            return [Line((Span(VOID_MARK, Ink.FAINT), *text.left)) for text in rows]
        case Shape.THOUGHT:
            return _folded(block, Span("thinks ", Ink.FAINT), Span(_gist(block.text), Ink.FAINT), width, ())
        case Shape.TOOL:
            return _tool(block, width)
        case Shape.PARAGRAPH:
            return list(wrapped(block.text, width))


def _gist(text: str) -> str:
    count = len(text.split())
    return f"{words.plural(count, 'word')} · {text.strip()[-200:]}" if len(text) > 60 else text.strip()


def _tool(block: Block, width: int) -> list[Line]:
    name, _, what = block.text.partition(" ")
    spent = f"{block.seconds:.1f} s  " if block.seconds is not None else ""
    end: tuple[Span, ...]
    if block.ok is None:
        end = (Span("runs…", Ink.INFO),)
    else:
        said = block.detail.split("\n", 1)[0]
        said = "" if what.startswith(said) else f" {said[:28]}"
        end = (
            Span(f"{spent}", Ink.FAINT),
            Span(f"{'✓' if block.ok else '✗'}{said}", Ink.SOFT if block.ok else Ink.BAD),
        )
    return _folded(block, Span(f"{name} ", Ink.ACCENT), Span(what, Ink.INK), width, end)


def _folded(block: Block, name: Span, what: Span, width: int, right: tuple[Span, ...]) -> list[Line]:
    sign = "▾ " if block.open else "▸ "
    lines = [Line((Span(sign, Ink.FAINT), name, what), right)]
    if block.open:
        body = block.detail if block.shape is Shape.TOOL else block.text
        lines += [Line((Span("  │ ", Ink.FAINT), *text.left)) for text in wrapped(body, max(10, width - 4), Ink.SOFT)]
    return lines
