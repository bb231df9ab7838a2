"""An agent's workspace files as they go into its prompt, by OpenClaw's rules (research/beads.md section 10).

A bead run is the agent's main private session: one agent, its operator's machine, its operator's board, nobody else
listening. So MEMORY.md is read. Everything here is `Provenance.PRIVATE`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from b4tui.agents.confined import Confined, Outside
from b4tui.agents.tools.text import valid

MAX_FILE_CHARS = 20_000
MAX_TOTAL_CHARS = 60_000
_CHARS_TO_BYTES = 4


@dataclass(frozen=True, slots=True)
class WorkspaceFile:
    """One file of a workspace, cut to size; `text` is a marker line when the file is missing."""

    name: str
    text: str


def read_workspace(
    workspace: Path, persona: str, today: date, *, private: bool = True, hub: Path | None = None
) -> tuple[WorkspaceFile, ...]:
    """The files to inject, in their order. `today` is in the operator's time zone. Never raises for a file's fault.

    A missing file leaves a marker, a blank one nothing; an absent workspace gives (). Long-term memory and the daily
    logs of today and yesterday only when `private`. A workspace in a `hub` is not followed out of it through a link:
    others may write to the hub's repository.
    """
    if not workspace.is_dir():
        return ()
    files = Confined((hub or workspace).resolve())
    place = workspace.relative_to(hub).as_posix() if hub else "."
    room = MAX_TOTAL_CHARS
    found = []
    for name, text in _texts(files, place, persona, today, private):
        cut = _cut(text, min(MAX_FILE_CHARS, room), name)
        room -= min(len(cut), room)
        if cut.strip():
            found.append(WorkspaceFile(name, cut))
    return tuple(found)


def _texts(files: Confined, place: str, persona: str, today: date, private: bool) -> Iterator[tuple[str, str]]:
    for name in dict.fromkeys(("AGENTS.md", persona, "TOOLS.md")):
        text = _text(files, f"{place}/{name}")
        yield name, f"[missing file: {name}]" if text is None else text
    if not private:
        return
    memory = _text(files, f"{place}/MEMORY.md")
    legacy = _text(files, f"{place}/memory.md") if memory is None else None
    if legacy is not None:
        yield "memory.md", legacy
    else:
        yield "MEMORY.md", "[missing file: MEMORY.md]" if memory is None else memory
    for day in (today - timedelta(days=1), today):
        name = f"memory/{day.isoformat()}.md"
        yield name, _text(files, f"{place}/{name}") or ""


def _text(files: Confined, path: str) -> str | None:
    """A file's text, one character more than is used at most; None when it is missing or not to be read."""
    try:
        with os.fdopen(files.open(path), "rb") as file:
            data = file.read((MAX_FILE_CHARS + 1) * _CHARS_TO_BYTES)
    except (OSError, Outside):
        return None
    return valid(data.decode("utf-8-sig", "replace"))


def _cut(text: str, most: int, name: str) -> str:
    if len(text) <= most:
        return text
    return f"{text[:most]}\n[truncated: {name} is longer than what fits here]"
