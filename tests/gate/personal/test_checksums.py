"""Check digits: what python-stdnum calls valid is valid here, and the other way round."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import iban as stdnum_iban
from stdnum import luhn as stdnum_luhn
from stdnum.de import idnr as stdnum_idnr

from b4tui.gate.personal.checksums import german_tax_id, iban, iban_length, luhn, passes
from b4tui.gate.rulebook.examples import expand

DIGITS = st.text(string.digits, min_size=2, max_size=20)
FEW = settings(max_examples=50, deadline=None)


@FEW
@given(DIGITS)
def test_luhn_is_stdnums(digits: str) -> None:
    assert luhn(digits) == bool(stdnum_luhn.is_valid(digits))


@FEW
@given(st.text(string.digits, min_size=11, max_size=11))
def test_the_tax_id_is_stdnums(digits: str) -> None:
    assert german_tax_id(digits) == bool(stdnum_idnr.is_valid(digits))


@FEW
@given(st.integers(min_value=0))
def test_a_made_tax_id_is_valid_and_no_neighbour_of_it_is(seed: int) -> None:
    made = expand("{steuerid}", seed)
    assert german_tax_id(made) and stdnum_idnr.is_valid(made)
    other = str((int(made[-1]) + 1) % 10)
    assert not german_tax_id(made[:-1] + other)


@FEW
@given(st.sampled_from(("DE", "AT", "CH", "ES", "PL", "BE", "DK", "FI", "NO", "PT")), st.integers(min_value=0))
def test_a_made_iban_has_its_countrys_length_and_check_digits(country: str, seed: int) -> None:
    made = expand(f"{{iban:{country}}}", seed)
    assert len(made) == iban_length(country)
    assert iban(made)
    assert not iban(made[:-1] + str((int(made[-1]) + 1) % 10))


@FEW
@given(st.text(string.ascii_uppercase + string.digits, min_size=15, max_size=34))
def test_nothing_is_an_iban_that_stdnum_does_not_call_one(number: str) -> None:
    assert not iban(number) or stdnum_iban.is_valid(number, check_country=False)


@pytest.mark.parametrize(
    "number", ["", "DE", "de89370400440532013000", "DE89 3704 0044 0532 0130 00", "XX893704004405"]
)
def test_what_is_no_iban_is_none(number: str) -> None:
    assert not iban(number)


def test_rarer_numbers_are_stdnums() -> None:
    assert passes("fi.hetu", "131052-308T")
    assert not passes("fi.hetu", "131052-308U")
