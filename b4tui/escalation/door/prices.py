"""What an escalation costs: by the price table and the provider's figures, and before that by an estimate."""

from __future__ import annotations

from dataclasses import replace

from b4tui.engines.types import Usage
from b4tui.escalation.types import Cost, Payload
from b4tui.outward_sections import PricesConfig

BYTES_PER_TOKEN = 3
"""For estimates, which err on the dear side.

English prose has about four characters to a token, code and other languages three or fewer; what is not ASCII is
written with six bytes a character.
"""
_MILLION = 1_000_000


def cost(model: str, usage: Usage, prices: PricesConfig) -> Cost:
    """What these figures cost. Tokens read from the provider's cache have their own price where the table gives one.

    `money` is None for a model that is not in the table.
    """
    price = prices.models.get(model)
    money: float | None = None
    if price is not None:
        cached = min(usage.cached_tokens or 0, usage.prompt_tokens)
        cheap = price.input if price.cached_input is None else price.cached_input
        fresh = usage.prompt_tokens - cached
        money = (fresh * price.input + cached * cheap + usage.generated_tokens * price.output) / _MILLION
    return Cost(money=money, currency=prices.currency, tokens_in=usage.prompt_tokens, tokens_out=usage.generated_tokens)


def broken_off(usage: Usage, written: int) -> Usage:
    """The figures of an answer that broke off after so many characters: the provider counts them only at its end."""
    return replace(usage, generated_tokens=max(usage.generated_tokens, -(-written // BYTES_PER_TOKEN)))


def estimate(payload: Payload, max_tokens: int, prices: PricesConfig) -> Cost:
    """What a payload may cost at most, before it is sent: an estimate of its tokens, and an answer of full length."""
    tokens_in = -(-payload.size // BYTES_PER_TOKEN)
    usage = Usage(prompt_tokens=tokens_in, generated_tokens=max_tokens)
    return cost(payload.destination.model, usage, prices)
