"""A run's events as JSON lines on disk, so that a run can be read after the program ended or died.

Streamed text is written in pieces of some thousand characters, not token by token.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from b4tui.events import Event, RunFinished, TextStreamed, Warned, as_json

_PIECE_CHARS = 4096


class Journal:
    """The journal of one run: append events, close it. Raises OSError when the disk refuses.

    Each line is one event as `events.as_json` gives it, with `seq` counting from 1. Written through to the system at
    every event but text; a power cut may cost the last lines, a killed process costs at most the text since the last.
    """

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("a+b")
        self._file.seek(0)
        self._seq = sum(1 for _ in self._file)
        self._text: list[TextStreamed] = []
        self._chars = 0

    def append(self, event: Event) -> None:
        """Write an event, after the text that came before it."""
        if isinstance(event, TextStreamed):
            if self._text and self._text[0].thinking != event.thinking:
                self._write_text()
            self._text.append(event)
            self._chars += len(event.text)
            if self._chars >= _PIECE_CHARS:
                self._write_text()
            return
        self._write_text()
        self._write(event)
        self._file.flush()

    def close(self) -> None:
        """Write what is left and close the file. A second call is harmless."""
        if not self._file.closed:
            with self._file:
                self._write_text()

    def _write_text(self) -> None:
        if self._text:
            pieces, self._text, self._chars = self._text, [], 0
            self._write(replace(pieces[0], text="".join(piece.text for piece in pieces)))

    def _write(self, event: Event) -> None:
        self._seq += 1
        row = {"seq": self._seq, **as_json(event)}
        self._file.write(json.dumps(row).encode("ascii") + b"\n")


class Journals:
    """The journals of all runs: give it every event. A disk that refuses is reported once, and the runs go on."""

    def __init__(self, folder: Path, publish: Callable[[Event], None]) -> None:
        self._folder = folder
        self._publish = publish
        self._open: dict[str, Journal] = {}
        self._complained = False

    def add(self, event: Event) -> None:
        """Write the event into its run's journal, if it belongs to a run."""
        run = getattr(event, "run", "")
        if not run:
            return
        try:
            journal = self._open.get(run)
            if journal is None:
                journal = self._open[run] = Journal(self._folder / f"{run}.jsonl")
            journal.append(event)
            if isinstance(event, RunFinished):
                self._open.pop(run).close()
        except OSError as error:
            if not self._complained:
                self._complained = True
                self._publish(Warned(at=event.at, reason=f"no journal of this run is kept: {error}"))

    def close(self) -> None:
        """Close every journal that is still open."""
        while self._open:
            with contextlib.suppress(OSError):
                self._open.popitem()[1].close()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run got, by its journal: steps begun, and seconds from its first line to its last."""

    steps: int = 0
    seconds: float = 0.0


def progress(path: Path) -> Progress:
    """Read a journal that may be half-written; nothing where there is none."""
    steps, moments = 0, []
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return Progress()
    for line in lines:
        try:
            row = json.loads(line)
            moments.append(datetime.fromisoformat(row["at"]))
            steps += row["event"] == "step_started"
        except (ValueError, KeyError, TypeError):
            continue
    return Progress(steps, (max(moments) - min(moments)).total_seconds() if moments else 0.0)
