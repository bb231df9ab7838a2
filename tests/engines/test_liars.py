"""Every liar the simulated server can play is caught, proven by the server's own log of what reached it.

A private word is in every prompt. Where a lie can be seen by asking, no request carries it. Where it can only be seen
in an answer, it is seen in one to public words. Where it begins in the middle, the answer is cut off, and no second
request carries the word.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from b4tui.config import EngineConfig, PolicyConfig
from b4tui.demo.lies import Lie
from b4tui.demo.script import Script, Step
from b4tui.demo.server import SimulatedOllama
from b4tui.engines.attestation.pins import Pins
from b4tui.engines.ollama.engine import OllamaEngine
from b4tui.engines.types import (
    ChatRequest,
    Done,
    Failure,
    FailureKind,
    Message,
    Role,
    StreamEvent,
    ToolCall,
)
from b4tui.events import Locality
from b4tui.provenance import Provenance

SECRET = "marmalade-7731"
MODEL = "qwen3:8b"
SCRIPT = Script(bead="x-1", steps=(Step(say="one two three four five six seven eight"),))


class Liar:
    """A simulated server and an engine that talks to it about a secret."""

    def __init__(self, server: SimulatedOllama, folder: Path, *, required: bool = True) -> None:
        self.server = server
        self.engine = OllamaEngine(
            "here",
            EngineConfig(address=server.address),
            {},
            pins=Pins(folder / "pins.json"),
            policy=PolicyConfig(require_attested=required),
        )

    async def chat(self, model: str = MODEL, provenance: Provenance = Provenance.PRIVATE) -> list[StreamEvent]:
        request = ChatRequest(
            model=model,
            messages=(
                Message(Role.SYSTEM, f"You are. {SECRET}", provenance=provenance),
                Message(Role.USER, f"# x-1: Try {SECRET}", provenance=provenance),
            ),
            num_ctx=4096,
            num_predict=512,
            temperature=0.0,
        )
        return [event async for event in self.engine.chat(request)]

    async def failure(self, model: str = MODEL, provenance: Provenance = Provenance.PRIVATE) -> Failure:
        last = (await self.chat(model, provenance))[-1]
        assert isinstance(last, Failure), last
        return last

    @property
    def leaks(self) -> list[str]:
        """The paths of the requests that carried the secret."""
        return [exchange.path for exchange in self.server.heard(SECRET)]


@pytest_asyncio.fixture
async def liar(tmp_path: Path) -> AsyncIterator[Liar]:
    async with SimulatedOllama([SCRIPT], speed=0) as server:
        made = Liar(server, tmp_path)
        yield made
        await made.engine.aclose()


async def test_the_log_shows_what_an_honest_server_got(liar: Liar) -> None:
    """Without this, a log that shows nothing would prove nothing."""
    assert (await liar.engine.attest(MODEL)).locality is Locality.ATTESTED
    assert liar.leaks == []
    assert (await liar.chat())[-1] == Done("stop")
    assert liar.leaks == ["/api/chat"]


SEEN_BEFORE = [
    (Lie.ALIAS, MODEL, FailureKind.REMOTE, Locality.REMOTE),
    (Lie.ALIAS_UNLISTED, MODEL, FailureKind.REMOTE, Locality.REMOTE),
    (Lie.CLOUD_NAMES, f"{MODEL}-cloud", FailureKind.REMOTE, Locality.REMOTE),
    (Lie.CLOUD_NAMES, f"{MODEL}:cloud", FailureKind.REMOTE, Locality.REMOTE),
    (Lie.OLD_VERSION, MODEL, FailureKind.UNATTESTED, Locality.UNATTESTED),
    (Lie.CLOUD_ON, MODEL, FailureKind.UNATTESTED, Locality.UNATTESTED),
    (Lie.CANARY_SERVED, MODEL, FailureKind.UNATTESTED, Locality.UNATTESTED),
]


@pytest.mark.parametrize(("lie", "model", "kind", "locality"), SEEN_BEFORE)
async def test_a_lie_that_shows_before_gets_nothing(
    liar: Liar, lie: Lie, model: str, kind: FailureKind, locality: Locality
) -> None:
    liar.server.lies.tell(lie)
    for _ in range(2):
        (event,) = await liar.chat(model)
        assert isinstance(event, Failure)
        assert event.kind is kind
        assert "nothing was sent" in event.message or "no prompt was sent" in event.message
    assert (await liar.engine.attest(model)).locality is locality
    assert liar.leaks == []
    assert liar.server.chats == []


@pytest.mark.parametrize("lie", [Lie.OLD_VERSION, Lie.CLOUD_ON])
async def test_a_server_that_claims_no_freedom_of_clouds_never_hears_the_canary(liar: Liar, lie: Lie) -> None:
    liar.server.lies.tell(lie)
    await liar.failure()
    assert liar.server.heard("canary") == []


async def test_the_canary_of_a_liar_carries_only_its_own_name(liar: Liar) -> None:
    liar.server.lies.tell(Lie.CANARY_SERVED)
    await liar.failure()
    (canary,) = liar.server.heard("canary")
    assert canary.body == {"model": "b4tui-canary:cloud"}


class TestAModelThatChanged:
    async def test_between_two_runs_gets_nothing_until_the_operator_accepts_it(self, liar: Liar) -> None:
        assert (await liar.chat())[-1] == Done("stop")
        liar.server.lies.tell(Lie.DIGEST_CHANGED)
        found = await liar.engine.attest(MODEL, fresh=True)
        assert found.changed
        for provenance in Provenance:
            failure = await liar.failure(provenance=provenance)
            assert failure.kind is FailureKind.UNATTESTED
            assert f"`b4tui models pin {MODEL}`" in failure.message
        assert liar.leaks == ["/api/chat"]

    async def test_after_it_was_attested_gets_nothing_either(self, liar: Liar) -> None:
        """The attestation is seconds old: the memory tells."""
        assert (await liar.engine.attest(MODEL)).locality is Locality.ATTESTED
        liar.server.lies.tell(Lie.DIGEST_CHANGED)
        for _ in range(2):
            assert (await liar.failure()).kind is FailureKind.UNATTESTED
        assert liar.leaks == []

    async def test_while_an_attestation_is_kept_is_found_when_that_ends(self, liar: Liar) -> None:
        assert (await liar.chat())[-1] == Done("stop")
        liar.server.lies.tell(Lie.DIGEST_CHANGED)
        assert (await liar.engine.attest(MODEL, fresh=True)).locality is Locality.UNATTESTED
        assert (await liar.failure()).kind is FailureKind.UNATTESTED


SEEN_IN_AN_ANSWER = [
    (Lie.ALIAS_UNSHOWN, FailureKind.REMOTE, Locality.REMOTE),
    (Lie.ECHO, FailureKind.REMOTE, Locality.REMOTE),
    (Lie.NOT_IN_MEMORY, FailureKind.REMOTE, Locality.REMOTE),
    (Lie.DIGEST_IN_MEMORY, FailureKind.UNATTESTED, Locality.UNATTESTED),
]


@pytest.mark.parametrize(("lie", "kind", "locality"), SEEN_IN_AN_ANSWER)
async def test_a_lie_that_shows_only_in_an_answer_shows_in_one_to_public_words(
    liar: Liar, lie: Lie, kind: FailureKind, locality: Locality
) -> None:
    liar.server.lies.tell(lie)
    (failure,) = await liar.chat()
    assert isinstance(failure, Failure)
    assert failure.kind is kind
    assert not failure.transient, "nothing tries again by itself"
    for provenance in Provenance:
        again = await liar.failure(provenance=provenance)
        assert again.kind is kind
        assert "nothing was sent" in again.message
    assert (await liar.engine.attest(MODEL)).locality is locality
    assert liar.leaks == []
    assert all(chat.body["messages"] == [{"role": "user", "content": "Say ok."}] for chat in liar.server.chats)


async def test_a_lie_that_begins_after_its_model_was_seen_cuts_the_answer_off(liar: Liar) -> None:
    """The words are gone by then; what comes back is not used, and nobody is told that it is done."""
    assert (await liar.chat())[-1] == Done("stop")
    liar.server.lies.tell(Lie.ALIAS_UNSHOWN)
    events = await liar.chat()
    assert isinstance(events[-1], Failure)
    assert events[-1].kind is FailureKind.REMOTE
    assert not any(isinstance(event, Done | ToolCall) for event in events)
    for provenance in Provenance:
        assert (await liar.failure(provenance=provenance)).kind is FailureKind.REMOTE
    assert liar.leaks == ["/api/chat"] * 2


async def test_an_older_version_in_memory_is_called_by_its_name_until_it_is_out_of_there(liar: Liar) -> None:
    liar.server.lies.tell(Lie.DIGEST_IN_MEMORY)
    failure = await liar.failure()
    assert "older version" in failure.message
    assert f"`ollama stop {MODEL}`" in failure.message
    found = await liar.engine.attest(MODEL)
    assert found.missing is not None
    assert "older version" in found.missing.detail
    assert f"`ollama stop {MODEL}`" in found.missing.fix
    liar.server.lies.take_back(Lie.DIGEST_IN_MEMORY)
    liar.server.forget()
    assert (await liar.engine.attest(MODEL)).locality is Locality.ATTESTED
    assert (await liar.chat())[-1] == Done("stop")


async def test_an_alias_that_takes_the_models_place_after_it_was_attested_is_refused_by_the_server(liar: Liar) -> None:
    """`NAME:local` closes the gap between asking and sending."""
    assert (await liar.chat())[-1] == Done("stop")
    liar.server.lies.tell(Lie.ALIAS)
    failure = await liar.failure()
    assert (failure.kind, failure.status) == (FailureKind.NO_MODEL, 404)
    assert (await liar.failure()).kind is FailureKind.REMOTE, "and what was known of it is forgotten"


@pytest.mark.parametrize("lie", [lie for lie in Lie if lie is not Lie.CLOUD_NAMES])
async def test_where_no_proof_is_asked_for_no_liar_is_called_local_all_the_same(lie: Lie, tmp_path: Path) -> None:
    async with SimulatedOllama([SCRIPT], speed=0) as server:
        liar = Liar(server, tmp_path, required=False)
        await liar.engine.attest(MODEL)
        server.lies.tell(lie)
        await liar.engine.attest(MODEL, fresh=True)
        await liar.chat()
        assert (await liar.engine.attest(MODEL, fresh=True)).locality is not Locality.ATTESTED
        await liar.engine.aclose()
    merely_unproven = {Lie.OLD_VERSION, Lie.CLOUD_ON, Lie.CANARY_SERVED}
    assert liar.leaks == (["/api/chat"] if lie in merely_unproven else [])


async def test_public_words_go_to_a_server_that_is_openly_not_proven(liar: Liar) -> None:
    liar.server.lies.tell(Lie.CLOUD_ON)
    assert (await liar.chat(provenance=Provenance.PUBLIC))[-1] == Done("stop")
    assert (await liar.failure()).kind is FailureKind.UNATTESTED
    assert len(liar.leaks) == 1
