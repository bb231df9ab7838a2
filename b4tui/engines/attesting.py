"""Asks an Ollama server what its attestation needs: names go out, never a prompt (research/runtime.md 1.7, 1.10, 1.12).

The list of models says what a model is; /api/show is asked as well, because it resolves a name as the chat will, where
`alias`, `ALIAS:latest` and `library/alias` are one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from b4tui.engines import errors
from b4tui.engines.attestation import (
    Facts,
    Listed,
    Place,
    Shown,
    Step,
    Trust,
    judge,
    judge_cloud_name,
    same_model,
    with_memory,
    worth_trusting,
)
from b4tui.engines.http import Reply, ask_json
from b4tui.engines.names import is_cloud_name, whole_name
from b4tui.engines.pins import PinError, Pins
from b4tui.engines.types import Attestation, Failure, FailureKind, Proof
from b4tui.engines.wire import error_text, plain_digest, remote_of, weights_of
from b4tui.events import Locality

VALID_S = 30.0
ANSWER_S = 30.0
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a verdict goes by beside the server's words: the pins, the smallest size in bytes, and two clocks.

    `clock` counts seconds, `now` gives the time that a new pin is dated with.
    """

    pins: Pins
    smallest_bytes: int
    clock: Callable[[], float]
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class _Known:
    attestation: Attestation
    weights: str
    until: float


