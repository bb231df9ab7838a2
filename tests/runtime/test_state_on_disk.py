"""What b4tui keeps beside a board: locks, attempts, journals. Whole or not there, whoever dies when."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b4tui import events as e
from b4tui.board.discover import open_hub
from b4tui.board.model import Hub, HubKind
from b4tui.board.stores import open_store
from b4tui.runtime.attempts import Attempts, Tries
from b4tui.runtime.claims import ClaimLock, Holder, left_behind
from b4tui.runtime.journal import Journal, Journals, progress
from b4tui.runtime.recovery import recover
from b4tui.runtime.state import StateError, StateFolder, write_whole

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
WHO = {"run": "r1", "bead": "w-1", "agent": "pltops"}
HOLDER = Holder(bead="w-1", agent="pltops", assignee="pltops", run="r1", pid=1)


def git(folder, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True).stdout


def piece(text: str, thinking: bool = False, at: datetime = AT) -> e.TextStreamed:
    return e.TextStreamed(at=at, text=text, thinking=thinking, **WHO)


async def test_git_never_sees_the_folder_not_even_in_a_worktree(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it")])
    tree = world.hub.parent / "tree"
    git(world.hub, "worktree", "add", "--quiet", str(tree))
    for hub in (world.hub, tree):
        state = StateFolder(open_hub(hub))
        state.prepare()
        state.prepare()
        (state.work / "x").mkdir()
        (state.work / "x" / "file").write_text("x")
        assert git(hub, "status", "--porcelain") == b""


async def test_a_folder_that_cannot_be_made_is_told_in_words(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it")])
    (world.hub / ".b4tui").write_text("a file in the way")
    with pytest.raises(StateError, match="no agent can work"):
        StateFolder(open_hub(world.hub)).prepare()
    runtime = await world.run_until_idle()
    assert world.bead("w-1").status == "open"
    assert runtime.snapshot.board is not None  # the console still shows the board
    assert any("no agent can work" in event.reason for event in world.told("warned"))


async def test_a_beads_folder_that_cannot_be_made_costs_it_no_attempt(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it")])
    in_the_way = world.hub / ".b4tui" / "work" / "w-1"
    in_the_way.parent.mkdir(parents=True)
    in_the_way.write_text("a file in the way")
    runtime = world.runtime()
    await runtime.start()
    await world.until(lambda: bool(world.told("warned")), "the operator is told")
    assert "w-1 cannot be worked on" in world.told("warned")[0].reason
    assert not world.told("bead_claimed")
    in_the_way.unlink()
    await world.until(lambda: world.bead("w-1").status == "closed", "it is done once the folder can be made")
    assert len(world.told("run_started")) == 1


async def test_a_hub_that_goes_away_while_agents_work_is_told(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it", status="closed")])
    runtime = world.runtime()
    await runtime.start()
    await world.until(lambda: runtime.snapshot.board is not None, "the board is read")
    shutil.rmtree(world.hub)
    await world.until(lambda: bool(world.told("warned", "board_failed")), "the operator is told")
    assert "cannot" in world.told("warned", "board_failed")[0].reason


def test_a_lock_has_one_holder_and_names_it(tmp_path):
    lock = ClaimLock.take(tmp_path, "w-1")
    lock.write(HOLDER)
    assert ClaimLock.take(tmp_path, "w-1") is None
    assert list(left_behind(tmp_path)) == []
    assert ClaimLock.take(tmp_path, "w-2") is not None
    lock.clear()
    assert ClaimLock.take(tmp_path, "w-1").read() is None


def test_an_abandoned_lock_keeps_the_name_for_the_next_one(tmp_path):
    lock = ClaimLock.take(tmp_path, "w-1")
    lock.write(HOLDER)
    lock.abandon()
    (found,) = left_behind(tmp_path)
    assert found.read() == HOLDER
    found.clear()
    assert not list(tmp_path.iterdir())


def test_a_killed_process_leaves_its_lock_free_and_named(tmp_path):
    program = (
        "import os, signal, sys; from pathlib import Path; from b4tui.runtime.claims import *;"
        "ClaimLock.take(Path(sys.argv[1]), 'w-1').write(Holder('w-1', 'a', 'a', 'r', 1));"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    (found,) = left_behind(tmp_path)
    assert found.read().run == "r"


@given(st.text(max_size=200))
def test_a_hostile_id_stays_inside_the_folder(tmp_path_factory, bead_id):
    folder = tmp_path_factory.mktemp("claims")
    ClaimLock.take(folder, bead_id).abandon()
    attempts = Attempts(folder / "attempts", 3)
    (folder / "attempts").mkdir()
    attempts.start(bead_id)
    assert len(list(folder.iterdir())) == 2 and len(list((folder / "attempts").iterdir())) == 1
    assert attempts.of(bead_id).count == 1


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"bead": "w-1"}', b"\xff\xfe", b"null"])
def test_a_half_written_file_is_nobodys(tmp_path, content):
    (tmp_path / "w-1.lock").write_bytes(content)
    (found,) = left_behind(tmp_path)
    assert found.read() is None
    (tmp_path / "w-2").write_bytes(content)
    assert Attempts(tmp_path, 3).of("w-2") == Tries()


def test_attempts_are_counted_given_back_held_and_forgotten(tmp_path):
    attempts = Attempts(tmp_path, 2)
    assert attempts.start("w-1") == 1 and attempts.may_start("w-1")
    assert attempts.start("w-1") == 2 and not attempts.may_start("w-1")
    assert Attempts(tmp_path, 2).waiting() == {"w-1"}
    attempts.give_back("w-1")
    assert attempts.may_start("w-1") and attempts.waiting() == frozenset()
    attempts.hold("w-1", "the operator said so")
    assert Attempts(tmp_path, 2).of("w-1") == Tries(1, "the operator said so")
    assert not attempts.may_start("w-1") and attempts.waiting() == {"w-1"}
    attempts.forget("w-1")
    attempts.forget("w-1")
    assert attempts.may_start("w-1")
    assert Attempts(tmp_path / "absent", 2).waiting() == frozenset()


def test_a_journal_joins_streamed_text_and_keeps_the_order(tmp_path):
    journal = Journal(tmp_path / "r1.jsonl")
    for event in (
        e.StepStarted(at=AT, step=1, **WHO),
        piece("hm", thinking=True),
        piece("Hel"),
        piece("lo \ud800\x1b"),
        e.StepStarted(at=AT + timedelta(seconds=3), step=2, **WHO),
        piece("bye"),
    ):
        journal.append(event)
    journal.close()
    journal.close()
    rows = [json.loads(line) for line in (tmp_path / "r1.jsonl").read_text(encoding="ascii").splitlines()]
    assert [row["seq"] for row in rows] == [1, 2, 3, 4, 5]
    assert [row.get("text") for row in rows] == [None, "hm", "Hello \ud800\x1b", None, "bye"]
    found = progress(tmp_path / "r1.jsonl")
    assert (found.steps, found.seconds) == (2, 3.0)


def test_a_journal_that_was_cut_off_is_read_as_far_as_it_goes_and_carried_on(tmp_path):
    path = tmp_path / "r1.jsonl"
    journal = Journal(path)
    journal.append(e.StepStarted(at=AT, step=1, **WHO))
    journal.close()
    with path.open("ab") as file:
        file.write(b'{"seq": 2, "eve\n')
    assert progress(path).steps == 1
    again = Journal(path)
    again.append(e.StepStarted(at=AT, step=2, **WHO))
    again.close()
    assert json.loads(path.read_text().splitlines()[-1])["seq"] == 3
    assert progress(tmp_path / "absent").steps == 0


def test_a_disk_that_refuses_is_reported_once(tmp_path):
    told: list[e.Event] = []
    journals = Journals(tmp_path / "absent", told.append)
    for _ in range(3):
        journals.add(piece("x"))
    journals.add(e.BoardFailed(at=AT, reason="belongs to no run"))
    journals.close()
    assert len(told) == 1 and "no journal" in told[0].reason


async def a_hub_with_a_claim(make_world, a_row, **row):
    world = await make_world([a_row("w-1", "Fix it", **row)])
    state = StateFolder(open_hub(world.hub))
    state.prepare()
    return world, state


def leave(state: StateFolder, holder: Holder) -> None:
    lock = ClaimLock.take(state.claims, holder.bead)
    lock.write(holder)
    lock.abandon()


async def test_recovery_gives_back_what_the_lock_file_names_and_the_board_confirms(make_world, a_row):
    world, state = await a_hub_with_a_claim(make_world, a_row, status="in_progress", assignee="pltops")
    leave(state, HOLDER)
    (found,) = recover(state, world.store())
    assert found.holder == HOLDER and "in the middle of run r1" in found.reason
    assert world.bead("w-1").status == "open"
    assert recover(state, world.store()) == ()


@pytest.mark.parametrize(
    "row",
    [
        {"status": "in_progress", "assignee": "somebody"},
        {"status": "open"},
        {"status": "closed", "assignee": "pltops"},
    ],
)
async def test_recovery_leaves_a_bead_alone_that_is_not_held_as_the_lock_file_says(make_world, a_row, row):
    world, state = await a_hub_with_a_claim(make_world, a_row, **row)
    leave(state, HOLDER)
    leave(state, Holder(bead="gone", agent="pltops", assignee="pltops", run="r2", pid=1))
    assert recover(state, world.store()) == ()
    assert not world.commits("w-1")
    assert not list(state.claims.iterdir())


async def test_recovery_waits_for_a_board_that_cannot_be_written_now(make_world, a_row):
    world, state = await a_hub_with_a_claim(make_world, a_row, status="in_progress", assignee="pltops")
    leave(state, HOLDER)
    board = world.hub / ".beads" / "issues.jsonl"
    text = board.read_bytes()
    board.unlink()
    board.mkdir()
    assert recover(state, open_store(open_hub_at(world))) == ()
    board.rmdir()
    board.write_bytes(text)
    assert len(recover(state, world.store())) == 1


def open_hub_at(world):
    """The hub as it was found before its board became unreadable."""
    from b4tui.board.model import Hub, HubKind

    beads = world.hub / ".beads"
    return Hub(world.hub, beads, HubKind.CLASSIC, beads / "issues.jsonl")


async def test_an_assignment_made_before_the_claim_survives_a_failure(make_world, a_row):
    world, state = await a_hub_with_a_claim(make_world, a_row, status="in_progress", assignee="PltOps")
    leave(state, Holder(bead="w-1", agent="pltops", assignee="PltOps", run="r1", pid=os.getpid(), preassigned=True))
    (found,) = recover(state, world.store())
    assert "could not be settled" in found.reason
    assert (world.bead("w-1").labels, world.bead("w-1").assignee) == (("agent:pltops",), "")


async def test_a_bead_is_gone_only_when_it_stays_away_from_a_file_that_is_being_saved(make_world, a_row):
    world, state = await a_hub_with_a_claim(make_world, a_row, status="in_progress", assignee="codemonkey")
    leave(state, Holder(bead="w-1", agent="codemonkey", assignee="codemonkey", run="r1", pid=os.getpid()))
    board, store = world.hub / ".beads" / "issues.jsonl", world.store()
    whole = board.read_bytes()
    board.write_bytes(b"")  # an editor that saves in place begins like this ...
    looks = []

    class Looked:
        def load(self):
            looks.append(store.load())
            board.write_bytes(whole)  # ... and goes on like this
            return looks[-1]

        def __getattr__(self, name):
            return getattr(store, name)

    (found,) = recover(state, Looked())
    assert found.holder.bead == "w-1" and not looks[0].beads
    assert world.bead("w-1").status == "open"


@pytest.mark.parametrize("name", [".", "work", "claims"])
def test_a_link_in_place_of_a_state_folder_is_not_followed(tmp_path, name):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    hub = tmp_path / "hub"
    (hub / ".beads").mkdir(parents=True)
    state = StateFolder(Hub(hub, hub / ".beads", HubKind.CLASSIC, None))
    link = state.path / name if name != "." else state.path
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(elsewhere)
    with pytest.raises(StateError, match="is a link"):
        state.prepare()
    assert not list(elsewhere.iterdir())


def test_links_in_state_folders_are_not_written_through(tmp_path):
    """A repository from elsewhere may hold them; the names of beads are known to whoever made it."""
    mine = tmp_path / "mine"
    mine.write_text("kept")
    claims = tmp_path / "claims"
    claims.mkdir()
    (claims / "w-1.lock").symlink_to(mine)
    with pytest.raises(OSError):
        ClaimLock.take(claims, "w-1")
    assert not list(left_behind(claims))
    (tmp_path / f"count.{os.getpid()}.tmp").symlink_to(mine)
    write_whole(tmp_path / "count", "1")
    assert mine.read_text() == "kept" and (tmp_path / "count").read_text() == "1"


def test_what_agents_make_is_the_operators_alone(tmp_path):
    (tmp_path / ".beads").mkdir()
    state = StateFolder(Hub(tmp_path, tmp_path / ".beads", HubKind.CLASSIC, None))
    state.prepare()
    assert {folder.stat().st_mode & 0o077 for folder in (state.path, state.work, state.runs)} == {0}
