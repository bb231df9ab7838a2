"""Opens a hub's ledger as the settings want it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from b4tui.ledger.keys import KeyFileError, key_file, load_key
from b4tui.ledger.ledger import Ledger
from b4tui.outward_sections import LedgerConfig


def open_ledger(
    path: Path,
    *,
    clock: Callable[[], datetime],
    config: LedgerConfig,
    key_path: Path | None = None,
    readonly: bool = False,
) -> Ledger:
    """The ledger at `path` with the user's key (`key_path`, else `keys.key_file()`). Raises LedgerError.

    A key that cannot be read is no reason to record nothing: bodies alone cannot be kept or read then, and say why.
    """
    key, problem = None, ""
    try:
        key = load_key(key_path or key_file())
    except KeyFileError as error:
        problem = str(error)
    return Ledger(
        path, clock=clock, key=key, key_problem=problem, plain_bodies=not config.encrypt_bodies, readonly=readonly
    )
