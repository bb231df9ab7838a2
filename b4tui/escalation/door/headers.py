"""The headers of a request to a cloud, all of them: an allow list by name and by the shape of the value.

What an SDK would add (its version, the system's, trace ids, sessions) says more of this machine than anybody approved
(research/gate.md 7, N18).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from b4tui.escalation.door.providers import Api, Provider
from b4tui.escalation.door.wire.anthropic import VERSION
from b4tui.escalation.door.wire.forms import accept_of
from b4tui.escalation.types import Destination

Headers = tuple[tuple[str, str], ...]

AGENT = "b4tui"
_SHAPES = {
    "content-type": re.compile(r"application/json"),
    "accept": re.compile(r"application/json|text/event-stream|application/x-ndjson"),
    "accept-encoding": re.compile(r"identity"),
    "user-agent": re.compile(re.escape(AGENT)),
    "anthropic-version": re.compile(r"\d{4}-\d{2}-\d{2}"),
    "connection": re.compile(r"close"),
}
_HIDDEN = "••••"


class HeaderRefused(Exception):
    """A header that may not leave; the words name it and do not quote its value."""


def headers_for(provider: Provider, size: int) -> Headers:
    """What goes out with a body of `size` bytes, in order, but for the key."""
    return _but_key(provider.api, provider.destination, size)


def _but_key(api: Api, place: Destination, size: int) -> Headers:
    host = f"[{place.host}]" if ":" in place.host else place.host
    version = (("anthropic-version", VERSION),) if api is Api.ANTHROPIC else ()
    return (
        ("host", host if place.port == 443 else f"{host}:{place.port}"),
        ("content-type", "application/json"),
        ("accept", accept_of(api)),
        ("accept-encoding", "identity"),
        ("user-agent", AGENT),
        *version,
        ("content-length", str(size)),
        ("connection", "close"),
    )


def key_header(provider: Provider) -> tuple[str, str]:
    """The header with the key, as it goes out."""
    if provider.api is Api.ANTHROPIC:
        return "x-api-key", provider.key.reveal()
    return "authorization", f"Bearer {provider.key.reveal()}"


def shown_headers(provider: Provider, size: int) -> Headers:
    """The same for a person to read: all that goes out with a body, the key masked."""
    return headers_without_key(provider.api, provider.destination, size)


def headers_without_key(api: Api, place: Destination, size: int) -> Headers:
    """What `shown_headers` shows, where the key is not at hand: none is read for it."""
    shown = ("x-api-key", _HIDDEN) if api is Api.ANTHROPIC else ("authorization", f"Bearer {_HIDDEN}")
    return (*_but_key(api, place, size), shown)


def check_headers(provider: Provider, given: Iterable[tuple[str, str]], size: int) -> None:
    """Raises HeaderRefused unless every header is one that may leave, once, with a value of its shape.

    A key that a caller brought is refused as well: it is added at the very end, by the door alone.
    """
    expected = dict(headers_for(provider, size))
    seen: set[str] = set()
    for name, value in given:
        name = name.lower()
        shape = _SHAPES.get(name)
        fits = value == expected[name] if name in ("host", "content-length") else shape and shape.fullmatch(value)
        if not fits or name in seen:
            raise HeaderRefused(f"nothing was sent: the header {name[:40]!r} is none that may leave this machine so")
        seen.add(name)
