"""The store of a Dolt hub, with a real program that stands in for bd and fails in every way bd can."""

from __future__ import annotations

import fcntl
import json
import shutil
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from b4tui.board.dolt import DoltStore
from b4tui.board.model import Bead, Changes, Era, Hub, HubKind, NewBead
from b4tui.board.store import (
    BoardError,
    BoardStore,
    Busy,
    ClaimLost,
    NoSuchBead,
    NothingChanged,
    ReadOnly,
    Refused,
)

if TYPE_CHECKING:
    from tests.board.conftest import StandIn

NOW = 1_800_000_000.0
Until = Callable[[Callable[[], bool]], None]


def row(bead_id: str = "x-1", **more: Any) -> dict[str, Any]:
    return {"id": bead_id, "title": "T", "status": "open", "priority": 2, "issue_type": "task", **more}


def edge(bead_id: str, on: str, kind: str = "blocks") -> dict[str, str]:
    return {"issue_id": bead_id, "depends_on_id": on, "type": kind}


@pytest.fixture
def hub(stand_in: StandIn) -> Hub:
    return Hub(stand_in.root, stand_in.beads_dir, HubKind.DOLT, None)


@pytest.fixture
def store(stand_in: StandIn, hub: Hub) -> DoltStore:
    stand_in.plan(list=[{"out": [row("x-1"), row("x-2")]}])
    return DoltStore(hub, environ=stand_in.environ, patience_s=20, clock=lambda: NOW)


class TestWhereBdMustNotBeCalled:
    """Rule 1: bd makes an empty database where it is asked in a half-made hub, so it is not asked."""

    def test_a_hub_without_metadata(self, stand_in: StandIn, hub: Hub) -> None:
        (stand_in.beads_dir / "metadata.json").unlink()
        with pytest.raises(ReadOnly, match="half-made"):
            DoltStore(hub, environ=stand_in.environ)
        assert stand_in.calls() == []

    @pytest.mark.parametrize(
        ("metadata", "words"),
        [
            ("{", "cannot be read"),
            ("[]", "not a JSON object"),
            ('{"backend":"sqlite"}', "names no Dolt"),
            ('{"backend":"dolt","dolt_mode":"server","dolt_database":"x"}', "server mode"),
            ('{"backend":"dolt","dolt_database":"gone"}', "bd bootstrap --yes"),
            ('{"backend":"dolt","dolt_database":"../embeddeddolt/x"}', "no usable dolt_database"),
            ('{"backend":"dolt","dolt_database":".."}', "no usable dolt_database"),
            ('{"backend":"dolt","dolt_database":7}', "no usable dolt_database"),
            ('{"backend":"dolt"}', "no usable dolt_database"),
        ],
    )
    def test_a_hub_whose_metadata_names_no_database_here(
        self, stand_in: StandIn, hub: Hub, metadata: str, words: str
    ) -> None:
        (stand_in.beads_dir / "metadata.json").write_text(metadata)
        with pytest.raises(ReadOnly, match=words):
            DoltStore(hub, environ=stand_in.environ)
        assert stand_in.calls() == []

    def test_a_hub_whose_database_is_moved_aside_later(self, stand_in: StandIn, store: DoltStore) -> None:
        calls = len(stand_in.calls())
        shutil.move(stand_in.beads_dir / "embeddeddolt", stand_in.beads_dir / "aside")
        with pytest.raises(ReadOnly, match="no database yet"):
            store.load()
        assert "no database yet" in store.read_only
        assert store.fingerprint() == ""
        assert len(stand_in.calls()) == calls

    def test_without_a_bd_that_can_do_it(self, stand_in: StandIn, hub: Hub) -> None:
        with pytest.raises(ReadOnly, match="not installed"):
            DoltStore(hub, environ={"PATH": "/nowhere"})
        stand_in.plan(version=[{"out": {"version": "0.49.6"}}])
        with pytest.raises(ReadOnly, match="too old"):
            DoltStore(hub, environ=stand_in.environ)

    def test_a_hub_of_a_newer_bd_is_read_only_from_then_on(self, stand_in: StandIn, store: DoltStore) -> None:
        stand_in.plan(list=[{"rc": 1, "err": '{"error":"schema skew: the hub was written by a newer bd"}'}])
        assert store.read_only == ""
        with pytest.raises(ReadOnly, match="Install the bd version"):
            store.load()
        assert "Install the bd version" in store.read_only


