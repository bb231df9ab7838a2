"""The search of one text in all its views: from hits in a view to findings in the text (research/gate.md 6.1)."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from b4tui.gate.detector import Positions
from b4tui.gate.detectors import built_in_detectors
from b4tui.gate.hidden import Hidden
from b4tui.gate.known.known import NAME as KNOWN
from b4tui.gate.known.known import Known
from b4tui.gate.pacing import Tick, untimed
from b4tui.gate.policy.allowing import Allowed, value_sha256
from b4tui.gate.preview import preview
from b4tui.gate.redaction.placeholders import Placeholders
from b4tui.gate.rulebook.rule import Anchor, Rule, RuleSet
from b4tui.gate.scanner import Scanner
from b4tui.gate.types import Finding, FindingClass, GateError, GateLimits, Hit
from b4tui.gate.views.views import Scope, View, views

_SHORT = 4096
"""Characters of a text that cannot take long: looking at the clock would take longer."""
_SECRETS = frozenset({FindingClass.SECRET})

_MOST_OF_A_RULE = 1000
"""Findings of one rule in one text: what comes after them changes no verdict."""


class OutOfTime(GateError):
    """The gate did not come to an end within its time."""


class Search:
    """Searches texts by the rules and what this machine knows. Keeps nothing between texts."""

    def __init__(self, rules: RuleSet, known: Known, limits: GateLimits, allowed: Allowed) -> None:
        self._rules: Mapping[str, Rule] = rules.by_id()
        self._limits = limits
        self._allowed = allowed
        self._hidden = Hidden()
        self._placeholders = Placeholders((rule.finding_class, rule.id) for rule in rules)
        detectors = built_in_detectors(known)
        self._whole = Scanner(rules, detectors)
        self._tokens = Scanner(_only(rules, _of_tokens), (known,))
        self._known = Scanner(_only(rules, _of_known), (known,))

    def findings(self, text: str, tick: Tick) -> tuple[Finding, ...]:
        """What is found in the text, by place. Raises UnreadableText, OutOfTime."""
        if len(text) < _SHORT:
            tick = untimed
        found = _Found()
        self._take(found, View(text), self._hidden.find(text, text, Positions({})))
        for view in views(text, self._limits, tick):
            tick()
            self._take(found, view, self._hits(view, tick))
        tick()
        return found.sorted()

    def known_in(self, text: str) -> Collection[Hit]:
        """Only what this machine knows, in the text as it is."""
        return self._known.scan(text)

    def rule(self, rule: str) -> Rule:
        """The rule of a hit."""
        return self._rules[rule]

    def _hits(self, view: View, tick: Tick) -> Collection[Hit]:
        match view.scope:
            case Scope.ALL:
                return self._whole.scan(view.text, tick=tick)
            case Scope.SECRETS:
                return self._whole.scan(view.text, _SECRETS, tick)
        return self._tokens.scan(view.text, tick=tick)

    def _take(self, found: _Found, view: View, hits: Iterable[Hit]) -> None:
        placeholders = self._placeholders.spans(view.text)
        for hit in hits:
            rule = self._rules.get(hit.rule)
            if any(start <= hit.start and hit.end <= end for start, end in placeholders):
                continue
            if rule is None or found.full(hit.rule):
                continue  # a rule that is not there was switched off by the operator: the rule set has another hash
            finding = finding_of(rule, hit, view)
            if not self._allowed.covers(rule.id, finding.value_hash):
                found.add(finding)


def finding_of(rule: Rule, hit: Hit, view: View) -> Finding:
    """The finding that a hit in a view is, in the view's text; of what this machine knows there is no hash."""
    value = view.text[hit.start : hit.end]
    start, end = view.span(hit.start, hit.end)
    known = rule.detector == KNOWN
    return Finding(
        rule=rule.id,
        version=rule.version,
        finding_class=rule.finding_class,
        severity=rule.severity,
        part="",
        start=start,
        end=end,
        preview=preview(value),
        view=view.path,
        why=hit.why,
        value_hash="" if known else value_sha256(value),
    )


@dataclass(slots=True)
class _Found:
    """Findings, each stretch once per rule: what the first view shows wins over what later ones do."""

    _findings: list[Finding] = field(default_factory=list)
    _taken: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    _views: set[str] = field(default_factory=set)

    def full(self, rule: str) -> bool:
        """Whether a rule has found more in this text than anybody reads."""
        return len(self._taken.get(rule, ())) >= _MOST_OF_A_RULE

    def add(self, finding: Finding) -> None:
        self._views.add(finding.view)
        taken = self._taken.setdefault(finding.rule, [])
        at = bisect_left(taken, (finding.end, 0))
        if self._views != {finding.view} and at and taken[at - 1][1] > finding.start:
            return
        insort(taken, (finding.start, finding.end))
        self._findings.append(finding)

    def sorted(self) -> tuple[Finding, ...]:
        return tuple(sorted(self._findings, key=lambda one: (one.start, one.end, one.rule, one.view, one.value_hash)))


def _of_known(rule: Rule) -> bool:
    return rule.detector == KNOWN


def _of_tokens(rule: Rule) -> bool:
    """Rules for what has a form of its own, wherever it stands."""
    token = rule.pattern and rule.anchor is Anchor.START and not rule.gives_way and rule.keywords
    return _of_known(rule) or bool(token and rule.finding_class is FindingClass.SECRET)


def _only(rules: RuleSet, wanted: Callable[[Rule], bool]) -> RuleSet:
    return RuleSet(tuple(rule for rule in rules if wanted(rule)), rules.sha256, rules.disabled)
