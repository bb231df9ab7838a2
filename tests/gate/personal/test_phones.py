"""Telephone numbers: some forms speak for themselves, all others have to be called so."""

from __future__ import annotations

import pytest

from b4tui.gate.personal.phones import phone_in


def found(text: str) -> str | None:
    span = phone_in(text, text.lower(), 0, len(text))
    return text[span[0] : span[1]] if span else None


@pytest.mark.parametrize(
    "number",
    [
        "+49 1525 15912603",
        "+49 (0)711 8826841",
        "+41 22 401 19 80",
        "(0251) 60283378",
        "06221 / 11616575",
        "01534/95532785",
        "(415) 555-2671",
        "415-555-2671",
        "629.579.4723x889",
        "09171234967",
        "02.27.96.63.08",
        "02 21 11 39 30",
    ],
)
def test_a_form_that_speaks_for_itself(number: str) -> None:
    assert found(f"so {number}, please") == number


@pytest.mark.parametrize("number", ["9747 6578", "374 780 163", "449 4898", "7937437831", "79 27 18 11"])
def test_any_other_form_has_to_be_called_so(number: str) -> None:
    assert found(f"it was {number} then") is None
    assert found(f"they are not answering at {number}") == number
    assert found(f"phone={number}&x") == number


@pytest.mark.parametrize(
    "text",
    [
        "call it on 2026-02-19",
        "calls of it (CVE-2020-25592)",
        "phone +1-555-0117",
        "about-a-calling-user-1480540050376",
        "phone 2026-02-19 10:11",
        "chmod 0644/0755",
        "123-456-7890",
        "555-555-5555",
        "a sum of + 98172488",
        "+1.12345679",
        "+1980-02-29 01",
        "Boston, MA 02110-1301",
        "JIS X 0212-1990",
        "version 1.2.3.4567",
        "Boston 02110-1301 USA",
        "Chrome/61.0.3163.81 Mobile Safari/537.36",
        "DE89 3704 0044 0532 0130 00",
        "account 408 020 000 150 039",
        "00000080  30 0e 06 03 55 04 03 13  06 09",
        "212-555-0123",
    ],
)
def test_what_only_looks_like_one(text: str) -> None:
    assert found(text) is None


def test_a_line_that_a_diff_added_is_no_country_code() -> None:
    assert found("-12345\n+1234098765") is None


def test_words_that_could_be_hexadecimal_make_no_dump_of_it() -> None:
    assert found("erreichbar unter 0221 515 8283 ab 18 Uhr") == "0221 515 8283"
    assert found("so 02 21 11 39 30 ab 18 ff") is None


def test_a_word_behind_the_number_calls_it_so_too() -> None:
    assert found("416 60 039 office") == "416 60 039"