class TestReading:
    """Rules 7 and 9."""

    def test_it_is_a_board_store_of_the_modern_era(self, store: DoltStore, hub: Hub) -> None:
        typed: BoardStore = store
        assert typed.hub is hub
        assert store.load().era is Era.MODERN
        assert list(store.load().beads) == ["x-1", "x-2"]

    def test_an_unchanged_manifest_asks_nothing_whatever_its_age(self, stand_in: StandIn, store: DoltStore) -> None:
        before = store.fingerprint()
        first = store.load()
        stand_in.manifest.rename(stand_in.manifest.with_name("old"))
        stand_in.manifest.write_text("5:__DOLT__:one")  # as every read of bd does
        assert store.fingerprint() == before
        assert store.load() is first
        assert len(stand_in.calls("list")) == 1

    def test_a_changed_manifest_asks_once(self, stand_in: StandIn, store: DoltStore) -> None:
        first = store.load()
        stand_in.manifest.write_text("5:__DOLT__:two")
        stand_in.plan(list=[{"out": [row("x-3")]}])
        second = store.load()
        assert second.version != first.version
        assert list(second.beads) == ["x-3"]
        assert store.load() is second

    def test_a_write_of_others_while_we_read_is_read_again(self, stand_in: StandIn, store: DoltStore) -> None:
        stand_in.plan(list=[{"out": [row("x-1")], "manifest": "5:__DOLT__:two"}, {"out": [row("x-2")]}])
        state = store.load()
        assert list(state.beads) == ["x-2"]
        assert state.version == store.fingerprint() == "5:__DOLT__:two"

    def test_threads_share_one_list(self, stand_in: StandIn, store: DoltStore) -> None:
        with ThreadPoolExecutor(6) as pool:
            states = list(pool.map(lambda _: store.load(), range(12)))
        assert all(state is states[0] for state in states)
        assert len(stand_in.calls("list")) == 1

    def test_a_row_without_an_id_is_reported(self, stand_in: StandIn, store: DoltStore) -> None:
        stand_in.plan(list=[{"out": [{"title": "no id"}, row("x-1")]}])
        state = store.load()
        assert list(state.beads) == ["x-1"]
        assert [problem.rule for problem in state.problems] == ["no-id"]

    @pytest.mark.parametrize("step", [{"out": "Hello"}, {"out": {"a": 1}}, {"die": 9}, {"rc": 2, "err": "panic: x"}])
    def test_a_list_that_fails_is_an_error_and_the_next_one_is_asked_for(
        self, stand_in: StandIn, store: DoltStore, step: dict[str, Any]
    ) -> None:
        stand_in.plan(list=[step, {"out": [row("x-1")]}])
        with pytest.raises(BoardError):
            store.load()
        assert list(store.load().beads) == ["x-1"]

    def test_a_large_board_gets_more_time(self, store: DoltStore, stand_in: StandIn) -> None:
        stand_in.plan(list=[{"out": [row(f"x-{number}") for number in range(15_000)]}])
        assert store._limit() == 20
        store.load()
        assert store._limit() == 60
        with stand_in.manifest.with_name("v" * 32).open("wb") as sparse:
            sparse.truncate(5_000_000_000)
        assert store._limit() == pytest.approx(200, abs=1)


class TestDetail:
    def test_comments_are_read_on_demand_and_once(self, stand_in: StandIn, store: DoltStore) -> None:
        comment = {"id": "01a2", "issue_id": "x-1", "author": "amy", "text": "hi", "created_at": "2026-11-23T08:00:00Z"}
        stand_in.plan(list=[{"out": [row("x-1", comment_count=1), row("x-2")]}], comments=[{"out": [comment]}])
        assert [said.text for said in store.detail("x-1").comments] == ["hi"]
        assert store.detail("x-1").comments
        assert store.detail("x-2").comments == ()
        assert len(stand_in.calls("comments")) == 1

    def test_comments_of_another_bead_are_not_taken(self, stand_in: StandIn, store: DoltStore) -> None:
        comment = {"id": "01a2", "issue_id": "x-1.1", "author": "amy", "text": "hi"}
        stand_in.plan(list=[{"out": [row("x-1", comment_count=1)]}], comments=[{"out": [comment]}])
        with pytest.raises(NoSuchBead):
            store.detail("x-1")


