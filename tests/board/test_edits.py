"""What each verb does to a row, and what it refuses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b4tui.board import edits
from b4tui.board.model import Changes, NewBead
from b4tui.board.store import BoardError, ClaimLost, NothingChanged, Refused
from b4tui.board.times import instant

NOW = datetime(2026, 5, 1, 12, 0, 0, 250000, UTC)
AT = "2026-05-01T12:00:00.25Z"


def row(**values: Any) -> dict[str, Any]:
    return {
        "id": "hub-a",
        "title": "A",
        "status": "open",
        "priority": 2,
        "issue_type": "task",
        "created_at": "2026-04-01T00:00:00Z",
        "updated_at": "2026-04-01T00:00:00Z",
        "unknown": {"kept": True},
        **values,
    }


class TestClaim:
    @pytest.mark.parametrize("assignee", [{}, {"assignee": ""}, {"assignee": "Amy"}])
    def test_an_open_bead_that_is_free_or_meant_for_the_actor(self, assignee: dict[str, str]) -> None:
        new = edits.claimed(row(**assignee), "Amy", NOW)
        assert (new["status"], new["assignee"], new["updated_at"]) == ("in_progress", "Amy", AT)
        assert new["unknown"] == {"kept": True}
        assert "started_at" not in new

    def test_a_bead_in_progress_is_lost_even_to_its_holder(self) -> None:
        for actor in ("Amy", "Bob"):
            with pytest.raises(ClaimLost, match="held by Amy"):
                edits.claimed(row(status="in_progress", assignee="Amy"), actor, NOW)

    def test_a_bead_meant_for_somebody_else_names_that_one(self) -> None:
        with pytest.raises(ClaimLost, match="Bob"):
            edits.claimed(row(assignee="Bob"), "Amy", NOW)

    @pytest.mark.parametrize("status", ["closed", "blocked", "deferred", "pinned", "hooked", "in_review"])
    def test_only_open_beads_are_claimed(self, status: str) -> None:
        with pytest.raises(ClaimLost, match=status):
            edits.claimed(row(status=status), "Amy", NOW)

    def test_a_claim_needs_a_name(self) -> None:
        with pytest.raises(Refused, match="name"):
            edits.claimed(row(), " ", NOW)

    def test_started_at_only_on_boards_that_know_it(self) -> None:
        assert edits.claimed(row(), "Amy", NOW, started_at=True)["started_at"] == AT


class TestRelease:
    def test_gives_it_back_with_the_reason(self) -> None:
        new = edits.released(row(status="in_progress", assignee="Amy"), "Amy", "no disk", NOW)
        assert new["status"] == "open"
        assert "assignee" not in new
        assert new["comments"][0]["text"] == "no disk"

    @pytest.mark.parametrize(
        "now", [{"status": "closed", "assignee": "Amy"}, {"status": "in_progress", "assignee": "B"}]
    )
    def test_what_the_actor_does_not_hold_stays(self, now: dict[str, str]) -> None:
        with pytest.raises(NothingChanged):
            edits.released(row(**now), "Amy", "", NOW)


class TestCloseAndReopen:
    def test_closed_at_comes_with_the_status_and_goes_with_it(self) -> None:
        closed = edits.closed(row(status="in_progress", assignee="Amy"), "done", NOW)
        assert (closed["status"], closed["closed_at"], closed["close_reason"]) == ("closed", AT, "done")
        opened = edits.reopened(closed, "Amy", "not done", NOW)
        assert opened["status"] == "open"
        assert opened["assignee"] == "Amy"
        assert not {"closed_at", "close_reason"} & opened.keys()
        assert opened["comments"][-1]["text"] == "not done"

    def test_twice_is_once(self) -> None:
        with pytest.raises(NothingChanged):
            edits.closed(row(status="closed"), "again", NOW)
        with pytest.raises(NothingChanged):
            edits.reopened(row(), "Amy", "", NOW)


class TestUpdate:
    def test_empties_a_field_by_taking_the_key_away(self) -> None:
        new = edits.updated(row(notes="x", labels=["b"]), Changes(notes="", remove_labels=("b",)), NOW)
        assert not {"notes", "labels"} & new.keys()

    def test_labels_are_sorted_and_unique(self) -> None:
        assert edits.updated(row(labels=["b"]), Changes(add_labels=("c", " a ", "b")), NOW)["labels"] == ["a", "b", "c"]

    def test_priority_zero_is_a_priority(self) -> None:
        assert edits.updated(row(), Changes(priority=0), NOW)["priority"] == 0

    def test_status_closed_keeps_the_invariant(self) -> None:
        closed = edits.updated(row(), Changes(status="closed"), NOW)
        assert closed["closed_at"] == closed["updated_at"]
        assert "closed_at" not in edits.updated(closed, Changes(status="blocked"), NOW)

    @pytest.mark.parametrize(
        "changes",
        [
            Changes(),
            Changes(title="A"),
            Changes(status="open"),
            Changes(add_labels=()),
            Changes(priority=2),
            Changes(notes=""),
        ],
    )
    def test_nothing_to_change_is_said(self, changes: Changes) -> None:
        with pytest.raises(NothingChanged):
            edits.updated(row(), changes, NOW)

    @pytest.mark.parametrize(
        "changes",
        [
            Changes(status="done"),
            Changes(status="tombstone"),
            Changes(issue_type="docs"),
            Changes(priority=5),
            Changes(priority=-1),
            Changes(title="  "),
            Changes(title="x" * 501),
        ],
    )
    def test_what_bd_would_refuse_is_refused_here(self, changes: Changes) -> None:
        with pytest.raises(Refused):
            edits.updated(row(), changes, NOW)

    def test_a_foreign_status_or_type_stays_while_other_fields_change(self) -> None:
        new = edits.updated(row(status="in_review", issue_type="docs"), Changes(priority=1, status="in_review"), NOW)
        assert (new["status"], new["issue_type"]) == ("in_review", "docs")

    def test_a_deleted_bead_is_left_alone(self) -> None:
        with pytest.raises(Refused, match="deleted"):
            edits.updated(row(status="tombstone"), Changes(priority=1), NOW)


class TestCommentsAndEdges:
    def test_comments_are_numbered_on(self) -> None:
        new = edits.commented(row(comments=[{"id": 7, "text": "x"}, {"id": "uuid"}]), "Amy", "y", NOW)
        assert new["comments"][2] == {
            "id": 8,
            "issue_id": "hub-a",
            "author": "Amy",
            "text": "y",
            "created_at": "2026-05-01T12:00:00Z",
        }

    def test_an_edge_comes_once_and_goes(self) -> None:
        new = edits.depending(row(), "hub-b", "blocks", "Amy", NOW)
        with pytest.raises(NothingChanged):
            edits.depending(new, "hub-b", "blocks", "Amy", NOW)
        assert "dependencies" not in edits.independent(new, "hub-b", NOW)
        with pytest.raises(NothingChanged):
            edits.independent(row(), "hub-b", NOW)

    @pytest.mark.parametrize(("on", "kind"), [("hub-a", "blocks"), ("hub-b", ""), ("hub-b", "x" * 51)])
    def test_impossible_edges(self, on: str, kind: str) -> None:
        with pytest.raises(Refused):
            edits.depending(row(), on, kind, "Amy", NOW)

    @pytest.mark.parametrize("broken", ["text", {"a": 1}, 3])
    def test_a_list_that_is_none_is_not_overwritten(self, broken: Any) -> None:
        with pytest.raises(Refused, match="no list"):
            edits.commented(row(comments=broken), "Amy", "x", NOW)


class TestTime:
    def test_a_clock_that_runs_behind_still_moves_the_row_on(self) -> None:
        ahead = "2026-05-01T14:00:01.123456789+02:00"
        new = edits.commented(row(updated_at=ahead), "Amy", "x", NOW)
        assert (instant(new["updated_at"]) or 0) > (instant(ahead) or 0)


class TestCreate:
    def test_a_row_holds_what_was_given_and_no_empty_keys(self) -> None:
        new = NewBead(
            title=" A\nbead ", labels=("b", "a", "b"), parent="hub-p", dependencies=(("discovered-from", "hub-d"),)
        )
        made = edits.created(new, "hub-p.1", "Amy", NOW)
        assert made["title"] == "A bead"
        assert made["labels"] == ["a", "b"]
        assert [(edge["type"], edge["depends_on_id"]) for edge in made["dependencies"]] == [
            ("parent-child", "hub-p"),
            ("discovered-from", "hub-d"),
        ]
        assert not {"description", "assignee", "acceptance_criteria"} & made.keys()


@given(
    st.dictionaries(st.text(max_size=8), st.none() | st.text(max_size=5) | st.integers(), max_size=5),
    st.sampled_from(["open", "closed", "in_progress", "weird"]),
)
def test_whatever_is_in_a_row_closed_at_follows_the_status(others: dict[str, Any], status: str) -> None:
    start = {**row(), **others, "id": "hub-a", "status": status}
    for verb in (
        lambda: edits.closed(start, "r", NOW),
        lambda: edits.reopened(start, "Amy", "r", NOW),
        lambda: edits.updated(start, Changes(status="blocked"), NOW),
        lambda: edits.updated(start, Changes(status="closed"), NOW),
    ):
        try:
            new = verb()
        except BoardError:
            continue
        assert ("closed_at" in new) == (new["status"] == "closed")
        assert {key: new[key] for key in others if key in new and key not in edits_keys()} == {
            key: value for key, value in others.items() if key in new and key not in edits_keys()
        }


def edits_keys() -> set[str]:
    return {"id", "status", "updated_at", "closed_at", "close_reason", "comments"}


def test_half_a_surrogate_pair_is_not_written() -> None:
    """Arguments that are no UTF-8, and models that cut a character in two, hand such text in."""
    new = NewBead(title="a \ud83d", description="\udcff", labels=("\udcff",), dependencies=(("blocks", "x-1"),))
    made = edits.created(new, "x-2", "amy", NOW)
    assert (made["title"], made["description"], made["labels"]) == ("a \ufffd", "\ufffd", ["\ufffd"])
    assert edits.commented(made, "amy", "b \udcff", NOW)["comments"][0]["text"] == "b \ufffd"


@pytest.mark.parametrize("edge", [("blocks", ""), ("blocks", " "), ("", "x-1"), ("k" * 51, "x-1")])
def test_a_new_bead_has_no_edge_to_nowhere_or_of_no_kind(edge: tuple[str, str]) -> None:
    with pytest.raises(Refused):
        edits.created(NewBead(title="a", dependencies=(edge,)), "x-2", "amy", NOW)
