"""The live output of the beads' latest runs, kept in memory: events become pieces of a transcript."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from b4tui import events as e
from b4tui.runtime.transcript import Kind, Piece, Transcript

_KEPT_BEADS = 100


class Transcripts:
    """One transcript for each of the last hundred beads that were worked on."""

    def __init__(self) -> None:
        self._by_bead: OrderedDict[str, tuple[str, Transcript]] = OrderedDict()
        self._closed: dict[str, str] = {}

    def of(self, bead_id: str) -> Transcript | None:
        """The transcript of the bead's latest run."""
        known = self._by_bead.get(bead_id)
        return known[1] if known else None

    def add(self, event: e.Event) -> None:
        """Take what belongs into a transcript."""
        if isinstance(event, e.RunStarted):
            self._by_bead[event.bead] = (event.run, Transcript())
            self._by_bead.move_to_end(event.bead)
            if len(self._by_bead) > _KEPT_BEADS:
                self._by_bead.popitem(last=False)
            return
        bead = getattr(event, "bead", "")
        known = self._by_bead.get(bead)
        if known is not None and getattr(event, "run", "") == known[0] and (piece := self._piece(event)) is not None:
            known[1].add(piece)

    def _piece(self, event: e.Event) -> Piece | None:
        """A run that closed its bead ends for the reason that stands there already: it is said once."""
        if isinstance(event, e.BeadClosed):
            self._closed[event.run] = event.reason
        elif isinstance(event, e.RunFinished) and self._closed.pop(event.run, None) == event.reason:
            return _piece(replace(event, reason=""))
        return _piece(event)


def _piece(event: e.Event) -> Piece | None:
    match event:
        case e.TextStreamed():
            return Piece(Kind.THINKING if event.thinking else Kind.TEXT, event.text)
        case e.StepStarted():
            return Piece(Kind.STEP, f"step {event.step}")
        case e.ToolCalled():
            return Piece(Kind.CALL, f"{event.tool} {event.summary}".rstrip())
        case e.ToolFinished():
            # The row of the call names the tool already.
            return Piece(Kind.RESULT, event.summary or event.tool, event.output, event.ok, event.seconds)
        case e.RunMoved():
            note = f": {event.note}" if event.note else ""
            return Piece(Kind.NOTE, f"{event.model} on {event.engine}, {event.locality}{note}")
        case e.AnswerRestarted():
            return Piece(Kind.VOID, event.reason, ok=False)
        case e.BeadClosed():
            return Piece(Kind.NOTE, f"closed: {event.reason}")
        case e.BeadReopened():
            return Piece(Kind.NOTE, f"back to ready: {event.reason}", ok=False)
        case e.RunFinished():
            steps = f"{event.steps} step{'' if event.steps == 1 else 's'}"
            ended = f"{event.outcome} after {steps}, {event.seconds:.0f} s{f': {event.reason}' if event.reason else ''}"
            return Piece(Kind.NOTE, ended, ok=event.outcome is e.RunOutcome.FINISHED)
    return None