class TestClaim:
    """Rule 10."""

    def claimed(self, actor: str = "amy", **more: Any) -> dict[str, Any]:
        return row("x-1", status="in_progress", assignee=actor, **more)

    def test_won_by_exit_code_and_row(self, stand_in: StandIn, store: DoltStore) -> None:
        stand_in.plan(update__claim=[{"out": [self.claimed()]}])
        assert store.claim("x-1", "amy").assignee == "amy"
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
        self, stand_in: StandIn, store: DoltStore, step: dict[str, Any], error: type[BoardError]
    ) -> None:
        stand_in.plan(update__claim=[step])
        with pytest.raises(error):
            store.claim("x-1", "amy")

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
        self, stand_in: StandIn, store: DoltStore, listed: dict[str, Any]
    ) -> None:
        stand_in.plan(list=[{"out": [listed, row("x-2")]}])
        with pytest.raises(ClaimLost):
            store.claim("x-1", "amy")
        assert stand_in.calls("update --claim") == []

    def test_a_bead_meant_for_the_actor_can_be_claimed(self, stand_in: StandIn, store: DoltStore) -> None:
        stand_in.plan(list=[{"out": [row("x-1", assignee="amy")]}], update__claim=[{"out": [self.claimed()]}])
        assert store.claim("x-1", "amy").status == "in_progress"

    def test_killed_but_written_is_confirmed_and_won(self, stand_in: StandIn, store: DoltStore) -> None:
        stand_in.plan(
            list=[{"out": [row("x-1")]}, {"out": [self.claimed()]}],
            update__claim=[{"die": signal.SIGKILL, "manifest": "two"}, {"out": [self.claimed()]}],
        )
        assert store.claim("x-1", "amy").assignee == "amy"

    @pytest.mark.parametrize("after", [row("x-1"), row("x-1", status="in_progress", assignee="bob"), row("x-9")])
    def test_killed_and_not_written_is_not_repeated(
        self, stand_in: StandIn, store: DoltStore, after: dict[str, Any]
    ) -> None:
        stand_in.plan(list=[{"out": [row("x-1")]}, {"out": [after]}], update__claim=[{"die": signal.SIGKILL}])
        with pytest.raises(BoardError, match="read again: x-1 was not claimed"):
            store.claim("x-1", "amy")
        assert len(stand_in.calls("update --claim")) == 1

    def test_killed_and_unreadable_says_that_nothing_is_known(self, stand_in: StandIn, store: DoltStore) -> None:
        stand_in.plan(list=[{"out": [row("x-1")]}, {"die": signal.SIGKILL}], update__claim=[{"die": signal.SIGKILL}])
        with pytest.raises(BoardError, match="Whether it was done is unknown"):
            store.claim("x-1", "amy")


