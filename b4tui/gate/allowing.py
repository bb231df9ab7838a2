"""Values that the operator calls public, by their hash: the whole value, never a part of one (research/gate.md 7, N25).

The list holds no value. A hash of something short can be guessed by whoever has the settings, which is why it is for
what is public.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from b4tui.outward_sections import AllowedValue


def value_sha256(value: str) -> str:
    """The hash by which a value is called public: SHA-256 of its UTF-8, nothing stripped and nothing folded."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


class Allowed:
    """The values that are no findings, each for one rule or for any."""

    __slots__ = ("_rules", "sha256")

    def __init__(self, values: Iterable[AllowedValue] = ()) -> None:
        rules: dict[str, set[str]] = {}
        for value in values:
            rules.setdefault(value.value_sha256, set()).add(value.rule)
        self._rules: Mapping[str, frozenset[str]] = {digest: frozenset(ids) for digest, ids in rules.items()}
        marks = sorted(f"{digest} {rule}" for digest, ids in rules.items() for rule in ids)
        self.sha256 = hashlib.sha256("\n".join(marks).encode()).hexdigest()

    def __bool__(self) -> bool:
        return bool(self._rules)

    def covers(self, rule: str, value: str) -> bool:
        """Whether the whole of what this rule found is called public."""
        return bool(self._rules) and self.covers_hash(rule, value_sha256(value))

    def covers_hash(self, rule: str, digest: str) -> bool:
        """The same for the hash of a value, as findings carry it."""
        ids = self._rules.get(digest, frozenset())
        return "" in ids or rule in ids
