"""All that this machine knows and must keep, as one detector."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from b4tui.gate.detector import Positions
from b4tui.gate.known.names import Names
from b4tui.gate.known.vault import Vault
from b4tui.gate.types import Hit

NAME = "known"
"""What the rules known-secret, known-host and known-person call this detector by."""


@dataclass(frozen=True, slots=True)
class Known:
    """What must not leave because it is this machine's own. In memory only; nothing of it shows in a repr.

    `warnings` say which files could not be read: what is in them is not looked for.
    """

    vault: Vault
    names: Names
    warnings: tuple[str, ...] = ()

    @staticmethod
    def nothing() -> Known:
        """Knows nothing: for answers that must not depend on the machine."""
        return Known(Vault((), b""), Names((), ()))

    @property
    def name(self) -> str:
        """What rules call it by."""
        return NAME

    @property
    def words(self) -> frozenset[str]:
        """None: it has a pass of its own, because what it looks for is not to be mixed with the rules' words."""
        return frozenset()

    def find(self, text: str, lower: str, at: Positions | None = None) -> Iterator[Hit]:
        """Where known secrets, hosts and people stand in the text; `lower` is it in lower case, as long."""
        yield from self.vault.find(text)
        yield from self.names.find(lower)
