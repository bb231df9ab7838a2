"""Which beads are equal in content: bd 0.49 drops all but one of them at import (research/beads.md 0.8, 2.6)."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from b4tui.board.model import Bead

_FIRST = ("title", "description", "design", "acceptance_criteria", "notes", "spec_id", "status", "priority")
_SECOND = ("issue_type", "assignee", "owner", "created_by", "external_ref", "source_system")


def content_hash(bead: Bead) -> str:
    """A digest of the fields that bd compares: neither the id, nor times, labels, edges, comments, or close reason."""
    row = bead.row
    digest = sha256()
    for name in _FIRST + _SECOND:
        _add(digest, bead.priority if name == "priority" else row.get(name))
    for name in ("pinned", "metadata", "is_template", "await_type", "await_id", "timeout", "waiters"):
        _add(digest, row.get(name))
    for name in ("mol_type", "work_type", "event_kind", "actor", "target", "payload", "bonded_from"):
        _add(digest, row.get(name))
    return digest.hexdigest()


def equal_beads(beads: Iterable[Bead]) -> tuple[tuple[Bead, ...], ...]:
    """Groups of two and more beads that are equal in content, in board order."""
    groups: dict[str, list[Bead]] = {}
    for bead in beads:
        groups.setdefault(content_hash(bead), []).append(bead)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def _add(digest: Any, value: object) -> None:
    text = "" if value is None or value is False else str(value)
    digest.update(text.encode(errors="surrogatepass"))
    digest.update(b"\0")
