"""What goes to a model server and what comes back: one vocabulary for every engine.

A chat is a stream of events that ends with exactly one `Done` or `Failure`. A stream that the server cut off ends in
a `Failure`; tool calls that came before it must not be run (research/runtime.md 1.3).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from b4tui.events import Locality


class Role(StrEnum):
    """Who speaks."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class Provenance(StrEnum):
    """How private the source of a part of a prompt is (design section 2)."""

    PUBLIC = "public"
    INTERNAL = "internal"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model asks for a tool. `arguments` is what it sent, unchecked; `recovered` when it leaked as text."""

    id: str
    name: str
    arguments: Mapping[str, Any]
    recovered: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation. `tool_name` and `call_id` belong to a tool's result."""

    role: Role
    content: str
    thinking: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_name: str = ""
    call_id: str = ""
    provenance: Provenance = Provenance.PRIVATE


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as the model is told of it; `parameters` is a flat JSON schema of an object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """One question to a model. Sizes in tokens; the load profile is fixed per model (research/runtime.md 1.5)."""

    model: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    num_ctx: int
    num_predict: int
    temperature: float
    think: bool | str = False
    keep_alive: str = "30m"
    seed: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def private(self) -> bool:
        """Whether any part may only go to a model that is proven local."""
        return any(message.provenance is Provenance.PRIVATE for message in self.messages)


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """A piece of the model's reasoning."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The server's figures for the answer: tokens, and seconds. None where the server does not say.

    `prompt_tokens` includes cached ones; `first_token_seconds` is measured here, from sending to the first piece, as
    is `generate_seconds` where a server does not time itself; `queue_seconds` is the wait in our own line before.
    """

    prompt_tokens: int
    generated_tokens: int
    cached_tokens: int | None = None
    prompt_seconds: float | None = None
    generate_seconds: float | None = None
    load_seconds: float | None = None
    total_seconds: float | None = None
    first_token_seconds: float | None = None
    queue_seconds: float | None = None

    @property
    def prompt_rate(self) -> float | None:
        """Prompt tokens a second, counting only those that were computed (research/runtime.md 1.3, 1.12).

        None where the server does not say how many came from its cache, or computed none.
        """
        if self.cached_tokens is None or not self.prompt_seconds:
            return None
        computed = self.prompt_tokens - self.cached_tokens
        return computed / self.prompt_seconds if computed > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where the answer comes from: the first event of one that went through the dispatcher."""

    engine: str
    model: str
    locality: Locality
    digest: str = ""
    profile: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Restarted:
    """The answer broke off and is asked for again: every piece that came so far is void."""

    reason: str


@dataclass(frozen=True, slots=True)
class Done:
    """The server finished the answer; `reason` is its word (`stop`, `length`, ...)."""

    reason: str


class FailureKind(StrEnum):
    """Why a chat failed, sorted by what to do about it (research/runtime.md 1.11)."""

    UNREACHABLE = "unreachable"  # nobody answers at the address
    TIMEOUT = "timeout"  # connect, first token or idle
    BUSY = "busy"  # 503: try again later
    INCOMPLETE = "incomplete"  # the stream ended without done
    CRASHED = "crashed"  # the server or its runner died
    OUT_OF_MEMORY = "out_of_memory"  # no blind retry
    GPU = "gpu"  # the GPU is gone or broken; the same model on the CPU may work
    NO_MODEL = "no_model"  # 404
    OVERFLOW = "overflow"  # the prompt does not fit the context
    REMOTE = "remote"  # the model is not computed here: abort, never send again
    UNATTESTED = "unattested"  # not proven to be computed here, and the prompt is private: nothing was sent
    TOOL_FORMAT = "tool_format"  # the server could not parse the model's tool call; the text is lost
    REFUSED = "refused"  # 400, 401, 403: never retry
    PROTOCOL = "protocol"  # the server does not speak the protocol


@dataclass(frozen=True, slots=True)
class Failure:
    """The chat failed; `message` is for a person and says what to do where that is known."""

    kind: FailureKind
    message: str
    status: int | None = None

    @property
    def transient(self) -> bool:
        """Whether the same request may work later without anybody changing anything."""
        return self.kind in {
            FailureKind.UNREACHABLE,
            FailureKind.TIMEOUT,
            FailureKind.BUSY,
            FailureKind.INCOMPLETE,
            FailureKind.CRASHED,
        }


StreamEvent = Placed | Restarted | Text | Thinking | ToolCall | Usage | Done | Failure


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
    """A model in memory. Sizes in bytes; `vram` is the part on the GPU; `context` in tokens.

    `weights` is the file it was loaded from, where that is known: telemetry finds its process by it.
    """

    name: str
    digest: str = ""
    size: int = 0
    vram: int = 0
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
