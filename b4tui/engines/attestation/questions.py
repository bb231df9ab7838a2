"""The questions to an Ollama server that its attestation needs: names go out, never a prompt.

The list of models says what a model is; /api/show is asked as well, because it resolves a name as the chat will, where
`alias`, `ALIAS:latest` and `library/alias` are one. Facts: research/runtime.md 1.2, 1.7, 1.10 and 1.12.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from b4tui.engines import errors
from b4tui.engines.attestation.memory import row_name
from b4tui.engines.attestation.ollama import Facts, Listed, Place, Shown
from b4tui.engines.http import Reply, ask_json
from b4tui.engines.names import is_row_of
from b4tui.engines.ollama.wire import remote_of, weights_of
from b4tui.engines.reading import error_text, plain_digest
from b4tui.engines.types import Failure

CANARY = "b4tui-canary:cloud"


class Unanswered(Exception):
    """The server could not be asked, or gave no answer that can be read."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One server to ask: its client and base URL, whom a failure names, where it is, how long connecting may take."""

    client: httpx.AsyncClient
    url: str
    asked: errors.Asked
    place: Place
    connect_timeout_s: float


class Questions:
    """Puts questions to one server."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def in_memory(self, asked: errors.Asked) -> list[Mapping[str, Any]]:
        """The models in memory, as /api/ps has them. Raises Unanswered."""
        return await self._rows("/api/ps", asked)

    async def facts(self, model: str, asked: errors.Asked) -> Facts:
        """What the server says of itself and of a model. Raises Unanswered."""
        version = self._row(await self._get("/api/version", asked), asked, 404).get("version")
        cloud = self._row(await self._get("/api/status", asked), asked, 404).get("cloud")
        disabled = cloud.get("disabled") if isinstance(cloud, dict) else None
        listed = _listed(await self._rows("/api/tags", asked), model)
        shown = None if listed and listed.remote else await self.show(model, asked)
        return Facts(
            version=errors.plain(version, 40) if isinstance(version, str) else "",
            cloud_disabled=disabled if isinstance(disabled, bool) else None,
            listed=listed,
            shown=shown,
            canary=await self._canary(asked) if disabled is True else None,
        )

    async def show(self, model: str, asked: errors.Asked) -> Shown:
        """A model as the server shows it. Raises Unanswered."""
        row = self._row(await self._post_show(model, asked), asked)
        if not row:
            raise Unanswered(errors.protocol(asked, "POST /api/show gave no JSON"))
        info = row.get("model_info")
        architecture = info.get("general.architecture") if isinstance(info, dict) else None
        return Shown(
            remote=errors.plain(remote_of(row)),
            architecture=errors.plain(architecture, 40) if isinstance(architecture, str) else "",
            weights=weights_of(row),
        )

    async def _canary(self, asked: errors.Asked) -> int:
        """The status of the one question that a server with a cloud would pass on: nothing but a made-up name."""
        reply = await self._post_show(CANARY, asked)
        return 0 if isinstance(reply, Failure) else reply.status

    async def _rows(self, path: str, asked: errors.Asked) -> list[Mapping[str, Any]]:
        return _rows_of(self._row(await self._get(path, asked), asked), asked)

    async def _get(self, path: str, asked: errors.Asked) -> Reply | Failure:
        server = self._server
        return await ask_json(server.client, "GET", f"{server.url}{path}", asked, server.connect_timeout_s)

    async def _post_show(self, model: str, asked: errors.Asked) -> Reply | Failure:
        server = self._server
        body = json.dumps({"model": model}).encode("ascii")
        return await ask_json(server.client, "POST", f"{server.url}/api/show", asked, server.connect_timeout_s, body)

    @staticmethod
    def _row(reply: Reply | Failure, asked: errors.Asked, *absent: int) -> Mapping[str, Any]:
        """The reply's object; empty where the status is one of `absent`. Raises Unanswered."""
        if isinstance(reply, Failure):
            raise Unanswered(reply)
        if reply.status in absent:
            return {}
        if reply.status != 200:
            said = error_text(reply.row.get("error", ""))
            raise Unanswered(errors.server_failure(asked, reply.status, said))
        return reply.row


def _rows_of(row: Mapping[str, Any], asked: errors.Asked) -> list[Mapping[str, Any]]:
    """The rows of a list of models, which may be null when there are none. Raises Unanswered."""
    models = row.get("models", ...)
    if models is None:
        return []
    if not isinstance(models, list) or not all(isinstance(model, dict) for model in models):
        raise Unanswered(errors.protocol(asked, "a list of models that is none"))
    return models


def _listed(rows: list[Mapping[str, Any]], model: str) -> Listed | None:
    row = next((row for row in rows if is_row_of(row_name(row), model)), None)
    if row is None:
        return None
    size, details = row.get("size"), row.get("details")
    form = details.get("format") if isinstance(details, dict) else None
    return Listed(
        digest=plain_digest(row.get("digest")),
        size=size if isinstance(size, int) and not isinstance(size, bool) else 0,
        format=errors.plain(form, 40) if isinstance(form, str) else "",
        remote=errors.plain(remote_of(row)),
    )
