"""An engine that is an Ollama server: chat is our own request; models are managed through the `ollama` package."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from b4tui import events
from b4tui.config import EngineConfig, PolicyConfig
from b4tui.engines import errors
from b4tui.engines.address import engine_address
from b4tui.engines.attestation.pins import Pins
from b4tui.engines.ids import new_call_id
from b4tui.engines.interface import (
    Attestation,
    EngineError,
    Health,
    LoadedModel,
    ModelCard,
    ModelInfo,
    PullProgress,
    ServerLoad,
)
from b4tui.engines.names import is_cloud_name
from b4tui.engines.ollama.rehearsal import Rehearsals, Rehearsed, Stage
from b4tui.engines.ollama.sending import as_sent, to_be_seen
from b4tui.engines.ollama.stuck import BrokenOff, tried
from b4tui.engines.types import ChatRequest, Failure, FailureKind, StreamEvent, Usage

if TYPE_CHECKING:
    import httpx

    from b4tui.engines.attestation.attesting import Attesting
    from b4tui.engines.ollama.management import Management
    from b4tui.engines.reply import Exchange

ONE_AT_A_TIME = frozenset({"qwen3next"})  # what Ollama gives one slot to, whatever it is told (1.6)


class OllamaEngine:
    """One Ollama server. Nothing is connected, and neither httpx nor `ollama` is loaded, before the first question.

    `pins` says which models are trusted, `policy` what is asked of them. `new_id` makes ids for tool calls that come
    without one; `clock` counts seconds, `now` dates a pin. Raises AddressError.
    """

    def __init__(
        self,
        name: str,
        config: EngineConfig,
        environ: Mapping[str, str],
        *,
        pins: Pins,
        policy: PolicyConfig,
        new_id: Callable[[], str] = new_call_id,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = events.now,
    ) -> None:
        self._name = name
        self._config = config
        self._address = engine_address(name, config, environ)
        self._new_id = new_id
        self._clock = clock
        self._now = now
        self._pins = pins
        self._policy = policy
        self._client: httpx.AsyncClient | None = None
        self._attesting: Attesting | None = None
        self._manager: Management | None = None
        self._rehearsals = Rehearsals()
        self._broken_off = BrokenOff(self)

    @property
    def name(self) -> str:
        """The key of `[engines.NAME]`."""
        return self._name

    @property
    def kind(self) -> str:
        """`ollama`."""
        return "ollama"

    @property
    def address(self) -> str:
        """Base URL, for a person."""
        return self._address.url

    async def chat(self, request: ChatRequest) -> AsyncGenerator[StreamEvent, None]:
        """Ask. Closing the iterator cancels the answer on the server. Never raises for the server's faults.

        Nothing is sent to a model that is computed elsewhere or has changed, and nothing private to one that is not
        proven to be computed here, unless the policy asks for no proof. An attested model is seen in the server's
        memory before it is told anything: it is loaded for that where it is not there yet (see `rehearsal`).
        """
        from b4tui.engines.attestation.refusal import refusal
        from b4tui.engines.ollama.chat import stream_chat

        asked = self._asked(request.model)
        attestation = await self.attest(request.model)
        required = self._policy.require_attested
        refused = refusal(attestation, private=request.private, require_attested=required)
        if refused is not None:
            yield refused
            return
        sent = as_sent(request, attestation)
        await self._broken_off.freed(request.model, lambda: stream_chat(self._exchange(), tried(sent), asked))
        rehearsed = await self._rehearsed(sent, attestation, asked)
        if rehearsed is not None and rehearsed.failure is not None:
            self._learn(rehearsed.failure, attestation)
            yield rehearsed.failure
            return
        async with (
            aclosing(stream_chat(self._exchange(), sent, asked)) as stream,
            aclosing(self._watched(stream, attestation)) as watched,
            aclosing(self._broken_off.noted(watched, request.model)) as answer,
        ):
            async for event in answer:
                if isinstance(event, Failure):
                    self._learn(event, attestation)
                if rehearsed is not None and isinstance(event, Usage):
                    event = rehearsed.counted(event)
                yield event

    async def attest(self, model: str, *, fresh: bool = False) -> Attestation:
        """Where this model is computed, as far as it can be proven (research/runtime.md 1.7).

        A verdict `attested` is kept for half a minute, unless `fresh`. Sends nothing but names. Never raises.
        """
        return await self._attester().attest(model, fresh=fresh)

    async def slots(self, model: str) -> int:
        """How many answers of this model it gives at a time: the settings' word, else 1. Never raises.

        Some kinds of model get one slot whatever is set; which kind a model is, the server says when it is attested.
        """
        wanted = self._config.slots or 1
        if wanted == 1:
            return 1
        if not self._attester().architecture(model):
            await self.attest(model)
        return 1 if self._attester().architecture(model) in ONE_AT_A_TIME else wanted

    async def load(self) -> ServerLoad | None:
        """None: Ollama says nothing of its load (research/runtime.md 1.10)."""
        return None

    async def health(self) -> Health:
        """Ask whether it answers, in at most the connect time-out. Never raises."""
        from b4tui.engines.ollama.health import ask_health

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

    async def copy(self, model: str, name: str) -> None:
        """Give a model a second name, without copying bytes. Raises EngineError; cloud names are refused unsent."""
        await self._management().copy(self._local(model), self._local(name))

    async def delete(self, model: str) -> None:
        """Take a name off the server. Raises EngineError."""
        await self._management().delete(model)

    async def unload(self, model: str) -> None:
        """Put a model out of memory when it is idle. Raises EngineError; a cloud model's name is refused unsent."""
        await self._management().unload(self._local(model))

    async def aclose(self) -> None:
        """Close every connection."""
        client, manager = self._client, self._manager
        attesting, self._attesting = self._attesting, None
        self._client = self._manager = None
        if attesting is not None:
            await attesting.aclose()
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

    def _exchange(self) -> Exchange:
        from b4tui.engines.reply import Exchange

        return Exchange(self._http(), self._address.url, self._config, self._new_id, self._clock)

    def _learn(self, failure: Failure, attestation: Attestation) -> None:
        """What was known of a model is wrong when its answer comes from elsewhere, or the server has it no more."""
        if failure.kind is FailureKind.REMOTE:
            self._attester().caught(attestation)
        elif failure.kind is FailureKind.NO_MODEL:
            self._attester().forget(attestation.model)

    async def _rehearsed(self, sent: ChatRequest, attestation: Attestation, asked: errors.Asked) -> Rehearsed | None:
        """What came of having the model in memory before it is told anything; None where it was there."""
        from b4tui.engines.ollama.chat import stream_chat

        if not to_be_seen(attestation):
            return None
        stage = Stage(
            ask=lambda request: stream_chat(self._exchange(), request, asked),
            loaded=partial(self._attester().is_in_memory, attestation),
            confirm=partial(self._attester().seen_in_memory, attestation),
            clock=self._clock,
        )
        return await self._rehearsals.before(sent, stage)

    def _watched(
        self, stream: AsyncGenerator[StreamEvent, None], attestation: Attestation
    ) -> AsyncGenerator[StreamEvent, None]:
        """The stream, and beside it the question whether the attested model is in memory, once for an attestation."""
        from b4tui.engines.attestation.confirming import confirmed

        if not to_be_seen(attestation):
            return stream
        return confirmed(stream, partial(self._attester().seen_in_memory, attestation))

    def _attester(self) -> Attesting:
        if self._attesting is None:
            from b4tui.engines.attestation.attesting import Attesting, Rules
            from b4tui.engines.attestation.ollama import Place
            from b4tui.engines.attestation.questions import Server

            address = self._address
            place = Place(at=address.place, loopback=address.loopback, pinned=self._config.pinned)
            self._attesting = Attesting(
                Server(
                    client=self._http(),
                    url=address.url,
                    asked=self._asked(),
                    place=place,
                    connect_timeout_s=self._config.connect_timeout_s,
                ),
                Rules(
                    pins=self._pins,
                    smallest_bytes=self._policy.smallest_model_bytes,
                    clock=self._clock,
                    now=self._now,
                ),
            )
        return self._attesting

    def _management(self) -> Management:
        if self._manager is None:
            try:
                from b4tui.engines.ollama.management import open_management
            except Exception as error:
                # The package makes a client from the environment when it is imported, and that may raise anything.
                raise EngineError(errors.package_unusable(self._asked(), str(error))) from error

            self._manager = open_management(self._address, self._config, self._asked())
        return self._manager
