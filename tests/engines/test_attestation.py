"""The rules of an attestation: from a server's words to what is known of it (research/runtime.md 1.7, 1.12)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b4tui.engines import errors
from b4tui.engines.attestation.memory import caught, with_memory
from b4tui.engines.attestation.ollama import (
    Facts,
    Listed,
    Place,
    Shown,
    Step,
    Trust,
    judge,
    judge_cloud_name,
    knows_local,
    proof_of,
    worth_trusting,
)
from b4tui.engines.attestation.refusal import refusal
from b4tui.engines.interface import Attestation, Proof
from b4tui.engines.types import Failure, FailureKind
from b4tui.events import Locality

DIGEST, OTHER = "a" * 64, "b" * 64
SMALLEST = 65_536
PLACE = Place(at="127.0.0.1:11434", loopback=True, pinned=False)
LISTED = Listed(digest=DIGEST, size=446_328, format="gguf", remote="")
FACTS = Facts(
    version="0.33.3", cloud_disabled=True, listed=LISTED, shown=Shown(architecture="qwen3", weights="/w"), canary=403
)
TRUST = Trust(digest=DIGEST)
ASKED = errors.Asked("here", PLACE.at, True, "tiny")


def verdict(facts: Facts = FACTS, trust: Trust = TRUST, place: Place = PLACE) -> Attestation:
    return judge("here", "tiny", place, facts, trust, SMALLEST)


def words(attestation: Attestation, *, private: bool = True, required: bool = True) -> Failure | None:
    return refusal(attestation, private=private, require_attested=required)


def test_a_server_that_passes_every_step_is_attested() -> None:
    found = verdict()
    assert found.locality is Locality.ATTESTED
    assert [(proof.step, proof.holds) for proof in found.proofs] == [
        (step, None if step is Step.IN_MEMORY else True) for step in Step
    ]
    assert found.missing is None
    assert (found.digest, found.pinned, found.changed) == (DIGEST, DIGEST, False)
    assert words(found) is None


ALONE = [
    (Step.PLACE, {}, {}, Place(at="box:11434", loopback=False, pinned=False), "pinned = true"),
    (Step.VERSION, {"version": "0.17.9"}, {}, PLACE, "Upgrade Ollama to 0.18.0"),
    (Step.VERSION, {"version": ""}, {}, PLACE, "Upgrade"),
    (Step.CLOUD_OFF, {"cloud_disabled": False, "canary": None}, {}, PLACE, "`OLLAMA_NO_CLOUD=1 ollama serve`"),
    (Step.CLOUD_OFF, {"cloud_disabled": None, "canary": None}, {}, PLACE, "Upgrade Ollama"),
    (Step.LISTED, {"listed": None}, {"digest": ""}, PLACE, "`ollama pull tiny`"),
    (Step.FORMAT, {"listed": replace(LISTED, format="")}, {}, PLACE, "Pull"),
    (Step.FORMAT, {"listed": replace(LISTED, format="proxy")}, {}, PLACE, "Pull"),
    (Step.SIZE, {"listed": replace(LISTED, size=233)}, {}, PLACE, "policy.smallest_model_bytes"),
    (Step.PIN, {}, {"digest": OTHER}, PLACE, "`b4tui models check tiny`, then accept it with `b4tui models pin tiny`"),
    (Step.PIN, {"listed": replace(LISTED, digest="")}, {}, PLACE, "Upgrade"),
    (Step.PIN, {}, {"digest": "", "problem": "pins.json: mend or remove it"}, PLACE, "mend or remove it"),
    (Step.CANARY, {"canary": 200}, {}, PLACE, "Do not trust it"),
    (Step.CANARY, {"canary": 0}, {}, PLACE, "Do not trust it"),
    (Step.CANARY, {"canary": 404}, {}, PLACE, "Do not trust it"),
]


@pytest.mark.parametrize(("step", "facts", "trust", "place", "fix"), ALONE)
def test_one_step_that_fails_is_enough(
    step: Step, facts: dict[str, object], trust: dict[str, str], place: Place, fix: str
) -> None:
    found = verdict(replace(FACTS, **facts), replace(TRUST, **trust), place)
    assert found.locality is Locality.UNATTESTED
    assert found.missing is not None
    assert found.missing.step == step
    refused = words(found)
    assert refused is not None
    assert refused.kind is (FailureKind.NO_MODEL if step is Step.LISTED else FailureKind.UNATTESTED)
    assert ("is not there" if step is Step.LISTED else "nothing was sent") in refused.message
    assert fix in refused.message


@pytest.mark.parametrize(
    "facts",
    [
        replace(FACTS, listed=replace(LISTED, remote="https://cloud.invalid")),
        replace(FACTS, listed=replace(LISTED, remote="gpt-oss:120b"), shown=None),
        replace(FACTS, shown=Shown(remote="https://cloud.invalid")),
        replace(FACTS, listed=None, shown=Shown(remote="https://cloud.invalid")),
    ],
)
def test_a_model_that_names_another_host_is_remote_and_gets_nothing(facts: Facts) -> None:
    found = verdict(facts)
    assert found.locality is Locality.REMOTE
    for private in (True, False):
        for required in (True, False):
            refused = words(found, private=private, required=required)
            assert refused is not None
            assert refused.kind is FailureKind.REMOTE


def test_a_clouds_name_is_remote_without_a_question() -> None:
    found = judge_cloud_name("here", "qwen3:cloud", PLACE)
    assert found.locality is Locality.REMOTE
    assert found.missing is not None
    assert found.missing.step == Step.NAME
    assert [Step(proof.step) for proof in found.proofs] == list(Step)
    assert [proof.step for proof in found.proofs if proof.holds is not None] == [Step.PLACE, Step.NAME]
    refused = words(found, private=False, required=False)
    assert refused is not None
    assert refused.kind is FailureKind.REMOTE


def test_a_pinned_host_is_as_good_as_this_machine() -> None:
    assert verdict(place=Place(at="box:11434", loopback=False, pinned=True)).locality is Locality.ATTESTED


def test_what_is_not_proven_gets_what_is_not_private() -> None:
    unproven = verdict(replace(FACTS, cloud_disabled=False, canary=None))
    assert words(unproven, private=True) is not None
    assert words(unproven, private=False) is None
    assert words(unproven, private=True, required=False) is None


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize("cloud_off", [True, False])
def test_a_model_that_changed_stops_for_everything(private: bool, required: bool, cloud_off: bool) -> None:
    """It is another model now, wherever it is computed: prompts were made for the one that was trusted."""
    found = verdict(replace(FACTS, cloud_disabled=cloud_off), Trust(digest=OTHER))
    assert found.changed
    refused = words(found, private=private, required=required)
    assert refused is not None
    assert "models pin tiny" in refused.message


def test_a_server_that_could_not_be_asked_is_its_own_reason() -> None:
    failure = Failure(FailureKind.UNREACHABLE, "nobody there")
    unknown = Attestation(engine="here", model="tiny", locality=Locality.UNATTESTED, failure=failure)
    assert words(unknown, private=False, required=False) is failure


def test_a_verdict_with_no_steps_at_all_lets_nothing_private_pass() -> None:
    refused = words(Attestation(engine="here", model="tiny", locality=Locality.UNATTESTED))
    assert refused is not None
    assert refused.kind is FailureKind.UNATTESTED


def test_a_server_that_does_not_claim_to_be_without_a_cloud_has_no_canary() -> None:
    canary = proof_of(verdict(replace(FACTS, cloud_disabled=False, canary=None)), Step.CANARY)
    assert canary is not None
    assert canary.holds is None


def test_the_look_into_memory_completes_it_or_undoes_it() -> None:
    seen = with_memory(verdict(), Proof(step=Step.IN_MEMORY, holds=True))
    assert seen.locality is Locality.ATTESTED
    assert all(proof.holds for proof in seen.proofs)


def test_a_model_that_was_caught_gets_nothing_more() -> None:
    found = caught(verdict())
    assert found.locality is Locality.REMOTE
    refused = words(found, private=False, required=False)
    assert refused is not None
    assert refused.kind is FailureKind.REMOTE
    assert "nothing was sent" in refused.message
    assert "`b4tui models pin tiny`" in refused.message


@pytest.mark.parametrize(
    ("version", "known"),
    [
        ("0.18.0", True),
        ("0.18.0-rc1", False),
        ("0.18.1-rc1", True),
        ("0.33.3", True),
        ("0.33.0-rc2", True),
        ("v1.0.0", True),
        ("0.17.12", False),
        ("0.9.6", False),
        ("0.0.0", False),
        ("", False),
        ("latest", False),
        ("0.33", False),
        ("99999999999.0.0", False),
    ],
)
def test_versions_that_know_the_word_local(version: str, known: bool) -> None:
    assert knows_local(version) is known


@pytest.mark.parametrize(
    ("facts", "worth"),
    [
        (FACTS, True),
        (replace(FACTS, cloud_disabled=False, canary=None), True),
        (replace(FACTS, version="0.1.0"), True),
        (replace(FACTS, listed=None), False),
        (replace(FACTS, listed=replace(LISTED, digest="")), False),
        (replace(FACTS, listed=replace(LISTED, remote="x")), False),
        (replace(FACTS, shown=Shown(remote="x")), False),
        (replace(FACTS, shown=None), False),
        (replace(FACTS, listed=replace(LISTED, size=3)), False),
        (replace(FACTS, listed=replace(LISTED, format="")), False),
    ],
)
def test_a_model_is_trusted_on_first_use_when_it_is_one_of_weights(facts: Facts, worth: bool) -> None:
    assert worth_trusting("tiny", facts, SMALLEST) is worth


ANY_FACTS = st.builds(
    Facts,
    version=st.sampled_from(["", "0.17.0", "0.18.0", "0.33.3"]) | st.text(max_size=8),
    cloud_disabled=st.sampled_from([None, True, False]),
    listed=st.none()
    | st.builds(
        Listed,
        digest=st.sampled_from(["", DIGEST, OTHER]),
        size=st.sampled_from([0, SMALLEST - 1, SMALLEST, 10**10]),
        format=st.sampled_from(["", "gguf", "GGUF", "safetensors", "x"]),
        remote=st.sampled_from(["", "https://cloud.invalid"]),
    ),
    shown=st.none() | st.builds(Shown, remote=st.sampled_from(["", "x"])),
    canary=st.sampled_from([None, 0, 200, 403, 502]),
)
ANY_TRUST = st.builds(Trust, digest=st.sampled_from(["", DIGEST, OTHER]), problem=st.sampled_from(["", "unreadable"]))
ANY_PLACE = st.builds(Place, at=st.just("x:1"), loopback=st.booleans(), pinned=st.booleans())


@given(ANY_FACTS, ANY_TRUST, ANY_PLACE, st.sampled_from([None, True, False]))
def test_nothing_is_attested_while_any_step_fails_or_is_open(
    facts: Facts, trust: Trust, place: Place, seen: bool | None
) -> None:
    found = with_memory(verdict(facts, trust, place), Proof(step=Step.IN_MEMORY, holds=seen))
    holds = {proof.step: proof.holds for proof in found.proofs}
    assert list(holds) == list(Step)
    if found.locality is Locality.ATTESTED:
        assert all(holds[step] is True for step in Step if step is not Step.IN_MEMORY)
        assert holds[Step.IN_MEMORY] is not False
        assert not found.changed
    else:
        assert words(found) is not None, "nothing private goes where nothing is proven"
        said_elsewhere = {Step.PIN, Step.IN_MEMORY}  # by the file's own words; by the failure that cuts the answer off
        assert all(proof.fix or proof.step in said_elsewhere for proof in found.proofs if proof.holds is False)


@given(ANY_FACTS, ANY_TRUST, ANY_PLACE, st.booleans(), st.booleans())
def test_what_is_remote_never_gets_anything(
    facts: Facts, trust: Trust, place: Place, private: bool, required: bool
) -> None:
    found = verdict(facts, trust, place)
    remote = (facts.listed is not None and facts.listed.remote) or (facts.shown is not None and facts.shown.remote)
    assert (found.locality is Locality.REMOTE) is bool(remote)
    if remote:
        assert words(found, private=private, required=required) is not None
