"""One answer of the model on its way to the client: pieces at the machine's pace, the figures last, faults between."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from b4tui.demo import catalog
from b4tui.demo.catalog import SimulatedModel
from b4tui.demo.chat import Piece, Prompt, pieces, up_to
from b4tui.demo.faults import Fault, FaultKind
from b4tui.demo.pace import PREFILL_TOKENS_PER_S, Metronome, Pace, Stopwatch
from b4tui.demo.script import Step
from b4tui.demo.wire import Reply

MEGABYTE = 1_000_000
_ERROR_LINES = {
    FaultKind.ERROR_LINE: "an error was encountered while running the model: unexpected EOF",
    FaultKind.TOOL_ERROR: "XML syntax error on line 4: element <parameter> closed by </function>",
}


@dataclass(frozen=True, slots=True)
class Turn:
    """All that is known before the first token. `watch` runs since the request came; `load_ns` is part of it.

    `echo` is the name that the answer bears; `remote`: it says that it is computed elsewhere.
    """

    model: SimulatedModel
    echo: str
    prompt: Prompt
    step: Step
    id_stem: str
    pace: Pace
    watch: Stopwatch
    load_ns: int
    fault: Fault | None = None
    remote: bool = False

    @property
    def trouble(self) -> FaultKind | None:
        """What goes wrong on the way."""
        return self.fault.kind if self.fault else None

    def row(self, message: Mapping[str, Any], *, done: bool = False) -> dict[str, Any]:
        """What every line has."""
        head = {"model": self.echo, "created_at": catalog.stamp(datetime.now(UTC))}
        remote = catalog.REMOTE if self.remote or self.trouble is FaultKind.REMOTE_MODEL else {}
        return {**head, **remote, "message": message, "done": done}

    def pieces(self) -> tuple[list[Piece], str]:
        """The pieces up to `num_predict` tokens, and why they end there."""
        all_pieces = pieces(self.step, think=self.prompt.think, id_stem=self.id_stem, fault=self.trouble)
        taken, cut = up_to(self.prompt.num_predict, all_pieces)
        return taken, "length" if cut else "stop"


async def send(turn: Turn, reply: Reply) -> None:
    """Make the answer and send it, as a stream or whole."""
    fresh = turn.prompt.tokens - turn.prompt.cached
    prefill = Stopwatch()
    await turn.pace.seconds(fresh / PREFILL_TOKENS_PER_S)
    prefill_ns = prefill.lap()
    if turn.prompt.stream:
        await _stream(turn, reply, prefill_ns)
    else:
        await _whole(turn, reply, prefill_ns)


async def _whole(turn: Turn, reply: Reply, prefill_ns: int) -> None:
    watch, metronome = Stopwatch(), Metronome(turn.pace)
    made, reason = turn.pieces()
    for piece in made:
        await metronome.tick(piece.tokens)
    message: dict[str, Any] = {"role": "assistant", "content": _joined(made, "content")}
    if thinking := _joined(made, "thinking"):
        message["thinking"] = thinking
    if calls := [call for piece in made for call in piece.message.get("tool_calls", ())]:
        message["tool_calls"] = calls
    figures = _figures(turn, sum(piece.tokens for piece in made), prefill_ns, watch.lap())
    await reply.whole(200, {**turn.row(message, done=True), "done_reason": reason, **figures})


def _joined(made: list[Piece], key: str) -> str:
    return "".join(str(piece.message.get(key, "")) for piece in made)


async def _stream(turn: Turn, reply: Reply, prefill_ns: int) -> None:
    reply.begin()
    watch, metronome = Stopwatch(), Metronome(turn.pace)
    made, reason = turn.pieces()
    strikes_at = min(turn.fault.after, len(made)) if turn.fault else -1
    for count, piece in enumerate([*made, None]):
        if turn.fault and count == strikes_at and await _strike(turn, turn.fault, reply):
            return
        if piece is None:
            break
        await metronome.tick(piece.tokens)
        if turn.fault and turn.fault.kind is FaultKind.SLOW:
            await asyncio.sleep(turn.fault.seconds / 5)
        await reply.line(turn.row(piece.message))
    last = turn.row({"role": "assistant", "content": ""}, done=True)
    figures = _figures(turn, sum(piece.tokens for piece in made), prefill_ns, watch.lap())
    await reply.line({**last, "done_reason": reason, **figures})
    await reply.end()


async def _strike(turn: Turn, fault: Fault, reply: Reply) -> bool:
    """Do what goes wrong in mid-stream; True when nothing can follow."""
    kind = fault.kind
    if kind in _ERROR_LINES:
        await reply.line({"error": _ERROR_LINES[kind]})
        await reply.end()
    elif kind is FaultKind.NO_DONE:
        await reply.end()
    elif kind is FaultKind.CUT:
        reply.cut()
    elif kind is FaultKind.GARBAGE_LINE:
        await reply.raw(b'{"model": "x", \xff\xfe not json\n')
    elif kind is FaultKind.HUGE_LINE:
        await reply.raw(b'{"message": {"role": "assistant", "content": "' + b"x" * MEGABYTE + b'"}, "done": false}\n')
    elif kind is FaultKind.ENDLESS:
        await _never_end(turn, reply)
    elif kind is FaultKind.SLOW_LORIS:
        await _dribble(fault, reply)
    elif kind is FaultKind.STUCK:
        await asyncio.Event().wait()  # until its reader leaves
    return kind in _ERROR_LINES or kind in (FaultKind.NO_DONE, FaultKind.CUT)


async def _never_end(turn: Turn, reply: Reply) -> None:
    """Until the client leaves. Many lines at a time: what counts is how much comes, not how fast."""
    line = json.dumps(turn.row({"role": "assistant", "content": "again " * 20})).encode() + b"\n"
    while True:
        await reply.raw(line * 100)


async def _dribble(fault: Fault, reply: Reply) -> None:
    """A byte of one line now and then, until the client leaves."""
    await reply.raw(b'{"message": {"role": "assistant", "content": "')
    while True:
        await asyncio.sleep(fault.seconds / 100)
        await reply.raw(b"x")


def _figures(turn: Turn, generated: int, prefill_ns: int, generate_ns: int) -> dict[str, Any]:
    """The last line's figures, durations in nanoseconds as they were measured."""
    return {
        "total_duration": turn.watch.lap(),
        "load_duration": turn.load_ns,
        "prompt_eval_count": turn.prompt.tokens,
        "prompt_eval_cached_count": turn.prompt.cached,
        "prompt_eval_duration": prefill_ns,
        "eval_count": generated,
        "eval_duration": generate_ns,
    }
