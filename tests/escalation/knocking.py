"""Requests to the door as somebody might make them who is not the sender."""

from __future__ import annotations

from typing import Any

import httpx

from b4tui.escalation.door.headers import HeaderRefused, headers_for
from b4tui.escalation.door.permits import PermitRefused
from b4tui.escalation.door.transport import PERMIT, DoorRefused
from b4tui.escalation.types import Payload
from tests.escalation.conftest import Door

REFUSALS = (PermitRefused, DoorRefused, HeaderRefused)


def request_for(door: Door, payload: Payload, **changes: Any) -> httpx.Request:
    """The request as the sender makes it, but for some changes."""
    fields: dict[str, Any] = {
        "method": "POST",
        "url": payload.destination.url,
        "headers": list(headers_for(door.provider, payload.size)),
        "content": payload.body,
        "extensions": {PERMIT: door.permit(payload)},
        **changes,
    }
    return httpx.Request(**fields)


async def knock(door: Door, request: httpx.Request) -> int:
    """Send it; the status of the answer."""
    response = await door.transport.handle_async_request(request)
    await response.aread()
    await response.aclose()
    return response.status_code
