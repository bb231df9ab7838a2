"""What `board lint` reports: every oddity by its rule, in a sentence, and nothing about a sound board."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b4tui.board.discover import open_hub
from b4tui.board.lint import lint, lint_hub
from b4tui.board.model import BoardState, Severity

MakeBoard = Callable[..., BoardState]
TIME = "2026-01-01T00:00:00Z"


def bead(bead_id: str = "x-1", *edges: dict[str, Any], **fields: Any) -> dict[str, Any]:
    row = {"id": bead_id, "title": f"Bead {bead_id}", "status": "open", "priority": 2, "issue_type": "task"}
    row |= {"created_at": TIME, "updated_at": TIME}
    if edges:
        row["dependencies"] = [{"issue_id": bead_id, "created_at": TIME, **edge} for edge in edges]
    row |= fields
    return {key: value for key, value in row.items() if value is not ...}


def on(target: str, kind: str = "blocks", **fields: Any) -> dict[str, Any]:
    return {"depends_on_id": target, "type": kind, **fields}


def found(state: BoardState) -> list[str]:
    return [problem.rule for problem in lint(state)]


class TestRealBoards:
    @pytest.mark.parametrize(
        ("name", "rules"),
        [
            ("Heikkila-Pty-Ltd__cortex", {"equal-content": 11, "claim": 7}),
            ("davidcforbes__beads-tui", {"equal-content": 53}),
            ("mantoni__beads-ui", {}),
            ("steveyegge__beads-v0.17.2-seqids", {"equal-content": 3, "claim": 1}),
        ],
    )
    def test_what_is_wrong_with_them(self, boards: Path, board_of: MakeBoard, name: str, rules: dict[str, int]) -> None:
        assert Counter(found(board_of(boards / f"{name}.jsonl"))) == rules

    def test_the_matrix(self, boards: Path, board_of: MakeBoard) -> None:
        problems = lint(board_of(boards / "golden-bd-0.49.6/ready-semantics/in.jsonl"))
        assert {(problem.rule, problem.bead) for problem in problems} == {
            ("dangling-edge", "t-on-tomb"),
            ("dangling-edge", "t-dang"),
            ("look-alike-edge", "t-custdep"),
            ("waits-for", "t-wnone"),
            ("circle", "t-cyc1"),
        }


class TestOneRow:
    @pytest.mark.parametrize(
        ("fields", "rule"),
        [
            ({"title": 5}, "field-type"),
            ({"description": ["a"]}, "field-type"),
            ({"labels": "x"}, "field-type"),
            ({"labels": [5]}, "field-type"),
            ({"dependencies": {}}, "field-type"),
            ({"comments": ["hello"]}, "field-type"),
            ({"id": 7}, "field-type"),
            ({"priority": "high"}, "priority"),
            ({"priority": 2.0}, "priority"),
            ({"priority": True}, "priority"),
            ({"priority": 9}, "priority"),
            ({"priority": -1}, "priority"),
            ({"priority": 10**30}, "priority"),
            ({"priority": ...}, "priority"),
            ({"title": ""}, "title"),
            ({"title": ...}, "title"),
            ({"title": "x" * 501}, "title"),
            ({"status": "pending_review"}, "unknown-status"),
            ({"status": "done"}, "unknown-status"),
            ({"issue_type": "documentation"}, "unknown-type"),
            ({"created_at": "yesterday"}, "time"),
            ({"created_at": ...}, "time"),
            ({"defer_until": 5}, "time"),
            ({"updated_at": "2025-01-01T00:00:00Z"}, "time"),
            ({"status": "closed"}, "closed-at"),
            ({"closed_at": TIME}, "closed-at"),
            ({"status": "tombstone"}, "tombstone"),
            ({"deleted_at": TIME}, "tombstone"),
            ({"status": "in_progress"}, "claim"),
            ({"labels": ["a", "a"]}, "labels"),
            ({"comments": [{"author": "a", "text": "b"}] * 2}, "comments"),
            ({"description": "half \ud800 pair"}, "surrogate"),
            ({"notes": "bell \x07"}, "control-text"),
        ],
    )
    def test_it_is_named_by_its_rule(self, board_of: MakeBoard, fields: dict[str, Any], rule: str) -> None:
        (problem,) = lint(board_of([bead(**fields)]))
        assert (problem.rule, problem.line) == (rule, 1)
        assert problem.message.startswith(problem.bead)

    @pytest.mark.parametrize(
        "fields",
        [
            {"dependencies": None},
            {"status": "closed", "closed_at": TIME},
            {"status": "tombstone", "deleted_at": TIME},
            {"status": "tombstone", "deleted_at": TIME, "closed_at": TIME},
            {"title": "x" * 500},
            {"description": "line\nline\ttab"},
            {"a_key_of_tomorrow": {"deep": [1]}},
        ],
    )
    def test_a_sound_row_has_no_problem(self, board_of: MakeBoard, fields: dict[str, Any]) -> None:
        assert found(board_of([bead(**fields)])) == []


class TestEdges:
    @pytest.mark.parametrize(
        ("edge", "rule"),
        [
            (on("gone"), "dangling-edge"),
            (on("dead"), "dangling-edge"),
            (on("o", "blocked-by"), "look-alike-edge"),
            (on("o", "blocks-on"), "look-alike-edge"),
            (on("o", "parent"), "look-alike-edge"),
            (on("o", "child-of"), "look-alike-edge"),
            (on("o", "parent_child"), "look-alike-edge"),
            (on("o", "Blocks"), "look-alike-edge"),
            (on("o", "inspired-by"), "edge-type"),
            (on("o", ""), "edge-type"),
            (on("o", "z" * 51), "edge-type"),
            (on(""), "edge"),
            (on("x-1", "related"), "self-edge"),
            (on("o", issue_id="other"), "edge-owner"),
            (on("o", "waits-for", metadata=""), "waits-for"),
            (on("o", "waits-for", metadata="{"), "waits-for"),
            (on("o", "waits-for", metadata="{}"), "waits-for"),
        ],
    )
    def test_it_is_named_by_its_rule(self, board_of: MakeBoard, edge: dict[str, Any], rule: str) -> None:
        others = [bead("o"), bead("dead", status="tombstone", deleted_at=TIME)]
        assert found(board_of([bead("x-1", edge), *others])) == [rule]

    @pytest.mark.parametrize("edge", [on("o"), on("o", "parent-child"), on("external:p:c"), on("o", "caused-by")])
    def test_a_sound_edge_has_no_problem(self, board_of: MakeBoard, edge: dict[str, Any]) -> None:
        assert found(board_of([bead("x-1", edge), bead("o")])) == []

    def test_two_edges_to_one_bead(self, board_of: MakeBoard) -> None:
        assert found(board_of([bead("x-1", on("o"), on("o", "related")), bead("o")])) == ["double-edge"]

    def test_an_epic_below_a_task(self, board_of: MakeBoard) -> None:
        rows = [bead("x-1", on("o", "parent-child"), issue_type="epic"), bead("o")]
        assert found(board_of(rows)) == ["epic-below"]

    def test_a_child_id_needs_its_parent_and_the_edge_to_it(self, board_of: MakeBoard) -> None:
        assert found(board_of([bead("x-1.1")])) == ["child-id"]
        assert found(board_of([bead("x-1.1"), bead("x-1")])) == ["child-id"]
        assert found(board_of([bead("x-1.1", on("x-1", "parent-child")), bead("x-1")])) == []


class TestCircles:
    def test_beads_that_block_each_other(self, board_of: MakeBoard) -> None:
        rows = [bead("a", on("b")), bead("b", on("c")), bead("c", on("a")), bead("d", on("a"))]
        (problem,) = lint(board_of(rows))
        assert (problem.rule, problem.severity) == ("circle", Severity.ERROR)
        assert problem.message.startswith("a, b, c wait for each other")

    def test_a_parent_that_waits_for_its_child(self, board_of: MakeBoard) -> None:
        (problem,) = lint(board_of([bead("p", on("c")), bead("c", on("p", "parent-child"))]))
        assert "wait for each other" in problem.message

    def test_parents_of_each_other(self, board_of: MakeBoard) -> None:
        (problem,) = lint(board_of([bead("a", on("b", "parent-child")), bead("b", on("a", "parent-child"))]))
        assert "each other's parents" in problem.message

    def test_among_finished_beads_it_is_a_remark(self, board_of: MakeBoard) -> None:
        done = {"status": "closed", "closed_at": TIME}
        (problem,) = lint(board_of([bead("a", on("b"), **done), bead("b", on("a"), **done)]))
        assert problem.severity is Severity.INFO

    def test_a_long_one_is_no_deep_recursion(self, board_of: MakeBoard) -> None:
        size = 5000
        rows = [bead(f"b{n}", on(f"b{(n + 1) % size}")) for n in range(size)]
        assert found(board_of(rows)) == ["circle"]


class TestTheWhole:
    def test_what_the_reading_found_comes_first(self, board_of: MakeBoard) -> None:
        data = b"broken\n" + json.dumps(bead(priority=9)).encode()
        assert found(board_of(data)) == ["not-json", "priority"]

    def test_equal_rows_name_the_one_they_equal(self, board_of: MakeBoard) -> None:
        rows = [bead("a", title="Same"), bead("b", title="Same")]
        (problem,) = lint(board_of(rows))
        assert (problem.rule, problem.bead) == ("equal-content", "b")
        assert "content as a" in problem.message

    def test_a_hub_is_read_thoroughly(self, tmp_path: Path) -> None:
        (tmp_path / ".beads").mkdir()
        row = json.dumps(bead())
        (tmp_path / ".beads/issues.jsonl").write_text(row[:-1] + ',"priority":1}\n')
        hub = open_hub(tmp_path)
        assert [problem.rule for problem in lint_hub(hub)] == ["duplicate-key"]


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(
    fields=st.dictionaries(
        st.sampled_from([*bead(), "labels", "dependencies", "comments", "closed_at", "metadata", "pinned", "waiters"]),
        ANY,
        max_size=6,
    )
)
def test_no_row_ends_the_linting(board_of: MakeBoard, fields: dict[str, Any]) -> None:
    assert all(problem.message for problem in lint(board_of([bead(**fields)])))
