"""What is common to the answers of all providers: how one is read, message by message, and what can end it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from b4tui.engines.reading import Malformed, MalformedCall, call_arguments, error_text, json_object, strict_json
from b4tui.engines.types import Done, Text, Thinking, ToolCall, Usage

Ending = list[Text | ToolCall | Usage | Done]


class Said(Exception):
    """The provider ends the answer with an error of its own. `status` and `kind` are its words for it, where given."""

    def __init__(self, text: str, *, status: int | None = None, kind: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.status = status
        self.kind = kind


class Declined(Exception):
    """The model or its provider will not answer this; `text` is the reason given, if any."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.text = text


class Unfinished(Exception):
    """The answer ended without saying that it is whole."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one message brought.

    `progress`: the model got further; `ending`: only figures may still come; `over`: nothing is worth waiting for.
    """

    pieces: tuple[Text | Thinking, ...] = ()
    progress: bool = True
    ending: bool = False
    over: bool = False


class Answer(Protocol):
    """One answer being read. Tool calls are held back to its end: those of a broken answer must not be run."""

    @property
    def usage(self) -> Usage | None:
        """The figures so far; an answer that breaks off has cost something too."""
        ...

    def take(self, message: bytes) -> Step:
        """Read the next message. Raises Malformed, MalformedCall, Said, Declined."""
        ...

    def end(self) -> Ending:
        """Calls, figures and the end of the answer. Raises MalformedCall, Declined, and Unfinished where it is none."""
        ...


def row_of(message: bytes) -> dict[str, Any]:
    """A message that must be one JSON object. Raises Malformed."""
    try:
        return json_object(message)
    except RecursionError:
        raise Malformed("a message that is nested too deeply") from None


def arguments_of(text: str) -> dict[str, Any]:
    """The arguments of a call, as the model wrote them. Raises MalformedCall."""
    try:
        return call_arguments(text)
    except RecursionError:
        raise MalformedCall("a tool call whose arguments are nested too deeply") from None


def error_of(body: bytes) -> Said:
    """The error that a whole body is; Gemini's compatible endpoint wraps it in a list ("OpenAI compatibility")."""
    try:
        row = strict_json(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return Said(body[:2000].decode("utf-8", "replace"))
    if isinstance(row, list) and row:
        row = row[0]
    return said_in(row if isinstance(row, dict) else {})


def said_in(row: dict[str, object]) -> Said:
    """The error in a JSON object: `{"error": {"message", "type", "code"}}` in all its variants."""
    error = row.get("error", row)
    status, kind = None, ""
    if isinstance(error, dict):
        code = error.get("code")
        status = code if isinstance(code, int) and not isinstance(code, bool) and 400 <= code < 600 else None
        words = [error.get(key) for key in ("type", "code", "status")]
        kind = " ".join(word for word in words if isinstance(word, str))
    return Said(error_text(row) if row else "", status=status, kind=kind)


def count(value: object) -> int | None:
    """A number of tokens; None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None
