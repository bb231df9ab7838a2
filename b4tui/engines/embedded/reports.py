"""What the child says to its parent: lines of JSON on its standard output. Standard library only, as in `launch`."""

from __future__ import annotations

import json
import signal
from dataclasses import asdict, dataclass
from enum import StrEnum


class Stage(StrEnum):
    """How far the child came."""

    READY = "ready"  # it serves
    NO_PACKAGE = "no package"  # xllamacpp cannot be imported
    NOT_LOADED = "not loaded"  # llama.cpp refused the model or the settings
    DIED = "died"  # it ended without being told to


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One line: `detail` in words, `server` the process that computes."""

    stage: Stage
    detail: str = ""
    server: int = 0

    def as_text(self) -> str:
        """The report as one line, its end included."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def from_text(cls, text: str) -> Report:
        """The report back from its line. Raises ValueError, KeyError or TypeError for anything else."""
        row = json.loads(text)
        return cls(stage=Stage(row["stage"]), detail=str(row["detail"]), server=int(row["server"]))


def ended_how(code: int) -> str:
    """An exit code in words; a negative one is a signal's number."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
