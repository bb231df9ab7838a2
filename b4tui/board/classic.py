"""The store of a classic hub: one JSON object a line in `.beads/issues.jsonl`, kept in git."""

from __future__ import annotations

from collections.abc import Callable

from b4tui.board.model import Bead, BoardState, Changes, Hub, NewBead


class ClassicStore:
    """Reads and changes a classic board by the writer rules of research/beads.md section 2.6."""

    def __init__(self, hub: Hub, *, warn: Callable[[str], None] | None = None) -> None:
        self._hub = hub
        self._warn = warn

    @property
    def hub(self) -> Hub:
        """The hub this store serves."""
        return self._hub

    @property
    def read_only(self) -> str:
        """Empty where the board can be written; else why it cannot, in words."""
        return ""

    def load(self) -> BoardState:
        """The board as it is now; cheap when nothing changed since the last call."""
        raise NotImplementedError

    def fingerprint(self) -> str:
        """A stat's worth of the data file; changes when somebody changed the board."""
        raise NotImplementedError

    def create(self, new: NewBead, actor: str) -> Bead:
        """Make a bead and return it with its id."""
        raise NotImplementedError

    def update(self, bead_id: str, changes: Changes, actor: str) -> Bead:
        """Change fields in one write."""
        raise NotImplementedError

    def claim(self, bead_id: str, actor: str) -> Bead:
        """Set assignee and status in one change, for exactly one caller."""
        raise NotImplementedError

    def release(self, bead_id: str, actor: str, comment: str) -> Bead:
        """Give a claimed bead back, with the comment that says why."""
        raise NotImplementedError

    def close(self, bead_id: str, reason: str, actor: str, *, force: bool = False) -> Bead:
        """Close with a reason."""
        raise NotImplementedError

    def reopen(self, bead_id: str, actor: str, reason: str = "") -> Bead:
        """Closed back to open; the reason becomes a comment."""
        raise NotImplementedError

    def comment(self, bead_id: str, text: str, actor: str) -> Bead:
        """Add a comment and return the bead."""
        raise NotImplementedError

    def add_dependency(self, bead_id: str, on: str, kind: str, actor: str) -> Bead:
        """Make `bead_id` depend on `on`."""
        raise NotImplementedError

    def remove_dependency(self, bead_id: str, on: str, actor: str) -> Bead:
        """Take the edge away."""
        raise NotImplementedError
