"""What goes to a model server and what comes back: one vocabulary for every engine.

A chat is a stream of events that ends with exactly one `Done` or `Failure`. A stream that the server cut off ends in
a `Failure`; tool calls that came before it must not be run (research/runtime.md 1.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from b4tui.events import Locality
from b4tui.provenance import Part, Provenance, Source, most_private


class Role(StrEnum):
    """Who speaks."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model asks for a tool. `arguments` is what it sent, unchecked; `recovered` when it leaked as text."""

    id: str
    name: str
    arguments: Mapping[str, Any]
    recovered: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation. `tool_name` and `call_id` belong to a tool's result.

    `parts` say where each stretch of `content` came from and are its text in order; `of_parts` makes such a message.
    Without parts the whole is of unknown origin and as private as `provenance` says.
    """

    role: Role
    content: str
    thinking: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_name: str = ""
    call_id: str = ""
    provenance: Provenance = Provenance.PRIVATE
    parts: tuple[Part, ...] = ()

    @staticmethod
    def of_parts(role: Role, parts: Iterable[Part], **rest: Any) -> Message:
        """A message whose content is the parts' texts in order, as private as the most private of them."""
        told = tuple(parts)
        content = "".join(part.text for part in told)
        return Message(role, content, provenance=most_private(p.provenance for p in told), parts=told, **rest)

    def origins(self) -> tuple[Part, ...]:
        """The stretches of the content with their origins: the parts, or the whole as one of unknown origin."""
        return self.parts or (Part(self.content, Source(), self.provenance),)


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
