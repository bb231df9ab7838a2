"""A row of digits is a card by its check digit, and by what is written before it."""

from __future__ import annotations

import pytest

from b4tui.gate.personal.cards import is_card
from b4tui.gate.rulebook.examples import expand


def spaced(number: str) -> str:
    return " ".join(number[place : place + 4] for place in range(0, 16, 4))


@pytest.mark.parametrize("seed", range(5))
def test_a_number_of_a_large_brand_needs_no_word(seed: int) -> None:
    number = expand("{card}", seed)
    assert is_card(number, "")
    assert is_card(spaced(number), "")


@pytest.mark.parametrize("seed", range(5))
def test_a_wrong_check_digit_is_no_card_whatever_is_said(seed: int) -> None:
    number = expand("{card}", seed)
    wrong = number[:-1] + str((int(number[-1]) + 5) % 10)
    assert not is_card(wrong, "credit card ")


@pytest.mark.parametrize("before", ["order number ", "tracking: ", '"id": "', "timestamp=", "seed "])
def test_what_is_called_something_else_is_no_card(before: str) -> None:
    assert not is_card(expand("{card}"), before)


@pytest.mark.parametrize("before", ["limit for card ", "kreditkarte ", "user.card = ", "cc ", "my visa "])
def test_a_word_for_cards_admits_numbers_of_smaller_brands(before: str) -> None:
    maestro = "676222165679"
    assert is_card(maestro, before)
    assert not is_card(maestro, "")


def test_odd_groups_are_no_card_without_a_word() -> None:
    number = expand("{card}")
    odd = f"{number[:5]} {number[5:]}"
    assert not is_card(odd, "")
    assert is_card(odd, "card ")


def test_a_table_of_numbers_is_no_card() -> None:
    assert not is_card("6490 6491 6492 6493", "648f ")
