"""What an engine is, whatever its kind: what can be asked of it, and what it says of itself and its models."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from b4tui.engines.types import ChatRequest, Failure, StreamEvent
from b4tui.events import Locality


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One step of an attestation. `holds` is None where it was not reached; `fix` says what makes it hold."""

    step: str
    holds: bool | None
    detail: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """What is known of where one model of one engine is computed (research/runtime.md 1.7), and by which steps.

    `digest` is what the server says of the model now, `pinned` what it was trusted as; they differ where it changed.
    `failure` is set where the server could not be asked, or would not speak of the model (it has none of that name):
    then nothing is known, and that is the reason.
    """

    engine: str
    model: str
    locality: Locality
    digest: str = ""
    pinned: str = ""
    proofs: tuple[Proof, ...] = ()
    failure: Failure | None = None

    @property
    def missing(self) -> Proof | None:
        """The first step that does not hold; None where all do."""
        return next((proof for proof in self.proofs if proof.holds is False), None)

    @property
    def changed(self) -> bool:
        """Whether the model is another one than was trusted."""
        return bool(self.pinned and self.digest and self.pinned != self.digest)


@dataclass(frozen=True, slots=True)
class Health:
    """Whether an engine answers. `version` and `simulated` as the server says; `reason` when it is down.

    `cloud_disabled` is the server's word about itself, None where it cannot tell.
    """

    up: bool
    version: str = ""
    simulated: bool = False
    cloud_disabled: bool | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLoad:
    """What a server says of its own load (Prometheus metrics). None where it does not say.

    `running` and `waiting` are requests of everybody, ours included; `cache_used` is the filled share of the memory
    for contexts, 0 to 1; `cache_hits` the share of prompt tokens that came from the prefix cache since it started;
    token counts are totals since it started.
    """

    running: int | None = None
    waiting: int | None = None
    cache_used: float | None = None
    cache_hits: float | None = None
    prompt_tokens: int | None = None
    generated_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """A model on an engine. Sizes in bytes; `remote` when the server says it is computed elsewhere.

    `context` is the longest conversation it is served with, in tokens, 0 where the server leaves that to the request.
    """

    name: str
    context: int = 0
    digest: str = ""
    size: int = 0
    format: str = ""
    parameters: str = ""
    quantization: str = ""
    remote: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModel:
    """A model in memory. Sizes in bytes; `vram` is the part on the GPU, None where nobody says; `context` in tokens.

    `weights` is the file it was loaded from, where that is known: telemetry finds its process by it.
    """

    name: str
    digest: str = ""
    size: int = 0
    vram: int | None = None
    context: int = 0
    expires_at: str = ""
    weights: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What a server says of one model: `context` is what it was trained for, in tokens, 0 where not said."""

    name: str
    capabilities: frozenset[str] = frozenset()
    architecture: str = ""
    context: int = 0
    format: str = ""
    parameters: str = ""
    quantization: str = ""
    remote: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PullProgress:
    """One step of fetching a model: the server's words; bytes of the layer `digest`, 0 where not said."""

    status: str
    digest: str = ""
    completed: int = 0
    total: int = 0


class Engine(Protocol):
    """A model server."""

    @property
    def name(self) -> str:
        """The key of `[engines.NAME]`."""
        ...

    @property
    def kind(self) -> str:
        """The kind of server, as `[engines.NAME] kind` has it."""
        ...

    @property
    def address(self) -> str:
        """Base URL, for a person."""
        ...

    def chat(self, request: ChatRequest) -> AsyncGenerator[StreamEvent, None]:
        """Ask. Closing the iterator cancels the answer on the server. Never raises for the server's faults.

        Sends nothing to a model that is known to be remote, and nothing private to one that is not attested where the
        policy requires that.
        """
        ...

    async def attest(self, model: str, *, fresh: bool = False) -> Attestation:
        """Where this model is computed, as far as it can be proven. Short-lived answers are kept, unless `fresh`.

        Sends nothing but names. Never raises.
        """
        ...

    async def slots(self, model: str) -> int:
        """How many answers of this model it gives at a time: the settings' word, else the server's, else 1."""
        ...

    async def load(self) -> ServerLoad | None:
        """What it says of its own load; None where it serves no such figures. Never raises."""
        ...

    async def health(self) -> Health:
        """Ask whether it answers, in at most the connect time-out. Never raises."""
        ...

    async def models(self) -> tuple[ModelInfo, ...]:
        """The models it has. Raises EngineError."""
        ...

    async def loaded(self) -> tuple[LoadedModel, ...]:
        """The models in memory now. Raises EngineError."""
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...


class EngineError(Exception):
    """An engine could not answer; the message says why and what to do."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure
