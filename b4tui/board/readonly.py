"""A store that reads and never writes: modern exports, backup tables, and Dolt hubs that nobody here can serve."""

from __future__ import annotations

import threading
from typing import NoReturn

from b4tui.board.model import Bead, BoardState, Changes, Hub, NewBead
from b4tui.board.reader import read_state
from b4tui.board.stamp import file_stamp
from b4tui.board.store import ReadOnly, known


class ReadOnlyStore:
    """Shows a board and answers every write with `ReadOnly` and the reason."""

    def __init__(self, hub: Hub, why: str) -> None:
        self._hub = hub
        self._why = why
        self._guard = threading.Lock()
        self._seen = ""
        self._state: BoardState | None = None

    @property
    def hub(self) -> Hub:
        """The hub this store serves."""
        return self._hub

    @property
    def read_only(self) -> str:
        """Why nothing can be written; never empty."""
        return self._why

    def load(self) -> BoardState:
        """The board as it is now, read anew only when its files changed."""
        with self._guard:
            seen = self.fingerprint()
            if self._state is None or seen != self._seen:
                self._state = self._read()
                self._seen = seen
            return self._state

    def detail(self, bead_id: str) -> Bead:
        """The bead; `load` has all of it. Raises NoSuchBead."""
        return known(self.load(), bead_id)

    def stop(self) -> None:
        """Nothing lasts long here."""

    def fingerprint(self) -> str:
        """The stamps of every file this board is made of."""
        if self._hub.data_file is None:
            return file_stamp(self._hub.beads_dir / "metadata.json")
        folder = self._hub.data_file.parent
        names = sorted(folder.glob("*.jsonl"))
        return "|".join(f"{path.name}:{file_stamp(path)}" for path in names)

    def create(self, new: NewBead, actor: str) -> Bead:
        """Refused: this board is read-only."""
        self._refuse()

    def update(self, bead_id: str, changes: Changes, actor: str) -> Bead:
        """Refused: this board is read-only."""
        self._refuse()

    def claim(self, bead_id: str, actor: str) -> Bead:
        """Refused: this board is read-only."""
        self._refuse()

    def release(self, bead_id: str, actor: str, comment: str) -> Bead:
        """Refused: this board is read-only."""
        self._refuse()

    def close(self, bead_id: str, reason: str, actor: str, *, force: bool = False) -> Bead:
        """Refused: this board is read-only."""
        self._refuse()

    def reopen(self, bead_id: str, actor: str, reason: str = "") -> Bead:
        """Refused: this board is read-only."""
        self._refuse()

    def comment(self, bead_id: str, text: str, actor: str) -> Bead:
        """Refused: this board is read-only."""
        self._refuse()

    def add_dependency(self, bead_id: str, on: str, kind: str, actor: str) -> Bead:
        """Refused: this board is read-only."""
        self._refuse()

    def remove_dependency(self, bead_id: str, on: str, actor: str) -> Bead:
        """Refused: this board is read-only."""
        self._refuse()

    def _read(self) -> BoardState:
        if self._hub.data_file is None:
            raise ReadOnly(f"{self._hub.beads_dir} has no file that can be read: {self._why}")
        return read_state(self._hub)

    def _refuse(self) -> NoReturn:
        raise ReadOnly(self._why)
