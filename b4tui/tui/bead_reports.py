"""What takes long to find out about a bead: its changes, its history, and why it is where it is. For worker threads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from b4tui.board.model import Hub
from b4tui.runtime.snapshot import FileChange, Snapshot
from b4tui.tui import words
from b4tui.tui.bead_view import run_words
from b4tui.tui.paint import Ink, Line, Span, line, wrapped

if TYPE_CHECKING:
    from b4tui.agents.workfolder import WorkFolder

MOST_FILES = 200
MOST_ENTRIES = 500


@dataclass(frozen=True, slots=True)
class Report:
    """Lines to show, wrapped later to the pane; or files with their diffs."""

    lines: tuple[Line, ...] = ()
    files: tuple[FileChange, ...] = ()
    diffs: Mapping[str, str] = field(default_factory=dict)

    def wrapped(self, width: int) -> tuple[Line, ...]:
        """Lines of a single span are wrapped, all others are cut."""
        rows: list[Line] = []
        for text in self.lines:
            if len(text.left) == 1 and not text.right:
                rows += wrapped(text.left[0].text, width, text.left[0].ink)
            else:
                rows.append(text)
        return tuple(rows)


def failure(reason: str) -> Report:
    """The report that says why there is none."""
    return Report((line(Span(f"✗ {reason}", Ink.BAD)),))


def changes(folder: WorkFolder | None) -> Report:
    """The files that differ from the run's start, with their diffs."""
    if folder is None:
        return Report((line(Span("No run of this bead is known here, so no file was changed.", Ink.SOFT)),))
    found = folder.changes()
    files = tuple(FileChange(path=item.path, added=item.added, removed=item.removed) for item in found[:MOST_FILES])
    return Report(files=files, diffs={file.path: folder.diff(file.path) for file in files})


def history_report(hub: Hub, bead_id: str, snapshot: Snapshot) -> Report:
    """The latest run, then the bead's commits, newest first."""
    from b4tui.board.history import history  # needs git, which takes long to load

    lines: list[Line] = []
    run = snapshot.runs.get(bead_id)
    if run is not None:
        end = run.ended_at
        spent = f"  {words.span(words.seconds_between(run.started_at, end))}" if end else ""
        told = (Span(f"  step {run.step}{spent}  {words.count(run.generated_tokens)} tok", Ink.SOFT),)
        lines += [line(Span("LATEST RUN", Ink.FAINT)), line(*run_words(run.outcome, ""), *told)]
        lines += [line(Span(run.reason, Ink.SOFT))] if run.reason else []
        lines.append(Line())
    lines.append(line(Span("IN GIT", Ink.FAINT)))
    entries = history(hub, bead_id)
    for entry in entries[:MOST_ENTRIES]:
        when = f"{entry.at.astimezone():%Y-%m-%d %H:%M}  "
        said = (Span(when, Ink.FAINT), Span(f"{entry.author}  ", Ink.STRONG), Span(entry.subject, Ink.SOFT))
        lines.append(line(*said, right=(Span(entry.commit[:8], Ink.FAINT),)))
    if not entries:
        lines.append(line(Span("No commit has touched this bead.", Ink.SOFT)))
    return Report(tuple(lines))


def why_report(snapshot: Snapshot, bead_id: str, now: float) -> Report:
    """Why it is ready or not, whose it is, and why it stays here."""
    from b4tui.board.why import explain

    if snapshot.board is None:
        return failure("the board is not read yet")
    told = explain(snapshot.board, bead_id, now)
    lines = [_heading("READY?"), line(Span(f"{'✓' if told.ready else '◌'} {told.reason}", Ink.INK))]
    lines += [line(Span(f"  {link}", Ink.SOFT)) for link in told.chain]
    lines += _listed("WORTH KNOWING", told.facts)
    route = snapshot.routes.get(bead_id)
    lines += [Line(), _heading("WHOSE?")]
    if route is not None:
        name = next((view.name for view in snapshot.agents if view.key == route.agent), route.agent)
        lines.append(line(Span(f"{name}, as {route.category.replace('_', ' ')}: {route.reason}", Ink.INK)))
        place = next((list(view.queue).index(bead_id) for view in snapshot.agents if bead_id in view.queue), None)
        if place is not None:
            lines.append(line(Span(f"Number {place + 1} in the queue.", Ink.SOFT)))
    else:
        lines.append(line(Span("Nobody's for now: only ready beads are given to agents.", Ink.SOFT)))
    lines += [Line(), _heading("WHERE?"), *_where(snapshot, bead_id)]
    return Report(tuple(lines))


def _where(snapshot: Snapshot, bead_id: str) -> Iterable[Line]:
    """What keeps it here, and what might leave."""
    outward, run = snapshot.outward, snapshot.runs.get(bead_id)
    if outward.local_only:
        yield line(Span("On this machine: --local-only makes leaving impossible.", Ink.INK))
    elif not outward.providers:
        yield line(Span("On this machine: no cloud provider is configured.", Ink.INK))
    else:
        yield line(Span("On this machine, unless the gate lets a payload leave and you approve those bytes.", Ink.INK))
        yield line(Span(f"Configured: {', '.join(outward.providers)}", Ink.SOFT))
    if run is not None and run.private_sources:
        told = "released by you" if run.released else "so nothing of it may leave; R releases it"
        yield line(Span(f"Its run has read what the policy keeps at home, {told}:", Ink.INK))
        yield from (line(Span(f"· {source}", Ink.SOFT)) for source in run.private_sources)


def _heading(text: str) -> Line:
    return Line((Span(text, Ink.FAINT), Span("")))


def _listed(title: str, items: Iterable[str]) -> list[Line]:
    rows = [line(Span(f"· {item}", Ink.SOFT)) for item in items]
    return [Line(), _heading(title), *rows] if rows else []
