"""What models answered when they were last checked, by digest: the old side of a check whose model is gone.

One small file for each digest in the user's state folder. The questions are public, and so are the answers to them.
"""

from __future__ import annotations

import hashlib
import os
from datetime import datetime
from pathlib import Path

from platformdirs import user_state_path
from pydantic import BaseModel, ConfigDict, ValidationError

from b4tui.engines.trials.run import TrialResult


class RecordError(Exception):
    """A record cannot be read or written; the message says where and what to do."""


class Record(BaseModel):
    """What one model answered: the wording of the trials (`mark`), the server's version, and when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    digest: str
    model: str
    mark: str
    version: str
    at: datetime
    results: tuple[TrialResult, ...]


def records_folder() -> Path:
    """Where the user's records are kept."""
    return user_state_path("b4tui") / "checks"


class Records:
    """The records in one folder; nothing is made before the first one is kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, digest: str) -> Record | None:
        """What the model of this digest answered; None where it was never checked. Raises RecordError."""
        path = self._path(digest)
        try:
            return Record.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RecordError(f"{path}: the recorded answers cannot be read ({error.strerror})") from error
        except ValidationError as error:
            raise RecordError(f"{path}: these are no recorded answers; remove the file") from error

    def keep(self, record: Record) -> None:
        """Write a record, whole, over the one that was. Raises RecordError."""
        path = self._path(record.digest)
        draft = path.with_name(f"{path.name}.{os.getpid()}.new")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft.write_text(record.model_dump_json(indent=1), encoding="utf-8")
            draft.replace(path)
        except OSError as error:
            raise RecordError(f"{path}: the answers cannot be recorded ({error.strerror})") from error

    def _path(self, digest: str) -> Path:
        """A digest is what a server says: any text, so its own hash names the file."""
        return self._folder / f"{hashlib.sha256(digest.encode('utf-8', 'replace')).hexdigest()}.json"
