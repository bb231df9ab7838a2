"""Decisions in a ledger that came with somebody else's hub are not this user's."""

from __future__ import annotations

import pytest

from b4tui.ledger.ledger import Ledger
from b4tui.ledger.types import LedgerError
from tests.ledger.conftest import KEY, fact

OTHER = bytes(32)
GRANT = "INSERT INTO grants (id, version, state, category, until, document) VALUES ('g', 1, 'live', 'c', '2099', '{}')"


def test_the_one_who_made_it_has_it(ledger, path, clock):
    assert ledger.stranger == ""
    ledger.close()
    with Ledger(path, clock=clock, key=KEY) as again:
        assert again.stranger == ""


def test_another_user_is_told_that_its_decisions_do_not_hold(ledger, path, clock):
    with Ledger(path, clock=clock, key=OTHER) as theirs:
        assert "b4tui ledger adopt" in theirs.stranger
        assert theirs.append(fact(1)).seq == 1  # what happens is recorded all the same


def test_a_seal_cannot_be_made_up_or_moved_from_another_ledger(ledger, path, tmp_path, clock, meddle):
    with Ledger(tmp_path / "mine.db", clock=clock, key=OTHER) as mine:
        ((name, seal),) = mine.query("SELECT key, seal FROM seals")
    meddle("DELETE FROM seals", f"INSERT INTO seals VALUES ('{name}', '{seal}')")
    with Ledger(path, clock=clock, key=OTHER) as theirs:
        assert theirs.stranger != ""


def test_without_a_key_nobody_can_tell(path, clock):
    with Ledger(path, clock=clock, key_problem="the key file was eaten") as ledger:
        assert "the key file was eaten" in ledger.stranger
        with pytest.raises(LedgerError, match="the key file was eaten"):
            ledger.adopt("amy")
    with Ledger(path, clock=clock, key=KEY) as ledger:
        assert ledger.stranger != ""  # whoever had no key made it: that may have been anybody


def test_taking_it_over_forgets_what_was_decided_and_is_recorded(ledger, path, clock):
    ledger.append(fact(1))
    with ledger.transaction() as writing:
        writing.execute(GRANT)
    with Ledger(path, clock=clock, key=OTHER) as theirs:
        row = theirs.adopt("amy")
        assert theirs.stranger == ""
        assert theirs.query("SELECT count(*) FROM grants") == [(0,)]
        assert (row.kind, row.actor, row.facts["grants"]) == ("ledger_adopted", "amy", 1)
        assert theirs.entry(1) is not None
        assert theirs.verify().faults == ()
        assert theirs.adopt("amy").seq == 3  # twice does no harm
