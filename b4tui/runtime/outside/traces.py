"""Which beads were worked on by a run that was told something private: what it left behind is as private.

A run's comments and files outlive it, in memory nothing does. An empty file for each such bead, so that the next run of
the bead, and the runs of beads that it made, know it after a restart as well.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from b4tui.agents.workfolder import safe_name
from b4tui.provenance import Source, SourceKind

LEFT = Source(SourceKind.MODEL, "what a private run left behind")
"""As whose text that counts which such a run wrote: the operator's policy may say otherwise of it."""


class Traces:
    """The marks of one hub."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def mark(self, bead: str) -> None:
        """A run of this bead was told something private. Raises OSError: then it must not go on."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / safe_name(bead)
        if not os.path.lexists(path):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))

    def sources(self, beads: Iterable[str]) -> tuple[Source, ...]:
        """What a run is told by what earlier ones left at these beads; () where none of them was private."""
        return (LEFT,) if any(os.path.lexists(self._folder / safe_name(bead)) for bead in beads) else ()
