"""What a grant that is made from an approval may say: a few scopes for each limit, the narrowest first. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from b4tui.escalation.types import Approval, Grant
from b4tui.provenance import Provenance
from b4tui.tui.outward.asking import size_words, stays_here

MINUTES = (15, 60, 4 * 60, 8 * 60)
USES = (1, 3, 10, 20)
SIZES = (4_000, 16_000, 64_000, 256_000)


def hindrance(approval: Approval) -> str:
    """Why no grant is offered for the like of this approval; "" where one is."""
    if stays_here(approval):
        return "What stays here cannot be granted."
    if approval.findings:
        return "The gate found something in it: each such payload is asked for by itself, and no grant covers it."
    if approval.redacted:
        return "Something in it was replaced: each such payload is asked for by itself, and no grant covers it."
    if approval.provenance is Provenance.PRIVATE:
        return "Parts of it come from private sources: each such payload is asked for by itself."
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The limits as they stand in the form; each is a place in its list, 0 the narrowest."""

    approval: Approval
    minutes: int = 0
    uses: int = 0
    size: int = 0
    anyone: int = 0

    FIELDS = ("minutes", "uses", "size", "anyone")

    @property
    def sizes(self) -> tuple[int, ...]:
        """Sizes that this approval's own payload fits in."""
        fitting = tuple(size for size in SIZES if size >= self.approval.size)
        return fitting or (self.approval.size,)

    def words(self, field: str) -> Sequence[str]:
        """The scopes of a limit, in words."""
        match field:
            case "minutes":
                return [f"{one} min" if one < 60 else f"{one // 60} h" for one in MINUTES]
            case "uses":
                return ["once"] + [f"{one} times" for one in USES[1:]]
            case "size":
                return [size_words(one) for one in self.sizes]
            case _:
                return [self.approval.agent, "any agent"]

    def turned(self, field: str, by: int) -> Choices:
        """With the next or the previous scope of a limit; the ends do not wrap, so that wide never follows narrow."""
        place = max(0, min(getattr(self, field) + by, len(self.words(field)) - 1))
        match field:
            case "minutes":
                return replace(self, minutes=place)
            case "uses":
                return replace(self, uses=place)
            case "size":
                return replace(self, size=place)
            case _:
                return replace(self, anyone=place)

    def grant(self, now: datetime, actor: str) -> Grant:
        """The grant that this form would make now; it has no id before it is made."""
        one = self.approval
        return Grant(
            id="",
            category=one.category,
            agent="" if self.anyone else one.agent,
            provider=one.destination.provider,
            host=one.destination.host,
            model=one.destination.model,
            max_bytes=self.sizes[self.size],
            max_uses=USES[self.uses],
            until=now + timedelta(minutes=MINUTES[self.minutes]),
            made_by=actor,
            made_at=now,
        )
