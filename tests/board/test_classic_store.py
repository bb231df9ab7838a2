"""The store of a classic hub: verbs, real boards, size, and disks that refuse."""

from __future__ import annotations

import json
import os
import resource
import stat
from pathlib import Path

import pytest

from b4tui.board.discover import open_hub
from b4tui.board.document import Document
from b4tui.board.lock import OWN, holding
from b4tui.board.model import Changes, HubKind, NewBead
from b4tui.board.readonly import ReadOnlyStore
from b4tui.board.rules import judge
from b4tui.board.store import BoardError, Busy, ClaimLost, NoSuchBead, NothingChanged, ReadOnly, Refused
from b4tui.board.stores import open_store
from b4tui.board.vicinity import blockers

BOARDS = sorted((Path(__file__).parents[2].parent / "shared/data/beads").glob("*.jsonl"))


def line(bead_id: str, **values: object) -> bytes:
    row = {"id": bead_id, "title": bead_id, "status": "open", "priority": 2, "issue_type": "task", **values}
    return json.dumps({**row, "updated_at": "2026-01-01T00:00:00Z"}, separators=(",", ":")).encode() + b"\n"


def edge(bead_id: str, on: str, kind: str = "blocks") -> dict[str, str]:
    return {"issue_id": bead_id, "depends_on_id": on, "type": kind}


class TestVerbs:
    def test_the_life_of_a_bead(self, classic_hub) -> None:
        store = classic_hub.store()
        bead = store.create(NewBead(title="Mend it", labels=("x",)), "Operator")
        assert bead.id.startswith("hub-")
        assert store.claim(bead.id, "Amy").assignee == "Amy"
        assert store.comment(bead.id, "half way", "Amy").comments[0].text == "half way"
        assert store.release(bead.id, "Amy", "tired").status == "open"
        assert store.update(bead.id, Changes(priority=0), "Operator").priority == 0
        assert store.claim(bead.id, "Bob").assignee == "Bob"
        assert store.close(bead.id, "done", "Bob").close_reason == "done"
        assert store.reopen(bead.id, "Operator", "not so").status == "open"
        assert store.update(bead.id, Changes(notes="n"), "Operator") == store.load().beads[bead.id]
        verbs = [subject.partition(": ")[2] for subject in classic_hub.subjects()]
        assert " ".join(verbs[::-1][1:]) == "create claim comment release update claim close reopen update"

    def test_the_loser_of_a_claim_hears_who_holds_it(self, classic_hub) -> None:
        classic_hub.put(line("hub-a"))
        classic_hub.store().claim("hub-a", "Amy")
        before = classic_hub.file.read_bytes()
        for actor in ("Bob", "Amy"):
            with pytest.raises(ClaimLost, match="Amy"):
                classic_hub.store().claim("hub-a", actor)
        assert classic_hub.file.read_bytes() == before

    def test_a_blocked_bead_is_neither_claimed_nor_closed(self, classic_hub) -> None:
        classic_hub.put(
            line("hub-a")
            + line("hub-p", dependencies=[edge("hub-p", "hub-a")])
            + line("hub-p.1", dependencies=[edge("hub-p.1", "hub-p", "parent-child")])
        )
        store = classic_hub.store()
        for bead_id in ("hub-p", "hub-p.1"):
            with pytest.raises(Refused, match=r"blocked by .*hub-a|blocked by .*hub-p"):
                store.claim(bead_id, "Amy")
            with pytest.raises(Refused, match="blocked"):
                store.close(bead_id, "r", "Amy")
        assert store.close("hub-p", "r", "Amy", force=True).status == "closed"
        store.close("hub-a", "r", "Amy")
        assert store.claim("hub-p.1", "Amy").status == "in_progress"

    def test_a_dangling_edge_blocks_nothing(self, classic_hub) -> None:
        classic_hub.put(line("hub-a", dependencies=[edge("hub-a", "hub-gone"), edge("hub-a", "external:x:y")]))
        assert classic_hub.store().claim("hub-a", "Amy").status == "in_progress"

    def test_edges(self, classic_hub) -> None:
        classic_hub.put(line("hub-a") + line("hub-b") + line("hub-c"))
        store = classic_hub.store()
        store.add_dependency("hub-a", "hub-b", "blocks", "Amy")
        store.add_dependency("hub-b", "hub-c", "parent-child", "Amy")
        with pytest.raises(Refused, match="hub-c -> hub-a -> hub-b -> hub-c"):
            store.add_dependency("hub-c", "hub-a", "blocks", "Amy")
        store.add_dependency("hub-c", "hub-a", "related", "Amy")
        with pytest.raises(NoSuchBead):
            store.add_dependency("hub-a", "hub-x", "blocks", "Amy")
        with pytest.raises(NothingChanged):
            store.add_dependency("hub-a", "hub-b", "blocks", "Amy")
        assert store.remove_dependency("hub-a", "hub-b", "Amy").dependencies == ()

    def test_children_and_what_a_new_bead_may_name(self, classic_hub) -> None:
        store = classic_hub.store()
        parent = store.create(NewBead(title="P", issue_type="epic"), "Amy")
        child = store.create(NewBead(title="C", parent=parent.id), "Amy")
        assert child.id == f"{parent.id}.1"
        for new in (NewBead(title="x", parent="hub-no"), NewBead(title="x", dependencies=(("blocks", "hub-no"),))):
            with pytest.raises(Refused, match="hub-no"):
                store.create(new, "Amy")

    def test_an_id_that_is_no_ones(self, classic_hub) -> None:
        with pytest.raises(NoSuchBead, match="hub-x"):
            classic_hub.store().claim("hub-x", "Amy")

    def test_the_first_bead_of_a_hub_makes_the_file(self, classic_hub) -> None:
        classic_hub.file.unlink()
        bead = classic_hub.store().create(NewBead(title="First"), "Amy")
        assert list(classic_hub.store().load().beads) == [bead.id]
        assert classic_hub.committed() == classic_hub.file.read_bytes()

    def test_hostile_text_comes_back_as_it_went_in(self, classic_hub) -> None:
        text = "\x1b[31m \u202e \x00 </script> & \u2028 \ud800 é " + "x" * 200_000
        store = classic_hub.store()
        bead = store.create(NewBead(title="T\x07", description=text), "A<b>\n\x1b")
        assert store.load().beads[bead.id].description == text.replace("\ud800", "\ufffd")  # what trackers make of it
        assert classic_hub.committed() == classic_hub.file.read_bytes()


