"""The store of a Dolt hub, read: when bd must not be called, what one list gives, comments on demand.

A real program stands in for bd and fails in every way bd can.
"""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from b4tui.board.dolt import DoltStore
from b4tui.board.model import Era, Hub
from b4tui.board.store import BoardError, BoardStore, NoSuchBead, ReadOnly

if TYPE_CHECKING:
    from tests.board.conftest import StandIn


def row(bead_id: str = "x-1", **more: Any) -> dict[str, Any]:
    return {"id": bead_id, "title": "T", "status": "open", "priority": 2, "issue_type": "task", **more}


class TestWhereBdMustNotBeCalled:
    """Rule 1: bd makes an empty database where it is asked in a half-made hub, so it is not asked."""

    def test_a_hub_without_metadata(self, stand_in: StandIn, dolt_hub: Hub) -> None:
        (stand_in.beads_dir / "metadata.json").unlink()
        with pytest.raises(ReadOnly, match="half-made"):
            DoltStore(dolt_hub, environ=stand_in.environ)
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
        self, stand_in: StandIn, dolt_hub: Hub, metadata: str, words: str
    ) -> None:
        (stand_in.beads_dir / "metadata.json").write_text(metadata)
        with pytest.raises(ReadOnly, match=words):
            DoltStore(dolt_hub, environ=stand_in.environ)
        assert stand_in.calls() == []

    def test_a_hub_whose_database_is_moved_aside_later(self, stand_in: StandIn, dolt_store: DoltStore) -> None:
        calls = len(stand_in.calls())
        shutil.move(stand_in.beads_dir / "embeddeddolt", stand_in.beads_dir / "aside")
        with pytest.raises(ReadOnly, match="no database yet"):
            dolt_store.load()
        assert "no database yet" in dolt_store.read_only
        assert dolt_store.fingerprint() == ""
        assert len(stand_in.calls()) == calls

    def test_without_a_bd_that_can_do_it(self, stand_in: StandIn, dolt_hub: Hub) -> None:
        with pytest.raises(ReadOnly, match="not installed"):
            DoltStore(dolt_hub, environ={"PATH": "/nowhere"})
        stand_in.plan(version=[{"out": {"version": "0.49.6"}}])
        with pytest.raises(ReadOnly, match="too old"):
            DoltStore(dolt_hub, environ=stand_in.environ)

    def test_a_hub_of_a_newer_bd_is_read_only_from_then_on(self, stand_in: StandIn, dolt_store: DoltStore) -> None:
        stand_in.plan(list=[{"rc": 1, "err": '{"error":"schema skew: the hub was written by a newer bd"}'}])
        assert dolt_store.read_only == ""
        with pytest.raises(ReadOnly, match="Install the bd version"):
            dolt_store.load()
        assert "Install the bd version" in dolt_store.read_only


