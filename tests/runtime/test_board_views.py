"""A board as columns and queues: pure, complete, in the right order."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from b4tui.board.model import Bead, BoardState, Hub, HubKind, Readiness
from b4tui.board.rules import judge
from b4tui.routing.rules import Routing
from b4tui.runtime.columns import columns
from b4tui.runtime.queues import routed

HUB = Hub(Path("/hub"), Path("/hub/.beads"), HubKind.CLASSIC, None)
STATUSES = [
    "open",
    "in_progress",
    "hooked",
    "blocked",
    "deferred",
    "pinned",
    "closed",
    "tombstone",
    "in_review",
    "odd",
    "",
]


def a_state(*rows: dict) -> BoardState:
    return BoardState(HUB, {row["id"]: Bead(row) for row in rows})


def shown(*rows: dict, ready: tuple[str, ...] = (), blocked: dict | None = None):
    return columns(a_state(*rows), Readiness(ready, blocked or {}))


def test_each_status_has_its_column():
    found = shown(
        {"id": "a"},
        {"id": "b", "status": "in_progress"},
        {"id": "c", "status": "hooked"},
        {"id": "d", "status": "blocked"},
        {"id": "e", "status": "deferred"},
        {"id": "f", "status": "closed"},
        {"id": "g", "status": "done"},
        {"id": "h", "status": "tombstone"},
        {"id": "i", "status": "open"},
        {"id": "j", "status": "pending_review"},
        {"id": "k", "status": "cancelled"},
        ready=("a",),
        blocked={"i": ("b",)},
    )
    assert found.ready == ("a",)
    assert found.working == ("b", "c", "j")
    assert found.blocked == ("d", "e", "i")
    assert set(found.closed) == {"f", "g", "k"}


def test_ready_keeps_the_trackers_order_and_the_others_have_their_own():
    found = shown(
        {"id": "r2"},
        {"id": "r1"},
        {"id": "w1", "status": "in_progress", "priority": 3},
        {"id": "w2", "status": "in_progress", "priority": 0},
        {"id": "old", "status": "closed", "closed_at": "2026-01-01T10:00:00+02:00"},
        {"id": "new", "status": "closed", "closed_at": "2026-01-01T09:00:00.5Z"},
        {"id": "never", "status": "closed"},
        ready=("r2", "r1"),
    )
    assert found.ready == ("r2", "r1")
    assert found.working == ("w2", "w1")
    assert found.closed == ("new", "old", "never")


rows = st.lists(
    st.fixed_dictionaries(
        {"id": st.text(min_size=1, max_size=3), "status": st.sampled_from(STATUSES)},
        optional={"priority": st.integers(-1, 9), "closed_at": st.text(max_size=12), "pinned": st.booleans()},
    ),
    max_size=30,
    unique_by=lambda row: row["id"],
)


@given(rows)
def test_every_bead_is_in_exactly_one_column_and_deleted_ones_in_none(board):
    state = a_state(*board)
    found = columns(state, judge(state, 1_800_000_000.0))
    placed = [*found.ready, *found.working, *found.blocked, *found.closed]
    assert len(placed) == len(set(placed))
    assert set(placed) == {row["id"] for row in board if row["status"] != "tombstone"}


def test_queues_keep_the_order_of_ready_and_leave_out_what_waits_for_the_operator():
    state = a_state({"id": "a"}, {"id": "b"}, {"id": "c"}, {"id": "d"})

    def to_letters(bead: Bead) -> Routing | None:
        if bead.id == "d":
            return None
        return Routing(agent="x" if bead.id in "ab" else "y", category="code_generation", reason="a letter")

    found = routed(state, Readiness(("c", "b", "a", "d", "gone"), {}), to_letters, waiting={"b"})
    assert found.queues == {"y": ("c",), "x": ("a",)}
    assert set(found.routes) == {"a", "b", "c"} and found.routes["b"].reason == "a letter"
