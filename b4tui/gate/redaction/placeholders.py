"""What stands in a redacted text for what was taken out of it: `[[EMAIL_1]]`, `[[SECRET_1:github-token]]`.

A placeholder names a rule, and rules look for names like theirs: `SECRET_1:github-token` reads like a secret beside a
telling name. So a placeholder is no finding. Nothing can hide in one: it is made of a rule's id and a short number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from b4tui.gate.patterns import lazily
from b4tui.gate.types import FindingClass

FOR_GOOD = frozenset({FindingClass.SECRET, FindingClass.OPAQUE, FindingClass.POLICY})
"""Classes of which nothing comes back."""

PLACEHOLDER = lazily(r"\[\[(?:N\d{1,3}_)?(?P<kind>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)_\d{1,4}(?::(?P<rule>[a-z0-9-]+))?\]\]")
_SECRET, _HIDDEN = "SECRET", "HIDDEN"


def kind_of(finding_class: FindingClass, rule: str) -> str:
    """The word for what was found by a rule: `SECRET`, `HIDDEN`, `EMAIL`, `PERSON`."""
    if finding_class is FindingClass.SECRET:
        return _SECRET
    return _HIDDEN if finding_class in FOR_GOOD else rule.removeprefix("known-").upper().replace("-", "_")


def placeholder(finding_class: FindingClass, rule: str, number: int, prefix: str = "") -> str:
    """The placeholder number `number` of its kind; `prefix` keeps it apart from what stands in a text already."""
    told = f":{rule}" if finding_class is FindingClass.SECRET else ""
    return f"[[{prefix}{kind_of(finding_class, rule)}_{number}{told}]]"


class Placeholders:
    """Knows the placeholders that a set of rules can make, given as pairs of class and rule."""

    __slots__ = ("_kinds", "_secrets")

    def __init__(self, rules: Iterable[tuple[FindingClass, str]]) -> None:
        known = tuple(rules)
        self._secrets = frozenset(rule for finding_class, rule in known if finding_class is FindingClass.SECRET)
        self._kinds = frozenset(kind_of(finding_class, rule) for finding_class, rule in known) - {_SECRET}

    def spans(self, text: str) -> Sequence[tuple[int, int]]:
        """Where such placeholders stand in a text, in order."""
        if "[[" not in text:
            return ()
        return [match.span() for match in PLACEHOLDER.finditer(text) if self._is_one(match["kind"], match["rule"])]

    def _is_one(self, kind: str, rule: str | None) -> bool:
        return rule in self._secrets if kind == _SECRET else rule is None and kind in self._kinds
