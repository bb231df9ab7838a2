"""An event as one line of the activity strip, in words. Pure; the text is foreign and not sanitised here."""

from __future__ import annotations

from collections.abc import Mapping

from b4tui import events as e
from b4tui import outward_events as o
from b4tui.escalation.types import ApprovalState
from b4tui.gate.types import Verdict
from b4tui.provenance import SourceKind
from b4tui.runtime.snapshot import Level

_LINE_CHARS = 300
_COMMAND_CHARS = 120


# What every agent reads at the start of every run.
_OWN_WORKSPACE = (f"{SourceKind.PERSONA}:", f"{SourceKind.MEMORY}:")

# What was read, by the kind of place it came from.
_PLACES: Mapping[str, str] = {
    SourceKind.BEAD: "the bead's {}",
    SourceKind.COMMENT: "what was said on {}",
    SourceKind.TOOL: "what {} gave back",
    SourceKind.FILE: "the file {}",
    SourceKind.WEB: "the page {}",
    SourceKind.MODEL: "{}",
}

# Calls that are told by what they led to (FileChanged, BeadCommented, BeadClosed, ...), or that changed nothing.
_TOLD_OTHERWISE = frozenset({"write", "edit", "read", "search", "comment", "create_bead", "finish"})


def in_words(event: e.Event, last_tool: str = "") -> tuple[str, Level] | None:
    """What happened and how much it matters; None for events that are not worth a line.

    `last_tool` is the run's last call as its view has it, because a result does not repeat what was asked.
    """
    told = _tool(event, last_tool) if isinstance(event, e.ToolFinished) else _told(event)
    return None if told is None else (_one_line(told[0]), told[1])


def _told(event: e.Event) -> tuple[str, Level] | None:
    match event:
        case e.RuntimeStarted():
            return f"opened {event.hub} with {len(event.agents)} agents", Level.INFO
        case e.BoardFailed():
            return f"the board: {event.reason}", Level.ERROR
        case e.BeadClaimed():
            return "claimed it", Level.INFO
        case e.ClaimLost():
            return f"was late: {event.reason}", Level.INFO
        case e.RunMoved():
            return _moved(event), Level.INFO
        case e.AnswerRestarted():
            return f"asks again: {event.reason}", Level.INFO
        case e.BeadClosed():
            return f"closed: {event.reason}", Level.GOOD
        case e.BeadReopened():
            return f"back to ready: {event.reason}", Level.ERROR if event.run else Level.INFO
        case e.BeadCreated():
            return f"made {event.bead}: {event.title}", Level.INFO
        case e.BeadCommented():
            return f"commented: {event.text}", Level.INFO
        case e.FileChanged():
            return f"wrote {event.path} +{event.added} -{event.removed}", Level.INFO
        case e.AgentChanged():
            return _agent(event)
        case e.EngineChanged():
            return _engine(event)
        case e.GpuLost():
            return f"the GPU is gone: {event.reason}", Level.ERROR
        case e.GpuFound():
            return f"the GPU can be read: {', '.join(event.names)}", Level.INFO
        case e.Warned():
            return event.reason, Level.ATTENTION
    return _outward(event)


def _outward(event: e.Event) -> tuple[str, Level] | None:
    """What has to do with leaving this machine."""
    match event:
        case o.ApprovalAsked():
            what = f"{event.size:,} bytes to {event.host}, {event.model}"
            if event.verdict != Verdict.MAY_ESCALATE:
                return f"wanted to send {what}, which stay here: {event.reason}", Level.ATTENTION
            return f"asks to send {what}: {event.reason}", Level.ATTENTION
        case o.ApprovalChanged():
            return _approval(event), Level.INFO
        case o.EscalationRefused():
            return f"stays local: {event.reason}", Level.INFO
        case o.PayloadSent():
            return f"sent {event.bytes_out:,} bytes to {event.host}, sha256 {event.sha256[:12]}", Level.ATTENTION
        case o.EscalationAnswered():
            if event.failure:
                return f"the cloud did not answer: {event.failure}", Level.ERROR
            cost = "" if event.money is None else f", {event.money:.4f} {event.currency}"
            return f"has an answer from the cloud ({event.seconds:.1f} s{cost})", Level.INFO
        case o.GrantChanged():
            return f"{'revoked' if event.revoked else 'granted'}: {event.sentence}", Level.ATTENTION
        case o.EgressRefused():
            return f"the guard stopped {event.how} to {event.where}", Level.ERROR
        case o.PrivateRead() if not event.source.startswith(_OWN_WORKSPACE):
            return f"has read {_place(event.source)}, which is {event.provenance}", Level.INFO
        case o.RunReleased():
            return f"may let out what it has read, says {event.actor}", Level.ATTENTION
    return None


def _place(source: str) -> str:
    """Where something came from, in words."""
    kind, _, name = source.partition(":")
    return _PLACES[kind].replace("{}", name) if name and kind in _PLACES else source.replace(":", " ", 1)


def _approval(event: o.ApprovalChanged) -> str:
    """Who decided what; what does not decide it leaves it waiting."""
    why = f": {event.reason}" if event.reason else ""
    by = f" by {event.actor}" if event.actor else ""
    match event.state:
        case ApprovalState.PENDING:
            return f"its request waits{why}{f' ({event.actor})' if event.actor else ''}"
        case ApprovalState.EXPIRED:
            return "its request was not decided in time and stayed here"
        case ApprovalState.CANCELLED:
            return f"its request was taken back{by}{why}"
    return f"its request was {event.state}{by}{why}"


def _tool(event: e.ToolFinished, last_tool: str) -> tuple[str, Level] | None:
    if event.tool == "bash":
        command = last_tool.removeprefix("bash ") if last_tool.startswith("bash ") else "a command"
        shown = command if len(command) <= _COMMAND_CHARS else command[: _COMMAND_CHARS - 1] + "…"
        level = Level.INFO if event.ok else Level.ATTENTION
        return f"ran {shown} ({event.seconds:.1f} s, {event.summary})", level
    if not event.ok:
        return f"{event.tool} failed: {event.summary}", Level.ATTENTION
    return None if event.tool in _TOLD_OTHERWISE else (f"{event.tool}: {event.summary}", Level.INFO)


def _agent(event: e.AgentChanged) -> tuple[str, Level] | None:
    if event.state is e.AgentState.BACKOFF:
        return f"waits: {event.reason}", Level.ATTENTION
    if event.state is e.AgentState.PAUSED:
        return "paused", Level.INFO
    return None


def _moved(event: e.RunMoved) -> str:
    """Where the run goes on; without a note it is back at its first choice."""
    place = f"{event.model} on {event.engine}"
    return f"goes on with {place}: {event.note}" if event.note else f"is back at {place}"


def _engine(event: e.EngineChanged) -> tuple[str, Level]:
    if event.status is e.EngineStatus.UP:
        return f"answers at {event.address}", Level.INFO
    return f"{event.status}: {event.reason}", Level.ERROR


def _one_line(text: str) -> str:
    line = " ".join(text[: 4 * _LINE_CHARS].split())
    return line if len(line) <= _LINE_CHARS else line[: _LINE_CHARS - 1] + "…"
