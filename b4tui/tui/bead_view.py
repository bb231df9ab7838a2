"""A bead in full, as lines for a width: facts, text, dependencies as a tree, comments. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from b4tui.board.model import Bead
from b4tui.board.times import instant
from b4tui.runtime.gauges.run_tokens import RunTokens
from b4tui.runtime.snapshot import RunView, Snapshot
from b4tui.tui import words
from b4tui.tui.badges import badge, short_digest
from b4tui.tui.cards import priority_ink
from b4tui.tui.paint import Ink, Line, Span, flowing, line, wrapped
from b4tui.tui.prose import prose

DEEPEST = 3
MOST_EDGES = 60
LABEL = 10

STATES = {
    "ready": ("○", Ink.SOFT),
    "working": ("●", Ink.ACCENT),
    "blocked": ("◌", Ink.SOFT),
    "closed": ("✓", Ink.FAINT),
}


@dataclass(frozen=True, slots=True)
class Page:
    """One bead of one snapshot at one instant; `needed_by` are ids of beads that depend on it."""

    snapshot: Snapshot
    bead: Bead
    now: datetime
    needed_by: tuple[str, ...] = ()

    def lines(self, width: int) -> tuple[Line, ...]:
        """The bead for a pane of `width` cells."""
        bead = self.bead
        parts: list[Line] = list(wrapped(bead.title, width, Ink.STRONG, limit=2000))
        parts += [Line(), *self._facts(width)]
        if self.snapshot.read_only:
            parts += list(wrapped(f"Read-only: {self.snapshot.read_only}", width, Ink.ATTENTION))
        for title, text in (
            ("", bead.description),
            ("ACCEPTANCE", bead.acceptance),
            ("DESIGN", bead.design),
            ("NOTES", bead.notes),
            ("CLOSED BECAUSE", bead.close_reason),
        ):
            if text.strip():
                parts += [Line(), *([line(Span(title, Ink.FAINT))] if title else []), *prose(text.strip("\n"), width)]
        parts += self._tree(width)
        return tuple(parts)

    def _facts(self, width: int) -> Iterator[Line]:
        bead, snapshot = self.bead, self.snapshot
        state = state_of(snapshot, bead.id)
        sign, ink = STATES.get(state, ("·", Ink.SOFT))
        status = bead.status.replace("_", " ")
        yield _fact(
            "state",
            Span(f"{sign} {state}", ink),
            Span(f"  {status}" if status not in {state, "in progress", "open"} else "", Ink.FAINT),
        )
        yield _fact("priority", Span(f"P{bead.priority}", priority_ink(bead.priority)), Span(f"  {bead.issue_type}"))
        if bead.id in snapshot.attempts_spent:
            yield _fact("waits", Span("▲ for you: no more attempts by itself; r retries", Ink.ATTENTION))
        route = snapshot.routes.get(bead.id)
        if route is not None:
            name = next((view.name for view in snapshot.agents if view.key == route.agent), route.agent)
            yield _fact("agent", Span(name), Span(f"  {route.category.replace('_', ' ')}: {route.reason}", Ink.FAINT))
        if bead.assignee:
            yield _fact("held by", Span(bead.assignee))
        run = snapshot.runs.get(bead.id)
        if run is not None:
            yield _fact("run", *run_words(run.outcome, run.reason))
            yield from _computed(run, width)
            yield from _tokens(run.tokens, width)
        yield _fact("created", Span(self._when(bead.created_at), Ink.SOFT), Span(_by(bead.created_by), Ink.FAINT))
        if bead.closed_at:
            yield _fact("closed", Span(self._when(bead.closed_at), Ink.SOFT))
        if bead.labels:
            yield from _hanging("labels", ", ".join(label[:100] for label in bead.labels[:50]), width)

    def _when(self, stamp: str) -> str:
        moment = instant(stamp)
        if moment is None:
            return stamp or "n/a"
        local = datetime.fromtimestamp(moment, self.now.tzinfo).astimezone(self.now.tzinfo)
        return f"{local:%Y-%m-%d %H:%M}  {words.age(self.now.timestamp() - moment)} ago"

    def _tree(self, width: int) -> Iterator[Line]:
        if self.bead.dependencies:
            yield Line()
            yield line(Span("DEPENDS ON", Ink.FAINT))
            yield from self._branches(self.bead, "", {self.bead.id}, [MOST_EDGES])
        if self.needed_by:
            yield Line()
            yield line(Span("NEEDED BY", Ink.FAINT))
            for id_ in self.needed_by[:MOST_EDGES]:
                yield self._leaf("", id_, "")
            if len(self.needed_by) > MOST_EDGES:
                yield line(Span(f"… {len(self.needed_by) - MOST_EDGES:,} more", Ink.FAINT))

    def _branches(self, bead: Bead, indent: str, seen: set[str], left: list[int]) -> Iterator[Line]:
        edges = bead.dependencies
        for number, edge in enumerate(edges):
            if left[0] <= 0:
                yield line(Span(f"{indent}…", Ink.FAINT))
                return
            left[0] -= 1
            last = number == len(edges) - 1
            yield self._leaf(f"{indent}{'└ ' if last else '├ '}", edge.depends_on_id, edge.type)
            below = self.snapshot.board.beads.get(edge.depends_on_id) if self.snapshot.board else None
            if below is not None and below.id not in seen and len(indent) < 2 * (DEEPEST - 1):
                seen.add(below.id)
                yield from self._branches(below, f"{indent}{'  ' if last else '│ '}", seen, left)

    def _leaf(self, indent: str, id_: str, kind: str) -> Line:
        target = self.snapshot.board.beads.get(id_) if self.snapshot.board else None
        if target is None:
            return line(Span(indent, Ink.FAINT), Span(f"? {id_}", Ink.SOFT), Span("  not on this board", Ink.FAINT))
        sign, ink = STATES.get(state_of(self.snapshot, id_), ("·", Ink.SOFT))
        return line(
            Span(indent, Ink.FAINT),
            Span(f"{sign} ", ink),
            Span(f"{id_}  ", Ink.SOFT),
            Span(target.title),
            right=(Span(kind, Ink.FAINT),),
        )


def state_of(snapshot: Snapshot, bead_id: str) -> str:
    """In one word: `ready`, `working`, `blocked`, `closed`, or the status as it is written."""
    bead = snapshot.board.beads.get(bead_id) if snapshot.board else None
    if bead is None:
        return "gone"
    if bead.status in {"closed", "tombstone"}:
        return "closed"
    if bead.status == "in_progress":
        return "working"
    if bead_id in snapshot.blocked_by:
        return "blocked"
    return "ready" if bead.status == "open" else bead.status


def needed_by(beads: Iterable[Bead], bead_id: str) -> tuple[str, ...]:
    """Who depends on a bead; looks at every row once."""
    return tuple(
        bead.id
        for bead in beads
        if bead.row.get("dependencies") and any(edge.depends_on_id == bead_id for edge in bead.dependencies)
    )


def comment_lines(bead: Bead, now: datetime, width: int) -> tuple[Line, ...]:
    """All comments, oldest first."""
    if not bead.comments:
        return (Line(), line(Span("  Nobody has said anything. c writes a comment.", Ink.SOFT)))
    lines: list[Line] = []
    for comment in bead.comments:
        moment = instant(comment.created_at)
        when = f"{words.age(now.timestamp() - moment)} ago" if moment is not None else comment.created_at
        lines.append(line(Span(comment.author or "somebody", Ink.STRONG), Span(f"  {when}", Ink.FAINT)))
        lines += prose(comment.text, width)
        lines.append(Line())
    return tuple(lines)


def run_words(outcome: object, reason: str) -> Sequence[Span]:
    """How a run stands, with its reason."""
    if outcome is None:
        return (Span("● running", Ink.ACCENT),)
    good = str(outcome) == "finished"
    return (
        Span(f"{'✓' if good else '✗'} {outcome}", Ink.SOFT if good else Ink.BAD),
        Span(f"  {reason}" if reason else "", Ink.SOFT),
    )


def _fact(label: str, *spans: Span) -> Line:
    return line(Span(f"{label:<{LABEL}}", Ink.FAINT), *spans)


def _computed(run: RunView, width: int) -> Iterator[Line]:
    """Where a run is computed, by which model and load profile, and why not by the first choice."""
    label = Span(f"{'model':<{LABEL}}", Ink.FAINT)
    pieces = [(Span(run.model), Span(f" on {run.engine}", Ink.FAINT)), (badge(run.locality),)]
    if run.digest:
        pieces.append((Span("digest ", Ink.FAINT), Span(short_digest(run.digest), Ink.SOFT)))
    if run.profile:
        pieces.append((Span("profile ", Ink.FAINT), Span(run.profile, Ink.SOFT)))
    yield from flowing(pieces, width, (label,))
    if run.note:
        yield from _hanging("fallback", f"↓ {run.note}", width, Ink.INFO)


def _tokens(tokens: RunTokens, width: int) -> Iterator[Line]:
    """How fast a run's prompts are read and its answers written, and what its last answer waited for."""
    last = tokens.last
    if last is None:
        return
    share = "n/a" if tokens.cached_share is None else f"{100 * tokens.cached_share:.0f} %"
    pieces = (
        (Span("prompts "), Span(_rate(tokens.prompt_per_s), Ink.SOFT)),
        (Span("cached "), Span(share, Ink.SOFT)),
        (Span("answers "), Span(_rate(tokens.generated_per_s), Ink.SOFT)),
    )
    yield from flowing(pieces, width, (Span(f"{'tokens':<{LABEL}}", Ink.FAINT),))
    waits = (
        ("first token", last.first_token_seconds),
        ("queue", last.queue_seconds),
        ("load", last.load_seconds),
    )
    spans = [(Span(f"{name} "), Span(_seconds(value), Ink.SOFT)) for name, value in waits]
    yield from flowing(spans, width, (Span(f"{'last one':<{LABEL}}", Ink.FAINT),))


def _rate(value: float | None) -> str:
    return "n/a" if value is None else words.rate(value).strip()


def _seconds(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.1f} s"


def _hanging(label: str, text: str, width: int, ink: Ink = Ink.SOFT) -> Iterator[Line]:
    for number, piece in enumerate(wrapped(text, max(10, width - LABEL), ink)):
        yield line(Span(f"{label if number == 0 else '':<{LABEL}}", Ink.FAINT), *piece.left)


def _by(name: str) -> str:
    return f"  by {name}" if name else ""
