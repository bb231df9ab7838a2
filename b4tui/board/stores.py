"""Which store serves which hub."""

from __future__ import annotations

from collections.abc import Callable

from b4tui.board.classic import ClassicStore
from b4tui.board.discover import readable_copy
from b4tui.board.model import Hub, HubKind
from b4tui.board.readonly import ReadOnlyStore
from b4tui.board.store import BoardStore, ReadOnly

_EXPORT = (
    "this board is an export; its truth is kept elsewhere and would overwrite changes made here. Change it with the bd"
    " program in the hub it comes from"
)
_BACKUP = (
    "these are the backup tables of a Dolt hub; they cannot be written. Change the board with the bd program in a clone"
    " that has the database"
)


def open_store(hub: Hub, warn: Callable[[str], None] | None = None) -> BoardStore:
    """The store for this hub. `warn` is told, in words, what went well enough to go on but should be known.

    Never raises for a hub that can only be read: its store then says why in `read_only`. `warn` may be called from
    any thread.
    """
    if hub.kind is HubKind.CLASSIC:
        return ClassicStore(hub, warn=warn)
    if hub.kind is HubKind.DOLT:
        return _dolt_store(hub)
    if hub.kind is HubKind.EXPORT:
        return ReadOnlyStore(hub, f"{hub.note}; it can only be read here" if hub.note else _EXPORT)
    return ReadOnlyStore(hub, _BACKUP)


def _dolt_store(hub: Hub) -> BoardStore:
    # Loaded only where it is needed: other hubs never start a bd program.
    from b4tui.board.dolt import DoltStore

    try:
        return DoltStore(hub)
    except ReadOnly as error:
        return ReadOnlyStore(readable_copy(hub) or hub, str(error))