class TestChanges:
    def test_only_full_ids_of_the_list_reach_bd(self, stand_in: StandIn, store: DoltStore) -> None:
        """Rule 5."""
        asked: tuple[Callable[[], Bead], ...] = (
            lambda: store.claim("x", "amy"),
            lambda: store.update("1", Changes(title="N"), "amy"),
            lambda: store.release("x-", "amy", "c"),
            lambda: store.close("x-11", "r", "amy"),
            lambda: store.reopen("", "amy"),
            lambda: store.comment("X-1", "t", "amy"),
            lambda: store.add_dependency("x-1", "x-", "blocks", "amy"),
            lambda: store.remove_dependency("x", "x-1", "amy"),
            lambda: store.detail("x"),
        )
        for ask in asked:
            with pytest.raises(NoSuchBead):
                ask()
        assert {call["verb"] for call in stand_in.calls()} == {"version", "list"}

    def test_another_bead_than_asked_for_is_a_loud_error(self, stand_in: StandIn, store: DoltStore) -> None:
        stand_in.plan(close=[{"out": [row("x-1.1", status="closed")]}])
        with pytest.raises(BoardError, match=r"asked for x-1 and changed x-1\.1"):
            store.close("x-1", "done", "amy")

    def test_what_is_already_so_is_not_written_again(self, stand_in: StandIn, store: DoltStore) -> None:
        """Rule 14: closing again would write over reason and time."""
        stand_in.plan(list=[{"out": [row("x-1", status="closed", close_reason="done"), row("x-2")]}])
        for ask in (
            lambda: store.close("x-1", "again", "amy"),
            lambda: store.close("x-1", "again", "amy", force=True),
            lambda: store.release("x-1", "amy", "c"),
            lambda: store.release("x-2", "amy", "c"),
            lambda: store.reopen("x-2", "amy"),
            lambda: store.update("x-2", Changes(title="T"), "amy"),
            lambda: store.remove_dependency("x-2", "x-1", "amy"),
        ):
            with pytest.raises(NothingChanged):
                ask()
        assert {call["verb"] for call in stand_in.calls()} == {"version", "list"}

    def test_a_release_comments_first_and_then_gives_back(self, stand_in: StandIn, store: DoltStore) -> None:
        held = row("x-1", status="in_progress", assignee="amy")
        stand_in.plan(
            list=[{"out": [held]}], comment=[{"out": {"id": "01", "issue_id": "x-1"}}], update=[{"out": [row("x-1")]}]
        )
        assert store.release("x-1", "amy", "out of memory").assignee == ""
        comment, update = stand_in.calls()[-2:]
        assert (comment["verb"], comment["stdin"]) == ("comment", "out of memory")
        assert update["args"][2:] == ["update", "--json", "--status=open", "--assignee=", "--", "x-1"]

    def test_a_close_that_was_killed_after_it_was_written_is_done(self, stand_in: StandIn, store: DoltStore) -> None:
        stand_in.plan(
            list=[{"out": [row("x-1")]}, {"out": [row("x-1", status="closed")]}],
            close=[{"die": signal.SIGKILL, "manifest": "two"}],
        )
        assert store.close("x-1", "done", "amy").status == "closed"
        assert len(stand_in.calls("close")) == 1

    def test_a_comment_that_was_killed_is_looked_for_by_its_text(self, stand_in: StandIn, store: DoltStore) -> None:
        said = [{"id": "01", "issue_id": "x-1", "author": "amy", "text": "progress"}]
        stand_in.plan(
            list=[{"out": [row("x-1")]}, {"out": [row("x-1", comment_count=1)]}],
            comment=[{"die": signal.SIGKILL, "manifest": "two"}],
            comments=[{"out": said}],
        )
        assert [comment.text for comment in store.comment("x-1", "progress\n", "amy").comments] == ["progress"]
        stand_in.plan(comment=[{"die": signal.SIGKILL}])
        with pytest.raises(BoardError, match="x-1 was not changed"):
            store.comment("x-1", "something else", "amy")

    def test_an_empty_comment_is_refused(self, store: DoltStore) -> None:
        with pytest.raises(Refused):
            store.comment("x-1", " \n", "amy")

    def test_an_edge_to_another_bead_than_asked_for_is_a_loud_error(self, stand_in: StandIn, store: DoltStore) -> None:
        stand_in.plan(dep=[{"out": {**edge("x-1", "x-2.1"), "status": "added"}}])
        with pytest.raises(BoardError, match=r"an edge to x-2 and changed the one to x-2\.1"):
            store.add_dependency("x-1", "x-2", "blocks", "amy")


