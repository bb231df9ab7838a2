"""What the gate does not read: too much, and what is no text. Refused whole, never cut (research/gate.md 6.1)."""

from __future__ import annotations

from b4tui.gate.patterns import lazily
from b4tui.gate.types import GateLimits, UnreadableText

_CONTROL = lazily(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]")
_MOST_CONTROL = 0.05


def text_of(body: bytes, limits: GateLimits) -> str:
    """The text that the bytes are. Raises UnreadableText when they are too many or no text in UTF-8."""
    if len(body) > limits.max_payload:
        raise _oversize(len(body), limits)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableText("it is not text in UTF-8; the gate does not read files of other kinds") from None
    check(text, limits)
    return text


def check(text: str, limits: GateLimits) -> None:
    """Raises UnreadableText for a text that is too long, has a NUL in it, or is full of control characters."""
    if len(text) * 4 > limits.max_payload and (size := len(text.encode("utf-8", "replace"))) > limits.max_payload:
        raise _oversize(size, limits)
    if "\0" in text or not _encodable(text):
        raise UnreadableText("it is binary, not text; the gate does not read files of other kinds")
    if len(_CONTROL.findall(text)) > _MOST_CONTROL * len(text):
        raise UnreadableText("it is full of control characters, so it is no text; the gate does not read it")


def _encodable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _oversize(size: int, limits: GateLimits) -> UnreadableText:
    return UnreadableText(
        f"it has {size:,} bytes, and the gate reads {limits.max_payload:,}; let a local model summarise it"
    )
