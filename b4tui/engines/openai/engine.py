"""An engine that is an OpenAI-compatible server: vLLM, llama-server, LocalAI, or any other."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING

from b4tui.config import ConfigError, EngineConfig, PolicyConfig
from b4tui.engines import errors
from b4tui.engines.address import engine_address
from b4tui.engines.attestation.openai import Word, attest, attest_by_name
from b4tui.engines.attestation.pins import Pin, PinError, Pins
from b4tui.engines.attestation.refusal import refusal
from b4tui.engines.ids import new_call_id
from b4tui.engines.interface import (
    Attestation,
    EngineError,
    Health,
    LoadedModel,
    ModelInfo,
    ServerLoad,
)
from b4tui.engines.openai.flavors import OTHER, known_flavor
from b4tui.engines.openai.models import Served, ServedModel
from b4tui.engines.types import ChatRequest, Failure, FailureKind, StreamEvent
from b4tui.events import Locality

if TYPE_CHECKING:
    import httpx

    from b4tui.engines.openai.asking import Asking
    from b4tui.engines.openai.health import Liveness

# After these, what answers at the address next may be another server, or another model of it.
_UNSURE = frozenset(
    {
        FailureKind.NO_MODEL,
        FailureKind.UNREACHABLE,
        FailureKind.TIMEOUT,
        FailureKind.INCOMPLETE,
        FailureKind.CRASHED,
    }
)


class OpenAiEngine:
    """One OpenAI-compatible server. Nothing is connected, and httpx is not loaded, before the first question.

    `environ` is where the variable `key_env` is looked for. `pins` are the operator's; without them nothing is
    attested. `new_id` makes ids for tool calls, `clock` counts seconds.

    Raises AddressError, and ConfigError for a key that cannot be sent.
    """

    def __init__(
        self,
        name: str,
        config: EngineConfig,
        environ: Mapping[str, str],
        *,
        policy: PolicyConfig | None = None,
        pins: Pins | None = None,
        new_id: Callable[[], str] = new_call_id,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._config = config
        self._policy = policy or PolicyConfig()
        self._pins = pins
        self._address = engine_address(name, config, environ)
        self._key = _key(name, config, environ)
        self._server = (known_flavor(config.kind) or OTHER).server
        self._new_id = new_id
        self._clock = clock
        self._client: httpx.AsyncClient | None = None
        self._asking: Asking | None = None
        self._alive: Liveness | None = None

    @property
    def name(self) -> str:
        """The key of `[engines.NAME]`."""
        return self._name

    @property
    def kind(self) -> str:
        """The kind of server, as the settings have it."""
        return self._config.kind

    @property
    def address(self) -> str:
        """Base URL, for a person."""
        return self._address.url

    async def chat(self, request: ChatRequest) -> AsyncGenerator[StreamEvent, None]:
        """Ask. Closing the iterator cancels the answer on the server. Never raises for the server's faults.

        No prompt is sent to a model that the server does not list: some answer to any name (research/runtime.md 2).
        """
        from b4tui.engines.openai.chat import stream_chat
        from b4tui.engines.reply import Exchange

        asked = self._asked(request.model)
        attestation = await self._proven(request.model, False)
        required = self._policy.require_attested
        refused = refusal(attestation, private=request.private, require_attested=required)
        if refused is not None:
            yield refused
            return
        served = await self._questions().served()
        if isinstance(served, Failure):
            yield served
            return
        model = self._served_name(request.model)
        found = served.find(model)
        if found is None:
            yield errors.server_failure(asked, 404, f"no model {model}")
            return
        if found.identity != attestation.digest:
            yield errors.replaced(asked)  # what was proven is of another one than what would answer now
            return
        liveness = self._liveness()
        exchange = Exchange(self._http(), self._address.url, self._config, self._new_id, self._clock)
        async with aclosing(stream_chat(exchange, request, found, served.flavor, asked)) as events:
            async for event in events:
                liveness.note(event, model)
                if isinstance(event, Failure) and event.kind in _UNSURE:
                    self._questions().forget()
                yield event

    async def attest(self, model: str, *, fresh: bool = False) -> Attestation:
        """Where this model is computed, as far as it can be proven. Sends nothing but questions. Never raises."""
        return await self._proven(model, fresh)

    async def slots(self, model: str) -> int:
        """How many answers it gives at a time: the settings' word, else the server's, else what its kind can do."""
        if self._config.slots:
            return self._config.slots
        served = await self._questions().served()
        if isinstance(served, Failure):
            return (known_flavor(self._config.kind) or OTHER).slots
        return served.slots or served.flavor.slots

    async def load(self) -> ServerLoad | None:
        """What its metrics say of its load; None where it serves none. Never raises."""
        return await self._questions().load()

    async def health(self) -> Health:
        """Ask whether it answers, in at most the connect time-out. Never raises.

        After an answer that broke off it must compute one token first: pages alone prove nothing (research/vllm.md 8).
        """
        return await self._liveness().health(self._config.connect_timeout_s)

    async def models(self) -> tuple[ModelInfo, ...]:
        """The models it has, under the names that the settings give them. Raises EngineError."""
        served = await self._served()
        return tuple(
            ModelInfo(
                name=name,
                context=model.context,
                digest=model.identity,
                size=model.size,
                parameters=model.parameters,
                quantization=model.quantization,
                remote=model.remote,
            )
            for model in served.models
            for name in self._our_names(model)
        )

    async def loaded(self) -> tuple[LoadedModel, ...]:
        """The models in memory: what it serves, unless it tells the two apart. Raises EngineError."""
        served = await self._served()
        return tuple(
            LoadedModel(
                name=self._our_names(model)[0],
                digest=model.identity,
                size=model.size,
                vram=model.vram,
                context=model.context,
                weights=model.weights,
            )
            for model in served.models
            if model.loaded is not False
        )

    async def aclose(self) -> None:
        """Close every connection."""
        client, alive = self._client, self._alive
        self._client = self._asking = self._alive = None
        if alive is not None:
            await alive.aclose()
        if client is not None:
            await client.aclose()

    async def _proven(self, model: str, fresh: bool) -> Attestation:
        """What the operator's word proves of a model, by our name for it, whichever of its names it is asked for by."""
        served_name = self._served_name(model)
        model = self._our_name(model)
        word = self._word(model, served_name)
        by_name = attest_by_name(word, model, served_name)
        if by_name is not None:
            return by_name
        served = await self._questions().served(fresh=fresh)
        if isinstance(served, Failure):
            return Attestation(engine=self._name, model=model, locality=Locality.UNATTESTED, failure=served)
        return attest(word, model, served_name, served)

    def _word(self, model: str, served_name: str) -> Word:
        pin: Pin | None = None
        unreadable = ""
        names = (model, served_name, *self._names_for(served_name))
        try:
            if self._pins is not None:
                pins = (self._pins.get(self.address, name) for name in names)
                pin = next((known for known in pins if known is not None), None)
        except PinError as error:
            unreadable = str(error)
        return Word(
            engine=self._name,
            place=self.address,
            address_pinned=self._config.pinned,
            vouched=self._config.vouched,
            pin=pin,
            pins_unreadable=unreadable,
        )

    async def _served(self) -> Served:
        served = await self._questions().served()
        if isinstance(served, Failure):
            raise EngineError(served)
        return served

    def _served_name(self, model: str) -> str:
        return self._config.models.get(model, model)

    def _our_name(self, model: str) -> str:
        """The settings' name for a model; itself where they have none."""
        return model if model in self._config.models else next(iter(self._names_for(model)), model)

    def _names_for(self, served_name: str) -> tuple[str, ...]:
        """The names that the settings give to a model of the server, in their order."""
        return tuple(ours for ours, theirs in self._config.models.items() if theirs == served_name)

    def _our_names(self, model: ServedModel) -> tuple[str, ...]:
        ours = tuple(ours for ours, theirs in self._config.models.items() if model.is_called(theirs))
        return ours or (model.name,)

    def _asked(self, model: str = "") -> errors.Asked:
        asked = errors.Asked(self._name, self._address.place, self._address.loopback, server=self._server)
        return asked.about(model)

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            import httpx

            from b4tui.engines.http import client_options

            options = client_options(self._address, self._config.connect_timeout_s, key=self._key)
            self._client = httpx.AsyncClient(**options)
        return self._client

    def _questions(self) -> Asking:
        if self._asking is None:
            from b4tui.engines.openai.asking import Asking

            self._asking = Asking(self._http(), self._address.url, self._config.kind, self._asked(), self._clock)
        return self._asking

    def _liveness(self) -> Liveness:
        if self._alive is None:
            from b4tui.engines.openai.health import Liveness

            self._alive = Liveness(self._questions(), self._asked(), self._config.first_token_timeout_s)
        return self._alive


def _key(name: str, config: EngineConfig, environ: Mapping[str, str]) -> str:
    """The server's API key, "" where it wants none. Raises ConfigError, which does not show it."""
    if not config.key_env:
        return ""
    key = environ.get(config.key_env, "")
    if not key:
        raise ConfigError(f'engines.{name}.key_env: the environment has no {config.key_env}; set it, or write ""')
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise ConfigError(f"engines.{name}.key_env: what {config.key_env} holds is no API key; set it anew")
    return key
