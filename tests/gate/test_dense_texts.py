"""Texts made to cost much: the same few characters over and over. Nothing is found in them, and the end is reached."""

from __future__ import annotations

from collections.abc import Callable

import pytest

LENGTH = 60_000


@pytest.mark.parametrize(
    "unit",
    [
        "1",
        "1 ",
        "1.",
        ":",
        ".",
        "@",
        "a@",
        "strasse ",
        "address ",
        "lives at ",
        "passport ",
        "12 34 ",
        "rua A ",
        "1 Aa ",
    ],
)
def test_a_dense_text_is_read_to_its_end(finds: Callable[[str], dict[str, str]], unit: str) -> None:
    personal = ("phone", "credit-card", "email", "street", "address", "national", "iban", "ip-", "ip6-")
    text = unit * (LENGTH // len(unit))
    found = finds(text + "\nwrite to jo.doe@acme-works.org")
    assert [rule for rule in found if rule.startswith(personal)] == ["email"]
