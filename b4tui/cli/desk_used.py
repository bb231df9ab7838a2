"""The approvals and grants of the hub that a command works on, without a running console."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

import click

from b4tui.cli.common import Failed, Place
from b4tui.cli.ledger_opened import NoLedger, opened_ledger

if TYPE_CHECKING:
    from b4tui.board.model import Hub
    from b4tui.config import Settings
    from b4tui.escalation.approvals.store import ApprovalStore
    from b4tui.escalation.types import Approval, Grant

Row = TypeVar("Row")
Named = TypeVar("Named", "Approval", "Grant")


@dataclass(frozen=True, slots=True)
class DeskUsed:
    """Where decisions are read and written."""

    hub: Hub
    settings: Settings
    store: ApprovalStore


@contextlib.contextmanager
def opened_desk(place: Place, *, make: bool = False) -> Iterator[DeskUsed]:
    """The store of the hub, with what is due settled. Objections become one line on standard error.

    With `make` a hub that b4tui never worked on gets its ledger.
    """
    from b4tui.escalation.approvals.changes import Declined
    from b4tui.escalation.approvals.store import ApprovalStore
    from b4tui.events import now

    with opened_ledger(place, readonly=False, make=make) as (hub, ledger):
        # A hub from elsewhere may bring a record with decisions in it that are nobody's here.
        if ledger.stranger:
            raise Failed(ledger.stranger)
        settings = place.settings(hub=hub.root)
        store = ApprovalStore(ledger, settings.policy.escalation, settings.prices)
        store.settle(now())
        try:
            yield DeskUsed(hub, settings, store)
        except Declined as declined:
            raise Failed(declined.objection.text) from declined


def listed(place: Place, read: Callable[[DeskUsed], Sequence[Row]]) -> Sequence[Row]:
    """What a list shows; nothing, and no file made, for a hub that b4tui never worked on: nothing waits there."""
    try:
        with opened_desk(place) as desk:
            return read(desk)
    except NoLedger:
        return ()


def find_approval(store: ApprovalStore, wanted: str) -> Approval:
    """The one approval whose id is, or begins with, what was typed. Raises Failed."""
    return _the_one("approval", wanted, store.matching(wanted))


def find_grant(store: ApprovalStore, wanted: str, moment: datetime) -> Grant:
    """The one grant, whether it holds or not, whose id is, or begins with, what was typed. Raises Failed."""
    return _the_one("grant", wanted, store.grants.every(moment))


def _the_one(kind: str, wanted: str, among: Sequence[Named]) -> Named:
    """Every id begins with nothing: a script's empty variable names none, and must not decide the only one there is."""
    if not wanted.strip():
        article = "an" if kind[0] in "aeiou" else "a"
        raise click.UsageError(f"name {article} {kind}: `b4tui {kind}s list` shows their ids")
    found = [one for one in among if one.id.startswith(wanted)]
    exact = [one for one in found if one.id == wanted]
    if not found:
        raise Failed(f"there is no {kind} {wanted}: `b4tui {kind}s list --all` shows them")
    if len(found) > 1 and not exact:
        ids = ", ".join(one.id for one in found[:5])
        raise Failed(f"{wanted} is the beginning of {len(found)} {kind}s ({ids}): type more of it")
    return (exact or found)[0]