class Attesting:
    """The attestations of one server's models. A verdict `attested` is kept for VALID_S, any other is asked anew.

    Callers that want the same model at the same time share one question.
    """

    def __init__(self, server: Server, rules: Rules) -> None:
        self._server = server
        self._rules = rules
        self._known: dict[str, _Known] = {}
        self._architectures: dict[str, str] = {}
        self._asking: dict[str, asyncio.Task[Attestation]] = {}

    async def attest(self, model: str, *, fresh: bool = False) -> Attestation:
        """The verdict on a model. Never raises."""
        name, place = self._server.asked.engine, self._server.place
        if is_cloud_name(model):
            return judge_cloud_name(name, model, place)
        key = whole_name(model)
        known = self._known.get(key)
        if known is not None and not fresh and self._rules.clock() < known.until:
            return known.attestation
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = asyncio.create_task(self._ask(model, key))
            asking.add_done_callback(lambda _: self._asking.pop(key, None))
        return await asyncio.shield(asking)

    def architecture(self, model: str) -> str:
        """What kind of model the server showed it to be, "" where it was not asked yet."""
        return self._architectures.get(whole_name(model), "")

    def forget(self, model: str) -> None:
        """What was known of a model is not so; ask anew."""
        self._known.pop(whole_name(model), None)

    async def seen_in_memory(self, attestation: Attestation) -> Failure | None:
        """Whether the model that answers now is in the server's memory (step 7); why not, or why that is unknown.

        One that shares its weights with a loaded model is listed under that one's name and digest only.
        """
        asked = self._server.asked.about(attestation.model)
        known = self._known.get(whole_name(attestation.model))
        try:
            async with asyncio.timeout(ANSWER_S):
                rows = _rows(self._row(await self._get("/api/ps", asked), asked), asked)
                detail = await self._found_in(rows, attestation, known.weights if known else "", asked)
        except TimeoutError:
            return errors.no_answer(asked, ANSWER_S)
        except Unanswered as error:
            return error.failure
        if not detail:
            self.forget(attestation.model)
            return errors.unseen_model(asked, f"/api/ps lists {_names(rows) or 'no model'}")
        if known is not None and known.attestation is attestation:
            proof = Proof(step=Step.IN_MEMORY, holds=True, detail=detail)
            seen = _Known(with_memory(attestation, proof), known.weights, known.until)
            self._known[whole_name(attestation.model)] = seen
        return None

    async def aclose(self) -> None:
        """Stop asking."""
        for task in tuple(self._asking.values()):
            task.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)

    async def _ask(self, model: str, key: str) -> Attestation:
        asked = self._server.asked.about(model)
        try:
            async with asyncio.timeout(ANSWER_S):
                facts = await self._facts(model, asked)
        except TimeoutError:
            return self._unknown(model, errors.no_answer(asked, ANSWER_S))
        except Unanswered as error:
            return self._unknown(model, error.failure)
        trust = await asyncio.to_thread(self._trust, model, facts)
        smallest = self._rules.smallest_bytes
        verdict = judge(asked.engine, model, self._server.place, facts, trust, smallest)
        shown = facts.shown or Shown()
        self._architectures[key] = shown.architecture
        self._known.pop(key, None)
        if verdict.locality is Locality.ATTESTED:
            self._known[key] = _Known(verdict, shown.weights, self._rules.clock() + VALID_S)
        return verdict

    def _unknown(self, model: str, failure: Failure) -> Attestation:
        self.forget(model)
        # A server that refuses a model because it is remote has said where it is not computed.
        place = Locality.REMOTE if failure.kind is FailureKind.REMOTE else Locality.UNATTESTED
        return Attestation(engine=self._server.asked.engine, model=model, locality=place, failure=failure)

    def _trust(self, model: str, facts: Facts) -> Trust:
        """The model's pin, made now where the model is seen for the first time and is one to trust. Reads a file."""
        pins, url = self._rules.pins, self._server.url
        try:
            if facts.listed and worth_trusting(model, facts, self._rules.smallest_bytes):
                return Trust(digest=pins.trust(url, model, facts.listed.digest, self._rules.now()).digest)
            pin = pins.get(url, model)
        except PinError as error:
            return Trust(problem=str(error))
        return Trust(digest=pin.digest if pin else "")

    async def _facts(self, model: str, asked: errors.Asked) -> Facts:
        version = self._row(await self._get("/api/version", asked), asked, 404).get("version")
        cloud = self._row(await self._get("/api/status", asked), asked, 404).get("cloud")
        disabled = cloud.get("disabled") if isinstance(cloud, dict) else None
        listed = _listed(_rows(self._row(await self._get("/api/tags", asked), asked), asked), model)
        shown = None if listed and listed.remote else await self._show(model, asked)
        return Facts(
            version=errors.plain(version, 40) if isinstance(version, str) else "",
            cloud_disabled=disabled if isinstance(disabled, bool) else None,
            listed=listed,
            shown=shown,
            canary=await self._canary(asked) if disabled is True else None,
        )

    async def _show(self, model: str, asked: errors.Asked) -> Shown:
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

    async def _found_in(
        self, rows: list[Mapping[str, Any]], attestation: Attestation, weights: str, asked: errors.Asked
    ) -> str:
        """How the model shows among those in memory, in words; "" when it does not."""
        if any(plain_digest(row.get("digest")) == attestation.digest for row in rows):
            return f"/api/ps lists digest {attestation.digest[:12]}"
        others = [name for name in map(_name, rows) if name and not same_model(name, attestation.model)]
        for name in others if weights else ():
            if not is_cloud_name(name) and (await self._show(name, asked)).weights == weights:
                return f"/api/ps lists {errors.plain(name, 120)}, which has the same weights"
        return ""

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


def _rows(row: Mapping[str, Any], asked: errors.Asked) -> list[Mapping[str, Any]]:
    """The rows of a list of models, which may be null when there are none. Raises Unanswered."""
    models = row.get("models", ...)
    if models is None:
        return []
    if not isinstance(models, list) or not all(isinstance(model, dict) for model in models):
        raise Unanswered(errors.protocol(asked, "a list of models that is none"))
    return models


def _listed(rows: list[Mapping[str, Any]], model: str) -> Listed | None:
    row = next((row for row in rows if same_model(_name(row), model)), None)
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


def _name(row: Mapping[str, Any]) -> str:
    return next((name for name in (row.get("model"), row.get("name")) if isinstance(name, str) and name), "")


def _names(rows: list[Mapping[str, Any]]) -> str:
    return ", ".join(f"{_name(row)} ({plain_digest(row.get('digest'))[:12]})" for row in rows)
