"""Generated boards for measurements: sizes, texts, edges and labels as real boards have them, the same for one seed.

Real rows average about 650 bytes; two of five beads are open; one edge a bead, most of them `blocks`.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

PREFIX = "bench"

_WORDS = (
    *(
        "deploy",
        "cluster",
        "model",
        "router",
        "fix",
        "the",
        "and",
        "agent",
        "console",
        "queue",
        "test",
        "git",
        "branch",
    ),
    *("merge", "review", "summary", "playbook", "token", "latency", "stream", "engine", "claim", "retry", "timeout"),
    *("schema", "parser", "column", "widget", "theme", "prompt", "budget", "local", "remote", "gateway", "backup"),
    *("restore", "certificate", "rotate", "monitor", "alert", "dashboard", "container", "image", "registry", "volume"),
)
_LABELS = ("stage:build", "stage:review", "area:infra", "area:ui", "agent:codemonkey", "agent:pltops", "research")
_STATUSES = ("closed",) * 11 + ("open",) * 7 + ("in_progress", "blocked")


def bead_id(number: int) -> str:
    """The id of the bead with this number, as long as the tracker would make it."""
    return f"{PREFIX}-{number:05x}"


def board_bytes(size: int, seed: int = 1) -> bytes:
    """A whole classic board file of `size` beads."""
    source = random.Random(seed)
    lines = (json.dumps(_row(number, source), separators=(",", ":")) for number in range(size))
    return "".join(f"{line}\n" for line in lines).encode()


def make_hub(root: Path, size: int, seed: int = 1) -> Path:
    """A classic hub of `size` beads at `root`, not yet a git repository; returns its `.beads` folder."""
    beads_dir = root / ".beads"
    beads_dir.mkdir(parents=True)
    (beads_dir / "metadata.json").write_text('{"database":"beads.db","jsonl_export":"issues.jsonl"}')
    (beads_dir / "config.yaml").write_text(f"issue-prefix: {PREFIX}\n")
    (beads_dir / "issues.jsonl").write_bytes(board_bytes(size, seed))
    return beads_dir


def _row(number: int, source: random.Random) -> dict[str, object]:
    status = source.choice(_STATUSES)
    created, updated = _time(number, source), _time(number + 40, source)
    row: dict[str, object] = {
        "id": bead_id(number),
        "title": " ".join(source.choices(_WORDS, k=7)).capitalize(),
        "description": " ".join(source.choices(_WORDS, k=source.randint(5, 30))),
        "status": status,
        "priority": source.choice((0, 1, 2, 2, 2, 3, 4)),
        "issue_type": source.choice(("task", "task", "bug", "feature", "epic", "chore")),
        "owner": "someone@example.org",
        "created_at": created,
        "created_by": "Op Erator",
        "updated_at": updated,
    }
    if status == "in_progress":
        row["assignee"] = source.choice(("codemonkey", "pltops", "romanov"))
    if status == "closed":
        row |= {"closed_at": updated, "close_reason": "Output: " + " ".join(source.choices(_WORDS, k=6))}
    row["labels"] = sorted(source.sample(_LABELS, k=source.choice((0, 1, 2))))
    edges = _edges(number, created, source)
    if edges:
        row["dependencies"] = edges
    return {key: value for key, value in row.items() if value != []}


def _edges(number: int, created: str, source: random.Random) -> list[dict[str, str]]:
    count = min(number, source.choice((0, 1, 1, 2)))
    targets = source.sample(range(max(0, number - 200), number), k=count) if count <= min(number, 200) else []
    kinds = source.choices(("blocks", "parent-child", "discovered-from"), weights=(6, 3, 2), k=len(targets))
    return [
        {
            "issue_id": bead_id(number),
            "depends_on_id": bead_id(target),
            "type": kind,
            "created_at": created,
            "created_by": "Op Erator",
        }
        for target, kind in zip(targets, kinds, strict=True)
    ]


def _time(number: int, source: random.Random) -> str:
    """One bead a minute or so, with nanoseconds as bd 0.49 writes them."""
    minutes, second = number % (28 * 24 * 60), source.randrange(60)
    month = number // (28 * 24 * 60) % 12 + 1
    day, rest = minutes // (24 * 60) + 1, minutes % (24 * 60)
    return f"2026-{month:02d}-{day:02d}T{rest // 60:02d}:{rest % 60:02d}:{second:02d}.{source.randrange(10**9):09d}Z"
