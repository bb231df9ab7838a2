"""Two boards that grew apart become one; nothing is lost and every choice is reported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b4tui.board.merge import Merged, merge

GOLDEN = Path(__file__).parents[2].parent / "shared/data/beads/golden-bd-0.49.6/merge"


def row(bead_id: str = "hub-a", **values: Any) -> dict[str, Any]:
    return {
        "id": bead_id,
        "title": bead_id,
        "status": "open",
        "priority": 2,
        "updated_at": "2026-01-01T00:00:00Z",
        **values,
    }


def board(*rows: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in rows)


def rows_of(merged: Merged) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in map(json.loads, merged.data.splitlines())}


def one(base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any]) -> tuple[dict[str, Any], Merged]:
    """Merge one bead, each side given as what differs from a plain row."""
    merged = merge(board(row(**base)), board(row(**ours)), board(row(**theirs)))
    return rows_of(merged)["hub-a"], merged


def at(hour: int) -> str:
    return f"2026-01-02T{hour:02}:00:00Z"


def comment(text: str, hour: int = 1) -> dict[str, Any]:
    return {"id": 1, "author": "Amy", "text": text, "created_at": at(hour)}


class TestOneBead:
    def test_different_keys_both_count_unknown_ones_too(self) -> None:
        result, merged = one({"zzz": 1}, {"zzz": 2}, {"zzz": 1, "description": "d"})
        assert (result["zzz"], result["description"], merged.conflicts) == (2, "d", ())

    def test_a_key_taken_away_on_one_side_stays_away(self) -> None:
        result, _ = one({"notes": "n"}, {}, {"notes": "n", "design": "d"})
        assert "notes" not in result

    def test_the_same_key_the_row_updated_last_and_a_report(self) -> None:
        result, merged = one({}, {"title": "ours", "updated_at": at(1)}, {"title": "theirs", "updated_at": at(2)})
        assert (result["title"], result["updated_at"]) == ("theirs", at(2))
        assert (merged.conflicts[0].key, merged.conflicts[0].ours) == ("title", '"ours"')

    def test_labels_and_edges_are_sets(self) -> None:
        edge = {"issue_id": "hub-a", "depends_on_id": "hub-b", "type": "blocks"}
        result, merged = one(
            {"labels": ["base", "out"], "dependencies": [edge]},
            {"labels": ["base", "ours", "out"], "dependencies": [edge, {**edge, "type": "related"}]},
            {"labels": ["base", "theirs"], "dependencies": []},
        )
        assert result["labels"] == ["base", "ours", "theirs"]
        assert [each["type"] for each in result["dependencies"]] == ["related"]
        assert merged.conflicts == ()

    def test_comments_of_both_in_the_order_of_time(self) -> None:
        result, _ = one(
            {"comments": [comment("first")]},
            {"comments": [comment("first"), comment("ours", 3)]},
            {"comments": [comment("first"), comment("theirs", 2)]},
        )
        assert [each["text"] for each in result["comments"]] == ["first", "theirs", "ours"]

    def test_a_comment_made_twice_stays_twice(self) -> None:
        twice = [comment("same"), comment("same")]
        for ours, theirs in (([comment("same")], twice), (twice, [comment("same")])):
            result, _ = one({}, {"comments": ours, "zzz": 1}, {"comments": theirs})
            assert len(result["comments"]) == 2

    def test_notes_of_both(self) -> None:
        result, _ = one({}, {"notes": "A"}, {"notes": "B"})
        assert result["notes"] == "A\n\n---\n\nB"

    def test_priority_zero_is_real(self) -> None:
        result, merged = one({}, {"priority": 3}, {"priority": 0})
        assert result["priority"] == 0
        assert merged.conflicts[0].key == "priority"

    def test_of_two_claims_the_earlier_one_and_the_loser_is_told(self) -> None:
        claims = [
            {"status": "in_progress", "assignee": name, "updated_at": at(hour)} for name, hour in (("A", 2), ("B", 1))
        ]
        for ours, theirs in (claims, claims[::-1]):
            result, merged = one({}, ours, theirs)
            assert (result["assignee"], result["status"]) == ("B", "in_progress")
            assert "must stop" in merged.conflicts[0].message

    def test_a_close_beats_a_claim(self) -> None:
        closed = {"status": "closed", "closed_at": at(1), "close_reason": "r", "updated_at": at(1)}
        claimed = {"status": "in_progress", "assignee": "A", "updated_at": at(2)}
        for ours, theirs in ((closed, claimed), (claimed, closed)):
            result, merged = one({}, ours, theirs)
            assert (result["status"], result["closed_at"], result["close_reason"]) == ("closed", at(1), "r")
            assert any(conflict.key == "status" for conflict in merged.conflicts)

    def test_a_reopen_holds_against_an_edit(self) -> None:
        closed = {"status": "closed", "closed_at": at(1), "updated_at": at(1)}
        for flip in (False, True):
            sides = ({"updated_at": at(2)}, {**closed, "notes": "touched", "updated_at": at(3)})
            result, _ = one(closed, *(sides[::-1] if flip else sides))
            assert result["status"] == "open"
            assert result["notes"] == "touched"
            assert "closed_at" not in result

    @pytest.mark.parametrize(("reopened", "status"), [(2, "closed"), (4, "open")])
    def test_a_reopen_newer_than_a_second_close_wins(self, reopened: int, status: str) -> None:
        closed = {"status": "closed", "closed_at": at(1), "updated_at": at(1)}
        again = {"status": "closed", "closed_at": at(3), "updated_at": at(3)}
        result, _ = one(closed, {"updated_at": at(reopened)}, again)
        assert result["status"] == status
        assert ("closed_at" in result) == (status == "closed")


class TestRows:
    def test_new_rows_of_both_sides_in_order(self) -> None:
        base = board(row("hub-b"))
        merged = merge(base, board(row("hub-b"), row("hub-c")), board(row("hub-a"), row("hub-b"), row("hub-d")))
        assert list(rows_of(merged)) == ["hub-a", "hub-b", "hub-c", "hub-d"]

    def test_a_row_removed_on_one_side_goes_unless_the_other_changed_it(self) -> None:
        base, changed = row("hub-a"), row("hub-a", title="new")
        for ours, theirs in ((board(), board(base)), (board(base), board())):
            assert rows_of(merge(board(base), ours, theirs)) == {}
        for ours, theirs in ((board(), board(changed)), (board(changed), board())):
            merged = merge(board(base), ours, theirs)
            assert rows_of(merged) == {"hub-a": changed}
            assert "kept" in merged.conflicts[0].message

    def test_a_deletion_loses_against_a_change(self) -> None:
        gone = row(status="tombstone", deleted_at=at(1))
        merged = merge(board(row()), board(gone), board(row(title="new")))
        assert rows_of(merged)["hub-a"] == row(title="new")
        assert merged.conflicts

    def test_two_beads_that_got_one_id_both_live_and_every_machine_agrees(self) -> None:
        first, second = (
            row(title="one", created_at=at(1)),
            row(title="two", created_at=at(2), comments=[{"issue_id": "hub-a"}]),
        )
        here, there = merge(b"", board(first), board(second)), merge(b"", board(second), board(first))
        assert rows_of(here) == rows_of(there)
        titles = {key: each["title"] for key, each in rows_of(here).items()}
        assert titles == {"hub-a": "one", "hub-ab": "two"}
        assert rows_of(here)["hub-ab"]["comments"] == [{"issue_id": "hub-ab"}]
        assert here.conflicts[0].key == "id"

    def test_untouched_lines_keep_their_bytes_and_foreign_lines_of_both_stay(self) -> None:
        odd = b'{"id":"hub-z" ,"x":1.0e2}\r\nnot json\n'
        base = odd + board(row())
        merged = merge(base, odd + board(row(notes="n")), odd + board(row(title="t")) + b"theirs is broken\n")
        assert merged.data.startswith(odd)
        assert merged.data.endswith(b"theirs is broken\n")
        assert json.loads(merged.data.splitlines()[2]) == row(title="t", notes="n")

    def test_lines_longer_than_64_kilobytes(self) -> None:
        long = "x" * 100_000
        result, _ = one({}, {"notes": long}, {"design": long})
        assert (len(result["notes"]), len(result["design"])) == (100_000, 100_000)


SIDES = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["open", "closed", "in_progress", "deferred", "weird"]),
        "labels": st.lists(st.sampled_from("abcd"), unique=True),
        "comments": st.lists(st.sampled_from([comment("x"), comment("y", 2), comment("z", 3)]), max_size=3),
        "updated_at": st.sampled_from([at(1), at(2), at(3)]),
        "zzz": st.integers(0, 2),
    },
    optional={"assignee": st.sampled_from(["A", "B"]), "closed_at": st.sampled_from([at(1), at(2)])},
)


class TestAlways:
    @given(SIDES, SIDES, SIDES)
    def test_no_comment_and_no_new_label_is_lost(self, base: dict, ours: dict, theirs: dict) -> None:
        result, _ = one(base, ours, theirs)
        texts = {each["text"] for each in result.get("comments", ())}
        assert (
            texts >= {each["text"] for side in (ours, theirs) for each in side["comments"]}
            or ours == base
            or theirs == base
        )
        new = (set(ours["labels"]) | set(theirs["labels"])) - set(base["labels"])
        assert set(result.get("labels", ())) >= new

    @given(SIDES, SIDES)
    def test_one_side_alone_is_taken_as_it_is(self, base: dict, theirs: dict) -> None:
        assert one(base, base, theirs)[0] == row(**theirs)
        assert one(base, theirs, base)[0] == row(**theirs)
        assert one(base, theirs, theirs)[0] == row(**theirs)

    @given(SIDES, SIDES, SIDES)
    def test_it_can_be_merged_again_and_nothing_moves(self, base: dict, ours: dict, theirs: dict) -> None:
        _, merged = one(base, ours, theirs)
        again = merge(board(row(**theirs)), merged.data, board(row(**theirs)))
        assert again.data == merged.data


@pytest.mark.skipif(not GOLDEN.is_dir(), reason="the shared golden merge is not here")
def test_the_golden_case_keeps_what_bd_lost() -> None:
    read = {name: (GOLDEN / f"{name}.jsonl").read_bytes() for name in ("base", "ours-B", "theirs-A", "merged-by-bd")}
    merged = merge(read["base"], read["ours-B"], read["theirs-A"])
    result = rows_of(merged)
    bds = {each["id"]: each for each in map(json.loads, read["merged-by-bd"].splitlines())}
    same = {"11x", "11x.1", "11x.2", "olh"}
    assert {key: result[f"beads-hub-{key}"]["title"] for key in same} == {
        key: bds[f"beads-hub-{key}"]["title"] for key in same
    }
    assert result["beads-hub-11x.1"]["notes"] == "notes B\n\n---\n\nnotes A" == bds["beads-hub-11x.1"]["notes"]
    assert result["beads-hub-aaa"]["priority"] == 0  # bd: 3
    assert result["beads-hub-bbb"]["status"] == "open"  # bd: closed again
    assert result["beads-hub-bbb"]["notes"] == "touch"
    assert result["beads-hub-ccc"]["assignee"] == "agentA"  # bd: the later claim
    assert result["beads-hub-ddd"]["title"] == "edited by A"  # bd: deleted
    assert result["beads-hub-eee"]["labels"] == ["base", "lab-a", "lab-b"]
    assert [each["text"] for each in result["beads-hub-eee"]["comments"]] == ["from A", "from B"]
    assert list(result) == sorted(result)
    assert {conflict.bead.removeprefix("beads-hub-") for conflict in merged.conflicts} == {"11x.1", "aaa", "ccc", "ddd"}


def test_as_a_merge_driver(tmp_path: Path) -> None:
    for name, data in {"o": board(row()), "a": board(row(notes="n")), "b": board(row(title="t"))}.items():
        (tmp_path / name).write_bytes(data)
    command = [sys.executable, "-m", "b4tui.board.mergedriver"]
    subprocess.run([*command, "o", "a", "b", "report"], cwd=tmp_path, check=True)
    assert json.loads((tmp_path / "a").read_bytes()) == row(title="t", notes="n")
    assert (tmp_path / "report").read_text() == ""
    assert subprocess.run([*command, "o"], cwd=tmp_path, check=False).returncode == 2
