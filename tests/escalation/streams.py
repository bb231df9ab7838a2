"""Answers as bytes, and what is read out of them."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

from b4tui.engines.types import Usage
from b4tui.escalation.door.providers import Api
from b4tui.escalation.door.wire.forms import answer_of, decoder_of


def read(api: Api, data: bytes, size: int = 0) -> list[Any]:
    """The events of an answer that came as these bytes, in pieces of `size`."""
    numbers = count(1)
    answer, decoder = answer_of(api, lambda: f"own_{next(numbers)}"), decoder_of(api)
    events: list[Any] = []
    pieces = [data[at : at + size] for at in range(0, len(data), size)] if size else [data]
    for messages in (*map(decoder.feed, pieces), decoder.flush()):
        for message in messages:
            step = answer.take(message)
            events += step.pieces
            if step.over:
                return [*events, *answer.end()]
    return [*events, *answer.end()]


def named(*rows: dict[str, Any]) -> bytes:
    """Events of the Messages API."""
    return b"".join(f"event: {row['type']}\ndata: {json.dumps(row)}\n\n".encode() for row in rows)


def data(*rows: object) -> bytes:
    """Events of chat completions."""
    return b"".join(b"data: %s\n\n" % (row if isinstance(row, bytes) else json.dumps(row).encode()) for row in rows)


def lines(*rows: object) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def chunk(reason: str | None = None, **fields: object) -> dict[str, Any]:
    return {"model": "m", "choices": [{"index": 0, "delta": fields, "finish_reason": reason}]}


def call(index: int | None, name: str = "", arguments: str = "", call_id: str = "") -> dict[str, Any]:
    row: dict[str, Any] = {"function": {"name": name, "arguments": arguments}, "id": call_id, "type": "function"}
    return row if index is None else {**row, "index": index}


FIGURES = {
    "choices": [],
    "usage": {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 6}},
}
USED = Usage(prompt_tokens=9, generated_tokens=4, cached_tokens=6)
