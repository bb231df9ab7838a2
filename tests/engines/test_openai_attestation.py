"""What the operator's word proves of an OpenAI-compatible server, and what a private prompt may reach."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b4tui.config import PolicyConfig
from b4tui.engines.attestation.openai import Step, Word, attest, attest_by_name
from b4tui.engines.attestation.pins import Pin, PinnedBy, Pins
from b4tui.engines.interface import Attestation
from b4tui.engines.openai.engine import OpenAiEngine
from b4tui.engines.openai.flavors import LOCALAI, VLLM
from b4tui.engines.openai.models import Served, ServedModel, identity
from b4tui.engines.types import Done, FailureKind, Message, Role
from b4tui.events import Locality
from b4tui.provenance import Provenance
from tests.engines.conftest import Connection, Script, ask, lines
from tests.engines.openai_serving import PAGES, TINY, chats, chatting, failure_of, said, stream

NOW = datetime(2026, 11, 25, tzinfo=UTC)
MODEL = ServedModel(name="tiny", identity="a" * 64)
SERVED = Served(flavor=VLLM, models=(MODEL,))
PIN = Pin(place="p", model="tiny", digest="a" * 64, by=PinnedBy.OPERATOR, at=NOW)
WORD = Word(engine="there", place="p", address_pinned=True, vouched=True, pin=PIN)
ANSWER = stream(said("x", "stop"))
STRICT = PolicyConfig(require_attested=True)
PUBLIC = (Message(Role.USER, "hello", provenance=Provenance.PUBLIC),)


def changed(word: Word = WORD, **fields: Any) -> Word:
    return Word(**{name: fields.get(name, getattr(word, name)) for name in Word.__slots__})


def failing(attestation: Attestation) -> list[str]:
    return [proof.step for proof in attestation.proofs if proof.holds is False]


class TestTheRules:
    def test_the_whole_word_of_the_operator_attests(self) -> None:
        attestation = attest(WORD, "tiny", "tiny", SERVED)
        assert attestation.locality is Locality.ATTESTED
        assert all(proof.holds for proof in attestation.proofs)
        assert [proof.step for proof in attestation.proofs] == list(Step)
        assert not attestation.changed

    @pytest.mark.parametrize(
        ("word", "step", "fix"),
        [
            (changed(address_pinned=False), Step.ADDRESS, "pinned = true into [engines.there]"),
            (changed(vouched=False), Step.WORD, "vouched = true into [engines.there]"),
            (changed(pin=None), Step.PIN, "`b4tui models pin tiny --engine there`"),
            (changed(pin=None, pins_unreadable="pins.json: mend it"), Step.PIN, ""),
        ],
    )
    def test_every_part_of_it_is_needed(self, word: Word, step: Step, fix: str) -> None:
        attestation = attest(word, "tiny", "tiny", SERVED)
        assert attestation.locality is Locality.UNATTESTED
        assert failing(attestation) == [step]
        assert attestation.missing is not None
        assert fix in attestation.missing.fix
        assert attestation.missing.detail

    def test_trust_on_first_use_is_not_the_operators_word(self) -> None:
        first = Pin(place="p", model="tiny", digest="a" * 64, by=PinnedBy.FIRST_USE, at=NOW)
        attestation = attest(changed(pin=first), "tiny", "tiny", SERVED)
        assert failing(attestation) == [Step.PIN]
        assert not attestation.changed

    def test_a_model_that_changed_says_so(self) -> None:
        other = Served(flavor=VLLM, models=(ServedModel(name="tiny", identity="b" * 64),))
        attestation = attest(WORD, "tiny", "tiny", other)
        assert attestation.locality is Locality.UNATTESTED
        assert failing(attestation) == [Step.SAME]
        assert attestation.changed
        assert attestation.missing is not None
        assert "models check" in attestation.missing.fix

    def test_a_model_that_is_not_listed_is_not_attested(self) -> None:
        attestation = attest(WORD, "other", "other", SERVED)
        assert attestation.locality is Locality.UNATTESTED
        assert Step.LISTED in failing(attestation)

    @pytest.mark.parametrize("name", ["qwen3:cloud", "gpt-oss:120b-cloud", "x:cloud:local"])
    def test_a_cloud_models_name_is_remote_whatever_is_vouched(self, name: str) -> None:
        for attestation in (attest_by_name(WORD, name, "tiny"), attest_by_name(WORD, "tiny", name)):
            assert attestation is not None
            assert attestation.locality is Locality.REMOTE
        assert attest_by_name(WORD, "tiny", "tiny") is None

    def test_a_model_that_the_server_passes_on_is_remote_whatever_is_vouched(self) -> None:
        proxy = Served(flavor=LOCALAI, models=(ServedModel(name="tiny", identity="a" * 64, remote=True),))
        assert attest(WORD, "tiny", "tiny", proxy).locality is Locality.REMOTE

    def test_localai_is_told_apart_because_its_names_may_stand_for_anything(self) -> None:
        served = Served(flavor=LOCALAI, models=(MODEL,))
        word = next(proof for proof in attest(WORD, "tiny", "tiny", served).proofs if proof.step == Step.WORD)
        assert "alias" in word.detail

    @given(
        st.builds(
            Word,
            engine=st.just("there"),
            place=st.just("p"),
            address_pinned=st.booleans(),
            vouched=st.booleans(),
            pin=st.none()
            | st.builds(
                Pin,
                place=st.just("p"),
                model=st.just("tiny"),
                digest=st.sampled_from(["a" * 64, "b" * 64]),
                by=st.sampled_from(PinnedBy),
                at=st.just(NOW),
            ),
        ),
        st.sampled_from(["tiny", "other"]),
        st.booleans(),
    )
    def test_nothing_is_attested_while_anything_is_missing(self, word: Word, name: str, remote: bool) -> None:
        served = Served(flavor=VLLM, models=(ServedModel(name="tiny", identity="a" * 64, remote=remote),))
        attestation = attest(word, name, name, served)
        holds = all(proof.holds is True for proof in attestation.proofs)
        assert (attestation.locality is Locality.ATTESTED) == holds
        by_operator = word.pin is not None and word.pin.by is PinnedBy.OPERATOR and word.pin.digest == "a" * 64
        assert holds == (word.address_pinned and word.vouched and by_operator and name == "tiny" and not remote)


class TestTheIdentity:
    ROW = {**TINY, "created": 1, "permission": [{"id": "modelperm-1"}], "meta": {"n_params": 9, "n_ctx": 512}}
    PROPS: Mapping[str, Any] = {"model_path": "/m/tiny.gguf", "chat_template": "{{ x }}", "media_marker": "<1>"}

    def test_stays_the_same_over_starts_of_the_server(self) -> None:
        again = {**self.ROW, "created": 2, "permission": [], "meta": {"n_params": 9, "n_ctx": 1024}}
        props = {**self.PROPS, "media_marker": "<2>", "total_slots": 4}
        assert identity(self.ROW, "1", self.PROPS) == identity(again, "1", props)

    @pytest.mark.parametrize(
        ("row", "version", "props"),
        [
            ({"id": "other"}, "1", {}),
            ({"root": "n"}, "1", {}),
            ({"max_model_len": 1024}, "1", {}),
            ({"owned_by": "llamacpp"}, "1", {}),
            ({"meta": {"n_params": 10, "n_ctx": 512}}, "1", {}),
            ({}, "2", {}),
            ({}, "1", {"model_path": "/m/other.gguf"}),
            ({}, "1", {"chat_template": "{{ y }}"}),
        ],
    )
    def test_changes_with_each_fact_of_the_model(self, row: Any, version: str, props: Any) -> None:
        before = identity(self.ROW, "1", self.PROPS)
        assert identity({**self.ROW, **row}, version, {**self.PROPS, **props}) != before


class TestWhatMayBeSent:
    @pytest.fixture
    def pins(self, tmp_path: Path) -> Pins:
        return Pins(tmp_path / "pins.json")

    async def pin(self, engine: OpenAiEngine, pins: Pins) -> None:
        digest = (await engine.attest("tiny")).digest
        pins.pin(engine.address, "tiny", digest, NOW)

    async def test_a_private_prompt_stays_here_until_the_operator_gave_his_word(self, pins: Pins) -> None:
        async with chatting(ANSWER, policy=STRICT, pins=pins, pinned=True, vouched=True) as (engine, server):
            failure = failure_of([event async for event in engine.chat(ask())])
            assert failure.kind is FailureKind.UNATTESTED
            assert "b4tui models pin tiny --engine there" in failure.message
            assert not chats(server)
            await self.pin(engine, pins)
            assert [event async for event in engine.chat(ask())][-1] == Done("stop")

    @pytest.mark.parametrize("name", ["mine", "other", "tiny"])
    async def test_a_model_with_names_of_our_own_is_pinned_by_any_of_them(self, pins: Pins, name: str) -> None:
        """A role names it by ours, the way to an engine by the server's; the advice is what `models pin` takes."""
        word = {"models": {"mine": "tiny", "other": "tiny"}, "pinned": True, "vouched": True}
        async with chatting(ANSWER, policy=STRICT, pins=pins, **word) as (engine, _):
            failure = failure_of([event async for event in engine.chat(ask("tiny"))])
            assert "b4tui models pin mine --engine there" in failure.message
            digest = (await engine.attest(name)).digest
            pins.pin(engine.address, name, digest, NOW)
            for asked in ("mine", "tiny"):
                assert (await engine.attest(asked)).locality is Locality.ATTESTED
                assert [event async for event in engine.chat(ask(asked))][-1] == Done("stop")

    @pytest.mark.parametrize(("settings", "fix"), [({"vouched": True}, "pinned = true"), ({"pinned": True}, "vouched")])
    async def test_loopback_is_not_enough(self, pins: Pins, settings: dict[str, bool], fix: str) -> None:
        async with chatting(ANSWER, policy=STRICT, pins=pins, **settings) as (engine, server):
            await self.pin(engine, pins)
            failure = failure_of([event async for event in engine.chat(ask())])
            assert failure.kind is FailureKind.UNATTESTED
            assert fix in failure.message
            assert not chats(server)

    async def test_a_public_prompt_goes_to_an_unattested_model(self) -> None:
        async with chatting(ANSWER, policy=STRICT) as (engine, _):
            assert [event async for event in engine.chat(ask(messages=PUBLIC))][-1] == Done("stop")

    async def test_any_prompt_goes_where_the_policy_asks_for_no_proof(self) -> None:
        async with chatting(ANSWER, policy=PolicyConfig(require_attested=False)) as (engine, _):
            assert [event async for event in engine.chat(ask())][-1] == Done("stop")

    @pytest.mark.parametrize("policy", [STRICT, PolicyConfig(require_attested=False)])
    async def test_nothing_goes_to_a_model_that_changed(self, pins: Pins, policy: PolicyConfig) -> None:
        async with chatting(ANSWER, policy=policy, pins=pins, pinned=True, vouched=True) as (engine, server):
            pins.pin(engine.address, "tiny", "b" * 64, NOW)
            failure = failure_of([event async for event in engine.chat(ask(messages=PUBLIC))])
            assert failure.kind is FailureKind.UNATTESTED
            assert "no longer what you pinned" in failure.message
            assert not chats(server)

    async def test_nothing_goes_to_a_model_that_took_the_place_of_the_proven_one(self, pins: Pins) -> None:
        """What was proven is good for half a minute; that ends between the proof and the prompt."""
        moments = [0.0, 0.0, 0.0]
        rows = [TINY, {**TINY, "root": "another"}]

        async def models(connection: Connection) -> None:
            await lines({"data": [rows.pop(0)]})(connection)

        def clock() -> float:
            return moments.pop(0) if len(moments) > 1 else moments[0]

        pages = {**PAGES, "/v1/models": models}
        word = {"pinned": True, "vouched": True}
        async with chatting(ANSWER, pages, policy=STRICT, pins=pins, clock=clock, **word) as (engine, server):
            await self.pin(engine, pins)
            moments[:] = [29.0, 29.0, 31.0]
            failure = failure_of([event async for event in engine.chat(ask())])
            assert failure.kind is FailureKind.BUSY
            assert rows == []
            assert not chats(server)

    async def test_a_cloud_models_name_is_not_even_asked_for(self) -> None:
        async with chatting(ANSWER) as (engine, server):
            failure = failure_of([event async for event in engine.chat(ask("qwen3:cloud"))])
            assert failure.kind is FailureKind.REMOTE
            assert not server.requests

    async def test_nothing_goes_to_a_model_that_localai_passes_on(self) -> None:
        loaded = [{"id": "tiny", "backend": "cloud-proxy"}]
        pages: dict[str, Script] = {
            "/v1/models": lines({"data": [{"id": "tiny", "object": "model"}]}),
            "/system": lines({"backends": ["cloud-proxy"], "loaded_models": loaded}),
        }
        async with chatting(ANSWER, pages, kind="localai") as (engine, server):
            assert (await engine.attest("tiny")).locality is Locality.REMOTE
            failure = failure_of([event async for event in engine.chat(ask(messages=PUBLIC))])
            assert failure.kind is FailureKind.REMOTE
            assert not chats(server)

    async def test_pins_that_cannot_be_read_attest_nothing(self, tmp_path: Path) -> None:
        broken = tmp_path / "pins.json"
        broken.write_text("{")
        async with chatting(ANSWER, policy=STRICT, pins=Pins(broken), pinned=True, vouched=True) as (engine, _):
            attestation = await engine.attest("tiny")
            assert attestation.locality is Locality.UNATTESTED
            assert attestation.missing is not None
            assert "mend or remove" in attestation.missing.detail

    async def test_a_server_that_does_not_answer_is_not_known(self) -> None:
        async def busy(connection: Connection) -> None:
            await lines({"error": {"message": "Loading model", "code": 503}}, status=503)(connection)

        async with chatting(ANSWER, {**PAGES, "/v1/models": busy}) as (engine, server):
            attestation = await engine.attest("tiny")
            assert attestation.locality is Locality.UNATTESTED
            assert attestation.failure is not None
            assert attestation.failure.kind is FailureKind.BUSY
            assert failure_of([event async for event in engine.chat(ask())]).kind is FailureKind.BUSY
            assert not chats(server)

    async def test_after_a_broken_answer_another_server_at_the_address_is_found_out(self, pins: Pins) -> None:
        """Who killed the server may have taken its place, while what it said of itself was still good."""
        row = {**TINY}

        async def listed(connection: Connection) -> None:
            await lines({"data": [row]})(connection)

        pages: dict[str, Script] = {**PAGES, "/v1/models": listed}
        async with chatting(stream(said("x")), pages, policy=STRICT, pins=pins, pinned=True, vouched=True) as (
            engine,
            server,
        ):
            await self.pin(engine, pins)
            assert failure_of([event async for event in engine.chat(ask())]).kind is FailureKind.INCOMPLETE
            row["root"] = "another"
            assert failure_of([event async for event in engine.chat(ask())]).kind is FailureKind.UNATTESTED
            assert len(chats(server)) == 1

    async def test_an_answer_is_kept_for_a_while_and_asked_anew_when_wanted(self) -> None:
        async with chatting(ANSWER) as (engine, server):
            for _ in range(3):
                await engine.attest("tiny")
            lists = [request for request in server.requests if request.path == "/v1/models"]
            assert len(lists) == 1
            await engine.attest("tiny", fresh=True)
            assert len([request for request in server.requests if request.path == "/v1/models"]) == 2
