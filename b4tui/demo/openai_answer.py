"""One answer of the simulated vLLM or llama-server on its way to the client, with what can go wrong on it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from b4tui.demo.answer import MEGABYTE
from b4tui.demo.catalog import SimulatedModel
from b4tui.demo.chat import Piece, Prompt, pieces, up_to
from b4tui.demo.faults import Fault, FaultKind
from b4tui.demo.openai_pages import Load, Plays
from b4tui.demo.pace import PREFILL_TOKENS_PER_S, Metronome, Pace, Stopwatch
from b4tui.demo.script import Step
from b4tui.demo.wire import Reply

DONE = b"data: [DONE]\n\n"
_FRAGMENT = re.compile(r".{1,12}", re.DOTALL)
_DEAD = "EngineCore encountered an issue. See stack trace (above) for the root cause."
_PEG = "The model produced output that does not match the expected peg-native format"
_ERRORS = {FaultKind.ERROR_LINE: (500, _DEAD), FaultKind.TOOL_ERROR: (500, _PEG)}


@dataclass(frozen=True, slots=True)
class Turn:
    """All that is known before the first token. `name` is what the answer bears as its model."""

    plays: Plays
    model: SimulatedModel
    name: str
    prompt: Prompt
    step: Step
    stem: str
    pace: Pace
    load: Load
    usage: bool
    fault: Fault | None = None

    @property
    def trouble(self) -> FaultKind | None:
        """What goes wrong on the way."""
        return self.fault.kind if self.fault else None

    def row(self, *choices: Mapping[str, Any], whole: bool = False) -> dict[str, Any]:
        """What every event has."""
        kind = "chat.completion" if whole else "chat.completion.chunk"
        return {"id": f"chatcmpl-{self.stem}", "object": kind, "model": self.name, "choices": list(choices)}

    def made(self) -> tuple[list[Piece], str]:
        """The pieces up to `num_predict` tokens, and why they end there."""
        all_pieces = pieces(self.step, think=self.prompt.think, id_stem=self.stem, fault=self.trouble)
        taken, cut = up_to(self.prompt.num_predict, all_pieces)
        if cut or self.trouble is FaultKind.CUT_CALL:
            return taken, "length"
        calls = self.step.calls and self.trouble is not FaultKind.LEAKED_CALL
        return taken, "tool_calls" if calls else "stop"

    def deltas(self, piece: Piece, calls: int) -> Iterator[dict[str, Any]]:
        """The events of one piece; a call comes as its name, then its arguments bit by bit. `calls` came before."""
        message = piece.message
        if thinking := message.get("thinking"):
            yield {"reasoning" if self.plays is Plays.VLLM else "reasoning_content": thinking}
        elif call_rows := message.get("tool_calls"):
            yield from self._call(call_rows[0], calls)
        else:
            yield {"content": message["content"]}

    def _call(self, row: Mapping[str, Any], at: int) -> Iterator[dict[str, Any]]:
        if self.trouble is FaultKind.LEAKED_MARK:
            yield {"content": "<tool_call>"}
            yield {"content": "\n"}
        function = row["function"]
        head = {"id": row["id"], "type": "function", "index": at, "function": {"name": function["name"]}}
        yield {"content": None, "tool_calls": [head]}
        for part in _FRAGMENT.findall(self._arguments(function["arguments"])):
            yield {"tool_calls": [{"index": at, "function": {"arguments": part}}]}

    def _arguments(self, arguments: object) -> str:
        if self.trouble is FaultKind.LOOSE_ARGUMENTS:
            return "99"
        if self.trouble is FaultKind.CUT_CALL:
            return "{}"
        return arguments if isinstance(arguments, str) else json.dumps(arguments)


async def send(turn: Turn, reply: Reply) -> None:
    """Make the answer and send it, as a stream that has begun or whole."""
    prefill = Stopwatch()
    await turn.pace.seconds((turn.prompt.tokens - turn.prompt.cached) / PREFILL_TOKENS_PER_S)
    turn.load.prompt += turn.prompt.tokens
    turn.load.cached += turn.prompt.cached
    prefill_ns = prefill.lap()
    if turn.prompt.stream:
        await _stream(turn, reply, prefill_ns)
    else:
        await _whole(turn, reply, prefill_ns)


async def _whole(turn: Turn, reply: Reply, prefill_ns: int) -> None:
    made, reason = turn.made()
    watch, metronome = Stopwatch(), Metronome(turn.pace)
    for piece in made:
        await metronome.tick(piece.tokens)
    message: dict[str, Any] = {"role": "assistant", "content": "".join(str(piece.message["content"]) for piece in made)}
    calls = [call for piece in made for call in piece.message.get("tool_calls", ())]
    if calls:
        rows = [{**call["function"], "arguments": json.dumps(call["function"]["arguments"])} for call in calls]
        message["tool_calls"] = [
            {"id": call["id"], "type": "function", "function": {"name": row["name"], "arguments": row["arguments"]}}
            for call, row in zip(calls, rows, strict=True)
        ]
    choice = {"index": 0, "message": message, "finish_reason": reason}
    await reply.whole(200, {**turn.row(choice, whole=True), **_figures(turn, made, prefill_ns, watch.lap())})


async def _stream(turn: Turn, reply: Reply, prefill_ns: int) -> None:
    made, reason = turn.made()
    watch, metronome = Stopwatch(), Metronome(turn.pace)
    strikes_at = min(turn.fault.after, len(made)) if turn.fault else -1
    await reply.event(turn.row(_choice({"role": "assistant", "content": ""})))
    calls = 0
    for count, piece in enumerate([*made, None]):
        if turn.fault and count == strikes_at and await _strike(turn, reply):
            return
        if piece is None:
            break
        await metronome.tick(piece.tokens)
        if turn.trouble is FaultKind.SLOW and turn.fault:
            await asyncio.sleep(turn.fault.seconds / 5)
        for delta in turn.deltas(piece, calls):
            await reply.event(turn.row(_choice(delta)))
        calls += 1 if piece.message.get("tool_calls") else 0
    await reply.event(turn.row(_choice({}, reason)))
    if turn.usage:
        await reply.event({**turn.row(), **_figures(turn, made, prefill_ns, watch.lap())})
    await reply.raw(DONE)
    await reply.end()


def _choice(delta: Mapping[str, Any], reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": dict(delta), "finish_reason": reason}


async def _strike(turn: Turn, reply: Reply) -> bool:
    """Do what goes wrong in mid-stream; True when nothing can follow."""
    kind = turn.trouble
    if kind in _ERRORS:
        code, message = _ERRORS[kind]
        await reply.event({"error": {"message": message, "type": "InternalServerError", "param": None, "code": code}})
        await reply.raw(DONE)
        await reply.end()
    elif kind is FaultKind.DONE_ONLY:
        await reply.raw(DONE)
        await reply.end()
    elif kind is FaultKind.NO_DONE:
        await reply.end()
    elif kind is FaultKind.CUT:
        reply.cut()
    elif kind is FaultKind.FORGOTTEN:
        await asyncio.Event().wait()
    elif kind is FaultKind.SLOW_LORIS:
        await _dribble(reply)
    elif kind is FaultKind.GARBAGE_LINE:
        await reply.raw(b'data: {"choices": \xff\xfe not json\n\n')
    elif kind is FaultKind.HUGE_LINE:
        row = turn.row(_choice({"content": "x" * MEGABYTE}))
        await reply.event(row)
    return kind in _ERRORS or kind in (FaultKind.DONE_ONLY, FaultKind.NO_DONE, FaultKind.CUT)


async def _dribble(reply: Reply) -> None:
    """Bytes for ever, and never a line."""
    while True:
        await reply.raw(b"d")
        await asyncio.sleep(0.02)


def _figures(turn: Turn, made: list[Piece], prefill_ns: int, generate_ns: int) -> dict[str, Any]:
    """The figures, durations in milliseconds as they were measured."""
    generated = sum(piece.tokens for piece in made)
    turn.load.generated += generated
    prompt = turn.prompt
    usage: dict[str, Any] = {
        "prompt_tokens": prompt.tokens,
        "completion_tokens": generated,
        "total_tokens": prompt.tokens + generated,
        "prompt_tokens_details": {"cached_tokens": prompt.cached},
    }
    if turn.plays is Plays.VLLM:
        return {"usage": usage, "metrics": {"generation_time_ms": generate_ns / 1e6}}
    timings = {
        "cache_n": prompt.cached,
        "prompt_n": prompt.tokens - prompt.cached,
        "prompt_ms": prefill_ns / 1e6,
        "predicted_n": generated,
        "predicted_ms": generate_ns / 1e6,
    }
    return {"usage": usage, "timings": timings}
