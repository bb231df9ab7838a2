"""The exact bytes that would leave, serialised here and once: what is judged, shown, approved and sent is one object.

No library writes them again (research/gate.md 7, N05 and N23), and nothing is in them that the chat or the provider's
settings did not say: no user, no metadata, no ids but the numbers of tool calls (N18).
"""

from __future__ import annotations

import json

from b4tui.engines.types import ChatRequest
from b4tui.escalation.door.permits import sha256_of
from b4tui.escalation.door.providers import Provider
from b4tui.escalation.door.wire.forms import request_of
from b4tui.escalation.door.wire.turns import Unsayable
from b4tui.escalation.types import Payload


class PayloadError(Exception):
    """A chat cannot be made into a payload; the words say why and quote nothing of it."""


def build(provider: Provider, chat: ChatRequest, *, rules_sha256: str, gate_version: int) -> Payload:
    """The payload of a chat for a provider. The same chat gives the same bytes. Raises PayloadError."""
    try:
        row = request_of(provider, chat)
        # ASCII alone: what a person is shown and what a pattern sees is what is there, byte for byte.
        body = json.dumps(row, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")
    except Unsayable as error:
        raise PayloadError(f"nothing was sent: {error}") from None
    except (TypeError, ValueError, RecursionError):
        raise PayloadError("nothing was sent: the chat holds what cannot be written as JSON") from None
    return Payload(
        body=body,
        destination=provider.destination,
        sha256=sha256_of(body),
        rules_sha256=rules_sha256,
        gate_version=gate_version,
    )
