"""A simulated vLLM or llama-server: a real HTTP server on loopback whose model answers from scripts.

    async with SimulatedOpenAi(plays=Plays.VLLM, speed=20) as server:
        server.address                           # http://127.0.0.1:PORT
        server.faults.add(FaultKind.DONE_ONLY)   # the next chat ends with [DONE] and no reason
        server.frozen = True                     # healthy on every page, and computes nothing

It says of itself that it is simulated: `X-B4tui-Simulated: 1` on every answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Any

from b4tui.demo import openai_pages as pages
from b4tui.demo.catalog import MODELS, SimulatedModel
from b4tui.demo.chat import Prompt, count_tokens, tool_names
from b4tui.demo.faults import Fault, FaultKind, Faults
from b4tui.demo.listening import Exchange, Listener
from b4tui.demo.openai_answer import Turn, send
from b4tui.demo.openai_pages import Load, Plays, Refused
from b4tui.demo.pace import Pace
from b4tui.demo.script import Script, Scripts, read_scripts
from b4tui.demo.wire import EVENTS, Reply

CHAT = "/v1/chat/completions"
_KEEP_ALIVE_S = 0.05


class SimulatedOpenAi(Listener):
    """The server; an async context manager. Everything runs on the loop that enters it.

    `speed`, `tokens_per_s` and `scripts` as in SimulatedOllama. `context` in tokens; `slots` answers are made at a
    time, and more of them wait with a stream that has begun (research/vllm.md 8). `key`: what it asks of its clients.
    `frozen` and `loading` (a llama-server's 503; a vLLM that loads does not listen) may be set while it runs.
    """

    def __init__(
        self,
        scripts: Iterable[Script] | None = None,
        *,
        plays: Plays = Plays.VLLM,
        model: SimulatedModel = MODELS[0],
        context: int = 32_768,
        slots: int = 4,
        key: str = "",
        speed: float = 1.0,
        tokens_per_s: float = 40.0,
    ) -> None:
        super().__init__()
        self._scripts = Scripts(read_scripts() if scripts is None else scripts)
        self._plays = plays
        self._context = context
        self._slots = slots
        self._free = asyncio.Semaphore(slots)
        self._key = key
        self._pace = Pace(speed, tokens_per_s)
        self._answers = 0
        self.model = model
        self.load = Load()
        self.frozen = False
        self.loading = False
        self.faults = Faults(CHAT)

    @property
    def chats(self) -> list[Exchange]:
        """The chats, in the order they came."""
        return [exchange for exchange in self.requests if exchange.path == CHAT]

    def forget(self) -> None:
        """What it counted is gone."""
        self.load = Load()
        self._free = asyncio.Semaphore(self._slots)

    async def refuse(self, reply: Reply, message: str) -> None:
        """Answer bytes that are no request."""
        await self._send(pages.error(self._plays, 400, message, "invalid_request_error"), reply)

    async def answer(self, exchange: Exchange, reply: Reply) -> None:
        """Answer one request, or let a fault act."""
        try:
            self._admit(exchange)
            if exchange.path == CHAT and exchange.method == "POST":
                await self._chat(exchange, reply)
            else:
                await reply.whole(200, self._page(exchange))
        except Refused as refused:
            await self._send(refused, reply)

    async def _send(self, refused: Refused, reply: Reply) -> None:
        await reply.whole(refused.status, refused.body)

    def _admit(self, exchange: Exchange) -> None:
        """Raises Refused. vLLM asks for the key on /v1 alone (research/vllm.md 9), llama-server but for /health."""
        guarded = exchange.path.startswith("/v1") or self._plays is Plays.LLAMA_SERVER
        public = exchange.path == "/health"
        if self._key and guarded and not public and exchange.headers.get("authorization") != f"Bearer {self._key}":
            raise pages.wrong_key(self._plays)
        if self.loading:
            raise pages.loading(self._plays)

    def _page(self, exchange: Exchange) -> object:
        """A page. Raises Refused for one that is not there."""
        vllm = self._plays is Plays.VLLM
        reads = exchange.method in {"GET", "HEAD"}
        match exchange.path:
            case "/v1/models" if reads:
                return pages.models(self._plays, self.model, self._context, int(time.time()))
            case "/health" if reads:
                return "" if vllm else {"status": "ok"}
            case "/metrics" if reads:
                return pages.metrics(self._plays, self.model, self.load)
            case "/version" if reads and vllm:
                return {"version": pages.VLLM_VERSION}
            case "/props" if reads and not vllm:
                return pages.props(self.model, self._context, self._slots)
        raise pages.no_such_page(self._plays)

    async def _chat(self, exchange: Exchange, reply: Reply) -> None:
        body = exchange.body if isinstance(exchange.body, dict) else {}
        fault = self.faults.take(CHAT, exchange.bead)
        self._strike_first(fault)
        prompt = self._prompt(body)
        name = self._name(body)
        if prompt.stream:
            reply.begin(EVENTS)
        await self._wait_as_told(fault, reply)
        if self.frozen or (fault is not None and fault.kind is FaultKind.HANG):
            await asyncio.Event().wait()
        turn = self._turn(body, prompt, name, fault)
        self.load.waiting += 1
        try:
            await self._free.acquire()
        finally:
            self.load.waiting -= 1
        self.load.running += 1
        try:
            await send(turn, reply)
        finally:
            self.load.running -= 1
            self._free.release()

    def _strike_first(self, fault: Fault | None) -> None:
        """Let a fault act that takes the answer's place. Raises Refused."""
        match fault.kind if fault else None:
            case FaultKind.BUSY:
                raise pages.busy(self._plays)
            case FaultKind.CRASH:
                raise pages.error(self._plays, 500, "EngineCore encountered an issue.", "InternalServerError")
            case FaultKind.OUT_OF_MEMORY:
                raise pages.error(self._plays, 500, "CUDA out of memory", "InternalServerError")

    async def _wait_as_told(self, fault: Fault | None, reply: Reply) -> None:
        """The silence of a queue, with or without signs of life."""
        if fault is None or fault.kind not in {FaultKind.QUEUED, FaultKind.KEEP_ALIVE, FaultKind.SLOW}:
            return
        if fault.kind is not FaultKind.KEEP_ALIVE:
            await asyncio.sleep(fault.seconds)
            return
        for _ in range(max(1, round(fault.seconds / _KEEP_ALIVE_S))):
            await reply.raw(b": keep-alive\n\n")
            await asyncio.sleep(_KEEP_ALIVE_S)

    def _name(self, body: Mapping[str, Any]) -> str:
        """The name that the answer bears. Raises Refused: vLLM looks at the name, unless it is empty."""
        asked = body.get("model")
        if self._plays is Plays.VLLM and asked and asked != self.model.name:
            raise pages.no_model(str(asked), self.model.name)
        return self.model.name

    def _prompt(self, body: Mapping[str, Any]) -> Prompt:
        """What a request asks of the model. Raises Refused."""
        messages = body.get("messages")
        if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
            raise pages.error(self._plays, 400, "messages must be a list", "BadRequestError")
        max_tokens = body.get("max_tokens", -1)
        if not isinstance(max_tokens, int):
            raise pages.error(self._plays, 400, "max_tokens must be a number", "Bad Request")
        last = max((at for at, message in enumerate(messages) if message.get("role") == "assistant"), default=-1)
        frame = count_tokens(body.get("tools") or "")
        tokens = frame + sum(count_tokens(message) for message in messages)
        if tokens > self._context:
            raise pages.overflow(self._plays, tokens, self._context)
        switch = body.get("chat_template_kwargs")
        think = switch.get("enable_thinking", True) if isinstance(switch, dict) else True
        return Prompt(
            messages=messages,
            tokens=tokens,
            cached=frame + sum(count_tokens(message) for message in messages[: last + 1]) if last >= 0 else 0,
            num_ctx=self._context,
            num_predict=max_tokens,
            stream=body.get("stream") is True,
            think=bool(think) and "thinking" in self.model.capabilities,
            tools=tool_names(body),
        )

    def _turn(self, body: Mapping[str, Any], prompt: Prompt, name: str, fault: Fault | None) -> Turn:
        self._answers += 1
        options = body.get("stream_options")
        return Turn(
            plays=self._plays,
            model=self.model,
            name=name,
            prompt=prompt,
            step=self._scripts.answer(prompt.messages, tools=prompt.tools),
            stem=f"{self._answers:07x}",
            pace=self._pace,
            load=self.load,
            usage=isinstance(options, dict) and options.get("include_usage") is True,
            fault=fault,
        )