class TestReading:
    """Rules 7 and 9."""

    def test_it_is_a_board_store_of_the_modern_era(self, dolt_store: DoltStore, dolt_hub: Hub) -> None:
        typed: BoardStore = dolt_store
        assert typed.hub is dolt_hub
        assert dolt_store.load().era is Era.MODERN
        assert list(dolt_store.load().beads) == ["x-1", "x-2"]

    def test_an_unchanged_manifest_asks_nothing_whatever_its_age(
        self, stand_in: StandIn, dolt_store: DoltStore
    ) -> None:
        before = dolt_store.fingerprint()
        first = dolt_store.load()
        stand_in.manifest.rename(stand_in.manifest.with_name("old"))
        stand_in.manifest.write_text("5:__DOLT__:one")  # as every read of bd does
        assert dolt_store.fingerprint() == before
        assert dolt_store.load() is first
        assert len(stand_in.calls("list")) == 1

    def test_a_changed_manifest_asks_once(self, stand_in: StandIn, dolt_store: DoltStore) -> None:
        first = dolt_store.load()
        stand_in.manifest.write_text("5:__DOLT__:two")
        stand_in.plan(list=[{"out": [row("x-3")]}])
        second = dolt_store.load()
        assert second.version != first.version
        assert list(second.beads) == ["x-3"]
        assert dolt_store.load() is second

    def test_a_write_of_others_while_we_read_is_read_again(self, stand_in: StandIn, dolt_store: DoltStore) -> None:
        stand_in.plan(list=[{"out": [row("x-1")], "manifest": "5:__DOLT__:two"}, {"out": [row("x-2")]}])
        state = dolt_store.load()
        assert list(state.beads) == ["x-2"]
        assert state.version == dolt_store.fingerprint() == "5:__DOLT__:two"

    def test_threads_share_one_list(self, stand_in: StandIn, dolt_store: DoltStore) -> None:
        with ThreadPoolExecutor(6) as pool:
            states = list(pool.map(lambda _: dolt_store.load(), range(12)))
        assert all(state is states[0] for state in states)
        assert len(stand_in.calls("list")) == 1

    def test_a_row_without_an_id_is_reported(self, stand_in: StandIn, dolt_store: DoltStore) -> None:
        stand_in.plan(list=[{"out": [{"title": "no id"}, row("x-1")]}])
        state = dolt_store.load()
        assert list(state.beads) == ["x-1"]
        assert [problem.rule for problem in state.problems] == ["no-id"]

    @pytest.mark.parametrize("step", [{"out": "Hello"}, {"out": {"a": 1}}, {"die": 9}, {"rc": 2, "err": "panic: x"}])
    def test_a_list_that_fails_is_an_error_and_the_next_one_is_asked_for(
        self, stand_in: StandIn, dolt_store: DoltStore, step: dict[str, Any]
    ) -> None:
        stand_in.plan(list=[step, {"out": [row("x-1")]}])
        with pytest.raises(BoardError):
            dolt_store.load()
        assert list(dolt_store.load().beads) == ["x-1"]

    def test_a_large_board_gets_more_time(self, dolt_store: DoltStore, stand_in: StandIn) -> None:
        stand_in.plan(list=[{"out": [row(f"x-{number}") for number in range(15_000)]}])
        assert dolt_store._limit() == 20
        dolt_store.load()
        assert dolt_store._limit() == 60
        with stand_in.manifest.with_name("v" * 32).open("wb") as sparse:
            sparse.truncate(5_000_000_000)
        assert dolt_store._limit() == pytest.approx(200, abs=1)


class TestDetail:
    def test_comments_are_read_on_demand_and_once(self, stand_in: StandIn, dolt_store: DoltStore) -> None:
        comment = {"id": "01a2", "issue_id": "x-1", "author": "amy", "text": "hi", "created_at": "2026-11-23T08:00:00Z"}
        stand_in.plan(list=[{"out": [row("x-1", comment_count=1), row("x-2")]}], comments=[{"out": [comment]}])
        assert [said.text for said in dolt_store.detail("x-1").comments] == ["hi"]
        assert dolt_store.detail("x-1").comments
        assert dolt_store.detail("x-2").comments == ()
        assert len(stand_in.calls("comments")) == 1

    def test_comments_of_another_bead_are_not_taken(self, stand_in: StandIn, dolt_store: DoltStore) -> None:
        comment = {"id": "01a2", "issue_id": "x-1.1", "author": "amy", "text": "hi"}
        stand_in.plan(list=[{"out": [row("x-1", comment_count=1)]}], comments=[{"out": [comment]}])
        with pytest.raises(NoSuchBead):
            dolt_store.detail("x-1")


def test_the_golden_list_is_read_whole(stand_in: StandIn, dolt_hub: Hub) -> None:
    golden = Path(__file__).parents[3] / "shared/data/beads/golden-bd-1.0.5/ready-semantics/list.json"
    if not golden.is_file():
        pytest.skip("the golden answers of bd 1.0.5 are not beside this checkout")
    listed = json.loads(golden.read_text())
    stand_in.plan(list=[{"out": listed}])
    state = DoltStore(dolt_hub, environ=stand_in.environ).load()
    assert [bead.row for bead in state.beads.values()] == listed
    assert state.problems == ()