class TestLoad:
    def test_is_parsed_again_only_when_the_file_changed(self, classic_hub) -> None:
        classic_hub.put(line("hub-a"))
        store = classic_hub.store()
        first = store.load()
        assert store.load() is first
        classic_hub.file.write_bytes(line("hub-a") + line("hub-b"))
        assert list(store.load().beads) == ["hub-a", "hub-b"]

    def test_an_unreadable_board_is_said_to_be_one(self, classic_hub) -> None:
        store = classic_hub.store()
        classic_hub.file.unlink()
        classic_hub.file.mkdir()
        with pytest.raises(BoardError, match="cannot be read"):
            store.load()


class TestFile:
    def test_mode_and_link_stay(self, classic_hub, tmp_path: Path) -> None:
        real = tmp_path / "elsewhere.jsonl"
        real.write_bytes(line("hub-a"))
        real.chmod(0o640)
        classic_hub.file.unlink()
        classic_hub.file.symlink_to(real)
        classic_hub.store().claim("hub-a", "Amy")
        assert classic_hub.file.is_symlink()
        assert b'"assignee":"Amy"' in real.read_bytes()
        assert stat.S_IMODE(real.stat().st_mode) == 0o640

    def test_a_locked_board_is_busy(self, classic_hub) -> None:
        classic_hub.put(line("hub-a"))
        with holding(classic_hub.root / ".beads" / OWN, 1), pytest.raises(Busy, match="try again"):
            classic_hub.store(lock_timeout_s=0.05).claim("hub-a", "Amy")

    def test_a_full_disk_loses_nothing(self, classic_hub) -> None:
        classic_hub.put(line("hub-a") + line("hub-b", notes="x" * 40_000))
        before = classic_hub.file.read_bytes()
        store = classic_hub.store()
        child = os.fork()
        if child == 0:
            # A file may grow no further than this; writing on then fails as on a full disk (EFBIG for ENOSPC).
            resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
            try:
                store.claim("hub-a", "Amy")
            except BoardError as error:
                os._exit(0 if "is as it was" in str(error) else 2)
            except BaseException:
                os._exit(3)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert classic_hub.file.read_bytes() == before == classic_hub.committed()
        assert sorted(path.name for path in classic_hub.file.parent.iterdir()) == [OWN, "config.yaml", "issues.jsonl"]
        assert classic_hub.store().claim("hub-a", "Amy").assignee == "Amy"

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_no_permission(self, classic_hub) -> None:
        classic_hub.put(line("hub-a"))
        classic_hub.file.parent.chmod(0o555)
        try:
            store = classic_hub.store()
            assert "cannot be written" in store.read_only
            with pytest.raises(ReadOnly, match="locked"):
                store.claim("hub-a", "Amy")
        finally:
            classic_hub.file.parent.chmod(0o755)

    def test_an_editor_that_saves_in_between_loses_nothing(self, classic_hub) -> None:
        classic_hub.put(line("hub-a"))
        saved = []

        def clock():
            from b4tui.events import now

            if not saved:  # the store has read the file and is about to write it
                saved.append(classic_hub.file.write_bytes(line("hub-a") + line("hub-b")))
            return now()

        classic_hub.store(clock=clock).claim("hub-a", "Amy")
        beads = classic_hub.store().load().beads
        assert (beads["hub-a"].assignee, beads["hub-b"].status) == ("Amy", "open")
        assert classic_hub.committed() == classic_hub.file.read_bytes()


