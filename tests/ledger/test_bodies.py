"""Payloads are kept apart, under a key that is not in the hub, and are gone when their time is up."""

from __future__ import annotations

import random
import re
from datetime import timedelta

import pytest

from b4tui.ledger.bodies import BodyError
from b4tui.ledger.ledger import Ledger
from b4tui.ledger.types import LedgerError
from tests.ledger.conftest import KEY, START, fact, fill, sha256

BODY = b'{"model":"large","messages":[{"content":"a very telling sentence"}]}' * 50
OTHER_KEY = bytes(32)


def on_disk(path) -> bytes:
    return b"".join(part.read_bytes() for part in path.parent.iterdir())


@pytest.fixture
def kept(ledger):
    ledger.keep_body(sha256(BODY), BODY)
    return ledger


def test_a_body_is_read_back_as_it_was(kept):
    assert kept.body(sha256(BODY)) == BODY
    assert kept.body(sha256(b"another")) is None


def test_nothing_of_it_can_be_read_in_the_file(kept, path):
    assert sha256(BODY).encode() in on_disk(path)
    assert b"telling" not in on_disk(path)


def test_twice_the_same_body_never_looks_the_same(kept):
    first = kept.query("SELECT data FROM bodies")
    kept.keep_body(sha256(BODY), BODY)
    assert kept.query("SELECT data FROM bodies") != first
    assert kept.body(sha256(BODY)) == BODY


def test_a_body_under_another_bodys_name_is_not_kept(ledger):
    with pytest.raises(BodyError, match="not the one its sha256 names"):
        ledger.keep_body(sha256(b"another"), BODY)
    assert ledger.query("SELECT * FROM bodies") == []


def test_it_is_kept_with_the_row_that_names_it_or_not_at_all(ledger):
    with pytest.raises(ZeroDivisionError), ledger.transaction() as writing:
        writing.keep_body(sha256(BODY), BODY)
        writing.append(fact(1, sha256=sha256(BODY)))
        raise ZeroDivisionError
    assert ledger.body(sha256(BODY)) is None
    assert ledger.head().seq == 0


@pytest.mark.parametrize(
    ("key", "words"),
    [(OTHER_KEY, "encrypted with another key"), (None, "cannot be read: the key file was eaten")],
    ids=["another", "none"],
)
def test_without_its_key_a_body_is_closed_and_the_ledger_is_not(kept, path, clock, key, words):
    kept.append(fact(1))
    with Ledger(path, clock=clock, key=key, key_problem="the key file was eaten") as other:
        with pytest.raises(BodyError, match=words):
            other.body(sha256(BODY))
        assert other.append(fact(2)).seq == 2
        assert other.verify().faults == ()


def test_without_a_key_nothing_is_kept_open_by_accident(path, clock):
    with Ledger(path, clock=clock, key_problem="the key file was eaten") as ledger:
        with pytest.raises(BodyError, match="cannot be kept encrypted: the key file was eaten"):
            ledger.keep_body(sha256(BODY), BODY)
        assert ledger.query("SELECT * FROM bodies") == []


def test_bodies_lie_open_only_where_the_operator_wants_that(path, clock):
    with Ledger(path, clock=clock, plain_bodies=True) as ledger:
        ledger.keep_body(sha256(BODY), BODY)
        assert b"telling" in on_disk(path)
    with Ledger(path, clock=clock, key=KEY) as ledger:
        assert ledger.body(sha256(BODY)) == BODY


@pytest.mark.parametrize("key", [KEY, None], ids=["sealed", "open"])
def test_a_body_that_was_changed_in_the_file_is_not_shown(path, clock, meddle, key):
    with Ledger(path, clock=clock, key=key, plain_bodies=key is None) as ledger:
        ledger.keep_body(sha256(BODY), BODY)
        meddle("UPDATE bodies SET data = substr(data, 1, 40) || x'00' || substr(data, 42)")
        with pytest.raises(BodyError, match="changed in the file"):
            ledger.body(sha256(BODY))


@pytest.mark.parametrize("data", ["x''", "x'00'", "zeroblob(12)", "zeroblob(28)"])
def test_a_body_that_was_cut_is_not_shown(kept, meddle, data):
    meddle(f"UPDATE bodies SET data = {data}")
    with pytest.raises(BodyError, match="changed in the file"):
        kept.body(sha256(BODY))


def test_a_body_cannot_pass_for_another(kept, meddle):
    kept.keep_body(sha256(b"second"), b"second")
    meddle(f"UPDATE bodies SET data = (SELECT data FROM bodies WHERE sha256 = '{sha256(BODY)}')")
    with pytest.raises(BodyError):
        kept.body(sha256(b"second"))


def test_old_bodies_are_dropped_but_those_still_wanted(ledger, path):
    bodies = [bytes([number]) * 5_000 for number in range(4)]
    for body in bodies:
        ledger.keep_body(sha256(body), body)  # at seconds 2, 3, 4, 5: the file itself was made at 1
    row = ledger.append(fact(1, sha256=sha256(bodies[0])))
    assert ledger.drop_bodies(START + timedelta(seconds=4), but=[sha256(bodies[1])]) == 1
    assert [ledger.body(sha256(body)) is not None for body in bodies] == [False, True, True, True]
    assert ledger.drop_bodies(START) == 0
    assert ledger.entry(row.seq) == row  # that it was there stays recorded
    assert ledger.verify().faults == ()


def test_a_dropped_body_is_overwritten_in_the_file_and_its_log(path, clock):
    mark = random.Random(7).randbytes(2_000)
    with Ledger(path, clock=clock, plain_bodies=True) as ledger:
        fill(ledger, 20)
        ledger.keep_body(sha256(mark), mark)
        assert mark[:200] in on_disk(path)
        ledger.drop_bodies(START + timedelta(days=1))
        assert mark[:200] not in on_disk(path)


def test_a_body_kept_again_has_its_time_again(ledger):
    ledger.keep_body(sha256(BODY), BODY)
    ledger.keep_body(sha256(BODY), BODY)
    assert ledger.drop_bodies(START + timedelta(seconds=3)) == 0


def test_no_words_about_a_body_hold_anything_of_it_or_of_the_key(kept, meddle):
    meddle("UPDATE bodies SET data = data || x'00'")
    with pytest.raises(LedgerError) as raised:
        kept.body(sha256(BODY))
    told = f"{raised.value!r} {kept!r} {kept.__dict__!r}"
    assert "telling" not in told
    assert not re.search(KEY[:8].hex(), told)
