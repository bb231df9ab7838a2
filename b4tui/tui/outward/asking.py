"""An approval in words: what would leave, who asks, where to, at what risk and cost, and how it stands. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from b4tui.escalation.types import Approval, ApprovalState, Cost, Risk
from b4tui.gate.types import Finding, FindingClass, Severity, Verdict
from b4tui.runtime.snapshot import Snapshot
from b4tui.tui import words
from b4tui.tui.paint import Ink, Line, Span, line, wrapped

SOON_S, NOW_S = 60.0, 15.0
"""Seconds before its end from which a question says so louder, and louder still."""
LABEL = 10
STATES = {
    ApprovalState.PENDING: ("▲", Ink.ATTENTION),
    ApprovalState.APPROVED: ("✓", Ink.SOFT),
    ApprovalState.DENIED: ("✗", Ink.SOFT),
    ApprovalState.EXPIRED: ("◌", Ink.SOFT),
    ApprovalState.CANCELLED: ("·", Ink.FAINT),
}
RISKS = {Risk.LOW: ("○", Ink.SOFT), Risk.MEDIUM: ("◆", Ink.INFO), Risk.HIGH: ("▲", Ink.ATTENTION)}
CLASSES = {
    FindingClass.SECRET: "secret",
    FindingClass.PERSONAL: "personal",
    FindingClass.INFRASTRUCTURE: "infrastructure",
    FindingClass.OPAQUE: "unreadable block",
    FindingClass.POLICY: "hidden text",
}
EFFECTS = {Severity.BLOCK: "keeps it here", Severity.ASK: "for you to judge", Severity.WARN: "only said"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One approval at one instant, with the names of whom and what it is about; `retention` is the provider's word."""

    approval: Approval
    now: datetime
    agent: str
    title: str = ""
    retention: str = ""

    @classmethod
    def of(cls, approval: Approval, snapshot: Snapshot, now: datetime, retention: str = "") -> Asking:
        """With the names that the snapshot knows."""
        bead = snapshot.board.beads.get(approval.bead) if snapshot.board else None
        return cls(
            approval=approval,
            now=now,
            agent=agent_name(snapshot, approval.agent),
            title=bead.title if bead else "",
            retention=retention,
        )

    @property
    def question(self) -> Span:
        """One sentence with the verb and the destination."""
        one = self.approval
        what = f"{one.size:,} bytes to {one.destination.host}, model {one.destination.model}"
        if stays_here(one) and one.state is ApprovalState.PENDING:
            return Span(f"▲ These stay here: {self.agent} wanted to send {what}.", Ink.ATTENTION)
        if one.state is ApprovalState.PENDING:
            return Span(f"▲ Send {what}?", Ink.ATTENTION)
        sign, _ = STATES[one.state]
        return Span(f"{sign} {str(one.state).upper()}: {what}.", Ink.STRONG)

    def facts(self, width: int, *, short: bool = False) -> Iterator[Line]:
        """What there is to know before deciding, in the order it matters; `short` keeps most facts to one line.

        Of what stays here no price is told: it will not be paid.
        """
        one = self.approval
        asker = (Span(self.agent, Ink.STRONG), Span(f"  {one.bead}  ", Ink.INK), Span(self.title, Ink.SOFT))
        seen = f"seen by {one.seen_by} · " if one.seen_by and one.state is ApprovalState.PENDING else ""
        kind = Span(one.category.replace("_", " "), Ink.FAINT)
        yield _fact("asks", *asker, right=(Span(seen, Ink.INFO), kind))
        yield from _told("because", Span(one.reason or "it gave no reason"), width, 1 if short else 3)
        if stays_here(one):
            reasons = " · ".join(reason.text for reason in one.reasons) or "the gate says so"
            yield from _told("stays", Span(reasons, Ink.ATTENTION), width, 2 if short else 4)
        else:
            yield from _told("risk", risk_line(one), width, 2)
        place = one.destination
        where = [Span(place.url, Ink.INK), Span(f"  {place.model}", Ink.INK), Span(f"  ({place.provider})", Ink.FAINT)]
        yield _fact("to", *where)
        if not stays_here(one):
            kept = self.retention or "it does not say how long it keeps what it gets"
            yield from _told("costs", Span(cost_words(one.estimate)), width, 1)
            yield from _told("keeps", Span(kept, Ink.SOFT), width, 1)
        if one.redacted or not short:
            yield _fact("redacted", *redacted_words(one.redacted))

    def standing(self, *, short: bool = False) -> Span:
        """How long there is left, or how it ended."""
        one = self.approval
        return expiry(one, self.now, short=short) if one.state is ApprovalState.PENDING else ending(one, self.now)


def ending(one: Approval, now: datetime) -> Span:
    """How it ended: who decided, when and why, and whether its bytes have left."""
    ago = f", {words.age((now - one.decided_at).total_seconds())} ago" if one.decided_at else ""
    why = f": {one.decision_reason}" if one.decision_reason else ""
    if one.state is ApprovalState.EXPIRED:
        return Span(f"nobody decided in time, so it stayed here{ago}", Ink.SOFT)
    if one.state is ApprovalState.CANCELLED:
        return Span(f"taken back{ago}{why}", Ink.SOFT)
    by = one.decided_by or ("a grant" if one.grant else "somebody")
    left = "; its bytes have left" if one.sent_at else ""
    return Span(f"{one.state} by {by}{ago}{left}{why}", Ink.SOFT)


