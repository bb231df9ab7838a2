"""What goes to a model server and what comes back: one vocabulary for every engine.

A chat is a stream of events that ends with exactly one `Done` or `Failure`. A stream that the server cut off ends in
a `Failure`; tool calls that came before it must not be run (research/runtime.md 1.3).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


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

    `prompt_tokens` includes cached ones; `first_token_seconds` is measured here, from sending to the first piece.
    """

    prompt_tokens: int
    generated_tokens: int
    cached_tokens: int | None = None
    prompt_seconds: float | None = None
    generate_seconds: float | None = None
    load_seconds: float | None = None
    total_seconds: float | None = None
    first_token_seconds: float | None = None


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
    NO_MODEL = "no_model"  # 404
    OVERFLOW = "overflow"  # the prompt does not fit the context
    REMOTE = "remote"  # the model is not computed here: abort, never send again
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


StreamEvent = Text | Thinking | ToolCall | Usage | Done | Failure


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
class ModelInfo:
    """A model on an engine. Sizes in bytes; `remote` when the server says it is computed elsewhere."""

    name: str
    digest: str = ""
    size: int = 0
    format: str = ""
    parameters: str = ""
    quantization: str = ""
    remote: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModel:
    """A model in memory. Sizes in bytes; `vram` is the part on the GPU; `context` in tokens."""

    name: str
    digest: str = ""
    size: int = 0
    vram: int = 0
    context: int = 0
    expires_at: str = ""


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
    def address(self) -> str:
        """Base URL, for a person."""
        ...

    def chat(self, request: ChatRequest) -> AsyncIterator[StreamEvent]:
        """Ask. Closing the iterator cancels the answer on the server. Never raises for the server's faults."""
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
