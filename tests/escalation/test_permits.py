"""A permit lets exactly these bytes go to exactly this place, once, and soon (N01, N02, N03, N06, N07)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b4tui.escalation.door.permits import Permit, PermitFault, PermitOffice, PermitRefused
from b4tui.escalation.types import Destination, Payload

NOW = datetime(2026, 8, 21, 12, tzinfo=UTC)
RULES, OTHER_RULES = "5" * 64, "6" * 64
PLACE = Destination(provider="sim", host="api.example.com", port=443, path="/v1/messages", model="frontier-1")
BODY = b'{"model":"frontier-1"}'


def payload(body: bytes = BODY, place: Destination = PLACE) -> Payload:
    digest = hashlib.sha256(body).hexdigest()
    return Payload(body=body, destination=place, sha256=digest, rules_sha256=RULES, gate_version=1)


def an_office(clock: Callable[[], datetime] = lambda: NOW) -> PermitOffice:
    numbers = count()
    return PermitOffice(secrets.token_bytes(32), clock, lambda: f"nonce-{next(numbers)}")


def issued(office: PermitOffice, seconds: float = 60) -> Permit:
    return office.issue(payload(), "approval-1", NOW + timedelta(seconds=seconds))


def fault_of(
    office: PermitOffice,
    permit: Permit | None,
    place: Destination = PLACE,
    body: bytes = BODY,
    rules: str = RULES,
    now: datetime = NOW,
) -> PermitFault:
    with pytest.raises(PermitRefused) as refused:
        office.consume(permit, place, body, rules, now)
    assert str(refused.value).startswith("nothing was sent: ")
    return refused.value.fault


def tried(place: Destination = PLACE, body: bytes = BODY, rules: str = RULES, now: datetime = NOW) -> PermitFault:
    """What a fresh permit is refused for."""
    office = an_office()
    return fault_of(office, issued(office), place, body, rules, now)


def test_it_lets_the_approved_bytes_pass_once() -> None:
    office = an_office()
    permit = issued(office)
    office.consume(permit, PLACE, BODY, RULES, NOW)
    assert fault_of(office, permit) is PermitFault.USED


def test_n01_one_byte_more_is_another_payload() -> None:
    assert tried(body=BODY + b" ") is PermitFault.OTHER_BYTES


@pytest.mark.parametrize(
    "change", [{"host": "api.example.org"}, {"port": 8443}, {"path": "/v1/other"}, {"model": "frontier-2"}]
)
def test_n03_another_place_or_model_is_another_payload(change: dict[str, Any]) -> None:
    assert tried(place=replace(PLACE, **change)) is PermitFault.OTHER_DESTINATION


def test_n06_other_rules_are_another_judgement() -> None:
    assert tried(rules=OTHER_RULES) is PermitFault.OTHER_RULES


@pytest.mark.parametrize("seconds", [60, 60.5, 3600])
def test_n07_after_its_end_it_is_worth_nothing(seconds: float) -> None:
    late = NOW + timedelta(seconds=seconds)
    assert tried(now=late) is PermitFault.EXPIRED


def test_n07_no_permit_lasts_longer_than_two_minutes() -> None:
    office = an_office()
    assert issued(office, seconds=86_400).until == NOW + timedelta(seconds=120)


def test_a_clock_that_is_set_back_does_not_make_it_last() -> None:
    assert tried(now=NOW - timedelta(seconds=1)) is PermitFault.EXPIRED


def test_what_was_tried_with_it_in_vain_used_it_up() -> None:
    office = an_office()
    permit = issued(office)
    fault_of(office, permit, body=b"{}")
    assert fault_of(office, permit) is PermitFault.USED


def test_nothing_passes_without_one() -> None:
    assert fault_of(an_office(), None) is PermitFault.MISSING


def test_one_of_another_process_is_worth_nothing() -> None:
    assert fault_of(an_office(), issued(an_office())) is PermitFault.FORGED


@pytest.mark.parametrize(
    "change",
    [
        {"until": NOW + timedelta(days=1)},
        {"sha256": hashlib.sha256(b"{}").hexdigest()},
        {"destination": replace(PLACE, host="api.example.org")},
        {"rules_sha256": OTHER_RULES},
        {"gate_version": 2},
        {"approval": "approval-2"},
        {"nonce": "nonce-9"},
        {"seal": b""},
    ],
)
def test_nobody_can_alter_one(change: dict[str, Any]) -> None:
    office = an_office()
    altered = replace(issued(office), **change)
    assert fault_of(office, altered) is PermitFault.FORGED


def test_withdrawn_it_is_worth_nothing() -> None:
    office = an_office()
    permit = issued(office)
    assert office.withdraw("approval-1") == 1
    assert fault_of(office, permit) is PermitFault.USED
    assert office.withdraw("approval-1") == 0


def test_none_is_issued_for_a_body_that_was_changed_since_it_was_hashed() -> None:
    with pytest.raises(PermitRefused) as refused:
        an_office().issue(replace(payload(), body=b"{}"), "approval-1", NOW + timedelta(seconds=60))
    assert refused.value.fault is PermitFault.OTHER_BYTES


def test_none_is_issued_after_the_end() -> None:
    with pytest.raises(PermitRefused) as refused:
        an_office().issue(payload(), "approval-1", NOW)
    assert refused.value.fault is PermitFault.EXPIRED


def test_the_office_counts_and_forgets_those_that_ended() -> None:
    now = [NOW]
    office = an_office(lambda: now[0])
    issued(office, 30)
    assert office.live == 1
    now[0] += timedelta(seconds=31)
    assert office.live == 0


def test_a_short_key_or_a_nonce_that_repeats_is_a_defect_that_is_noticed() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        PermitOffice(b"short", lambda: NOW, lambda: "n")
    office = PermitOffice(secrets.token_bytes(32), lambda: NOW, lambda: "n")
    issued(office)
    with pytest.raises(ValueError, match="nonce"):
        issued(office)


def test_its_seal_is_not_shown() -> None:
    permit = issued(an_office())
    assert "seal" not in repr(permit)
    assert permit.seal.hex() not in repr(permit)


words = st.lists(st.text("ab/", max_size=3), min_size=4, max_size=4)


@settings(max_examples=40, deadline=None)
@given(words, words)
def test_no_field_can_borrow_from_its_neighbour(ours: list[str], theirs: list[str]) -> None:
    """Two different destinations never have one seal, however their letters are spread over the fields."""

    def place(words: list[str]) -> Destination:
        return Destination(provider=words[0], host=words[1], port=443, path=words[2], model=words[3])

    office = an_office()
    permit = office.issue(payload(place=place(ours)), "approval-1", NOW + timedelta(seconds=9))
    moved = replace(permit, destination=place(theirs))
    if ours == theirs:
        office.consume(moved, place(theirs), BODY, RULES, NOW)
    else:
        assert fault_of(office, moved, place=place(theirs)) is PermitFault.FORGED