def stays_here(approval: Approval) -> bool:
    """Whether the gate says that this may not leave, whatever the operator says."""
    return approval.verdict is not Verdict.MAY_ESCALATE


def agent_name(snapshot: Snapshot, key: str) -> str:
    """An agent's name for a person; its key where it has no panel here."""
    return next((view.name for view in snapshot.agents if view.key == key), key)


def expiry(approval: Approval, now: datetime, *, short: bool = False) -> Span:
    """When the question ends by itself, absolute and in time left: louder at a minute and at a quarter of one."""
    left = (approval.deadline - now).total_seconds()
    at = f"{approval.deadline.astimezone(now.tzinfo):%H:%M:%S}"
    told = f"{'' if short else f'expires {at} · '}{clock_words(left)} left"
    if left <= NOW_S:
        return Span(f"▲▲ {told}{'' if short else ', then it stays here'}", Ink.BAD)
    return Span(f"▲ {told}", Ink.ATTENTION) if left <= SOON_S else Span(told, Ink.SOFT)


def clock_words(seconds: float) -> str:
    """Time left as `4:12`, `1:04:12` or `2d`."""
    whole = max(0, int(seconds))
    if whole >= 2 * 86400:
        return f"{whole // 86400}d"
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


def risk_line(approval: Approval) -> Span:
    """The risk with its sign, what makes it, and what it asks of the operator."""
    sign, ink = RISKS[approval.risk]
    asked = [one for one in approval.findings if one.severity is not Severity.WARN]
    found = f"{counted(asked)} for you to judge" if asked else "the gate found nothing in it"
    more = {
        Risk.LOW: "",
        Risk.MEDIUM: " · held back for a moment once approved",
        Risk.HIGH: " · approved by typing the host",
    }[approval.risk]
    return Span(f"{sign} {approval.risk}: {'; '.join(approval.risk_words) or found}{more}", ink)


def counted(findings: Iterable[Finding]) -> str:
    """How many of each class: `2 personal, 1 infrastructure`."""
    found: dict[str, int] = {}
    for finding in findings:
        name = CLASSES.get(finding.finding_class, str(finding.finding_class))
        found[name] = found.get(name, 0) + 1
    return ", ".join(f"{number} {name}" for name, number in found.items())


def finding_note(finding: Finding, *, chosen: bool = False) -> Line:
    """What stands under a finding: its rule, its class, what it means, and what decided."""
    kind = CLASSES.get(finding.finding_class, str(finding.finding_class))
    told = f"{finding.rule}: {kind}, {EFFECTS.get(finding.severity, str(finding.severity))}"
    view = f" · read as {finding.view}" if finding.view != "raw" else ""
    why = f" · {finding.why}" if finding.why else ""
    return line(
        Span("▶ " if chosen else "╰ ", Ink.ATTENTION), Span(told, Ink.ATTENTION), Span(f"{view}{why}", Ink.SOFT)
    )


def finding_elsewhere(finding: Finding, *, chosen: bool = False) -> Line:
    """A finding that cannot be shown where it lies: by the name of its part."""
    note = finding_note(finding, chosen=chosen)
    where = f" · in {finding.part}, characters {finding.start:,} to {finding.end:,}, {finding.preview}"
    return Line((*note.left, Span(where, Ink.SOFT)))


def redacted_words(redacted: Mapping[str, int]) -> tuple[Span, ...]:
    """What stands in the payload in place of something that stays here."""
    if not redacted:
        return (Span("nothing", Ink.SOFT),)
    told = ", ".join(f"{number} {name}" for name, number in redacted.items())
    return (Span(told, Ink.INFO), Span("  [[…]] stands in their place", Ink.FAINT))


def cost_words(cost: Cost) -> str:
    """What it will cost as far as the price table knows, and how many tokens that is."""
    tokens = f"{cost.tokens_in:,} tokens in, at most {cost.tokens_out:,} out"
    if cost.money is None:
        return f"no price is known; {tokens}"
    money = f"at most {cost.money:.2f}" if cost.money >= 0.01 else "under 0.01"
    return f"{money} {cost.currency}; {tokens}"


def size_words(size: int) -> str:
    """A payload's size in at most eight characters: `812 B`, `8.4 kB`, `1.2 MB`."""
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.1f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


def _fact(label: str, *spans: Span, right: tuple[Span, ...] = ()) -> Line:
    return line(Span(f"{label:<{LABEL}}", Ink.FAINT), *spans, right=right)


def _told(label: str, told: Span, width: int, most: int) -> Iterator[Line]:
    """A fact of at most `most` lines; the last one says where there was more."""
    rows = list(wrapped(told.text, max(10, width - LABEL), told.ink, limit=4000))
    for number, row in enumerate(rows[:most]):
        cut = "…" if number == most - 1 and len(rows) > most else ""
        yield _fact(label if number == 0 else "", *row.left, Span(cut, told.ink))
