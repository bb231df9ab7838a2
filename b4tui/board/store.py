"""The one interface to a hub's board, and the errors it raises. Two real stores stand behind it:
`classic.ClassicStore` writes the file itself, `dolt.DoltStore` goes through the bd program.

All methods block and may take seconds; call them from a thread. They are safe to call from several threads.
"""

from __future__ import annotations

from typing import Protocol

from b4tui.board.model import Bead, BoardState, Changes, Hub, NewBead


class BoardError(Exception):
    """A board could not be read or changed; the message says why and what to do next."""


class NoHub(BoardError):
    """No hub was found where one was looked for."""


class NotThere(NoHub):
    """A hub was named, and there is none where it should be."""


class ReadOnly(BoardError):
    """This hub cannot be written from here; the message says why."""


class NoSuchBead(BoardError):
    """The board has no bead with exactly this id."""


class ClaimLost(BoardError):
    """Somebody else holds the bead, or it cannot be claimed; nothing was written."""


class NothingChanged(BoardError):
    """The change asked for is already so; nothing was written."""


class Refused(BoardError):
    """The tracker's rules forbid the change (closing a blocked bead, an unknown status, a bad parent, ...)."""


class Busy(BoardError):
    """The board is locked by somebody else and stayed so until the time-out; try again."""


class BoardStore(Protocol):
    """Read and change one hub's board. Every write is whole or not at all, and names its actor."""

    @property
    def hub(self) -> Hub:
        """The hub this store serves."""
        ...

    @property
    def read_only(self) -> str:
        """Empty where the board can be written; else why it cannot, in words."""
        ...

    def load(self) -> BoardState:
        """The board as it is now; cheap when nothing changed since the last call. Raises BoardError."""
        ...

    def detail(self, bead_id: str) -> Bead:
        """The bead with everything known of it: its comments too, which `load` may leave out. Raises NoSuchBead."""
        ...

    def stop(self) -> None:
        """For the end of the program: end what is under way and may take long; later calls may be refused."""
        ...

    def fingerprint(self) -> str:
        """A cheap token that changes when somebody changed the board (no parsing, a stat or 150 bytes)."""
        ...

    def create(self, new: NewBead, actor: str) -> Bead:
        """Make a bead and return it with its id. Raises Refused."""
        ...

    def update(self, bead_id: str, changes: Changes, actor: str) -> Bead:
        """Change fields in one write. Raises NoSuchBead, NothingChanged, Refused."""
        ...

    def claim(self, bead_id: str, actor: str) -> Bead:
        """Set assignee and status in one change, for exactly one caller. Raises ClaimLost, NoSuchBead."""
        ...

    def release(self, bead_id: str, actor: str, comment: str) -> Bead:
        """Give a claimed bead back: open, no assignee, and the comment that says why, in one change where possible."""
        ...

    def close(self, bead_id: str, reason: str, actor: str, *, force: bool = False) -> Bead:
        """Close with a reason. Raises Refused when it is blocked (unless forced), NothingChanged when it is closed."""
        ...

    def reopen(self, bead_id: str, actor: str, reason: str = "") -> Bead:
        """Closed back to open; the reason becomes a comment. Raises NothingChanged when it is not closed."""
        ...

    def comment(self, bead_id: str, text: str, actor: str) -> Bead:
        """Add a comment and return the bead."""
        ...

    def add_dependency(self, bead_id: str, on: str, kind: str, actor: str) -> Bead:
        """Make `bead_id` depend on `on`. Raises NothingChanged when the edge is there, Refused for a cycle."""
        ...

    def remove_dependency(self, bead_id: str, on: str, actor: str) -> Bead:
        """Take the edge away. Raises NothingChanged when there is none."""
        ...


def known(state: BoardState, bead_id: str) -> Bead:
    """The bead of exactly this id. Raises NoSuchBead."""
    bead = state.beads.get(bead_id)
    if bead is None:
        raise NoSuchBead(
            f"there is no bead {bead_id} on this board; ids are full ids, as `b4tui board list` shows them"
        )
    return bead
