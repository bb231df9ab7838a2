"""An engine that is an Ollama server: chat is our own request; models are managed through the `ollama` package."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING

from b4tui.config import EngineConfig
from b4tui.engines import errors
from b4tui.engines.address import engine_address
from b4tui.engines.ids import new_call_id
from b4tui.engines.names import is_cloud_name
from b4tui.engines.types import (
    ChatRequest,
    EngineError,
    Health,
    LoadedModel,
    ModelCard,
    ModelInfo,
    PullProgress,
    StreamEvent,
)

if TYPE_CHECKING:
    import httpx

    from b4tui.engines.locality import Locality
    from b4tui.engines.management import Management


class OllamaEngine:
    """One Ollama server. Nothing is connected, and neither httpx nor `ollama` is loaded, before the first question.

    `new_id` makes ids for tool calls that come without one; `clock` counts seconds. Raises AddressError.
    """

    def __init__(
        self,
        name: str,
        config: EngineConfig,
        environ: Mapping[str, str],
        *,
        new_id: Callable[[], str] = new_call_id,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._config = config
        self._address = engine_address(name, config, environ)
        self._new_id = new_id
        self._clock = clock
        self._client: httpx.AsyncClient | None = None
        self._locality: Locality | None = None
        self._manager: Management | None = None

    @property
    def name(self) -> str:
        """The key of `[engines.NAME]`."""
        return self._name

    @property
    def address(self) -> str:
        """Base URL, for a person."""
        return self._address.url

    async def chat(self, request: ChatRequest) -> AsyncGenerator[StreamEvent, None]:
        """Ask. Closing the iterator cancels the answer on the server. Never raises for the server's faults.

        No prompt is sent before the server has said that it computes this model itself.
        """
        from b4tui.engines.chat import stream_chat
        from b4tui.engines.reply import Exchange

        asked = self._asked(request.model)
        if is_cloud_name(request.model):
            yield errors.cloud_name(asked)
            return
        refusal = await self._local_models().refusal(request.model, asked)
        if refusal is not None:
            yield refusal
            return
        exchange = Exchange(self._http(), self._address.url, self._config, self._new_id, self._clock)
        async with aclosing(stream_chat(exchange, request, asked)) as events:
            async for event in events:
                yield event

    async def health(self) -> Health:
        """Ask whether it answers, in at most the connect time-out. Never raises."""
        from b4tui.engines.health import ask_health

        return await ask_health(self._http(), self._address.url, self._asked(), self._config.connect_timeout_s)

    async def models(self) -> tuple[ModelInfo, ...]:
        """The models it has. Raises EngineError."""
        return await self._management().models()

    async def loaded(self) -> tuple[LoadedModel, ...]:
        """The models in memory now. Raises EngineError."""
        return await self._management().loaded()

    async def show(self, model: str) -> ModelCard:
        """What the server says of one model. Raises EngineError; a cloud model's name is refused unsent."""
        return await self._management().show(self._local(model))

    async def pull(self, model: str) -> AsyncGenerator[PullProgress, None]:
        """Have the server fetch a model, step by step. Raises EngineError; a cloud model's name is refused unsent."""
        async with aclosing(self._management().pull(self._local(model))) as steps:
            async for progress in steps:
                yield progress

    async def aclose(self) -> None:
        """Close every connection."""
        client, manager = self._client, self._manager
        self._client = self._locality = self._manager = None
        if client is not None:
            await client.aclose()
        if manager is not None:
            await manager.aclose()

    def _asked(self, model: str = "") -> errors.Asked:
        return errors.Asked(self._name, self._address.place, self._address.loopback).about(model)

    def _local(self, model: str) -> str:
        if is_cloud_name(model):
            raise EngineError(errors.cloud_name(self._asked(model)))
        return model

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            import httpx

            from b4tui.engines.http import client_options

            self._client = httpx.AsyncClient(**client_options(self._address, self._config.connect_timeout_s))
        return self._client

    def _local_models(self) -> Locality:
        if self._locality is None:
            from b4tui.engines.locality import Locality

            self._locality = Locality(self._http(), self._address.url, self._clock)
        return self._locality

    def _management(self) -> Management:
        if self._manager is None:
            try:
                from b4tui.engines.management import open_management
            except Exception as error:
                # The package makes a client from the environment when it is imported, and that may raise anything.
                raise EngineError(errors.package_unusable(self._asked(), str(error))) from error

            self._manager = open_management(self._address, self._config, self._asked())
        return self._manager
