"""The store of a Dolt hub, written: claims, changes and new beads, also when bd dies in the middle.

A real program stands in for bd and fails in every way bd can.
"""

from __future__ import annotations

import fcntl
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from b4tui.board.dolt import DoltStore
from b4tui.board.model import Bead, Changes, Hub, NewBead
from b4tui.board.store import BoardError, Busy, ClaimLost, NoSuchBead, NothingChanged, Refused

if TYPE_CHECKING:
    from tests.board.conftest import StandIn

Until = Callable[[Callable[[], bool]], None]


def row(bead_id: str = "x-1", **more: Any) -> dict[str, Any]:
    return {"id": bead_id, "title": "T", "status": "open", "priority": 2, "issue_type": "task", **more}


def edge(bead_id: str, on: str, kind: str = "blocks") -> dict[str, str]:
    return {"issue_id": bead_id, "depends_on_id": on, "type": kind}


class TestClaim:
    """Rule 10."""

    def claimed(self, actor: str = "amy", **more: Any) -> dict[str, Any]:
        return row("x-1", status="in_progress", assignee=actor, **more)

    def test_won_by_exit_code_and_row(self, stand_in: StandIn, dolt_store: DoltStore) -> None:
        stand_in.plan(update__claim=[{"out": [self.claimed()]}])
        assert dolt_store.claim("x-1", "amy").assignee == "amy"
        assert stand_in.calls("update --claim")[0]["args"] == [
            *("--actor=amy", "--sandbox", "update", "--json", "--claim", "--", "x-1")
        ]

    @pytest.mark.parametrize(
        ("step", "error"),
        [
            ({"rc": 1, "err": "Error claiming x-1: issue already claimed by bob"}, ClaimLost),
            ({"out": [row("x-1", status="in_progress", assignee="bob")]}, ClaimLost),
            ({"out": [row("x-1", assignee="amy")]}, ClaimLost),
            ({"out": [row("x-1.1", status="in_progress", assignee="amy")]}, BoardError),
            ({"rc": 1, "err": 'Error resolving x-1: no issue found matching "x-1"'}, NoSuchBead),
        ],
    )
    def test_anything_else_is_not_won(
        self, stand_in: StandIn, dolt_store: DoltStore, step: dict[str, Any], error: type[BoardError]
    ) -> None:
        stand_in.plan(update__claim=[step])
        with pytest.raises(error):
            dolt_store.claim("x-1", "amy")

    @pytest.mark.parametrize(
        "listed",
        [
            row("x-1", status="in_progress", assignee="amy"),  # by another b4tui of the same names
            row("x-1", status="in_progress"),
            row("x-1", status="closed"),
            row("x-1", status="deferred"),
            row("x-1", assignee="bob"),
            row("x-1", dependencies=[edge("x-1", "x-2")]),  # rule 14: bd would claim a blocked bead
        ],
    )
    def test_what_is_not_free_is_lost_without_asking_bd(
        self, stand_in: StandIn, dolt_store: DoltStore, listed: dict[str, Any]
    ) -> None:
        stand_in.plan(list=[{"out": [listed, row("x-2")]}])
        with pytest.raises(ClaimLost):
            dolt_store.claim("x-1", "amy")
        assert stand_in.calls("update --claim") == []

    def test_a_bead_meant_for_the_actor_can_be_claimed(self, stand_in: StandIn, dolt_store: DoltStore) -> None:
        stand_in.plan(list=[{"out": [row("x-1", assignee="amy")]}], update__claim=[{"out": [self.claimed()]}])
        assert dolt_store.claim("x-1", "amy").status == "in_progress"

    def test_killed_but_written_is_confirmed_and_won(self, stand_in: StandIn, dolt_store: DoltStore) -> None:
        stand_in.plan(
            list=[{"out": [row("x-1")]}, {"out": [self.claimed()]}],
            update__claim=[{"die": signal.SIGKILL, "manifest": "two"}, {"out": [self.claimed()]}],
        )
        assert dolt_store.claim("x-1", "amy").assignee == "amy"

    @pytest.mark.parametrize("after", [row("x-1"), row("x-1", status="in_progress", assignee="bob"), row("x-9")])
    def test_killed_and_not_written_is_not_repeated(
        self, stand_in: StandIn, dolt_store: DoltStore, after: dict[str, Any]
    ) -> None:
        stand_in.plan(list=[{"out": [row("x-1")]}, {"out": [after]}], update__claim=[{"die": signal.SIGKILL}])
        with pytest.raises(BoardError, match="read again: x-1 was not claimed"):
            dolt_store.claim("x-1", "amy")
        assert len(stand_in.calls("update --claim")) == 1

    def test_killed_and_unreadable_says_that_nothing_is_known(self, stand_in: StandIn, dolt_store: DoltStore) -> None:
        stand_in.plan(list=[{"out": [row("x-1")]}, {"die": signal.SIGKILL}], update__claim=[{"die": signal.SIGKILL}])
        with pytest.raises(BoardError, match="Whether it was done is unknown"):
            dolt_store.claim("x-1", "amy")


