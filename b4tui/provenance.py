"""Where a part of a prompt came from, and how private that source is (design section 2).

The labels are what the guarantee rests on: rules over content cannot see what has no form (research/gate.md 0.3).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Provenance(StrEnum):
    """How private the source of a part of a prompt is."""

    PUBLIC = "public"
    INTERNAL = "internal"
    PRIVATE = "private"


_RANK = {Provenance.PUBLIC: 0, Provenance.INTERNAL: 1, Provenance.PRIVATE: 2}


def most_private(found: Iterable[Provenance]) -> Provenance:
    """The most private of several; nothing at all counts as private, because nobody vouches for it."""
    return max(found, key=_RANK.__getitem__, default=Provenance.PRIVATE)


LOCAL_ONLY_LABEL = "local-only"
"""The label of a bead of which nothing leaves."""


def is_local_only(labels: Iterable[str]) -> bool:
    """Whether a bead's labels keep all of it here, however they are written."""
    return any(label.strip().casefold() == LOCAL_ONLY_LABEL for label in labels)


class SourceKind(StrEnum):
    """What kind of place a part of a prompt came from."""

    HOUSE = "house"  # words of b4tui itself
    PERSONA = "persona"  # AGENTS.md, SOUL.md, TOOLS.md of an agent's workspace
    MEMORY = "memory"
    BEAD = "bead"  # one field of a bead
    COMMENT = "comment"  # a comment on a bead
    TOOL = "tool"  # what a tool gave back, by tool and what it was called with
    FILE = "file"
    REPOSITORY = "repository"
    WEB = "web"
    MODEL = "model"  # what a model wrote: as private as everything it was told
    OPERATOR = "operator"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Source:
    """A place: its kind, and its name there (`description`, `memory/2026-01-02.md`, `bash: kubectl get pods`)."""

    kind: SourceKind = SourceKind.UNKNOWN
    name: str = ""

    @property
    def label(self) -> str:
        """`kind:name`, as policies are written for."""
        return f"{self.kind}:{self.name}" if self.name else str(self.kind)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a prompt with its origin; private until somebody vouches for less."""

    text: str
    source: Source = field(default_factory=Source)
    provenance: Provenance = Provenance.PRIVATE
