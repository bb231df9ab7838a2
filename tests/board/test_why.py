"""Why a bead is ready or not: the rule and the chain, in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from b4tui.board.model import BoardState, HubKind
from b4tui.board.rules import Rule, judge
from b4tui.board.store import NoSuchBead
from b4tui.board.times import instant
from b4tui.board.why import explain

MakeBoard = Callable[..., BoardState]
NOW = instant("2026-11-23T00:00:00Z") or 0.0


def bead(bead_id: str, *edges: tuple[str, str], **fields: Any) -> dict[str, Any]:
    listed = [{"type": kind, "depends_on_id": target, "metadata": "{}"} for kind, target in edges]
    return {"id": bead_id, "title": bead_id, "status": "open", "dependencies": listed, **fields}


@pytest.mark.parametrize("kind", [HubKind.CLASSIC, HubKind.EXPORT])
@pytest.mark.parametrize("name", ["Heikkila-Pty-Ltd__cortex", "davidcforbes__beads-tui"])
def test_it_never_contradicts_the_judgement(boards: Path, board_of: MakeBoard, name: str, kind: HubKind) -> None:
    state = board_of(boards / f"{name}.jsonl", kind)
    found = judge(state, NOW)
    for key in state.beads:
        told = explain(state, key, NOW)
        assert told.ready is (key in found.ready)
        assert bool(told.chain) is (key in found.blocked or (bool(told.holders)))


@pytest.mark.parametrize(
    ("key", "rule"),
    [
        ("t-open1", Rule.READY),
        ("t-ip", Rule.STATUS),
        ("t-pinflag", Rule.SWITCH),
        ("t-eph", Rule.SWITCH),
        ("t-t-mol-x", Rule.INTERNAL_ID),
        ("t-ty-gate", Rule.TYPE),
        ("t-fut", Rule.DEFERRED),
        ("t-on-ip", Rule.BLOCKED),
        ("t-cond-ok", Rule.BLOCKED),
        ("t-wall", Rule.BLOCKED),
        ("t-bgkid", Rule.PARENT_BLOCKED),
    ],
)
def test_the_rule_of_each_case_of_the_matrix(boards: Path, board_of: MakeBoard, key: str, rule: Rule) -> None:
    state = board_of(boards / "golden-bd-0.49.6/ready-semantics/in.jsonl")
    assert explain(state, key, NOW).rule is rule


def test_in_1x_a_deferred_parent_hides_its_children(boards: Path, board_of: MakeBoard) -> None:
    state = board_of(boards / "golden-bd-0.49.6/ready-semantics/in.jsonl", HubKind.EXPORT)
    told = explain(state, "t-fkid", NOW)
    assert told.rule is Rule.PARENT_DEFERRED
    assert "t-fpar" in told.reason


class TestTheChain:
    def test_it_leads_over_the_parents_to_the_open_bead(self, board_of: MakeBoard) -> None:
        rows = [
            bead("y", status="in_progress", assignee="amy"),
            bead("x", ("blocks", "y")),
            bead("c", ("parent-child", "x")),
            bead("g", ("parent-child", "c")),
        ]
        assert explain(board_of(rows), "g", NOW).chain == (
            "g is blocked by its parent c (open)",
            "c is blocked by its parent x (open)",
            "x waits for y (in_progress, amy)",
        )

    def test_a_circle_is_named_and_ends(self, board_of: MakeBoard) -> None:
        rows = [bead("a", ("blocks", "b")), bead("b", ("blocks", "c")), bead("c", ("blocks", "a"))]
        chain = explain(board_of(rows), "a", NOW).chain
        assert chain[:3] == ("a waits for b (open)", "b waits for c (open)", "c waits for a (open)")
        assert "comes round again" in chain[-1]

    def test_a_very_long_one_is_cut(self, board_of: MakeBoard) -> None:
        rows = [bead("b0"), *(bead(f"b{n}", ("blocks", f"b{n - 1}")) for n in range(1, 200))]
        chain = explain(board_of(rows), "b199", NOW).chain
        assert len(chain) == 21
        assert "so on" in chain[-1]

    def test_waiting_for_children_names_those_that_are_left(self, boards: Path, board_of: MakeBoard) -> None:
        state = board_of(boards / "golden-bd-0.49.6/ready-semantics/in.jsonl")
        assert explain(state, "t-wall", NOW).chain == ("t-wall waits for the children of t-sp: t-spk2 not closed",)


class TestTheFacts:
    @pytest.mark.parametrize(
        ("edges", "fields", "fact"),
        [
            ((("blocked-by", "o"),), {}, "looks like blocks, but bd ignores it"),
            ((("parent_child", "o"),), {}, "looks like parent-child, but bd ignores it"),
            ((("blocks", "gone"),), {}, "not on this board"),
            ((("blocks", "external:p:c"),), {}, "another project"),
            ((("blocks", "d"),), {}, "no longer blocks it: its status is closed"),
            ((("parent-child", "o"),), {}, "its parent o is open, which blocks nothing"),
            ((), {"assignee": "amy"}, "assigned to amy"),
            ((), {"status": "in_progress"}, "nobody holds it"),
            ((), {"status": "blocked"}, "by hand"),
            ((), {"status": "deferred", "defer_until": "2026-01-01T00:00:00Z"}, "set it to open"),
        ],
    )
    def test_what_is_worth_knowing(
        self, board_of: MakeBoard, edges: tuple[tuple[str, str], ...], fields: dict[str, Any], fact: str
    ) -> None:
        state = board_of([bead("o"), bead("d", status="closed"), bead("x", *edges, **fields)])
        assert any(fact in told for told in explain(state, "x", NOW).facts)

    def test_what_it_holds_up(self, board_of: MakeBoard) -> None:
        state = board_of([bead("o"), bead("x", ("blocks", "o")), bead("z", ("blocks", "o"))])
        assert explain(state, "o", NOW).facts == ("holds up x, z",)

    def test_all_of_it_is_in_the_lines(self, board_of: MakeBoard) -> None:
        told = explain(board_of([bead("o"), bead("x", ("blocks", "o"), assignee="amy")]), "x", NOW)
        assert told.lines == (told.reason, *told.chain, *told.facts)


def test_an_unknown_id_says_where_the_ids_are(board_of: MakeBoard) -> None:
    with pytest.raises(NoSuchBead, match="board list"):
        explain(board_of([]), "x-1", NOW)