class TestChanges:
    def test_only_full_ids_of_the_list_reach_bd(self, stand_in: StandIn, dolt_store: DoltStore) -> None:
        """Rule 5."""
        asked: tuple[Callable[[], Bead], ...] = (
            lambda: dolt_store.claim("x", "amy"),
            lambda: dolt_store.update("1", Changes(title="N"), "amy"),
            lambda: dolt_store.release("x-", "amy", "c"),
            lambda: dolt_store.close("x-11", "r", "amy"),
            lambda: dolt_store.reopen("", "amy"),
            lambda: dolt_store.comment("X-1", "t", "amy"),
            lambda: dolt_store.add_dependency("x-1", "x-", "blocks", "amy"),
            lambda: dolt_store.remove_dependency("x", "x-1", "amy"),
            lambda: dolt_store.detail("x"),
        )
        for ask in asked:
            with pytest.raises(NoSuchBead):
                ask()
        assert {call["verb"] for call in stand_in.calls()} == {"version", "list"}

    def test_another_bead_than_asked_for_is_a_loud_error(self, stand_in: StandIn, dolt_store: DoltStore) -> None:
        stand_in.plan(close=[{"out": [row("x-1.1", status="closed")]}])
        with pytest.raises(BoardError, match=r"asked for x-1 and changed x-1\.1"):
            dolt_store.close("x-1", "done", "amy")

    def test_what_is_already_so_is_not_written_again(self, stand_in: StandIn, dolt_store: DoltStore) -> None:
        """Rule 14: closing again would write over reason and time."""
        stand_in.plan(list=[{"out": [row("x-1", status="closed", close_reason="done"), row("x-2")]}])
        for ask in (
            lambda: dolt_store.close("x-1", "again", "amy"),
            lambda: dolt_store.close("x-1", "again", "amy", force=True),
            lambda: dolt_store.release("x-1", "amy", "c"),
            lambda: dolt_store.release("x-2", "amy", "c"),
            lambda: dolt_store.reopen("x-2", "amy"),
            lambda: dolt_store.update("x-2", Changes(title="T"), "amy"),
            lambda: dolt_store.remove_dependency("x-2", "x-1", "amy"),
        ):
            with pytest.raises(NothingChanged):
                ask()
        assert {call["verb"] for call in stand_in.calls()} == {"version", "list"}

    def test_a_release_comments_first_and_then_gives_back(self, stand_in: StandIn, dolt_store: DoltStore) -> None:
        held = row("x-1", status="in_progress", assignee="amy")
        stand_in.plan(
            list=[{"out": [held]}], comment=[{"out": {"id": "01", "issue_id": "x-1"}}], update=[{"out": [row("x-1")]}]
        )
        assert dolt_store.release("x-1", "amy", "out of memory").assignee == ""
        comment, update = stand_in.calls()[-2:]
        assert (comment["verb"], comment["stdin"]) == ("comment", "out of memory")
        assert update["args"][2:] == ["update", "--json", "--status=open", "--assignee=", "--", "x-1"]

    def test_a_close_that_was_killed_after_it_was_written_is_done(
        self, stand_in: StandIn, dolt_store: DoltStore
    ) -> None:
        stand_in.plan(
            list=[{"out": [row("x-1")]}, {"out": [row("x-1", status="closed")]}],
            close=[{"die": signal.SIGKILL, "manifest": "two"}],
        )
        assert dolt_store.close("x-1", "done", "amy").status == "closed"
        assert len(stand_in.calls("close")) == 1

    def test_a_comment_that_was_killed_is_looked_for_by_its_text(
        self, stand_in: StandIn, dolt_store: DoltStore
    ) -> None:
        said = [{"id": "01", "issue_id": "x-1", "author": "amy", "text": "progress"}]
        stand_in.plan(
            list=[{"out": [row("x-1")]}, {"out": [row("x-1", comment_count=1)]}],
            comment=[{"die": signal.SIGKILL, "manifest": "two"}],
            comments=[{"out": said}],
        )
        assert [comment.text for comment in dolt_store.comment("x-1", "progress\n", "amy").comments] == ["progress"]
        stand_in.plan(comment=[{"die": signal.SIGKILL}])
        with pytest.raises(BoardError, match="x-1 was not changed"):
            dolt_store.comment("x-1", "something else", "amy")

    def test_an_empty_comment_is_refused(self, dolt_store: DoltStore) -> None:
        with pytest.raises(Refused):
            dolt_store.comment("x-1", " \n", "amy")

    def test_an_edge_to_another_bead_than_asked_for_is_a_loud_error(
        self, stand_in: StandIn, dolt_store: DoltStore
    ) -> None:
        stand_in.plan(dep=[{"out": {**edge("x-1", "x-2.1"), "status": "added"}}])
        with pytest.raises(BoardError, match=r"an edge to x-2 and changed the one to x-2\.1"):
            dolt_store.add_dependency("x-1", "x-2", "blocks", "amy")


