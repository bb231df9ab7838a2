"""Whether an Ollama server answers, and what it says of itself."""

from __future__ import annotations

import asyncio

import httpx

from b4tui.engines import errors
from b4tui.engines.http import Reply, ask_json
from b4tui.engines.interface import Health
from b4tui.engines.types import Failure


async def ask_health(client: httpx.AsyncClient, url: str, asked: errors.Asked, seconds: float) -> Health:
    """Ask /api/version, then /api/status (absent on old servers), in at most `seconds` together. Never raises."""
    deadline = asyncio.get_running_loop().time() + seconds
    reply = await _get(client, f"{url}/api/version", asked, seconds, deadline)
    if isinstance(reply, Failure):
        return Health(up=False, reason=reply.message)
    version = reply.row.get("version")
    if reply.status != 200 or not isinstance(version, str):
        reason = errors.protocol(asked, f"GET /api/version gave HTTP {reply.status} and no version").message
        return Health(up=False, reason=reason)
    status = await _get(client, f"{url}/api/status", asked, seconds, deadline)
    return Health(
        up=True,
        version=errors.plain(version, 40),
        simulated=reply.simulated or reply.row.get("simulated") is True,
        cloud_disabled=None if isinstance(status, Failure) else _cloud_disabled(status),
    )


def _cloud_disabled(reply: Reply) -> bool | None:
    cloud = reply.row.get("cloud")
    disabled = cloud.get("disabled") if reply.status == 200 and isinstance(cloud, dict) else None
    return disabled if isinstance(disabled, bool) else None


async def _get(
    client: httpx.AsyncClient, url: str, asked: errors.Asked, seconds: float, deadline: float
) -> Reply | Failure:
    try:
        async with asyncio.timeout_at(deadline):
            return await ask_json(client, "GET", url, asked, seconds)
    except TimeoutError:
        return errors.connect_timeout(asked, seconds)
