"""Beads as bd's JSON rows, compared with what the real bd printed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from b4tui.board.model import BoardState, HubKind
from b4tui.board.rules import judge
from b4tui.board.shapes import blocked_rows, list_order, list_row, show_row, stats_document, why_row
from b4tui.board.times import instant
from b4tui.board.why import explain

MakeBoard = Callable[..., BoardState]
NOW = instant("2026-11-22T18:00:00Z") or 0.0


@pytest.fixture
def golden(boards: Path) -> Callable[[str], Any]:
    return lambda name: json.loads(
        (
            boards / "golden-bd-0.49.6/cli" / f"{name}_--json{'_-n_0' * ('list' in name or 'ready' in name)}.out"
        ).read_text()
    )


@pytest.fixture
def small(boards: Path, board_of: MakeBoard) -> BoardState:
    return board_of(boards / "golden-bd-0.49.6/cli/issues.jsonl")


class TestAsBd049Prints:
    def test_list_to_the_byte(self, boards: Path, small: BoardState) -> None:
        rows = [list_row(bead, small) for bead in list_order(small)]
        text = (boards / "golden-bd-0.49.6/cli/list_--all_--json_-n_0.out").read_text()
        assert json.dumps(rows) == json.dumps(json.loads(text))  # the order of keys counts

    def test_list_without_closed(self, golden: Callable[[str], Any], small: BoardState) -> None:
        rows = [list_row(bead, small) for bead in list_order(small) if bead.status != "closed"]
        assert rows == golden("list")

    @pytest.mark.parametrize("bead_id", ["beads-hub-11x", "beads-hub-olh"])
    def test_show(self, golden: Callable[[str], Any], small: BoardState, bead_id: str) -> None:
        shown = [show_row(small.beads[bead_id], small)]
        assert json.dumps(shown) == json.dumps(golden(f"show_{bead_id}"))

    def test_ready_which_there_has_no_edges_and_counts_none(
        self, golden: Callable[[str], Any], small: BoardState
    ) -> None:
        rows = [list_row(small.beads[key], small) for key in judge(small, NOW).ready]
        for row, printed in zip(rows, golden("ready"), strict=True):
            row.pop("dependencies", None)
            row.update(dependency_count=0, dependent_count=0)
            assert json.dumps(row) == json.dumps(printed)

    def test_blocked_of_a_board_where_nothing_is(self, golden: Callable[[str], Any], small: BoardState) -> None:
        assert blocked_rows(small, judge(small, NOW)) == golden("blocked")

    @pytest.mark.parametrize("name", ["Heikkila-Pty-Ltd__cortex", "davidcforbes__beads-tui"])
    def test_blocked_of_real_boards(self, boards: Path, board_of: MakeBoard, name: str) -> None:
        state = board_of(boards / f"{name}.jsonl")
        rows = blocked_rows(state, judge(state, NOW))
        printed = json.loads((boards / f"golden-bd-0.49.6/blocked-{name}.json").read_text())
        unprinted = ("owner", "labels")  # bd 0.49 forgets these in `blocked`
        assert [{key: row[key] for key in row if key not in unprinted} for row in rows] == printed

    def test_blocked_of_the_matrix(self, boards: Path, board_of: MakeBoard) -> None:
        matrix = boards / "golden-bd-0.49.6/ready-semantics"
        state = board_of(matrix / "in.jsonl")
        rows = {row["id"]: row["blocked_by"] for row in blocked_rows(state, judge(state, NOW))}
        golden = dict(json.loads((matrix / "blocked.json").read_text()))
        assert golden.pop("t-on-pin") == ["t-pin"]  # bd had turned the status pinned into hooked by then
        assert rows.pop("t-cyc2") == ["t-cyc1"]  # the edge that its import refused
        assert rows == golden


class TestAsBd105Prints:
    @pytest.mark.parametrize("name", ["Heikkila-Pty-Ltd__cortex", "davidcforbes__beads-tui"])
    def test_blocked_of_real_boards(self, boards: Path, board_of: MakeBoard, name: str) -> None:
        state = board_of(boards / f"{name}.jsonl", HubKind.EXPORT)
        rows = blocked_rows(state, judge(state, NOW))
        printed = json.loads((boards / f"golden-bd-1.0.5/blocked-{name}.json").read_text())
        kept = {row["id"]: (row["blocked_by_count"], sorted(row["blocked_by"]), row["title"]) for row in rows}
        assert kept == {
            row["id"]: (row["blocked_by_count"], sorted(row["blocked_by"]), row["title"]) for row in printed
        }
        assert [row["priority"] for row in rows] == sorted(row["priority"] for row in rows)

    def test_list_of_an_export(self, boards: Path, board_of: MakeBoard) -> None:
        state = board_of(boards / "golden-bd-1.0.5/export-mantoni__beads-ui.jsonl", HubKind.EXPORT)
        printed = json.loads((boards / "golden-bd-1.0.5/list-mantoni__beads-ui.json").read_text())
        rows = [list_row(bead, state) for bead in list_order(state)]
        assert rows == printed

    def test_list_of_the_matrix(self, boards: Path, board_of: MakeBoard) -> None:
        matrix = boards / "golden-bd-1.0.5/ready-semantics"
        state = board_of(matrix / "exported.jsonl", HubKind.EXPORT)
        printed = {row["id"]: row for row in json.loads((matrix / "list.json").read_text())}
        rows = {bead.id: list_row(bead, state) for bead in state.beads.values()}
        assert {key: list(row) for key, row in rows.items()} == {key: list(row) for key, row in printed.items()}
        assert {key: rows[key] for key in printed} == printed


class TestOddRows:
    def test_unknown_keys_stay_and_derived_ones_are_made_anew(self, board_of: MakeBoard) -> None:
        state = board_of([{"_type": "issue", "id": "x", "title": "t", "tomorrow": [1], "dependency_count": 9}])
        assert list_row(state.beads["x"], state) == {
            "id": "x",
            "title": "t",
            "tomorrow": [1],
            "status": "open",
            "priority": 2,
            "issue_type": "task",
            "dependency_count": 0,
            "dependent_count": 0,
            "comment_count": 0,
        }

    def test_the_fields_a_reader_relies_on_have_their_type(self, board_of: MakeBoard) -> None:
        state = board_of([{"id": 5, "title": None, "status": 3, "priority": "high", "issue_type": []}])
        row = list_row(state.beads["5"], state)
        assert (row["id"], row["title"], row["status"], row["priority"]) == ("5", "", "3", 2)

    def test_comments_are_counted_by_the_tracker_where_the_row_came_without_them(self, board_of: MakeBoard) -> None:
        state = board_of(
            [{"id": "x", "comment_count": 3}, {"id": "y", "comment_count": 3, "comments": [{"text": "t"}]}]
        )
        assert [list_row(bead, state)["comment_count"] for bead in state.beads.values()] == [3, 1]

    def test_an_edge_to_nowhere_is_shown(self, board_of: MakeBoard) -> None:
        state = board_of([{"id": "x", "title": "t", "dependencies": [{"type": "blocks", "depends_on_id": "gone"}]}])
        assert show_row(state.beads["x"], state)["dependencies"] == [{"id": "gone", "dependency_type": "blocks"}]

    def test_bd_049_names_what_blocks_once_and_by_id(self, board_of: MakeBoard) -> None:
        edges = [{"type": "blocks", "depends_on_id": target} for target in ("b", "a", "b")]
        state = board_of([{"id": "a"}, {"id": "b"}, {"id": "x", "dependencies": edges}])
        (row,) = blocked_rows(state, judge(state, NOW))
        assert (row["blocked_by"], row["blocked_by_count"]) == (["a", "b"], 2)

    def test_dependents_are_found_although_the_edge_names_another_owner(self, board_of: MakeBoard) -> None:
        edge = {"issue_id": "other", "type": "blocks", "depends_on_id": "x"}
        state = board_of([{"id": "x", "title": "t"}, {"id": "y", "title": "u", "dependencies": [edge]}])
        assert list_row(state.beads["x"], state)["dependent_count"] == 1
        assert [row["id"] for row in show_row(state.beads["x"], state)["dependents"]] == ["y"]


def test_why_as_a_document(small: BoardState) -> None:
    row = why_row(explain(small, "beads-hub-11x", NOW))
    assert json.loads(json.dumps(row)) == row
    assert (row["bead"], row["ready"], row["rule"]) == ("beads-hub-11x", True, "ready")


def test_stats_as_a_document(small: BoardState) -> None:
    assert stats_document(small)["file"]["total_issues"] == 9
