"""The attestations of one Ollama server's models: asked for, judged, kept for a while (research/runtime.md 1.7)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from b4tui.engines import errors
from b4tui.engines.attestation.memory import caught, older_version, outdated, row_name, with_memory
from b4tui.engines.attestation.ollama import Facts, Shown, Step, Trust, judge, judge_cloud_name, worth_trusting
from b4tui.engines.attestation.pins import Pin, PinError, PinnedBy, Pins
from b4tui.engines.attestation.questions import Questions, Server, Unanswered
from b4tui.engines.interface import Attestation, Proof
from b4tui.engines.names import is_cloud_name, is_row_of, whole_name
from b4tui.engines.reading import plain_digest
from b4tui.engines.types import Failure, FailureKind
from b4tui.events import Locality

VALID_S = 30.0
ANSWER_S = 30.0


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
    until: float


@dataclass(frozen=True, slots=True)
class _Caught:
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Memory:
    """The models in memory, and how the one that is looked for shows among them, in words; "" when it does not."""

    rows: list[Mapping[str, Any]]
    detail: str


class Attesting:
    """The attestations of one server's models. A verdict `attested` is kept for VALID_S, any other is asked anew.

    Callers that want the same model at the same time share one question.
    """

    def __init__(self, server: Server, rules: Rules) -> None:
        self._server = server
        self._questions = Questions(server)
        self._rules = rules
        self._known: dict[str, _Known] = {}
        self._caught: dict[str, _Caught] = {}
        self._outdated: set[str] = set()
        self._files: dict[str, str] = {}
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

    def caught(self, attestation: Attestation) -> None:
        """An answer of this model came from elsewhere: it is remote, until it is another or the operator pins it."""
        self.forget(attestation.model)
        self._caught[whole_name(attestation.model)] = _Caught(attestation.digest, self._rules.now())

    async def is_in_memory(self, attestation: Attestation) -> bool:
        """Whether the server has the model in memory now, as far as it can be asked."""
        found = await self._look(attestation)
        return not isinstance(found, Failure) and bool(found.detail)

    async def seen_in_memory(self, attestation: Attestation) -> Failure | None:
        """Whether the model that answers now is in the server's memory (step 7); why not, or why that is unknown.

        One that shares its weights with a loaded model is listed under that one's name and digest only. Where an older
        version of itself is listed, that one is used; the model is stopped for as long as it is.
        """
        asked, key = self._server.asked.about(attestation.model), whole_name(attestation.model)
        found = await self._look(attestation)
        if isinstance(found, Failure):
            return found
        if not found.detail and older_version(found.rows, attestation):
            self.forget(attestation.model)
            self._outdated.add(key)
            return errors.outdated_model(asked, f"/api/ps lists {_names(found.rows)}")
        if not found.detail:
            return errors.unseen_model(asked, f"/api/ps lists {_names(found.rows) or 'no model'}")
        known = self._known.get(key)
        if known is not None and known.attestation is attestation:
            proof = Proof(step=Step.IN_MEMORY, holds=True, detail=found.detail)
            self._known[key] = _Known(with_memory(attestation, proof), known.until)
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
                facts = await self._questions.facts(model, asked)
                held = await self._questions.in_memory(asked) if key in self._outdated else []
        except TimeoutError:
            return self._unknown(model, errors.no_answer(asked, ANSWER_S))
        except Unanswered as error:
            return self._unknown(model, error.failure)
        trust = await asyncio.to_thread(self._trust, model, facts)
        smallest = self._rules.smallest_bytes
        verdict = judge(asked.engine, model, self._server.place, facts, trust, smallest)
        lied = self._caught.get(key)
        if lied is not None and lied.digest == verdict.digest and not (trust.accepted and trust.accepted > lied.at):
            verdict = caught(verdict)
        if older := older_version(held, verdict):
            verdict = outdated(verdict, older)
        else:
            self._outdated.discard(key)
        shown = facts.shown or Shown()
        self._architectures[key] = shown.architecture
        self._files[verdict.digest] = shown.weights
        self._known.pop(key, None)
        if verdict.locality is Locality.ATTESTED:
            self._known[key] = _Known(verdict, self._rules.clock() + VALID_S)
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
                pin: Pin | None = pins.trust(url, model, facts.listed.digest, self._rules.now())
            else:
                pin = pins.get(url, model)
        except PinError as error:
            return Trust(problem=str(error))
        if pin is None:
            return Trust()
        return Trust(digest=pin.digest, accepted=pin.at if pin.by is PinnedBy.OPERATOR else None)

    async def _look(self, attestation: Attestation) -> _Memory | Failure:
        """What is in memory, and how the model shows there."""
        asked = self._server.asked.about(attestation.model)
        try:
            async with asyncio.timeout(ANSWER_S):
                rows = await self._questions.in_memory(asked)
                return _Memory(rows, await self._found_in(rows, attestation, asked))
        except TimeoutError:
            return errors.no_answer(asked, ANSWER_S)
        except Unanswered as error:
            return error.failure

    async def _found_in(self, rows: list[Mapping[str, Any]], attestation: Attestation, asked: errors.Asked) -> str:
        """How the model shows among those in memory, in words; "" when it does not."""
        if any(plain_digest(row.get("digest")) == attestation.digest for row in rows):
            return f"/api/ps lists digest {attestation.digest[:12]}"
        weights = self._files.get(attestation.digest, "")
        others = [name for name in map(row_name, rows) if is_row_of(name, name)]  # that can be asked for by name
        others = [name for name in others if not is_row_of(name, attestation.model)]
        for name in others if weights else ():
            if not is_cloud_name(name) and await self._weights(name, asked) == weights:
                return f"/api/ps lists {errors.plain(name, 120)}, which has the same weights"
        return ""

    async def _weights(self, name: str, asked: errors.Asked) -> str:
        try:
            return (await self._questions.show(name, asked)).weights
        except Unanswered:
            return ""  # a model that was deleted stays in memory for a while


def _names(rows: list[Mapping[str, Any]]) -> str:
    return ", ".join(f"{row_name(row)} ({plain_digest(row.get('digest'))[:12]})" for row in rows)
