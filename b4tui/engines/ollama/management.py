"""Models of an Ollama server: list, show, loaded, pull, copy and delete, through the `ollama` package.

The package's own client follows redirects, obeys proxies of the environment, waits for ever, sends OLLAMA_API_KEY to
any host, and forgets which models are remote (research/runtime.md 1.9). Here it sits on our own transport and types.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import ollama

from b4tui.config import EngineConfig
from b4tui.engines import errors
from b4tui.engines.address import Address
from b4tui.engines.errors import Asked, plain
from b4tui.engines.http import TRANSPORT_ERRORS, client_options, transport_failure
from b4tui.engines.interface import EngineError, LoadedModel, ModelCard, ModelInfo, PullProgress
from b4tui.engines.names import is_cloud_name
from b4tui.engines.ollama.wire import weights_of
from b4tui.engines.reading import error_text
from b4tui.engines.types import Failure

T = TypeVar("T")
ANSWER_SECONDS = 30.0
_MISREAD = (ValueError, TypeError, AttributeError, RecursionError)


class _Tag(ollama.ListResponse.Model):
    """A row of /api/tags, with the fields that the package drops."""

    remote_host: str | None = None
    remote_model: str | None = None


class _Tags(ollama.ListResponse):
    models: list[_Tag]


class _Card(ollama.ShowResponse):
    remote_host: str | None = None
    remote_model: str | None = None


class _Client(ollama.AsyncClient):
    """The package's client, with replies read into our types where its own lose what matters."""

    async def tags(self) -> _Tags:
        return await self._request(_Tags, "GET", "/api/tags")

    async def card(self, model: str) -> _Card:
        return await self._request(_Card, "POST", "/api/show", json={"model": model})

    async def aclose(self) -> None:
        await self._client.aclose()


class Management:
    """What one server has and holds. Every method raises EngineError."""

    def __init__(self, client: _Client, config: EngineConfig, asked: Asked) -> None:
        self._client = client
        self._config = config
        self._asked = asked
        self._weights: dict[str, str] = {}

    async def models(self) -> tuple[ModelInfo, ...]:
        """The models on disk, remote ones included and marked."""
        reply = await self._answer(self._client.tags(), self._asked)
        return tuple(_model(row) for row in reply.models)

    async def loaded(self) -> tuple[LoadedModel, ...]:
        """The models in memory."""
        reply = await self._answer(self._client.ps(), self._asked)
        rows = [
            LoadedModel(
                name=plain(row.model or row.name or ""),
                digest=_digest(row.digest),
                size=row.size or 0,
                vram=row.size_vram or 0,
                context=row.context_length or 0,
                expires_at=row.expires_at.isoformat() if row.expires_at else "",
            )
            for row in reply.models
        ]
        return tuple([replace(row, weights=await self._weights_of(row)) for row in rows])

    async def _weights_of(self, model: LoadedModel) -> str:
        """The file a model is loaded from, asked once for each digest; "" where it cannot be known."""
        if not model.digest or is_cloud_name(model.name):
            return ""
        if model.digest not in self._weights:
            try:
                card = await self._answer(self._client.card(model.name), self._asked.about(model.name))
            except EngineError:
                return ""  # the list of what is loaded is worth having without it
            self._weights[model.digest] = weights_of({"modelfile": card.modelfile})
        return self._weights[model.digest]

    async def show(self, model: str) -> ModelCard:
        """One model. Its capabilities are to be taken from here, not from the list (research/runtime.md 1.12)."""
        reply = await self._answer(self._client.card(model), self._asked.about(model))
        info: Mapping[str, Any] = reply.modelinfo or {}
        architecture = info.get("general.architecture")
        context = info.get(f"{architecture}.context_length")
        details = reply.details
        return ModelCard(
            name=model,
            capabilities=frozenset(reply.capabilities or ()),
            architecture=plain(architecture) if isinstance(architecture, str) else "",
            context=context if isinstance(context, int) else 0,
            format=plain((details and details.format) or ""),
            parameters=plain((details and details.parameter_size) or ""),
            quantization=plain((details and details.quantization_level) or ""),
            remote=bool(reply.remote_host or reply.remote_model),
        )

    async def pull(self, model: str) -> AsyncGenerator[PullProgress, None]:
        """Fetch a model, step by step; it is there only when this ends by itself."""
        asked = self._asked.about(model)
        seconds = self._config.first_token_timeout_s
        steps = await self._answer(self._client.pull(model, stream=True), asked)
        status = ""
        try:
            while True:
                step = await self._answer(anext(steps, None), asked, seconds)
                if step is None:
                    break
                status = plain(step.status or "", 120)
                yield PullProgress(
                    status=status,
                    digest=_digest(step.digest),
                    completed=step.completed or 0,
                    total=step.total or 0,
                )
        finally:
            if isinstance(steps, AsyncGenerator):
                await steps.aclose()
        if status != "success":
            raise EngineError(errors.incomplete(asked))

    async def copy(self, model: str, name: str) -> None:
        """Give a model a second name: the same digest, and no bytes are copied. What had that name loses it."""
        await self._answer(self._client.copy(model, name), self._asked.about(model))

    async def delete(self, model: str) -> None:
        """Take a name off the server; bytes go with the last name that needs them."""
        await self._answer(self._client.delete(model), self._asked.about(model))

    async def unload(self, model: str) -> None:
        """Put a model out of memory when it is idle: by a chat that says nothing, and is to be kept for no time."""
        await self._answer(self._client.chat(model, messages=[], keep_alive=0), self._asked.about(model))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def _answer(self, step: Awaitable[T], asked: Asked, seconds: float = ANSWER_SECONDS) -> T:
        try:
            async with asyncio.timeout(seconds):
                return await step
        except TimeoutError:
            raise EngineError(errors.no_answer(asked, seconds)) from None
        except ollama.ResponseError as error:
            status = error.status_code if error.status_code > 0 else None
            raise EngineError(errors.server_failure(asked, status, error_text(error.error))) from None
        except TRANSPORT_ERRORS as error:
            raise EngineError(_unanswered(asked, error, self._config)) from None
        except _MISREAD as error:
            raise EngineError(errors.protocol(asked, f"a reply that cannot be read: {type(error).__name__}")) from None


def open_management(address: Address, config: EngineConfig, asked: Asked) -> Management:
    """Management of the server at an address. Nothing is connected yet."""
    client = _Client(address.url, **client_options(address, config.connect_timeout_s))
    return Management(client, config, asked)


def _model(row: _Tag) -> ModelInfo:
    details = row.details
    return ModelInfo(
        name=plain(row.model or ""),
        digest=_digest(row.digest),
        size=row.size or 0,
        format=plain((details and details.format) or ""),
        parameters=plain((details and details.parameter_size) or ""),
        quantization=plain((details and details.quantization_level) or ""),
        remote=bool(row.remote_host or row.remote_model),
    )


def _digest(text: str | None) -> str:
    """Hex alone: servers write it with and without `sha256:`."""
    return plain(text or "", 80).removeprefix("sha256:")


def _unanswered(asked: Asked, error: Exception, config: EngineConfig) -> Failure:
    if type(error) is ConnectionError:  # the package's own word for "nobody there"
        return errors.unreachable(asked)
    return transport_failure(asked, error, config.connect_timeout_s)
