"""The bytes a hash is over: written down once more here, so that nobody changes them by accident."""

from __future__ import annotations

import hashlib
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from b4tui.ledger.chain import facts_text, genesis, row_hash
from tests.ledger.conftest import fact

LEDGER = "00112233445566778899aabbccddeeff"
words = st.text(max_size=12)
fields = st.tuples(words, words, words, words, words, words)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def by_hand(previous: bytes, seq: int, texts: list[str]) -> str:
    data = b"b4tui ledger row 1\0" + previous + seq.to_bytes(8, "big")
    for text in texts:
        data += len(text.encode()).to_bytes(8, "big") + text.encode()
    return hashlib.sha256(data).hexdigest()


def test_the_hash_is_over_what_the_module_says_and_an_exported_row_is_enough_to_check_it(ledger):
    ledger.append(fact(1, words="grüße", share=0.5))
    previous = hashlib.sha256(b"b4tui ledger 1\0" + ledger.id.encode()).digest()
    row = ledger.entries()[0]
    facts = '{"number":1,"share":0.5,"words":"grüße"}'
    texts = ["2026-03-01T12:00:01.000000Z", "run_started", "codemonkey", "hub-1", "run-1", facts]
    assert row.hash == by_hand(previous, 1, texts)


def test_a_known_row_has_a_known_hash():
    texts = ("2026-03-01T12:00:00.000000Z", "told", "amy", "hub-1", "", '{"a":1}')
    assert (
        row_hash(genesis(LEDGER), 1, texts).hex() == "3cff12c0cef36aca495dc362927dac150a8125cfc16cecc1dfd57f40acfdf3e8"
    )


@settings(max_examples=50)
@given(fields, fields)
def test_no_two_rows_have_one_hash(one, other):
    same = row_hash(bytes(32), 1, one) == row_hash(bytes(32), 1, other)
    assert same == (one == other)


@settings(max_examples=50)
@given(fields, st.integers(0, 4), st.integers(0, 12))
def test_nothing_can_be_shifted_from_one_field_to_the_next(texts, at, letters):
    together = texts[at] + texts[at + 1]
    shifted = (*texts[:at], together[:letters], together[letters:], *texts[at + 2 :])
    assert (row_hash(bytes(32), 1, shifted) == row_hash(bytes(32), 1, texts)) == (shifted == texts)


@settings(max_examples=50)
@given(st.dictionaries(st.text(max_size=6), json_values, max_size=4))
def test_facts_have_one_spelling_and_read_back_as_they_were(facts):
    text = facts_text(facts)
    assert json.loads(text) == facts
    assert facts_text(dict(reversed(facts.items()))) == text
    text.encode("utf-8")
