"""Values that the operator calls public, by their hash: the whole value, never a part of one (research/gate.md 7, N25).

The list holds no value. A hash of something short can be guessed by whoever has the settings, which is why it is for
what is public.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from b4tui.gate.policy.public_values import PublicValue

if TYPE_CHECKING:
    from b4tui.outward_sections import AllowedValue


def value_sha256(value: str) -> str:
    """The hash by which a value is called public: SHA-256 of its UTF-8, nothing stripped and nothing folded."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Allowed:
    """Pairs of rule and hash: the value is no finding of this rule, or, where the rule is "", of any."""

    values: frozenset[tuple[str, str]] = frozenset()

    @staticmethod
    def of(values: Iterable[AllowedValue | PublicValue]) -> Allowed:
        """The values of the settings' `gate.allow`, and those called public in a dialog."""
        return Allowed(frozenset((value.rule, value.value_sha256) for value in values))

    def covers(self, rule: str, value_hash: str) -> bool:
        """Whether the value is public as far as this rule goes."""
        return ("", value_hash) in self.values or (rule, value_hash) in self.values
