"""How private a source is: the policy that turns labels of sources into provenance (research/gate.md 0.3, 6.6).

What is built in errs to the private side: a source is public or internal only when it is known to be. The operator's
lists in `[gate.provenance]` win over it, the most private first. What a model wrote is as private as what it was told,
which only its caller knows: here it is private.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from b4tui.gate.policy.private_places import private_command, private_path, private_url
from b4tui.gate.types import NamedPart
from b4tui.outward_sections import ProvenanceConfig
from b4tui.provenance import Part, Provenance, Source, SourceKind

BEAD_FIELDS = ("id", "title", "description", "design", "acceptance", "notes", "status", "labels")
"""The fields of a bead that may be told. All others stay: `owner` alone is a mail address (research/gate.md 0.10)."""

_ON_DISK = {"acceptance": "acceptance_criteria"}

_OF_FILES = frozenset({"read", "search", "write", "edit"})
_OF_THE_HOUSE = frozenset({"comment", "create_bead", "finish"})
# A cloud's answer, or why there is none. What was filled in again of the question was the run's before.
_FROM_OUTSIDE = frozenset({"ask_frontier"})

_BY_KIND: Mapping[SourceKind, Provenance] = {
    SourceKind.HOUSE: Provenance.PUBLIC,
    SourceKind.COMMENT: Provenance.INTERNAL,
    SourceKind.OPERATOR: Provenance.INTERNAL,
    SourceKind.PERSONA: Provenance.PRIVATE,
    SourceKind.MEMORY: Provenance.PRIVATE,
    SourceKind.MODEL: Provenance.PRIVATE,
    SourceKind.UNKNOWN: Provenance.PRIVATE,
}


def place(source: Source, config: ProvenanceConfig) -> Provenance:
    """How private a source is."""
    for provenance, patterns in (
        (Provenance.PRIVATE, config.private),
        (Provenance.INTERNAL, config.internal),
        (Provenance.PUBLIC, config.public),
    ):
        if any(fnmatchcase(source.label, pattern) for pattern in patterns):
            return provenance
    return _built_in(source)


def _built_in(source: Source) -> Provenance:
    kind, name = source.kind, source.name
    if kind in _BY_KIND:
        return _BY_KIND[kind]
    if kind is SourceKind.BEAD:
        private = name not in BEAD_FIELDS
    elif kind is SourceKind.WEB:
        return Provenance.PRIVATE if private_url(name) else Provenance.PUBLIC
    elif kind is SourceKind.TOOL:
        private = _private_tool(name)
    elif kind is SourceKind.REPOSITORY:
        private = private_path(name)
    else:  # a file: only what lies in the folder where an agent works is as open as its repository
        private = private_path(name) or not name or name.startswith(("/", "~")) or ".." in name.split("/")
    return Provenance.PRIVATE if private else Provenance.INTERNAL


def _private_tool(label: str) -> bool:
    """Whether what a tool gave back is private: by what it was called with; an unknown tool's always is."""
    tool, _, told = (part.strip() for part in label.partition(":"))
    if tool in _OF_THE_HOUSE | _FROM_OUTSIDE:
        return False
    if tool in _OF_FILES:
        return any(private_path(word) for word in (told, *told.split()))
    return tool != "bash" or private_command(told)


def bead_parts(fields: Mapping[str, object], config: ProvenanceConfig, name: str = "bead") -> tuple[NamedPart, ...]:
    """The parts of a bead that may be told, by its fields or its row; only those of `BEAD_FIELDS`, only text.

    The operator's lists apply to each (`bead:notes`). Lists of words are joined by commas; blank fields are left out.
    """
    parts = []
    for field in BEAD_FIELDS:
        text = _text(fields.get(field, fields.get(_ON_DISK.get(field, field))))
        if text.strip():
            source = Source(SourceKind.BEAD, field)
            parts.append(NamedPart(f"{name}.{field}", Part(text, source, place(source, config))))
    return tuple(parts)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence):
        return ", ".join(item for item in value if isinstance(item, str))
    return ""