class TestCreate:
    def test_the_bead_is_read_back_with_its_edges(self, stand_in: StandIn, dolt_store: DoltStore) -> None:
        stand_in.plan(
            list=[{"out": [row("x-1")]}, {"out": [row("x-1"), row("x-3", dependencies=[edge("x-3", "x-1")])]}],
            create=[{"out": row("x-3"), "manifest": "two"}],
        )
        made = dolt_store.create(NewBead(title="T", dependencies=(("blocks", "x-1"),)), "amy")
        assert [found.depends_on_id for found in made.dependencies] == ["x-1"]

    def test_an_edge_that_bd_only_warned_about_is_told(self, stand_in: StandIn, dolt_store: DoltStore) -> None:
        stand_in.plan(
            list=[{"out": [row("x-1")]}, {"out": [row("x-1"), row("x-3")]}],
            create=[{"out": row("x-3"), "err": "Warning: failed to add dependency", "manifest": "two"}],
        )
        with pytest.raises(BoardError, match="x-3 was made, but without its edge to x-1"):
            dolt_store.create(NewBead(title="T", dependencies=(("blocks", "x-1"),)), "amy")

    def test_an_id_that_was_there_before_is_a_loud_error(self, stand_in: StandIn, dolt_store: DoltStore) -> None:
        """Rule 6."""
        stand_in.plan(create=[{"out": row("x-1")}])
        with pytest.raises(BoardError, match="wrote over x-1"):
            dolt_store.create(NewBead(title="T"), "amy")

    @pytest.mark.parametrize(
        "new",
        [
            NewBead(title="T", parent="x-9"),
            NewBead(title="T", dependencies=(("blocks", "x"),)),
            NewBead(title="T", dependencies=(("blocks", "x-1"), ("related", "x-1"))),
            NewBead(title="T", parent="x-1", dependencies=(("blocks", "x-1"),)),
            NewBead(title="T", dependencies=(("a:b", "x-1"),)),
            NewBead(title="T", dependencies=(("blocks", "external:p:c"),)),
        ],
    )
    def test_what_bd_would_take_with_a_warning_is_refused(
        self, stand_in: StandIn, dolt_store: DoltStore, new: NewBead
    ) -> None:
        with pytest.raises(Refused):
            dolt_store.create(new, "amy")
        assert stand_in.calls("create") == []

    def test_killed_but_made_is_found_and_not_made_twice(self, stand_in: StandIn, dolt_store: DoltStore) -> None:
        stand_in.plan(
            list=[{"out": [row("x-1")]}, {"out": [row("x-1"), row("x-3", title="New", created_by="amy")]}],
            create=[{"die": signal.SIGKILL, "manifest": "two"}],
        )
        assert dolt_store.create(NewBead(title=" New "), "amy").id == "x-3"
        assert len(stand_in.calls("create")) == 1


class TestTurns:
    def test_another_b4tui_that_writes_for_long_makes_us_busy(self, stand_in: StandIn, dolt_hub: Hub) -> None:
        dolt_store = DoltStore(dolt_hub, environ=stand_in.environ, patience_s=0.3)
        with (stand_in.beads_dir / "b4tui.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with pytest.raises(Busy, match="another b4tui"):
                dolt_store.claim("x-1", "amy")
        assert stand_in.calls("update --claim") == []

    def test_two_stores_of_one_name_cannot_both_win(self, stand_in: StandIn, dolt_hub: Hub) -> None:
        """bd says 0 to the second claim of the same name; the list, read in the hub's turn, says otherwise."""
        held = row("x-1", status="in_progress", assignee="amy")
        stand_in.plan(list=[{"out": [row("x-1")]}, {"out": [held]}], update__claim=[{"out": [held], "manifest": "two"}])
        stores = [DoltStore(dolt_hub, environ=stand_in.environ) for _ in range(2)]

        def claim(dolt_store: DoltStore) -> bool:
            try:
                dolt_store.claim("x-1", "amy")
            except ClaimLost:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(claim, stores)) == [False, True]
        assert len(stand_in.calls("update --claim")) == 1

    def test_a_folder_that_cannot_be_written_says_so(
        self, stand_in: StandIn, dolt_store: DoltStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("b4tui.board.dolt_folder._TURN_FILE", "missing/b4tui.lock")
        with pytest.raises(BoardError, match="must be writable"):
            dolt_store.close("x-1", "done", "amy")

    def test_stop_ends_what_hangs(self, stand_in: StandIn, dolt_store: DoltStore, until: Until) -> None:
        stand_in.plan(close=[{"hang": True}])
        with ThreadPoolExecutor(1) as pool:
            closing = pool.submit(dolt_store.close, "x-1", "done", "amy")
            until((stand_in.program.parent / "hanging").exists)
            dolt_store.stop()
            with pytest.raises(BoardError, match="b4tui is ending"):
                closing.result(timeout=60)
