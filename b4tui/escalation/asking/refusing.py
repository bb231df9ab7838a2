"""Why an escalation does not happen, before anything is built and after it was asked: pure, in words."""

from __future__ import annotations

from b4tui.escalation.asking.office import Office
from b4tui.escalation.door.providers import Provider
from b4tui.escalation.types import Approval, ApprovalState, EscalationRequest, RefusalKind, Refused
from b4tui.gate.types import Judgement, Verdict
from b4tui.provenance import LOCAL_ONLY_LABEL, is_local_only

_KINDS = {
    ApprovalState.DENIED: RefusalKind.DENIED,
    ApprovalState.EXPIRED: RefusalKind.EXPIRED,
    ApprovalState.CANCELLED: RefusalKind.CANCELLED,
}
_WORDS = {
    RefusalKind.DENIED: "the operator denied it",
    RefusalKind.EXPIRED: "nobody decided in time",
    RefusalKind.CANCELLED: "it was cancelled",
}


class Stopped(Exception):
    """An escalation ends here."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.reason)
        self.refused = refused


def before_building(office: Office, request: EscalationRequest) -> Provider:
    """Where it would go to. Raises Stopped for what is refused before anything is built."""
    policy = office.policy.escalation
    if policy.local_only:
        raise _stopped(RefusalKind.LOCAL_ONLY, "b4tui runs with --local-only: nothing leaves this machine")
    provider = _provider(office, request.provider)
    if is_local_only(request.labels):
        raise _stopped(RefusalKind.LOCAL_ONLY, f"the bead has the label {LOCAL_ONLY_LABEL}: nothing of it leaves")
    if request.category not in policy.categories:
        allowed = ", ".join(policy.categories) or "none"
        raise _stopped(
            RefusalKind.LOCAL_ONLY, f"beads of the category {request.category} stay here; what may leave: {allowed}"
        )
    return provider


def stays_here(judgement: Judgement, approval_id: str = "") -> Refused:
    """The gate's refusal, with its reasons."""
    reasons = "; ".join(reason.text for reason in judgement.reasons) or "the gate keeps it here"
    return Refused(kind=RefusalKind.LOCAL_ONLY, reason=reasons, approval=approval_id, judgement=judgement)


def refusal_of(approval: Approval, judgement: Judgement) -> Refused:
    """What an agent is told of a question that ended otherwise than approved."""
    if approval.verdict is Verdict.LOCAL_ONLY:
        return stays_here(judgement, approval.id)
    kind = _KINDS[approval.state]
    said = f": {approval.decision_reason}" if approval.decision_reason and kind is not RefusalKind.EXPIRED else ""
    return Refused(kind=kind, reason=_WORDS[kind] + said, approval=approval.id)


def _provider(office: Office, wanted: str) -> Provider:
    if not office.providers:
        words = office.no_providers or "no cloud provider is configured (settings: [escalation.NAME])"
        raise _stopped(RefusalKind.NOT_CONFIGURED, words)
    name = wanted or next(iter(office.providers))
    if name not in office.providers:
        raise _stopped(
            RefusalKind.NOT_CONFIGURED, f"there is no provider {name}; there are {', '.join(office.providers)}"
        )
    return office.providers[name]


def _stopped(kind: RefusalKind, reason: str) -> Stopped:
    return Stopped(Refused(kind=kind, reason=reason))
