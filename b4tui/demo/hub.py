"""The sample hub: a git repository with a classic board as bd 0.49 writes it, and the agents' workspaces.

What is in it is data: `beads.toml` and `workspaces.toml`.
"""

from __future__ import annotations

import json
import os
import subprocess
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

PREFIX = "hub"
OPERATOR = "operator"
OPERATOR_MAIL = "operator@hub.example.org"


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SampleComment(_Data):
    """A comment that is on a bead from the start; its age in hours."""

    author: str
    text: str
    age_h: float


class SampleBead(_Data):
    """A bead of the sample hub. Times are hours before the demo's start, `defer_days` days after it."""

    id: str
    title: str
    description: str = ""
    type: Literal["task", "bug", "feature", "epic", "chore"] = "task"
    priority: int = 2
    status: Literal["open", "in_progress", "deferred", "closed"] = "open"
    assignee: str = ""
    labels: tuple[str, ...] = ()
    acceptance: str = ""
    created_by: str = "brenner"
    age_h: float
    touched_h: float | None = None
    closed_h: float | None = None
    close_reason: str = ""
    defer_days: float | None = None
    parent: str = ""
    blocked_by: tuple[str, ...] = ()
    comments: tuple[SampleComment, ...] = ()


class _Board(_Data):
    bead: tuple[SampleBead, ...]


def sample_beads() -> tuple[SampleBead, ...]:
    """The beads of the sample hub, in board order."""
    beads = _Board.model_validate(_toml("beads.toml")).bead
    return tuple(sorted(beads, key=lambda bead: bead.id))


def make_hub(path: Path, *, now: datetime | None = None) -> Path:
    """Make the sample hub in the folder `path`, committed, with its times counted back from `now`; returns `path`."""
    moment = now or datetime.now(UTC)
    for name, text in _files(moment):
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    _commit(path)
    return path


def _files(now: datetime) -> Iterator[tuple[str, str]]:
    comment_ids = iter(range(1, 1000))
    rows = [_row(bead, now, comment_ids) for bead in sample_beads()]
    yield ".beads/issues.jsonl", "".join(_line(row) for row in rows)
    yield ".beads/config.yaml", f"# Settings of the tracker (bd 0.49)\nissue-prefix: {PREFIX}\n"
    yield ".beads/metadata.json", '{"database":"beads.db","jsonl_export":"issues.jsonl"}\n'
    yield ".beads/.gitignore", "*.db\n*.db-*\nbd.sock\ndaemon.*\nlast-touched\n.local_version\n*.lock\nredirect\n"
    yield ".gitattributes", ".beads/issues.jsonl merge=beads\n"
    yield (
        "README.md",
        "# The sample hub of `b4tui demo`\n\nEverything in it is invented, and goes away with the demo.\n",
    )
    for agent, texts in _toml("workspaces.toml").items():
        for name, text in texts.items():
            yield f"agents/{agent}/{name}", text


def _row(bead: SampleBead, now: datetime, comment_ids: Iterator[int]) -> dict[str, Any]:
    """One row in bd's key order, empty keys left out (research/beads.md 2)."""
    created = _ago(now, bead.age_h)
    closed = "" if bead.closed_h is None else _ago(now, bead.closed_h)
    touched = "" if bead.touched_h is None else _ago(now, bead.touched_h)
    row = {
        "id": bead.id,
        "title": bead.title,
        "description": bead.description.strip(),
        "acceptance_criteria": bead.acceptance,
        "status": bead.status,
        "priority": bead.priority,
        "issue_type": bead.type,
        "assignee": bead.assignee,
        "owner": OPERATOR_MAIL,
        "created_at": created,
        "created_by": bead.created_by,
        "updated_at": closed or touched or created,
        "closed_at": closed,
        "close_reason": bead.close_reason,
        "defer_until": "" if bead.defer_days is None else _ago(now, -24 * bead.defer_days),
        "labels": sorted(bead.labels),
        "dependencies": [_edge(bead, target, "blocks", created) for target in bead.blocked_by]
        + ([_edge(bead, bead.parent, "parent-child", created)] if bead.parent else []),
        "comments": [_comment(bead, comment, now, next(comment_ids)) for comment in bead.comments],
    }
    return {key: value for key, value in row.items() if value or key == "priority"}


def _edge(bead: SampleBead, target: str, kind: str, created: str) -> dict[str, str]:
    return {
        "issue_id": bead.id,
        "depends_on_id": target,
        "type": kind,
        "created_at": created,
        "created_by": bead.created_by,
    }


def _comment(bead: SampleBead, comment: SampleComment, now: datetime, number: int) -> dict[str, Any]:
    return {
        "id": number,
        "issue_id": bead.id,
        "author": comment.author,
        "text": comment.text,
        "created_at": _ago(now, comment.age_h),
    }


def _ago(now: datetime, hours: float) -> str:
    moment = (now - timedelta(hours=hours)).astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _line(row: dict[str, Any]) -> str:
    """A row as Go writes it: compact, and `<`, `>`, `&` escaped."""
    text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026") + "\n"


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((files("b4tui.demo") / name).read_text(encoding="utf-8"))


def _commit(root: Path) -> None:
    """Make the repository and its one commit, whatever the user's own git settings are."""
    _git(root, "init", "--quiet", "--initial-branch=main", "--template=")
    (root / ".git" / "info").mkdir(exist_ok=True)
    settings = {
        "user.name": OPERATOR,
        "user.email": OPERATOR_MAIL,
        "commit.gpgsign": "false",
        "core.autocrlf": "false",
        "core.hooksPath": os.devnull,
    }
    for key, value in settings.items():
        _git(root, "config", key, value)
    _git(root, "add", "--all")
    _git(root, "commit", "--quiet", "--message", "The sample hub of b4tui demo")


def _git(root: Path, *arguments: str) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    subprocess.run(
        ["git", "-C", str(root), *arguments],
        check=True,
        capture_output=True,
        timeout=60,
        env=environment | {"GIT_TERMINAL_PROMPT": "0"},
    )
