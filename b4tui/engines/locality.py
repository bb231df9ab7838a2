"""Whether a server computes a model itself: asked before a prompt is sent (research/runtime.md 1.7 B and 1.12).

A model of any name may be an alias of one in a cloud, and an answer that says so comes after the prompt has left. The
server is asked about the model (POST /api/show) and not for its list: it resolves the name as it will for the chat,
where `alias`, `ALIAS:latest` and `library/alias` are one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import httpx

from b4tui.engines import errors
from b4tui.engines.http import ask_json
from b4tui.engines.types import Failure
from b4tui.engines.wire import error_text, remote_of

VALID_S = 60.0
ANSWER_S = 30.0


class Locality:
    """What one server said of its models. An answer is good for VALID_S; only a good one is remembered."""

    def __init__(self, client: httpx.AsyncClient, url: str, clock: Callable[[], float]) -> None:
        self._client = client
        self._url = f"{url}/api/show"
        self._clock = clock
        self._local_until: dict[str, float] = {}

    async def refusal(self, model: str, asked: errors.Asked) -> Failure | None:
        """Why no prompt may be sent to this model; None when the server says that it computes it. Never raises.

        A server that cannot be asked, or whose answer cannot be read, is a failure like in a chat.
        """
        if self._clock() < self._local_until.get(model, 0.0):
            return None
        failure = await self._ask(model, asked)
        if failure is None:
            self._local_until[model] = self._clock() + VALID_S
        return failure

    async def _ask(self, model: str, asked: errors.Asked) -> Failure | None:
        try:
            body = json.dumps({"model": model}).encode("ascii")
            async with asyncio.timeout(ANSWER_S):
                reply = await ask_json(self._client, "POST", self._url, asked, ANSWER_S, body)
        except TimeoutError:
            return errors.no_answer(asked, ANSWER_S)
        if isinstance(reply, Failure):
            return reply
        if reply.status != 200:
            return errors.server_failure(asked, reply.status, error_text(reply.row.get("error", "")))
        if not reply.row:
            return errors.protocol(asked, "POST /api/show gave no JSON")
        remote = remote_of(reply.row)
        return errors.remote_model(asked, remote) if remote else None