class TestCreate:
    def test_the_bead_is_read_back_with_its_edges(self, stand_in: StandIn, store: DoltStore) -> None:
        stand_in.plan(
            list=[{"out": [row("x-1")]}, {"out": [row("x-1"), row("x-3", dependencies=[edge("x-3", "x-1")])]}],
            create=[{"out": row("x-3"), "manifest": "two"}],
        )
        made = store.create(NewBead(title="T", dependencies=(("blocks", "x-1"),)), "amy")
        assert [found.depends_on_id for found in made.dependencies] == ["x-1"]

    def test_an_edge_that_bd_only_warned_about_is_told(self, stand_in: StandIn, store: DoltStore) -> None:
        stand_in.plan(
            list=[{"out": [row("x-1")]}, {"out": [row("x-1"), row("x-3")]}],
            create=[{"out": row("x-3"), "err": "Warning: failed to add dependency", "manifest": "two"}],
        )
        with pytest.raises(BoardError, match="x-3 was made, but without its edge to x-1"):
            store.create(NewBead(title="T", dependencies=(("blocks", "x-1"),)), "amy")

    def test_an_id_that_was_there_before_is_a_loud_error(self, stand_in: StandIn, store: DoltStore) -> None:
        """Rule 6."""
        stand_in.plan(create=[{"out": row("x-1")}])
        with pytest.raises(BoardError, match="wrote over x-1"):
            store.create(NewBead(title="T"), "amy")

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
        self, stand_in: StandIn, store: DoltStore, new: NewBead
    ) -> None:
        with pytest.raises(Refused):
            store.create(new, "amy")
        assert stand_in.calls("create") == []

    def test_killed_but_made_is_found_and_not_made_twice(self, stand_in: StandIn, store: DoltStore) -> None:
        stand_in.plan(
            list=[{"out": [row("x-1")]}, {"out": [row("x-1"), row("x-3", title="New", created_by="amy")]}],
            create=[{"die": signal.SIGKILL, "manifest": "two"}],
        )
        assert store.create(NewBead(title=" New "), "amy").id == "x-3"
        assert len(stand_in.calls("create")) == 1


class TestTurns:
    def test_another_b4tui_that_writes_for_long_makes_us_busy(self, stand_in: StandIn, hub: Hub) -> None:
        store = DoltStore(hub, environ=stand_in.environ, patience_s=0.3)
        with (stand_in.beads_dir / "b4tui.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with pytest.raises(Busy, match="another b4tui"):
                store.claim("x-1", "amy")
        assert stand_in.calls("update --claim") == []

    def test_two_stores_of_one_name_cannot_both_win(self, stand_in: StandIn, hub: Hub) -> None:
        """bd says 0 to the second claim of the same name; the list, read in the hub's turn, says otherwise."""
        held = row("x-1", status="in_progress", assignee="amy")
        stand_in.plan(list=[{"out": [row("x-1")]}, {"out": [held]}], update__claim=[{"out": [held], "manifest": "two"}])
        stores = [DoltStore(hub, environ=stand_in.environ) for _ in range(2)]

        def claim(store: DoltStore) -> bool:
            try:
                store.claim("x-1", "amy")
            except ClaimLost:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(claim, stores)) == [False, True]
        assert len(stand_in.calls("update --claim")) == 1

    def test_a_folder_that_cannot_be_written_says_so(
        self, stand_in: StandIn, store: DoltStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("b4tui.board.dolt_folder._TURN_FILE", "missing/b4tui.lock")
        with pytest.raises(BoardError, match="must be writable"):
            store.close("x-1", "done", "amy")

    def test_stop_ends_what_hangs(self, stand_in: StandIn, store: DoltStore, until: Until) -> None:
        stand_in.plan(close=[{"hang": True}])
        with ThreadPoolExecutor(1) as pool:
            closing = pool.submit(store.close, "x-1", "done", "amy")
            until((stand_in.program.parent / "hanging").exists)
            store.stop()
            with pytest.raises(BoardError, match="b4tui is ending"):
                closing.result(timeout=10)


def test_the_golden_list_is_read_whole(stand_in: StandIn, hub: Hub) -> None:
    golden = Path(__file__).parents[3] / "shared/data/beads/golden-bd-1.0.5/ready-semantics/list.json"
    if not golden.is_file():
        pytest.skip("the golden answers of bd 1.0.5 are not beside this checkout")
    listed = json.loads(golden.read_text())
    stand_in.plan(list=[{"out": listed}])
    state = DoltStore(hub, environ=stand_in.environ).load()
    assert [bead.row for bead in state.beads.values()] == listed
    assert state.problems == ()
