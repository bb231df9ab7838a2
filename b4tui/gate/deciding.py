"""The rules by which findings and circumstances become a verdict, in their order (design section 5). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from b4tui.gate.types import Cause, Circumstances, Finding, FindingClass, NamedPart, Reason, Severity, Verdict
from b4tui.provenance import LOCAL_ONLY_LABEL, is_local_only, most_private

_CAUSES = {
    FindingClass.SECRET: Cause.SECRET,
    FindingClass.PERSONAL: Cause.PERSONAL,
    FindingClass.INFRASTRUCTURE: Cause.INFRASTRUCTURE,
    FindingClass.OPAQUE: Cause.HIDDEN,
    FindingClass.POLICY: Cause.HIDDEN,
}
_WORDS = {
    Cause.SECRET: "secrets",
    Cause.PERSONAL: "personal data",
    Cause.INFRASTRUCTURE: "your own machines and networks",
    Cause.HIDDEN: "text that is hidden or cannot be judged",
}
_SHOWN = 4


def decide(
    circumstances: Circumstances,
    parts: Sequence[NamedPart],
    findings: Sequence[Finding],
    failures: Sequence[Reason] = (),
) -> tuple[Verdict, tuple[Reason, ...]]:
    """The verdict and every reason for it, the first rule's first. `failures` are what kept the gate from reading.

    Findings that only ask or warn keep nothing here; the reasons name rules and parts, never what was found.
    """
    reasons = [
        *_circumstances(circumstances),
        *failures,
        *_findings(findings),
        *_provenance(circumstances, parts),
        *_category(circumstances),
    ]
    order = list(Cause)
    reasons.sort(key=lambda reason: order.index(reason.cause))
    return (Verdict.LOCAL_ONLY if reasons else Verdict.MAY_ESCALATE), tuple(reasons)


def _circumstances(circumstances: Circumstances) -> Iterator[Reason]:
    if circumstances.local_only:
        yield Reason(Cause.LOCAL_ONLY, "b4tui was started with --local-only")
    if is_local_only(circumstances.labels):
        yield Reason(Cause.LABEL, f"the bead has the label {LOCAL_ONLY_LABEL}")


def _findings(findings: Sequence[Finding]) -> Iterator[Reason]:
    blocking = [finding for finding in findings if finding.severity is Severity.BLOCK]
    for cause in dict.fromkeys(_CAUSES.values()):
        found = [finding for finding in blocking if _CAUSES[finding.finding_class] is cause]
        if found:
            yield Reason(cause, f"it holds {_WORDS[cause]}: {_places(found)}")


def _places(found: Sequence[Finding]) -> str:
    places = list(dict.fromkeys(f"{finding.rule} in {finding.part}" for finding in found))
    more = len(places) - _SHOWN
    return ", ".join(places[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _provenance(circumstances: Circumstances, parts: Sequence[NamedPart]) -> Iterator[Reason]:
    """The names of parts are ours; those of their sources may hold a command line, and so anything."""
    if not parts and most_private(()) in circumstances.kept_home:
        yield Reason(Cause.PROVENANCE, "nothing says where it came from, and so it counts as private")
    kept = [named for named in parts if named.part.provenance in circumstances.kept_home]
    if kept:
        shown = [f"{named.name} ({named.part.source.kind}, {named.part.provenance})" for named in kept]
        more = len(shown) - _SHOWN
        listed = ", ".join(shown[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
        yield Reason(Cause.PROVENANCE, f"the policy keeps parts of it here: {listed}")


def _category(circumstances: Circumstances) -> Iterator[Reason]:
    if circumstances.category not in circumstances.may_escalate:
        category = circumstances.category or "without a category"
        yield Reason(Cause.CATEGORY, f"tasks of the kind {category} may not leave this machine")
