"""A scripted OpenAI-compatible server, and an engine that talks to it: for what no simulated server would say."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from b4tui.config import EngineConfig, PolicyConfig
from b4tui.engines.attestation.pins import Pins
from b4tui.engines.openai.engine import OpenAiEngine
from b4tui.engines.types import ChatRequest, Failure, StreamEvent
from tests.engines.conftest import Connection, Script, ScriptedServer, ask, lines, scripted

TINY = {"id": "tiny", "object": "model", "owned_by": "vllm", "root": "m", "parent": None, "max_model_len": 512}
PAGES: Mapping[str, Script] = {
    "/v1/models": lines({"object": "list", "data": [TINY]}),
    "/version": lines({"version": "0.32.0"}),
    "/health": lines(b""),
}
CHAT = "/v1/chat/completions"
# Nothing here is private: what is proven of a server is tested by itself.
TRUSTING = PolicyConfig(require_attested=False)


def serving(chat: Script, pages: Mapping[str, Script] = PAGES) -> Script:
    """A script of a whole server: these pages, and chats by their own script."""

    async def script(connection: Connection) -> None:
        path = connection.request.path
        page = chat if path == CHAT else pages.get(path, lines({"detail": "Not Found"}, status=404))
        await page(connection)

    return script


@asynccontextmanager
async def chatting(
    chat: Script,
    pages: Mapping[str, Script] = PAGES,
    *,
    policy: PolicyConfig = TRUSTING,
    pins: Pins | None = None,
    environ: Mapping[str, str] | None = None,
    clock: Callable[[], float] = time.monotonic,
    **settings: Any,
) -> AsyncIterator[tuple[OpenAiEngine, ScriptedServer]]:
    """An engine and the server it talks to; `settings` are those of the engine."""
    async with scripted(serving(chat, pages), local=False) as server:
        fields: dict[str, Any] = {"kind": "vllm", "first_token_timeout_s": 20, "idle_timeout_s": 20, **settings}
        config = EngineConfig(address=server.address, **fields)
        engine = OpenAiEngine("there", config, environ or {}, policy=policy, pins=pins, clock=clock)
        try:
            yield engine, server
        finally:
            await engine.aclose()


async def heard(chat: Script, request: ChatRequest | None = None, **settings: Any) -> list[StreamEvent]:
    """All events of one answer."""
    async with chatting(chat, **settings) as (engine, _):
        return [event async for event in engine.chat(request or ask())]


async def failed(chat: Script, request: ChatRequest | None = None, **settings: Any) -> Failure:
    """How an answer failed."""
    return failure_of(await heard(chat, request, **settings))


def failure_of(events: list[StreamEvent]) -> Failure:
    """The failure that these events end with."""
    last = events[-1]
    assert isinstance(last, Failure), events
    return last


def chats(server: ScriptedServer) -> list[dict[str, Any]]:
    """The bodies of the chats that reached a server."""
    return [json.loads(request.body) for request in server.requests if request.path == CHAT]


def sse(*rows: object) -> list[bytes]:
    """Events: bytes are the data itself, everything else is JSON."""
    data = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    return [b"data: %s\n\n" % item for item in data]


def stream(*rows: object, done: bool = True) -> Script:
    """A script that streams these events, and [DONE] if asked for."""
    return lines(*sse(*rows, *([b"[DONE]"] if done else [])))


def said(text: str = "", reason: str | None = None, **delta: object) -> dict[str, object]:
    """An event that carries a piece of the answer."""
    fields = {**({"content": text} if text else {}), **delta}
    return {"model": "tiny", "choices": [{"index": 0, "delta": fields, "finish_reason": reason}]}


def called(arguments: str, name: str = "read", at: int = 0, call_id: str = "c1") -> list[dict[str, object]]:
    """A tool call as vLLM streams it: id and name first, then the arguments in pieces."""
    first = {"id": call_id, "type": "function", "index": at, "function": {"name": name}}
    half = len(arguments) // 2
    rest = [{"index": at, "function": {"arguments": part}} for part in (arguments[:half], arguments[half:]) if part]
    return [said(tool_calls=[part]) for part in (first, *rest)]


def figures(**usage: object) -> dict[str, object]:
    """The event with the figures."""
    return {"model": "tiny", "choices": [], "usage": usage}
