"""Values of this machine's secrets are found in every disguise, and kept as hashes alone."""

from __future__ import annotations

import base64
import codecs
import gc
import random
import string
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b4tui.gate.known.vault import KnownValue, Vault

KEY = b"of this process"
TOKEN = "".join(random.Random(7).choices(string.ascii_letters + string.digits, k=40))
PASSWORD = "Regen+Wind_42"
WEAK = "hunter2"


def vault(*values: str) -> Vault:
    names = ("APP_KEY", "DB_PASSWORD", "MAIL_PASSWORD")
    return Vault([KnownValue(value, f"environment {name}") for name, value in zip(names, values, strict=False)], KEY)


def found(text: str, *values: str) -> list[str]:
    return [text[hit.start : hit.end] for hit in vault(*values or (TOKEN, PASSWORD, WEAK)).find(text)]


DISGUISES = {
    "as it is": TOKEN,
    "reversed": TOKEN[::-1],
    "in rot13": codecs.encode(TOKEN, "rot13"),
    "in hex": TOKEN.encode().hex(),
    "in upper-case hex": TOKEN.encode().hex().upper(),
    "in hex with colons": ":".join(TOKEN.encode().hex()[at : at + 2] for at in range(0, 80, 2)),
    "in base64": base64.b64encode(TOKEN.encode()).decode(),
    "within base64, one byte before": base64.b64encode(b"u" + TOKEN.encode() + b"tail").decode(),
    "within base64, two bytes before": base64.b64encode(b"u:" + TOKEN.encode() + b"\n").decode(),
    "in URL-safe base64": base64.urlsafe_b64encode(b"\xff\xfe\xfd" + TOKEN.encode()).decode(),
    "in base64 folded in lines": base64.encodebytes(b"x" * 50 + TOKEN.encode()).decode(),
    "its first half": TOKEN[:20],
    "its second half": TOKEN[20:],
    "in pieces with dashes": "-".join(TOKEN[at : at + 4] for at in range(0, 40, 4)),
    "spaced out": " ".join(TOKEN),
    "concatenated": f'"{TOKEN[:11]}" + "{TOKEN[11:]}"',
    "with letters on both sides": f"abc{TOKEN}def",
}


@pytest.mark.parametrize("text", DISGUISES.values(), ids=DISGUISES)
@pytest.mark.parametrize("before", ["", "x", "some text, then "])
def test_a_long_value_is_found_in_every_disguise(before: str, text: str) -> None:
    assert found(f"{before}{text} and after")


def test_a_finding_says_whose_value_it_is_and_how_it_stands_there() -> None:
    (plain,) = vault(TOKEN).find(f"x {TOKEN}")
    assert (plain.rule, plain.why) == ("known-secret", "equals the value of environment APP_KEY")
    (turned,) = vault(TOKEN).find(f"x {TOKEN[::-1]}")
    assert turned.why == "reversed: the value of environment APP_KEY"


def test_the_span_is_that_of_the_value() -> None:
    assert found(f"a {TOKEN} b") == [TOKEN]
    assert found(f"pg://u:{WEAK}@h") == [WEAK]
    assert found(f"a {'-'.join(TOKEN)} b") == ["-".join(TOKEN)]


@pytest.mark.parametrize(
    "text",
    [f"PGPASSWORD={WEAK} psql", f'"{WEAK}"', f"({WEAK})", f"login with {WEAK}.", f"u:{WEAK}@host", WEAK, WEAK[::-1]],
)
def test_a_weak_password_is_found_as_a_word(text: str) -> None:
    assert found(text)


@pytest.mark.parametrize("text", [f"my{WEAK}", f"{WEAK}5", f"{WEAK}_x", "hunter", "hunter 2", "Hunter2"])
def test_a_weak_password_within_a_longer_word_is_another_word(text: str) -> None:
    assert found(text, WEAK) == []


def test_signs_in_a_short_value_are_part_of_it() -> None:
    assert found(f"pw {PASSWORD}!", PASSWORD) == [PASSWORD]
    assert found("p@s5:w0rd", "p@s5:w0rd") == ["p@s5:w0rd"]
    assert found(quote("p@s5:w0rd", safe=""), "p@s5:w0rd")
    assert found("p@s5:w0rt", "p@s5:w0rd") == []


def test_nothing_known_nothing_found() -> None:
    assert list(Vault((), KEY).find(f"{TOKEN} {WEAK}")) == []


def test_two_values_and_two_places() -> None:
    text = f"{TOKEN} {WEAK} {TOKEN}"
    assert found(text) == [TOKEN, WEAK, TOKEN]


def test_pieces_of_one_key_in_a_row_are_one_finding() -> None:
    pieces = [TOKEN[:24], TOKEN[::-1][:24], f"{TOKEN[8:30]}xy"]
    kept = Vault([KnownValue(piece, "id_rsa, a private key", thorough=False) for piece in pieces], KEY)
    body = "\n".join(pieces)
    assert [(hit.start, hit.end) for hit in kept.find(f"key:\n{body}\n")] == [(5, 5 + len(body))]


def test_the_same_value_of_two_names_is_one_finding() -> None:
    both = Vault([KnownValue(TOKEN, "environment A"), KnownValue(TOKEN, "environment B")], KEY)
    assert [hit.why for hit in both.find(TOKEN)] == ["equals the value of environment A"]
    assert both.size == 1


def test_another_key_finds_the_same() -> None:
    texts = [f"x {text}" for text in DISGUISES.values()]
    other = Vault([KnownValue(TOKEN, "environment APP_KEY")], b"another process")
    assert [list(other.find(text)) for text in texts] == [list(vault(TOKEN).find(text)) for text in texts]


def test_no_value_is_kept_or_shown() -> None:
    secret = "".join(random.Random(11).choices(string.ascii_letters + string.digits, k=33))
    kept = Vault([KnownValue(secret, "environment X")], KEY)
    assert secret not in repr(kept) + repr(KnownValue(secret, "environment X"))
    seen, waiting = set(), [kept]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, type):
            continue
        seen.add(id(thing))
        assert not (isinstance(thing, str) and len(thing) > 5 and thing in secret)
        assert not (isinstance(thing, bytes) and len(thing) > 5 and thing in secret.encode())
        waiting += gc.get_referents(thing)


@settings(max_examples=50, deadline=None)
@given(
    before=st.text(max_size=30),
    after=st.text(max_size=30),
    value=st.text(st.sampled_from(string.ascii_letters + string.digits), min_size=11, max_size=60).filter(
        lambda value: len(set(value)) >= 4
    ),
)
def test_a_value_is_found_wherever_it_stands(before: str, after: str, value: str) -> None:
    text = f"{before}{value}{after}"
    start, end = len(before), len(before) + len(value)
    assert any(hit.start <= start and end <= hit.end for hit in vault(value).find(text))


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_no_text_raises(text: str) -> None:
    for hit in vault(TOKEN, WEAK, "größe-ß42").find(text):
        assert 0 <= hit.start < hit.end <= len(text)


def test_characters_that_are_no_text_are_survived() -> None:
    assert found(f"\ud800{TOKEN}\udfff") == [TOKEN]
    assert list(Vault([KnownValue("ab\ud800cd12", "environment X")], KEY).find("ab\ud800cd12"))
