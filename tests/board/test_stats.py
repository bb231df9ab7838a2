"""The counts of `bd stats`, honest about the rows that bd 0.49 drops."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from b4tui.board.content import equal_beads
from b4tui.board.model import BoardState, HubKind
from b4tui.board.stats import count

MakeBoard = Callable[..., BoardState]
DROPPED = {"Heikkila-Pty-Ltd__cortex": 11, "davidcforbes__beads-tui": 53}
ALL = [*DROPPED, "mantoni__beads-ui", "steveyegge__beads-v0.17.2-seqids"]


@pytest.mark.parametrize("name", ALL)
def test_true_counts_are_those_of_bd_1x_which_drops_nothing(boards: Path, board_of: MakeBoard, name: str) -> None:
    golden = json.loads((boards / f"golden-bd-1.0.5/stats-{name}.json").read_text())["summary"]
    del golden["average_lead_time_hours"]  # bd 1.0.5 always prints 0
    summary = asdict(count(board_of(boards / f"{name}.jsonl", HubKind.EXPORT)))
    assert {key: summary[key] for key in golden} == golden


@pytest.mark.parametrize("name", DROPPED)
def test_without_equal_rows_they_are_those_of_bd_049(boards: Path, board_of: MakeBoard, name: str) -> None:
    golden = json.loads((boards / f"golden-bd-0.49.6/stats-{name}.json").read_text())
    state = board_of(boards / f"{name}.jsonl")
    summary = asdict(count(state, drop_equal=True))
    hours = golden.pop("average_lead_time_hours")
    assert summary["average_lead_time_hours"] == pytest.approx(hours, rel=1e-8)  # SQLite's days have less digits
    assert {key: summary[key] for key in golden} == golden


@pytest.mark.parametrize("name", DROPPED)
def test_the_difference_is_the_equal_rows_all_of_them_closed(boards: Path, board_of: MakeBoard, name: str) -> None:
    golden = json.loads((boards / f"golden-bd-0.49.6/stats-{name}.json").read_text())
    state = board_of(boards / f"{name}.jsonl")
    summary = count(state)
    assert summary.equal_content_issues == DROPPED[name]
    assert summary.total_issues - summary.equal_content_issues == golden["total_issues"]
    assert summary.closed_issues - summary.equal_content_issues == golden["closed_issues"]
    later = [bead for group in equal_beads(state.beads.values()) for bead in group[1:]]
    assert {bead.status for bead in later} == {"closed"}


def test_the_small_golden_board(boards: Path, board_of: MakeBoard) -> None:
    folder = boards / "golden-bd-0.49.6/cli"
    golden = json.loads((folder / "stats_--json.out").read_text())["summary"]
    summary = asdict(count(board_of(folder / "issues.jsonl")))
    hours = golden.pop("average_lead_time_hours")
    assert summary["average_lead_time_hours"] == pytest.approx(hours, rel=1e-4)
    assert {key: summary[key] for key in golden} == golden


def test_bd_049_counts_the_matrix_so(boards: Path, board_of: MakeBoard) -> None:
    """Measured: 57 `ready_issues` while `bd ready` lists 40; the tombstone is no issue."""
    summary = count(board_of(boards / "golden-bd-0.49.6/ready-semantics/in.jsonl"))
    assert (summary.total_issues, summary.tombstone_issues, summary.pinned_issues) == (77, 1, 1)
    assert summary.deferred_issues == 2
    assert (summary.blocked_issues, summary.ready_issues) == (8, 57)


def test_bd_1x_counts_as_ready_what_is_open_less_what_is_blocked(boards: Path, board_of: MakeBoard) -> None:
    summary = count(board_of(boards / "golden-bd-1.0.5/ready-semantics/exported.jsonl", HubKind.EXPORT))
    assert summary.ready_issues == 54  # measured; 43 are listed


def test_an_epic_is_done_when_all_its_children_are(board_of: MakeBoard) -> None:
    def child(name: str, status: str, parent: str) -> dict[str, Any]:
        edge = {"type": "parent-child", "depends_on_id": parent}
        return {"id": name, "title": name, "status": status, "dependencies": [edge]}

    epics = [{"id": name, "title": name, "status": "open", "issue_type": "epic"} for name in ("e1", "e2", "e3")]
    rows = [*epics, child("a", "closed", "e1"), child("b", "closed", "e2"), child("c", "open", "e2")]
    assert count(board_of(rows)).epics_eligible_for_closure == 1


@pytest.mark.parametrize(("kind", "epics"), [(HubKind.CLASSIC, 1), (HubKind.EXPORT, 0)])
def test_a_deleted_epic_counts_as_finished_in_049_alone(board_of: MakeBoard, kind: HubKind, epics: int) -> None:
    edge = {"type": "parent-child", "depends_on_id": "e"}
    rows = [
        {"id": "e", "title": "e", "status": "tombstone", "issue_type": "epic"},
        {"id": "c", "title": "c", "status": "closed", "dependencies": [edge]},
    ]
    assert count(board_of(rows, kind)).epics_eligible_for_closure == epics


def test_an_empty_board_counts_nothing(board_of: MakeBoard) -> None:
    assert set(asdict(count(board_of([]))).values()) == {0}


@pytest.mark.parametrize("changed", ["title", "description", "priority", "status", "assignee", "external_ref", "notes"])
def test_a_field_of_the_content_makes_rows_differ(board_of: MakeBoard, changed: str) -> None:
    twins = [{"id": "a", "title": "t"}, {"id": "b", "title": "t"}]
    assert count(board_of(twins)).equal_content_issues == 1
    twins[1][changed] = "1"
    if changed == "priority":
        twins[1][changed] = 1
    assert count(board_of(twins)).equal_content_issues == 0


@pytest.mark.parametrize(
    "changed", ["created_at", "updated_at", "closed_at", "labels", "comments", "close_reason", "new"]
)
def test_other_fields_do_not(board_of: MakeBoard, changed: str) -> None:
    rows = [{"id": "a", "title": "t"}, {"id": "b", "title": "t", changed: "2026-01-01T00:00:00Z"}]
    assert count(board_of(rows)).equal_content_issues == 1
