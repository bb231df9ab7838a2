"""What an escalation costs, by the price table; what is not in it has no known cost."""

from __future__ import annotations

import pytest

from b4tui.engines.types import Usage
from b4tui.escalation.door.prices import cost, estimate
from b4tui.escalation.types import Cost, Destination, Payload
from b4tui.outward_sections import PriceConfig, PricesConfig

PRICES = PricesConfig(
    currency="EUR",
    models={"dear": PriceConfig(input=3, output=15, cached_input=0.3), "plain": PriceConfig(input=1, output=2)},
)


def test_tokens_in_and_out_have_prices_of_their_own() -> None:
    found = cost("plain", Usage(prompt_tokens=1_000_000, generated_tokens=500_000), PRICES)
    assert found == Cost(money=2.0, currency="EUR", tokens_in=1_000_000, tokens_out=500_000)


def test_cached_tokens_are_cheaper_where_the_table_says_so() -> None:
    used = Usage(prompt_tokens=1_000_000, generated_tokens=0, cached_tokens=900_000)
    assert cost("dear", used, PRICES).money == pytest.approx(0.3 + 0.27)
    assert cost("plain", used, PRICES).money == 1.0


def test_no_provider_can_have_more_cached_than_there_were() -> None:
    used = Usage(prompt_tokens=10, generated_tokens=0, cached_tokens=1_000_000)
    assert cost("dear", used, PRICES).money == pytest.approx(10 * 0.3 / 1e6)


def test_a_model_without_a_price_has_tokens_and_no_money() -> None:
    assert cost("other", Usage(prompt_tokens=5, generated_tokens=7), PRICES) == Cost(
        money=None, currency="EUR", tokens_in=5, tokens_out=7
    )


def test_the_estimate_is_on_the_dear_side() -> None:
    """A token for every three bytes, and an answer of full length."""
    place = Destination(provider="sim", host="h", port=443, path="/p", model="plain")
    payload = Payload(body=b"x" * 100, destination=place, sha256="", rules_sha256="", gate_version=1)
    found = estimate(payload, 1000, PRICES)
    assert (found.tokens_in, found.tokens_out) == (34, 1000)
    assert found.money == pytest.approx((34 + 2000) / 1e6)
