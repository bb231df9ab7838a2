"""What an OpenAI-compatible server is asked besides chats: its models, its load, and whether it still computes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from b4tui.engines import errors
from b4tui.engines.http import Reply, ask_json, ask_page
from b4tui.engines.interface import EngineError, ServerLoad
from b4tui.engines.openai.flavors import Flavor, flavor_of_models, flavor_of_replies, known_flavor
from b4tui.engines.openai.metrics import read_load
from b4tui.engines.openai.models import Served, read_served
from b4tui.engines.reading import error_text
from b4tui.engines.types import Failure

VALID_S = 30.0
ANSWER_S = 30.0
LOAD_S = 5.0
METRICS_BYTES = 1024 * 1024
# Public, and short: a real answer is the only proof that a server still computes (research/vllm.md 8).
PROBE = "Say ok."


class Asking:
    """One server's answers about itself. A good one holds for VALID_S; callers at the same time share a question."""

    def __init__(
        self, client: httpx.AsyncClient, url: str, kind: str, asked: errors.Asked, clock: Callable[[], float]
    ) -> None:
        self._client = client
        self._url = url
        self._flavor = known_flavor(kind)
        self._asked = asked
        self._clock = clock
        self._served: Served | None = None
        self._asked_at = 0.0
        self._asking = asyncio.Lock()

    async def served(self, *, fresh: bool = False, within_s: float = ANSWER_S) -> Served | Failure:
        """What the server has and is, asked anew if `fresh`. Never raises."""
        since = self._clock()
        try:
            async with asyncio.timeout(within_s), self._asking:
                # One that was asked while this caller waited in line is as fresh as it could wish.
                good_since = since if fresh else self._clock() - VALID_S
                if self._served is not None and self._asked_at >= good_since:
                    return self._served
                began = self._clock()
                self._served = await self._ask()
                self._asked_at = began
                return self._served
        except EngineError as error:
            return error.failure
        except TimeoutError:
            return errors.no_answer(self._asked, within_s)

    def forget(self) -> None:
        """What was said is not true any more."""
        self._served = None

    async def ready(self, flavor: Flavor) -> Failure | None:
        """What keeps the server from working, in its own words; None when it says that it is well."""
        if not flavor.health:
            return None
        reply = await self._get(flavor.health)
        if isinstance(reply, Failure):
            return reply
        if reply.status >= 500:
            return errors.server_failure(self._asked, reply.status, error_text(reply.row) if reply.row else "")
        return None

    async def computes(self, model: str, within_s: float) -> Failure | None:
        """Have one token computed, of a prompt that anybody may read; None when it comes."""
        row = {"model": model, "messages": [{"role": "user", "content": PROBE}], "max_tokens": 1, "temperature": 0}
        body = json.dumps(row).encode("ascii")
        url = f"{self._url}/v1/chat/completions"
        try:
            async with asyncio.timeout(within_s):
                reply = await ask_json(self._client, "POST", url, self._asked, ANSWER_S, body)
        except TimeoutError:
            return errors.no_answer(self._asked.about(model), within_s)
        if isinstance(reply, Failure):
            return reply
        if reply.status != 200:
            return errors.server_failure(self._asked, reply.status, error_text(reply.row))
        if not reply.row.get("choices"):
            return errors.protocol(self._asked, "POST /v1/chat/completions gave no answer")
        return None

    async def load(self) -> ServerLoad | None:
        """What the server's metrics say of its load; None where it serves none. Never raises."""
        try:
            async with asyncio.timeout(LOAD_S):
                url = f"{self._url}/metrics"
                page = await ask_page(self._client, "GET", url, self._asked, LOAD_S, limit=METRICS_BYTES)
        except TimeoutError:
            return None
        if isinstance(page, Failure) or page.status != 200:
            return None
        return read_load(page.body)

    async def _ask(self) -> Served:
        listed = await self._get("/v1/models")
        if isinstance(listed, Failure):
            raise EngineError(listed)
        if listed.status != 200:
            said = error_text(listed.row) if listed.row else ""
            raise EngineError(errors.server_failure(self._asked, listed.status, said))
        rows = listed.row.get("data")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise EngineError(errors.protocol(self._asked, "GET /v1/models gave no list of models"))
        flavor = self._flavor or flavor_of_models(tuple(rows))
        props = await self._row("/props" if flavor is None else flavor.props)
        system = await self._row("/system" if flavor is None else flavor.system)
        flavor = flavor or flavor_of_replies(props, system)
        version = (await self._row(flavor.version)).get("version")
        return read_served(
            flavor,
            rows,
            version=version if isinstance(version, str) else "",
            props=props,
            system=system,
            simulated=listed.simulated,
        )

    async def _row(self, path: str) -> Mapping[str, Any]:
        """What a page says that not every server has; {} where this one does not. Raises EngineError.

        A page that is there but cannot be had just now is a failure: the models' identities are made of it.
        """
        if not path:
            return {}
        reply = await self._get(path)
        if isinstance(reply, Failure):
            raise EngineError(reply)
        if reply.status in {408, 429} or (reply.status >= 500 and reply.status != 501):
            raise EngineError(errors.server_failure(self._asked, reply.status, error_text(reply.row)))
        return reply.row if reply.status == 200 else {}

    async def _get(self, path: str) -> Reply | Failure:
        return await ask_json(self._client, "GET", f"{self._url}{path}", self._asked, ANSWER_S)
