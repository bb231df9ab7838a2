"""What goes into the gate and what comes out of it.

Spans count characters of the part's own text (Python `str`), whatever view of it the finding was made in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from b4tui.provenance import Part, Provenance

GATE_VERSION = 1
"""Counts changes of the gate's own code that may change an answer; caches and approvals are bound to it."""

BODY = "body"
"""The name of the part that is the whole serialised request."""


class FindingClass(StrEnum):
    """What kind of thing was found (design section 2; the last two are ours)."""

    SECRET = "secret"
    PERSONAL = "personal"
    INFRASTRUCTURE = "infrastructure"
    OPAQUE = "opaque"  # a block that may hold a key and cannot be judged
    POLICY = "policy"  # hidden text, broken limits: not private in itself, but nothing an honest text holds


class Severity(StrEnum):
    """What a finding means for the verdict."""

    BLOCK = "block"  # stays here
    ASK = "ask"  # may leave, but the operator is shown it, and no grant covers it
    WARN = "warn"  # only said


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing the gate found. It never holds the value: `preview` is masked (research/gate.md 7, N20).

    `part` is the name of the part, `start` and `end` the span in its text; `view` is how the text was read to find it
    (`raw`, `normalised`, `joined`, `base64>gzip`); `why` is what decided, in words ("looks random: 6.1 bits").
    `value_hash` is the keyed or plain hash by which the operator may call the value public; "" where that cannot be.
    """

    rule: str
    version: int
    finding_class: FindingClass
    severity: Severity
    part: str
    start: int
    end: int
    preview: str
    view: str = "raw"
    why: str = ""
    value_hash: str = ""


class Verdict(StrEnum):
    """The gate's answer for a payload."""

    LOCAL_ONLY = "local_only"
    MAY_ESCALATE = "may_escalate"


class Cause(StrEnum):
    """Why a payload stays here, in the order of the rules (design section 5); the first that holds comes first."""

    LOCAL_ONLY = "local_only"  # the operator started with --local-only
    LABEL = "label"  # the bead's label `local-only`
    ERROR = "error"  # the gate could not answer: rules unreadable, a defect, out of time
    LIMIT = "limit"  # too large, binary, or folded too deep to be read
    SECRET = "secret"
    PERSONAL = "personal"
    INFRASTRUCTURE = "infrastructure"
    HIDDEN = "hidden"  # findings of the classes opaque and policy
    PROVENANCE = "provenance"
    CATEGORY = "category"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for the verdict, in words for a person; it never quotes the payload."""

    cause: Cause
    text: str


@dataclass(frozen=True, slots=True)
class NamedPart:
    """A part of a payload under the name that findings call it by (`system`, `bead.description`, `tool 3`)."""

    name: str
    part: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What besides the bytes decides. `may_escalate` are categories; `kept_home` what the policy keeps here."""

    category: str
    labels: tuple[str, ...] = ()
    local_only: bool = False
    may_escalate: frozenset[str] = frozenset()
    kept_home: frozenset[Provenance] = frozenset({Provenance.PRIVATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The gate's whole answer, sealed to what it was given for.

    `findings` are those that block or ask; `notes` those that only warn. `provenance` is the most private part's.
    """

    verdict: Verdict
    reasons: tuple[Reason, ...]
    findings: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    provenance: Provenance
    body_sha256: str
    rules_sha256: str
    gate_version: int = GATE_VERSION

    @property
    def counts(self) -> Mapping[FindingClass, int]:
        """How many findings of each class."""
        found: dict[FindingClass, int] = {}
        for finding in self.findings:
            found[finding.finding_class] = found.get(finding.finding_class, 0) + 1
        return found


class GateError(Exception):
    """The gate cannot be used (unreadable rules, a bad pattern of the operator's); nothing leaves until it can."""


class UnreadableText(GateError):
    """A text that is not read to its end: too large, binary, folded too deep. It stays here; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateLimits:
    """What the gate reads before it refuses: bytes, levels of encoding, decoded bytes per byte, seconds a megabyte."""

    max_payload: int = 2 * 1024 * 1024
    max_decode_depth: int = 3
    decode_budget: float = 2.0
    time_budget_s: float = 0.7


@dataclass(frozen=True, slots=True)
class Hit:
    """A raw hit of a detector in one view's text, before it is mapped back; `start` and `end` enclose the value."""

    rule: str
    start: int
    end: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Redaction:
    """A text with its findings replaced; `originals` maps reversible placeholders to what they stand for.

    Held in memory only, by whoever asked; secrets are never in it (research/gate.md 7.3).
    """

    text: str
    placeholders: tuple[str, ...]
    originals: Mapping[str, str] = field(default_factory=dict, repr=False)
