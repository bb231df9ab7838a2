"""What b4tui keeps beside a board: `HUB/.b4tui/`, never part of the repository.

work/<bead>/        the folder a bead is worked on in
runs/<run>.jsonl    a run's journal
claims/<bead>.lock  held while a bead is worked on (claims.py)
attempts/<bead>     how often a bead was tried, and whether it waits for the operator (attempts.py)
private/<bead>      a run that was told something private worked on the bead (outside/traces.py)
git/<bead>/         what changed in the bead's folder is measured against this (agents/workfolder.py)
ledger.db           the record of everything that happened (ledger/)
"""

from __future__ import annotations

import os
from pathlib import Path

from b4tui.board.model import Hub


class StateError(Exception):
    """The state folder cannot be used; the message says why and what to do."""


class StateFolder:
    """The folder and the names in it. Nothing is made before `prepare`."""

    def __init__(self, hub: Hub) -> None:
        self.path = hub.root / ".b4tui"

    @property
    def work(self) -> Path:
        """Where the beads' own folders are."""
        return self.path / "work"

    @property
    def runs(self) -> Path:
        """Where the journals are."""
        return self.path / "runs"

    @property
    def claims(self) -> Path:
        """Where the locks of beads in hand are."""
        return self.path / "claims"

    @property
    def attempts(self) -> Path:
        """Where spent attempts are counted."""
        return self.path / "attempts"

    @property
    def private(self) -> Path:
        """Where the beads are marked that private runs worked on."""
        return self.path / "private"

    @property
    def ledger(self) -> Path:
        """The hub's record."""
        return self.path / "ledger.db"

    def prepare(self) -> None:
        """Make the folders, and keep git from seeing any of it. Raises StateError.

        A `.gitignore` inside the folder, and not a line in the repository's own exclude file, so that it holds in
        worktrees and submodules too and goes away with the folder.
        """
        try:
            for folder in (self.path, self.work, self.runs, self.claims, self.attempts, self.private):
                # A repository from elsewhere could hold a link here, and have us write wherever it points.
                if folder.is_symlink():
                    raise StateError(
                        f"{folder} is a link; b4tui keeps its state in a folder of its own: remove the link"
                    )
                folder.mkdir(mode=0o700, exist_ok=True)
            ignore = self.path / ".gitignore"
            if not ignore.exists():
                write_whole(ignore, "*\n")
        except OSError as error:
            raise StateError(
                f"{self.path} cannot be used ({error.strerror or error}); no agent can work until b4tui may write there"
            ) from error


def write_whole(path: Path, text: str) -> None:
    """Write a small file so that a reader sees the old text or the new one, never a part. Raises OSError."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    draft.unlink(missing_ok=True)  # a link there would be written through
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