@pytest.mark.skipif(not BOARDS, reason="the shared real boards are not here")
@pytest.mark.parametrize("board", BOARDS, ids=lambda path: path.stem)
def test_a_claim_and_a_close_on_a_real_board_touch_one_line_each(classic_hub, board: Path) -> None:
    classic_hub.put(board.read_bytes())
    store = classic_hub.store()
    for bead in list(store.load().beads.values())[:3]:
        if bead.status == "closed":  # one of the boards has nothing left to claim
            store.reopen(bead.id, "Operator")
            store.update(bead.id, Changes(assignee=""), "Operator") if bead.assignee else None
    before = classic_hub.file.read_bytes().split(b"\n")
    claimed = 0
    for bead_id, bead in store.load().beads.items():
        if bead.status == "open" and bead.assignee == "":
            try:
                at = store.claim(bead_id, "Amy").line - 1
            except Refused:
                continue
            claimed += 1
            middle = classic_hub.file.read_bytes().split(b"\n")
            assert middle[:at] + middle[at + 1 :] == before[:at] + before[at + 1 :]
            store.close(bead_id, "done", "Amy")
            after = classic_hub.file.read_bytes().split(b"\n")
            assert after[:at] + after[at + 1 :] == before[:at] + before[at + 1 :]
            old, new = json.loads(before[at]), json.loads(after[at])
            changed = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
            assert changed == {"assignee", "status", "updated_at", "closed_at", "close_reason"}
            assert classic_hub.committed() == classic_hub.file.read_bytes()
            before = after
        if claimed == 5:
            break
    assert claimed, "no bead of this board could be claimed"


@pytest.mark.skipif(not BOARDS, reason="the shared real boards are not here")
@pytest.mark.parametrize("board", BOARDS, ids=lambda path: path.stem)
def test_what_blocks_one_bead_is_what_blocks_it_on_the_whole_board(classic_hub, board: Path) -> None:
    classic_hub.file.write_bytes(board.read_bytes())
    state = classic_hub.store().load()
    whole = judge(state, 2e9).blocked
    document = Document(board.read_bytes())
    for bead_id, bead in state.beads.items():
        if bead.status not in ("closed", "tombstone"):
            alone = tuple(blocker.id for blocker in blockers(document, state.hub, bead_id, 2e9))
            assert sorted(alone) == sorted(whole.get(bead_id, ()))


def test_a_claim_on_a_very_large_board_reads_little(classic_hub, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [line(f"hub-{number:06d}", description="d" * 200) for number in range(100_000)]
    rows[70_000] = line("hub-070000", dependencies=[edge("hub-070000", "hub-000001"), edge("hub-070000", "hub-99x")])
    classic_hub.file.write_bytes(b"".join(rows))
    classic_hub.git("commit", "-qam", "Board: large")
    parsed: list[int] = []
    from b4tui.board import reader

    whole = reader.parse_lines
    monkeypatch.setattr(reader, "parse_lines", lambda data, **more: parsed.append(len(data)) or whole(data, **more))
    store = classic_hub.store()
    assert store.claim("hub-050000", "Amy").line == 50_001
    assert max(parsed) < 10_000
    assert classic_hub.file.read_bytes().count(b"\n") == 100_000


class TestReadOnly:
    def test_exports_and_backups_are_read_and_never_written(self, classic_hub) -> None:
        classic_hub.file.write_bytes(b'{"_type":"issue",' + line("hub-a")[1:])
        hub = open_hub(classic_hub.root)
        assert hub.kind is HubKind.EXPORT
        store = open_store(hub)
        assert isinstance(store, ReadOnlyStore)
        assert list(store.load().beads) == ["hub-a"]
        assert store.load() is store.load()
        writes = [
            lambda: store.create(NewBead(title="x"), "A"),
            lambda: store.update("hub-a", Changes(priority=1), "A"),
            lambda: store.claim("hub-a", "A"),
            lambda: store.release("hub-a", "A", ""),
            lambda: store.close("hub-a", "", "A"),
            lambda: store.reopen("hub-a", "A"),
            lambda: store.comment("hub-a", "x", "A"),
            lambda: store.add_dependency("hub-a", "hub-b", "blocks", "A"),
            lambda: store.remove_dependency("hub-a", "hub-b", "A"),
        ]
        for write in writes:
            with pytest.raises(ReadOnly, match="export"):
                write()
        assert "export" in store.read_only
