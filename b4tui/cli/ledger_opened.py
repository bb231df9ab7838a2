"""The ledger of the hub that a command works on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from b4tui.cli.common import Failed, Place

if TYPE_CHECKING:
    from b4tui.board.model import Hub
    from b4tui.ledger.ledger import Ledger


class NoLedger(Failed):
    """b4tui never worked on this hub, so nothing was recorded."""


@contextlib.contextmanager
def opened_ledger(place: Place, *, readonly: bool = True, make: bool = False) -> Iterator[tuple[Hub, Ledger]]:
    """The hub's ledger, which must be there already unless it is to be made. Raises NoLedger, Failed."""
    from b4tui.events import now
    from b4tui.ledger.opening import open_ledger
    from b4tui.ledger.types import LedgerError
    from b4tui.runtime.state import StateError, StateFolder

    hub = place.find_hub()
    state = StateFolder(hub)
    path = state.ledger
    if not path.exists():
        if not make:
            raise NoLedger(f"there is no ledger at {path} yet: it is made when b4tui first works on this hub")
        try:
            state.prepare()
        except StateError as error:
            raise Failed(str(error)) from error
    try:
        config = place.settings(hub=hub.root).ledger
        with open_ledger(path, clock=now, config=config, readonly=readonly) as ledger:
            yield hub, ledger
    except LedgerError as error:
        raise Failed(str(error)) from error
