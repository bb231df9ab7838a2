"""Edge types that people and tools write in the wild and that look as if bd heeded them (research/beads.md 2.4)."""

from __future__ import annotations

MEANT = {
    "blocked-by": "blocks",
    "blocked_by": "blocks",
    "blockedby": "blocks",
    "blocks-on": "blocks",
    "block": "blocks",
    "blocked": "blocks",
    "blocking": "blocks",
    "depends-on": "blocks",
    "depends_on": "blocks",
    "dependson": "blocks",
    "depends": "blocks",
    "dependency": "blocks",
    "requires": "blocks",
    "needs": "blocks",
    "conditional_blocks": "conditional-blocks",
    "waits_for": "waits-for",
    "waitsfor": "waits-for",
    "waits-on": "waits-for",
    "parent": "parent-child",
    "child": "parent-child",
    "child-of": "parent-child",
    "child_of": "parent-child",
    "parent-of": "parent-child",
    "parent_child": "parent-child",
    "parentchild": "parent-child",
    "subtask": "parent-child",
    "subtask-of": "parent-child",
    "epic": "parent-child",
}

KNOWN = frozenset(
    {
        "blocks",
        "parent-child",
        "conditional-blocks",
        "waits-for",
        "related",
        "relates-to",
        "discovered-from",
        "replies-to",
        "duplicates",
        "supersedes",
        "authored-by",
        "assigned-to",
        "approved-by",
        "attests",
        "tracks",
        "until",
        "caused-by",
        "validates",
        "delegated-from",
    }
)


def meant_edge(kind: str) -> str:
    """The edge type that the writer of `kind` surely meant, which bd would heed; "" where there is none.

    A known type in other letters (`Blocks`, `parent-child `) counts as well: bd compares byte by byte.
    """
    if kind in KNOWN:
        return ""
    plain = kind.strip().lower()
    return MEANT.get(plain, plain if plain in KNOWN else "")
