"""How often each bead was tried, and which wait for the operator. One small file a bead, so it survives a restart.

An attempt is written down when it starts: a bead whose run kills the whole program is not tried for ever.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from b4tui.agents.workfolder import safe_name
from b4tui.runtime.state import write_whole


@dataclass(frozen=True, slots=True)
class Tries:
    """`count` runs were started; `held` says why no agent may take the bead before the operator says so."""

    count: int = 0
    held: str = ""


class Attempts:
    """The counts of one hub. Change a bead's count only while its claim lock is held. Raises OSError."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self.limit = limit

    def of(self, bead_id: str) -> Tries:
        """What is known of a bead; nothing when the file is absent or broken."""
        return _read(self._folder / safe_name(bead_id))[1]

    def may_start(self, bead_id: str) -> bool:
        """Whether an agent may take the bead."""
        return not self._waits(self.of(bead_id))

    def start(self, bead_id: str) -> int:
        """Count one attempt that begins now; returns its number."""
        tries = self.of(bead_id)
        self._write(bead_id, Tries(tries.count + 1, tries.held))
        return tries.count + 1

    def give_back(self, bead_id: str) -> None:
        """The attempt did not fail by the bead's fault: it does not count."""
        tries = self.of(bead_id)
        self._write(bead_id, Tries(max(0, tries.count - 1), tries.held))

    def hold(self, bead_id: str, reason: str) -> None:
        """Keep agents off the bead until `forget`."""
        self._write(bead_id, Tries(self.of(bead_id).count, reason))

    def forget(self, bead_id: str) -> None:
        """Begin anew: the bead is done, or the operator wants it tried again."""
        (self._folder / safe_name(bead_id)).unlink(missing_ok=True)

    def waiting(self) -> frozenset[str]:
        """The beads that wait for the operator; none where the folder cannot be read, and no agent works then."""
        try:
            files = list(self._folder.iterdir())
        except OSError:
            return frozenset()
        read = (_read(path) for path in files if not path.name.endswith(".tmp"))
        return frozenset(bead for bead, tries in read if bead and self._waits(tries))

    def _waits(self, tries: Tries) -> bool:
        return bool(tries.held) or tries.count >= self.limit

    def _write(self, bead_id: str, tries: Tries) -> None:
        row = {"bead": bead_id, "count": tries.count, "held": tries.held}
        write_whole(self._folder / safe_name(bead_id), json.dumps(row))


def _read(path: Path) -> tuple[str, Tries]:
    try:
        row = json.loads(path.read_bytes())
        return str(row["bead"]), Tries(int(row["count"]), str(row.get("held", "")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "", Tries()
