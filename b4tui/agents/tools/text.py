"""Text on its way to the model: valid, and cut to size with the cut said."""

from __future__ import annotations


def valid(text: str) -> str:
    """The text with lone surrogates replaced, so that it can be encoded."""
    return text.encode("utf-8", "replace").decode("utf-8")


def clip(text: str, most: int) -> str:
    """The first and the last part of a text that is longer than `most` characters, with what was cut between them."""
    text = valid(text)
    if len(text) <= most:
        return text
    cut = len(text) - most
    head = most * 3 // 5
    return f"{text[:head]}\n[... {cut} characters cut here ...]\n{text[len(text) - (most - head) :]}"
