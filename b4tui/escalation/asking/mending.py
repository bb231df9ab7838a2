"""What the operator can do about a payload that stays here: have it redacted, or call a value found in it public.

Both end with another reading by the gate, and with what it says then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from b4tui.escalation.approvals import entries
from b4tui.escalation.approvals.changes import Cancel, Declined, Objection, ObjectionKind, Rejudge
from b4tui.escalation.approvals.states import shown_objection
from b4tui.escalation.asking.escalating import Escalation
from b4tui.escalation.asking.firmly import firmly
from b4tui.escalation.asking.office import Office
from b4tui.escalation.asking.preparing import Prepared, approval_of, prepare
from b4tui.escalation.door.parts import PartError, with_texts
from b4tui.escalation.door.payloads import PayloadError
from b4tui.escalation.types import Approval
from b4tui.gate.policy.public_values import PublicValue
from b4tui.gate.redaction.redacting import redact
from b4tui.gate.types import Finding, FindingClass, GateError, Verdict

_PLACEHOLDER = re.compile(r"\[\[(?:N\d+_)?(?P<kind>[A-Z0-9_]+?)_\d+(?::[a-z0-9-]+)?\]\]")
_CLASSES = {"SECRET": FindingClass.SECRET, "HIDDEN": FindingClass.OPAQUE}


class Mender:
    """`remember` keeps a value that was called public, `reopen` opens the gate with it. Both raise GateError."""

    def __init__(self, office: Office, remember: Callable[[PublicValue], None], reopen: Callable[[], None]) -> None:
        self._office = office
        self._remember = remember
        self._reopen = reopen

    async def redact(self, escalation: Escalation, approval_id: str, version: int, digest: str, actor: str) -> Approval:
        """A new approval of the same chat without what was found. Raises Declined."""
        office = self._office
        async with escalation.lock:
            old = await self._shown(escalation, approval_id, version, digest)
            prepared = await firmly(self._redacted, escalation.prepared)
            new = approval_of(
                prepared, office.new_id(), office.clock(), office.policy.escalation.deadline_s, replaces=old.id
            )
            gone = Cancel("replaced by a redacted payload", actor)
            new = await firmly(office.store.replace, old, gone, new, prepared.payload.body, office.clock())
            escalation.follow(new, prepared)
        return new

    async def call_public(
        self, escalation: Escalation, approval_id: str, rule: str, value_hash: str, note: str, actor: str
    ) -> None:
        """Keep that a value is public, and open the gate anew. Raises Declined."""
        office = self._office
        async with escalation.lock:
            approval = await firmly(office.store.get, approval_id)
            if not any(_is(finding, rule, value_hash) for finding in approval.findings):
                raise _declined("This payload holds no such finding, or one that cannot be called public.")
            row = entries.called_public(approval, rule, value_hash, note, actor, office.clock())
            await firmly(office.store.ledger.append, row, durable=True)
        try:
            await firmly(self._remember, PublicValue(rule=rule, value_sha256=value_hash, note=note))
            await firmly(self._reopen)
        except GateError as error:
            raise _declined(f"It could not be kept, and stays private: {error}") from None

    async def rejudge(self, escalation: Escalation) -> None:
        """Judge what an escalation waits for by the rules as they are now; what has left or ended stays as it is."""
        office = self._office
        if not escalation.approval_id:
            return
        async with escalation.lock:
            old = escalation.prepared
            try:
                prepared = await firmly(self._prepared, old)
                anew = Rejudge(prepared.judgement, prepared.assessment.level, prepared.assessment.words)
                approval = await firmly(office.store.change, escalation.approval_id, anew, office.clock())
            except (Declined, PayloadError, PartError):
                return
            escalation.follow(approval, prepared)

    async def _shown(self, escalation: Escalation, approval_id: str, version: int, digest: str) -> Approval:
        """The approval, if it is as it was shown and still waited for. Raises Declined."""
        approval = await firmly(self._office.store.get, approval_id)
        objection = shown_objection(approval, version, self._office.clock(), digest)
        if objection is None and escalation.approval_id != approval_id:
            objection = Objection(ObjectionKind.STALE, "Another payload has taken its place: look at that one.")
        if objection is not None:
            raise Declined(objection)
        return approval

    def _prepared(self, old: Prepared) -> Prepared:
        """Runs in a thread: the same chat, by the rules as they are now."""
        office = self._office
        known = office.store.known_host(old.payload.destination.host)
        return prepare(
            old.request,
            old.provider,
            old.chat,
            office.judge(),
            office.policy,
            known_host=known,
            before=office.window.before(old.request.run),
            redacted=old.redacted,
            originals=old.originals,
        )

    def _redacted(self, old: Prepared) -> Prepared:
        """Runs in a thread. Raises Declined where nothing would be gained."""
        office, judge = self._office, self._office.judge()
        try:
            done = redact(old.parts, judge.scan_text)
            before = {named.name: named.part.text for named in old.parts}
            texts = {n.name: n.part.text for n in done.parts if n.part.text != before[n.name]}
            chat = with_texts(old.chat, texts)
            prepared = prepare(
                old.request,
                old.provider,
                chat,
                judge,
                office.policy,
                known_host=office.store.known_host(old.payload.destination.host),
                before=office.window.before(old.request.run),
                redacted=_added(old.redacted, _counted(done.placeholders, old.judgement.findings)),
                originals={**old.originals, **done.originals},
            )
        except (GateError, PartError, PayloadError) as error:
            raise _declined(f"It cannot be redacted: {error}") from None
        if prepared.payload.sha256 == old.payload.sha256:
            raise _declined("There is nothing in it that could be replaced.")
        if prepared.judgement.verdict is Verdict.LOCAL_ONLY:
            left = "; ".join(reason.text for reason in prepared.judgement.reasons)
            raise _declined(f"Redacted, it would stay here all the same: {left}.")
        return prepared


def _is(finding: Finding, rule: str, value_hash: str) -> bool:
    return bool(value_hash) and finding.rule == rule and finding.value_hash == value_hash


def _counted(placeholders: Sequence[str], findings: Sequence[Finding]) -> Mapping[str, int]:
    """How many values of each class were replaced."""
    classes = {
        finding.rule.removeprefix("known-").upper().replace("-", "_"): finding.finding_class for finding in findings
    }
    counts: dict[str, int] = {}
    for placeholder in placeholders:
        match = _PLACEHOLDER.fullmatch(placeholder)
        kind = match["kind"] if match else ""
        name = str(_CLASSES.get(kind) or classes.get(kind) or FindingClass.PERSONAL)
        counts[name] = counts.get(name, 0) + 1
    return counts


def _added(before: Mapping[str, int], now: Mapping[str, int]) -> Mapping[str, int]:
    return {name: before.get(name, 0) + now.get(name, 0) for name in {**before, **now}}


def _declined(text: str) -> Declined:
    return Declined(Objection(ObjectionKind.LOCAL_ONLY, text))
