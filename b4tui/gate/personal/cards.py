"""Which rows of digits are numbers of payment cards: a pure rule over the digits and what is written before them."""

from __future__ import annotations

import re
from itertools import pairwise

from b4tui.gate.patterns import lazily
from b4tui.gate.personal.checksums import luhn

NUMBER = lazily(r"(?<![\w.+-])[0-9]{4}(?:[ -]?[0-9]){8,15}(?![\w-]|\.[0-9])")
"""Twelve to nineteen digits, with single spaces or hyphens; what comes before and after is no part of a longer word."""

_GROUPS = lazily(
    r"[0-9]{4}(?P<a>[ -])[0-9]{4}(?P=a)[0-9]{4}(?P=a)[0-9]{1,7}|[0-9]{4}(?P<b>[ -])[0-9]{6}(?P=b)[0-9]{4,5}"
)
_TOLD = lazily(
    r"(?:\bcards?\b|card[_ .]?(?:num|no|nr)|kredit|\bcc\b|visa|master ?card|amex|maestro|discover|\bpan\b|karte"
    r"|carta|carte|tarjeta|cartão|cartao)[^\n]{0,40}$"
)
_SOMETHING_ELSE = lazily(
    r"(?:order|bestell|invoice|rechnung|ticket|tracking|sendung|auftrag|serial|imei|uuid|hash|timestamp|sequence|msisdn"
    r"|account|\bid|_id|seed|nonce|offset|size|bytes|time|line|row|key)[\w -]{0,12}[\"'\s:=#]{0,6}$"
)
_BRANDS = (
    (lazily(r"4"), (16,)),
    (lazily(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),
    (lazily(r"3[47]"), (15,)),
    (lazily(r"6011|65|64[4-9]"), (16,)),
    (lazily(r"352[89]|35[3-8]"), (16,)),
    (lazily(r"30[0-5]|36|38"), (14,)),
)
"""How numbers of the large brands begin and how long they are (ISO/IEC 7812, the brands' published ranges)."""


def is_card(written: str, before: str) -> bool:
    """Whether what is written, after the lower-case text `before` on its line, is the number of a card.

    The check digit has to be right. Where nothing tells of a card, the number has to be one of a large brand, and what
    is before it must not call it something else.
    """
    digits = re.sub(r"[ -]", "", written)
    if not luhn(digits) or len(set(digits)) < 2:
        return False
    if _TOLD.search(before):
        return True
    groups = [int(group) for group in re.split(r"[ -]", written)]
    if len(groups) > 2 and all(after - first == 1 for first, after in pairwise(groups)):
        return False  # a table
    if len(set(digits)) < 3 or _SOMETHING_ELSE.search(before) or (written != digits and not _GROUPS.fullmatch(written)):
        return False
    return any(begin.match(digits) and len(digits) in lengths for begin, lengths in _BRANDS)
