"""Facts of the record's rows in words: money, bytes, seconds and times as a person reads them. Pure.

One place for the console and the commands. What is not known here is told by its name, as it was recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from b4tui.ledger.witness import ROWS

_SHORT_HASH = 12
_HASHES = {
    "sha256": "sha256",
    "rules_sha256": "rules",
    "value_sha256": "value's sha256",
    "digest": "digest",
    "typed_digest": "typed digest",
}
"""Hashes by name, and what they are called."""
# fmt: off
_SAID = frozenset((
    "actor", "added", "address", "agent", "agents", "approval", "bead", "blocked", "cached_tokens", "call",
    "category", "change", "class", "closed", "context_limit", "decided_by", "discovered_from", "engine",
    "failure", "findings", "findings_in_all", "generated_tokens", "grant", "host", "how", "hub", "in_progress",
    "kind", "locality", "max_uses", "model", "names", "note", "ok", "outcome", "path", "permit", "preview",
    "problems", "profile", "prompt_tokens", "provenance", "provider", "ready", "reason", "reasons", "redacted",
    "removed", "replaces", "revoked", "risk", "risk_words", "rule", "run", "sentence", "severity", "simulated",
    "source", "state", "status", "step", "steps", "summary", "text", "title", "tool", "total", "typed_host",
    "url", "verdict", "version", "where",
))
# fmt: on
"""Facts whose names say what they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One fact for a person: what it is called and what it says; `known` where those are words of ours."""

    name: str
    text: str
    known: bool

    @property
    def line(self) -> str:
        """On one line with others: `state denied`, and `name: value` for what is not known."""
        return f"{self.name}{'' if self.known else ':'} {self.text}"


def untold(name: str, value: Any) -> bool:
    """Whether a fact says nothing to a person: it is empty, or digests of state rows."""
    return name == ROWS or value in ("", [], {}, None)


def told(name: str, value: Any, zone: tzinfo | None = None, *, whole: bool = False) -> Told:
    """A fact in words. Times are told in `zone` (None: the system's), hashes are cut short unless `whole`.

    What has a known name and another shape than we know by it, is not known.
    """
    if name in _HASHES and isinstance(value, str):
        short = value if whole or len(value) <= _SHORT_HASH else f"{value[:_SHORT_HASH]}…"
        return Told(name=_HASHES[name], text=short, known=True)
    label, words = _KNOWN.get(name, ("", None))
    text = words(value, zone) if words is not None else None
    if text is not None:
        return Told(name=label, text=text, known=True)
    return Told(name=name.replace("_", " "), text=_plain(value, zone, whole), known=name in _SAID)


def _plain(value: Any, zone: tzinfo | None, whole: bool) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return _figure(value)
        case list():
            return ", ".join(_plain(item, zone, whole) for item in value)
        case dict():
            return ", ".join(told(str(name), item, zone, whole=whole).line for name, item in value.items())
        case None:
            return "n/a"
        case _:
            return str(value)


def _figure(value: float) -> str:
    """Four digits that mean something, and whole numbers from a thousand on: nobody reads powers of ten."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _cost(value: Any, _zone: tzinfo | None) -> str | None:
    """`0.06 USD for 1,200 tokens in, 80 out`."""
    if not isinstance(value, Mapping) or not {"money", "tokens_in", "tokens_out"} <= value.keys():
        return None
    money, currency = value["money"], value.get("currency", "")
    tokens_in, tokens_out = value["tokens_in"], value["tokens_out"]
    if not (isinstance(tokens_in, int) and isinstance(tokens_out, int) and isinstance(money, int | float | None)):
        return None
    price = "no price is known" if money is None else f"{money:.2f} {currency}"
    if money is not None and 0 < money < 0.01:
        price = f"under 0.01 {currency}"
    return f"{price} for {tokens_in:,} tokens in, {tokens_out:,} out"


def _bytes(value: Any, _zone: tzinfo | None) -> str | None:
    return f"{value:,} bytes" if isinstance(value, int) and not isinstance(value, bool) else None


def _characters(value: Any, _zone: tzinfo | None) -> str | None:
    return f"{value:,} characters" if isinstance(value, int) and not isinstance(value, bool) else None


def _seconds(value: Any, _zone: tzinfo | None) -> str | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    if 0 < abs(value) < 0.001:
        return f"{1000 * value:.2g} ms" if abs(value) >= 1e-5 else "0.00 ms"
    return f"{_figure(value)} s"


def _share(value: Any, _zone: tzinfo | None) -> str | None:
    return f"{value:.0%}" if isinstance(value, int | float) and not isinstance(value, bool) else None


def _moment(value: Any, zone: tzinfo | None) -> str | None:
    try:
        return f"{datetime.fromisoformat(value).astimezone(zone):%Y-%m-%d %H:%M:%S}"
    except (TypeError, ValueError, OverflowError):
        return None


_KNOWN: Mapping[str, tuple[str, Callable[[Any, tzinfo | None], str | None]]] = {
    "cost": ("cost", _cost),
    "estimate": ("estimate", _cost),
    "size": ("size", _bytes),
    "bytes_out": ("sent", _bytes),
    "bytes_in": ("received", _bytes),
    "max_bytes": ("at most", _bytes),
    "output_characters": ("output", _characters),
    "seconds": ("took", _seconds),
    "waited_s": ("waited", _seconds),
    "queue_seconds": ("in the queue", _seconds),
    "load_seconds": ("loaded in", _seconds),
    "first_token_seconds": ("first token after", _seconds),
    "prompt_seconds": ("prompt read in", _seconds),
    "generate_seconds": ("generated in", _seconds),
    "seen_share": ("seen", _share),
    "deadline": ("deadline", _moment),
    "until": ("until", _moment),
    "next_poll_at": ("next poll", _moment),
}
"""Facts by name: what they are called, and how they are said (None: it is not what we know by that name)."""
