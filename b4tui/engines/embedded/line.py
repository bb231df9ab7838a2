"""The way to one child: chats and questions over its socket, in the words that OpenAI-compatible servers share."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

import httpx

from b4tui.config import EngineConfig
from b4tui.engines import errors
from b4tui.engines.address import Address
from b4tui.engines.embedded.process import Child
from b4tui.engines.http import client_options
from b4tui.engines.interface import EngineError, ServerLoad
from b4tui.engines.openai.asking import Asking
from b4tui.engines.openai.chat import stream_chat
from b4tui.engines.openai.flavors import LLAMA_SERVER
from b4tui.engines.openai.models import ServedModel
from b4tui.engines.reply import Exchange
from b4tui.engines.types import ChatRequest, Failure, StreamEvent

# A name for the Host header; the connection goes to the socket.
_ADDRESS = Address("http", "localhost", 80, "", loopback=True)


class Line:
    """The connections to one child, none of them kept between questions: they end with it.

    `signs` counts its signs of life: events of answers, and figures of its load.
    """

    def __init__(
        self,
        child: Child,
        asked: errors.Asked,
        config: EngineConfig,
        new_id: Callable[[], str],
        clock: Callable[[], float],
    ) -> None:
        self.child = child
        self.signs = 0
        self._asked = asked
        self._flavor = replace(LLAMA_SERVER, server=asked.server)
        self._client = httpx.AsyncClient(**client_options(_ADDRESS, config.connect_timeout_s, socket=str(child.socket)))
        self._exchange = Exchange(self._client, _ADDRESS.url, config, new_id, clock)
        self._asking = Asking(self._client, _ADDRESS.url, "embedded", asked, clock)

    def chat(self, request: ChatRequest) -> AsyncGenerator[StreamEvent, None]:
        """The events of one answer, under the file's name whatever the role called its model."""
        served = ServedModel(name=self.child.launch.alias, identity="")
        return stream_chat(self._exchange, request, served, self._flavor, self._asked)

    async def load(self) -> ServerLoad | None:
        """What it says of its load. Never raises."""
        load = await self._asking.load()
        self.signs += load is not None
        return load

    async def context(self) -> int:
        """The window that each slot really has, in tokens. Raises EngineError."""
        served = await self._asking.served()
        if isinstance(served, Failure):
            raise EngineError(served)
        return served.models[0].context if served.models else 0

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()
