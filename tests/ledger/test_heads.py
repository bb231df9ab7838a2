"""A head written down elsewhere fixes the past."""

from __future__ import annotations

import pytest

from b4tui.ledger.heads import NotedHead, head_text, read_head
from b4tui.ledger.types import Head, LedgerError
from tests.ledger.conftest import START, fact


def test_what_is_written_down_is_read_back(ledger):
    ledger.append(fact(1))
    text = head_text(ledger.id, ledger.head(), START)
    assert read_head(text, "a file") == NotedHead(ledger=ledger.id, head=ledger.head())
    assert read_head(text.replace("\n", "\r\n"), "a file").head == ledger.head()
    assert text.count("\n") == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "head 1 00",
        head_text("ab" * 16, Head(1, "0" * 64), START)[:-80],
        head_text("ab" * 16, Head(1, "G" * 64), START),
        head_text("ab" * 16, Head(-1, "0" * 64), START),
        head_text("ab" * 16, Head(1, "0" * 64), START) * 2,
    ],
)
def test_what_is_no_head_is_refused(text):
    with pytest.raises(LedgerError, match=r"a file holds no head .*head --write"):
        read_head(text, "a file")
