"""Ready and blocked: the same sets in the same order as the real bd of both eras."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b4tui.board.model import BoardState, HubKind
from b4tui.board.rules import Sort, judge
from b4tui.board.times import instant

MakeBoard = Callable[..., BoardState]

TAKEN_CLASSIC = instant("2026-11-22T18:00:00Z") or 0.0  # when the golden answers were taken
TAKEN_MODERN = instant("2026-11-23T02:44:00Z") or 0.0
LATER = instant("2030-01-01T00:00:00Z") or 0.0

BOTH = ["Heikkila-Pty-Ltd__cortex", "davidcforbes__beads-tui"]
ALL = [*BOTH, "mantoni__beads-ui", "steveyegge__beads-v0.17.2-seqids"]


def ids(path: Path) -> list[str]:
    return [item if isinstance(item, str) else item["id"] for item in json.loads(path.read_text()) or []]


def holders(path: Path) -> dict[str, list[str]]:
    return {item["id"]: sorted(item["blocked_by"]) for item in json.loads(path.read_text()) or []}


def blocked(state: BoardState, now: float) -> dict[str, list[str]]:
    return {key: sorted(found) for key, found in judge(state, now).blocked.items()}


class TestRealBoardsAsBd049JudgesThem:
    @pytest.mark.parametrize("name", BOTH)
    def test_ready_set_and_order(self, boards: Path, board_of: MakeBoard, name: str) -> None:
        state = board_of(boards / f"{name}.jsonl")
        assert list(judge(state, TAKEN_CLASSIC).ready) == ids(boards / f"golden-bd-0.49.6/ready-{name}.json")

    @pytest.mark.parametrize("name", BOTH)
    def test_blocked_and_by_what(self, boards: Path, board_of: MakeBoard, name: str) -> None:
        state = board_of(boards / f"{name}.jsonl")
        assert blocked(state, TAKEN_CLASSIC) == holders(boards / f"golden-bd-0.49.6/blocked-{name}.json")


class TestRealBoardsAsBd105JudgesThem:
    @pytest.mark.parametrize("name", ALL)
    @pytest.mark.parametrize(("prefix", "sort"), [("ready", None), ("ready-hybrid", Sort.HYBRID)])
    def test_ready_set_and_order(
        self, boards: Path, board_of: MakeBoard, name: str, prefix: str, sort: Sort | None
    ) -> None:
        state = board_of(boards / f"{name}.jsonl", HubKind.EXPORT)
        assert list(judge(state, TAKEN_MODERN, sort).ready) == ids(boards / f"golden-bd-1.0.5/{prefix}-{name}.json")

    @pytest.mark.parametrize("name", ALL)
    def test_blocked_and_by_what(self, boards: Path, board_of: MakeBoard, name: str) -> None:
        state = board_of(boards / f"{name}.jsonl", HubKind.EXPORT)
        assert blocked(state, TAKEN_MODERN) == holders(boards / f"golden-bd-1.0.5/blocked-{name}.json")


class TestTheMatrixOf78Cases:
    """Every status, edge type, parent, deferral, type and sort age, as the real programs answered."""

    @pytest.mark.parametrize("sort", Sort)
    def test_bd_049_agrees_but_for_the_circle_its_import_breaks(
        self, boards: Path, board_of: MakeBoard, sort: Sort
    ) -> None:
        matrix = boards / "golden-bd-0.49.6/ready-semantics"
        golden = ids(matrix / f"ready-{sort}.json")
        golden.remove("t-cyc2")  # import refused the second edge of the circle; here both wait, and lint says so
        assert list(judge(board_of(matrix / "in.jsonl"), TAKEN_CLASSIC, sort).ready) == golden

    @pytest.mark.parametrize("sort", Sort)
    def test_bd_105_agrees_wholly_on_what_it_exports(self, boards: Path, board_of: MakeBoard, sort: Sort) -> None:
        matrix = boards / "golden-bd-1.0.5/ready-semantics"
        state = board_of(matrix / "exported.jsonl", HubKind.EXPORT)
        assert list(judge(state, TAKEN_MODERN, sort).ready) == ids(matrix / f"ready-{sort}.json")
        assert blocked(state, TAKEN_MODERN) == holders(matrix / "blocked.json")

    @pytest.mark.parametrize("sort", Sort)
    def test_bd_105_agrees_on_the_file_but_for_what_its_import_loses(
        self, boards: Path, board_of: MakeBoard, sort: Sort
    ) -> None:
        matrix = boards / "golden-bd-1.0.5/ready-semantics"
        golden = ids(matrix / f"ready-{sort}.json")
        golden.remove("t-cyc2")  # import leaves out the edge that closes a circle
        golden.remove("t-wall")  # import loses the gate of waits-for edges
        state = board_of(matrix / "in.jsonl", HubKind.EXPORT)
        assert list(judge(state, TAKEN_MODERN, sort).ready) == golden

    def test_the_eras_differ_where_the_research_says(self, boards: Path, board_of: MakeBoard) -> None:
        matrix = boards / "golden-bd-0.49.6/ready-semantics/in.jsonl"
        classic = set(judge(board_of(matrix), TAKEN_MODERN).ready)
        modern = set(judge(board_of(matrix, HubKind.EXPORT), TAKEN_MODERN).ready)
        assert modern - classic == {"t-cond-ok", "t-t-mol-x", "t-t-wisp-x"}
        assert classic - modern == {"t-fkid"}


def bead(bead_id: str, *edges: tuple[str, str] | tuple[str, str, str], **fields: Any) -> dict[str, Any]:
    listed = [
        {"issue_id": bead_id, "type": kind, "depends_on_id": target, "metadata": rest[0] if rest else "{}"}
        for kind, target, *rest in edges
    ]
    return {"id": bead_id, "title": bead_id, "status": "open", "priority": 2, "dependencies": listed, **fields}


class TestRulesBesideTheMatrix:
    """Measured against the real programs with generated boards; the matrix has no such case."""

    @pytest.mark.parametrize(("kind", "ready"), [(HubKind.CLASSIC, False), (HubKind.EXPORT, True)])
    def test_a_closed_parent_with_an_open_blocker_hands_its_waiting_down_only_in_049(
        self, board_of: MakeBoard, kind: HubKind, ready: bool
    ) -> None:
        rows = [bead("a"), bead("p", ("blocks", "a"), status="closed"), bead("c", ("parent-child", "p"))]
        assert ("c" in judge(board_of(rows, kind), LATER).ready) is ready

    def test_an_epic_is_no_child_of_what_is_no_epic_in_049(self, board_of: MakeBoard) -> None:
        rows = [bead("a"), bead("p", ("blocks", "a")), bead("e", ("parent-child", "p"), issue_type="epic")]
        assert "e" in judge(board_of(rows), LATER).ready
        assert "e" not in judge(board_of(rows, HubKind.EXPORT), LATER).ready

    @pytest.mark.parametrize(("kind", "ready"), [(HubKind.CLASSIC, True), (HubKind.EXPORT, False)])
    @pytest.mark.parametrize("status", ["in_review", "done"])
    def test_a_custom_status_blocks_in_1x_and_not_in_049(
        self, board_of: MakeBoard, kind: HubKind, ready: bool, status: str
    ) -> None:
        rows = [bead("a", status=status), bead("b", ("blocks", "a"))]
        assert ("b" in judge(board_of(rows, kind), LATER).ready) is ready

    def test_any_children_without_children_waits_in_049(self, board_of: MakeBoard) -> None:
        rows = [bead("s"), bead("w", ("waits-for", "s", '{"gate":"any-children"}'))]
        assert "w" not in judge(board_of(rows), LATER).ready
        assert "w" in judge(board_of(rows, HubKind.EXPORT), LATER).ready

    def test_waits_for_without_a_gate_is_any_children_in_1x(self, board_of: MakeBoard) -> None:
        rows = [
            bead("s"),
            bead("k1", ("parent-child", "s"), status="closed"),
            bead("k2", ("parent-child", "s")),
            bead("w", ("waits-for", "s")),
        ]
        assert "w" not in judge(board_of(rows), LATER).ready
        assert "w" in judge(board_of(rows, HubKind.EXPORT), LATER).ready

    def test_an_inherited_wait_names_the_parent_and_an_own_one_the_blocker(self, board_of: MakeBoard) -> None:
        rows = [
            bead("a"),
            bead("p", ("blocks", "a")),
            bead("c", ("parent-child", "p")),
            bead("d", ("parent-child", "p"), ("blocks", "a")),
        ]
        found = judge(board_of(rows), LATER).blocked
        assert (found["p"], found["c"], found["d"]) == (("a",), ("p",), ("a",))

    @pytest.mark.parametrize("sort", [Sort.OLDEST, Sort.HYBRID, Sort.PRIORITY])
    def test_bd_049_sorts_times_as_the_texts_it_keeps_and_bd_1x_as_instants(
        self, board_of: MakeBoard, sort: Sort
    ) -> None:
        rows = [
            bead("noon-utc", created_at="2026-01-01T12:00:00+00:00"),
            bead("morning-far-west", created_at="2026-01-01T08:00:00.250000000-08:00"),  # four hours later
        ]
        classic, modern = board_of(rows), board_of(rows, HubKind.EXPORT)
        assert judge(classic, LATER, sort).ready == ("morning-far-west", "noon-utc")
        newest_first = sort is Sort.PRIORITY
        assert (judge(modern, LATER, sort).ready[0] == "morning-far-west") is newest_first

    def test_bd_049_orders_what_was_made_at_once_by_priority_then_parents_first(self, board_of: MakeBoard) -> None:
        at = {"created_at": "2026-01-01T00:00:00Z"}
        rows = [bead("a.1", **at), bead("b", **at), bead("c", **{**at, "priority": 0})]
        assert judge(board_of(rows), LATER, Sort.OLDEST).ready == ("c", "b", "a.1")
        assert judge(board_of(rows), LATER, Sort.PRIORITY).ready == ("c", "b", "a.1")

    def test_deferral_ends_by_the_clock_that_is_handed_in(self, board_of: MakeBoard) -> None:
        state = board_of([bead("a", defer_until="2026-06-01T00:00:00+02:00")])
        end = instant("2026-05-31T22:00:00Z") or 0.0
        assert judge(state, end - 1).ready == ()
        assert judge(state, end).ready == ("a",)

    def test_a_deep_chain_is_no_deep_recursion(self, board_of: MakeBoard) -> None:
        rows = [bead("b0"), bead("b1", ("blocks", "b0"))]
        rows += [bead(f"b{n}", ("parent-child", f"b{n - 1}")) for n in range(2, 5000)]
        assert judge(board_of(rows), LATER).ready == ("b0",)


IDS = st.sampled_from([f"x-{n}" for n in range(8)])
KINDS = st.sampled_from(["blocks", "parent-child", "conditional-blocks", "waits-for", "related", "blocked-by", ""])
STATUSES = st.sampled_from(["open", "open", "in_progress", "blocked", "hooked", "deferred", "pinned", "closed", "odd"])
ROWS = st.lists(
    st.builds(
        lambda bead_id, edges, status, priority, day, kind: bead(
            bead_id,
            *edges,
            status=status,
            priority=priority,
            created_at=f"2026-01-{day:02d}T00:00:00Z",
            issue_type=kind,
        ),
        IDS,
        st.lists(st.tuples(KINDS, IDS), max_size=3),
        STATUSES,
        st.integers(0, 4),
        st.integers(1, 28),
        st.sampled_from(["task", "epic"]),
    ),
    max_size=8,
    unique_by=lambda row: row["id"],
)
KIND = st.sampled_from([HubKind.CLASSIC, HubKind.EXPORT])


@given(ROWS, st.randoms(use_true_random=False), st.sampled_from(Sort), KIND)
def test_the_order_of_the_lines_changes_nothing(
    board_of: MakeBoard, rows: list[dict[str, Any]], random: Any, sort: Sort, kind: HubKind
) -> None:
    before = judge(board_of(rows, kind), LATER, sort)
    random.shuffle(rows)
    after = judge(board_of(rows, kind), LATER, sort)
    assert after.ready == before.ready
    assert set(after.blocked) == set(before.blocked)


@given(ROWS, KIND)
def test_what_is_ready_is_open_and_not_blocked(board_of: MakeBoard, rows: list[dict[str, Any]], kind: HubKind) -> None:
    state = board_of(rows, kind)
    found = judge(state, LATER)
    assert not set(found.ready) & set(found.blocked)
    assert all(state.beads[key].status == "open" for key in found.ready)
    assert all(found.blocked.values())


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | IDS | KINDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
FIELDS = [
    "title",
    "status",
    "priority",
    "issue_type",
    "dependencies",
    "created_at",
    "defer_until",
    "pinned",
    "close_reason",
]
EDGES = st.lists(
    ANY | st.fixed_dictionaries({"type": KINDS | ANY, "depends_on_id": IDS | ANY, "metadata": ANY}), max_size=3
)
ODD = st.lists(
    st.fixed_dictionaries({"id": IDS}, optional={**dict.fromkeys(FIELDS, ANY), "dependencies": EDGES}), max_size=6
)


@given(ODD, KIND, st.sampled_from(Sort))
def test_no_rows_end_the_judging(board_of: MakeBoard, rows: list[dict[str, Any]], kind: HubKind, sort: Sort) -> None:
    found = judge(board_of(rows, kind), LATER, sort)
    assert set(found.ready) <= {row["id"] for row in rows}
