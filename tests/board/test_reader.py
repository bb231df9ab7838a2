"""Reading a board file: every era, and whatever else a file can hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b4tui.board.discover import open_hub
from b4tui.board.model import BoardState, HubKind
from b4tui.board.reader import parse_lines, read_state, state_of
from b4tui.board.store import BoardError

MakeBoard = Callable[..., BoardState]

REAL = ["Heikkila-Pty-Ltd__cortex", "davidcforbes__beads-tui", "mantoni__beads-ui", "steveyegge__beads-v0.17.2-seqids"]


def row(bead_id: str = "x-1", **fields: Any) -> bytes:
    return json.dumps({"id": bead_id, "title": "t", **fields}).encode()


def rules(data: bytes) -> list[tuple[str, int]]:
    return [(problem.rule, problem.line) for problem in parse_lines(data).problems]


class TestRealBoards:
    @pytest.mark.parametrize("name", REAL)
    def test_every_row_is_there_as_it_stands_on_disk(self, boards: Path, board_of: MakeBoard, name: str) -> None:
        lines = (boards / f"{name}.jsonl").read_bytes().splitlines()
        state = board_of(boards / f"{name}.jsonl")
        assert state.problems == ()
        assert [bead.row for bead in state.beads.values()] == [json.loads(line) for line in lines]
        assert [bead.line for bead in state.beads.values()] == list(range(1, len(lines) + 1))

    def test_a_modern_export_of_the_same_board_holds_the_same_beads(self, boards: Path, board_of: MakeBoard) -> None:
        classic = board_of(boards / "mantoni__beads-ui.jsonl")
        export = board_of(boards / "golden-bd-1.0.5/export-mantoni__beads-ui.jsonl", HubKind.EXPORT)
        assert set(export.beads) == set(classic.beads)
        assert all(export.beads[key].title == bead.title for key, bead in classic.beads.items())


class TestAModernExport:
    DATA = (
        b'{"_schema":"beads-jsonl/1","_sort":"stable-v1"}\n'
        b'{"_type":"issue","id":"x-1","title":"one","dependency_count":0}\n'
        b'{"_type":"memory","key":"likes","value":"short lines"}\n'
        b'{"_type":"novelty","id":"x-2","title":"two"}\n'
    )

    def test_header_and_memories_are_no_beads(self) -> None:
        parsed = parse_lines(self.DATA)
        assert [found["id"] for _, found in parsed.rows] == ["x-1", "x-2"]
        assert parsed.memories == {"likes": "short lines"}
        assert parsed.header["_sort"] == "stable-v1"

    def test_a_row_of_an_unknown_kind_is_shown_and_named(self) -> None:
        assert rules(self.DATA) == [("row-kind", 4)]


class TestLinesThatAreNoRow:
    """What is wrong is reported with its line number, and the rest loads."""

    @pytest.mark.parametrize(
        ("line", "rule"),
        [
            (b"not json", "not-json"),
            (b'{"id":"x-9"', "not-json"),
            (b'{"id":"x-8"}{"id":"x-9"}', "not-json"),
            (b'{"id":"x-9"},', "not-json"),
            (b"[1, 2]", "not-an-object"),
            (b'"text"', "not-an-object"),
            (b"5", "not-an-object"),
            (b'{"title":"nobody"}', "no-id"),
            (b'{"id":"","title":"nobody"}', "no-id"),
            (b'{"id":null}', "no-id"),
            (b'{"id":["x-9"]}', "no-id"),
            (b'{"id":true}', "no-id"),
            (b"<<<<<<< HEAD", "conflict-marker"),
            (b"=======", "conflict-marker"),
            (b">>>>>>> theirs", "conflict-marker"),
            (b"||||||| base", "conflict-marker"),
            (b"\0" * 4096, "not-json"),
            (b'{"a":' * 100_000, "not-json"),
            (b"[" * 100_000, "not-json"),
        ],
    )
    def test_the_others_load(self, line: bytes, rule: str) -> None:
        parsed = parse_lines(row("x-1") + b"\n" + line + b"\n" + row("x-3") + b"\n")
        assert [(number, found["id"]) for number, found in parsed.rows] == [(1, "x-1"), (3, "x-3")]
        assert [(problem.rule, problem.line) for problem in parsed.problems] == [(rule, 2)]

    def test_both_sides_of_a_conflict_load_and_the_later_one_counts(self, board_of: MakeBoard) -> None:
        mine = row("x-1", title="mine", updated_at="2026-01-02T00:00:00Z")
        theirs = row("x-1", title="theirs", updated_at="2026-01-01T00:00:00Z")
        state = board_of(b"\n".join([b"<<<<<<< HEAD", mine, b"=======", theirs, b">>>>>>> x", b""]))
        assert state.beads["x-1"].title == "mine"
        assert {problem.rule for problem in state.problems} == {"conflict-marker", "duplicate-id"}

    def test_a_row_without_id_is_named_by_its_title(self) -> None:
        (problem,) = parse_lines(b'{"title":"Fix the door"}').problems
        assert "Fix the door" in problem.message


class TestRowsThatAreOdd:
    """They load; what other trackers would refuse is reported."""

    @pytest.mark.parametrize(
        ("data", "rule"),
        [
            (b"\xef\xbb\xbf" + row(), "byte-order-mark"),
            (row() + b"\r\n", "line-ends"),
            (b'{"id":"x-1","title":"a\xff\xfeb"}', "encoding"),
            (b'{"id":"x-1","title":"a\x01b"}', "control-characters"),
            (b'{"id":"x-1","title":"t","n":NaN}', "not-a-number"),
            (b'{"id":"x-1","title":"t","n":-Infinity}', "not-a-number"),
            (b'{"id":"x-1","title":"t","n":' + b"9" * 5000 + b"}", "huge-number"),
        ],
    )
    def test_they_load_and_are_reported(self, data: bytes, rule: str) -> None:
        parsed = parse_lines(data)
        assert [found["id"] for _, found in parsed.rows] == ["x-1"]
        assert [(problem.rule, problem.line) for problem in parsed.problems] == [(rule, 1)]

    @pytest.mark.parametrize("line", [b"  " + row(), row() + b"  \t", b"\t" + row() + b" "])
    def test_blanks_around_a_row_are_nothing(self, line: bytes) -> None:
        parsed = parse_lines(b"\n" + line + b"\n\n   \n")
        assert [number for number, _ in parsed.rows] == [2]
        assert parsed.problems == ()

    def test_an_id_that_is_a_number_is_taken_as_text(self, board_of: MakeBoard) -> None:
        assert set(board_of(b'{"id":7,"title":"t"}').beads) == {"7"}

    def test_a_key_written_twice_is_found_by_a_thorough_reading(self) -> None:
        data = b'{"id":"x-1","title":"a","title":"b"}'
        assert parse_lines(data).rows == parse_lines(data, thorough=True).rows == ((1, {"id": "x-1", "title": "b"}),)
        assert [problem.rule for problem in parse_lines(data, thorough=True).problems] == ["duplicate-key"]

    @pytest.mark.parametrize("value", [5, None, [], {}, True, 1.5, "x", ["x", 5, None], [{"depends_on_id": 5}]])
    @pytest.mark.parametrize(
        "name",
        ["title", "status", "priority", "issue_type", "assignee", "labels", "dependencies", "comments", "created_at"],
    )
    def test_a_field_of_the_wrong_type_reads_as_something(self, board_of: MakeBoard, name: str, value: Any) -> None:
        bead = board_of([{"id": "x-1", "title": "t", name: value}]).beads["x-1"]
        assert isinstance(bead.title, str)
        assert isinstance(bead.status, str)
        assert isinstance(bead.priority, int)
        assert all(isinstance(label, str) for label in bead.labels)
        assert all(isinstance(edge.depends_on_id, str) for edge in bead.dependencies)
        assert isinstance(bead.comments, tuple)
        assert bead.row[name] == value


class TestDuplicateIds:
    @pytest.mark.parametrize("swapped", [False, True])
    def test_the_one_updated_last_is_shown_and_the_other_named(self, board_of: MakeBoard, swapped: bool) -> None:
        rows = [
            {"id": "x-1", "title": "old", "updated_at": "2026-01-01T23:00:00-08:00"},
            {"id": "x-1", "title": "new", "updated_at": "2026-01-02T08:00:00.5Z"},
        ]
        state = board_of(rows[::-1] if swapped else rows)
        assert state.beads["x-1"].title == "new"
        (problem,) = state.problems
        assert (problem.rule, problem.line) == ("duplicate-id", 2 if swapped else 1)

    def test_the_later_line_wins_a_tie(self, board_of: MakeBoard) -> None:
        assert board_of(row(title="a") + b"\n" + row(title="b")).beads["x-1"].title == "b"


class TestBackupTables:
    @pytest.fixture
    def hub(self, tmp_path: Path) -> Path:
        backup = tmp_path / ".beads/backup"
        backup.mkdir(parents=True)
        tables: dict[str, list[dict[str, Any]]] = {
            "issues": [
                {"id": "h-1", "title": "one", "description": "", "status": "open", "priority": 0, "issue_type": "task",
                 "assignee": "", "ephemeral": 0, "pinned": 1, "closed_at": None, "timeout_ns": 0, "metadata": "{}",
                 "content_hash": "ab"},
                {"id": "h-2", "title": "two", "status": "closed", "priority": 2, "closed_at": "2026-03-01T00:00:00Z"},
            ],
            "labels": [{"issue_id": key, "label": name} for key, name in (("h-1", "b"), ("h-1", "a"), ("h-9", "x"))],
            "dependencies": [{"issue_id": "h-1", "depends_on_id": "h-2", "type": "blocks", "created_by": ""}],
            "comments": [{"id": 3, "issue_id": "h-2", "author": "amy", "text": "done", "created_at": "2026-03-01"}],
        }  # fmt: skip
        for name, rows in tables.items():
            (backup / f"{name}.jsonl").write_text("".join(json.dumps(item) + "\n" for item in rows))
        return tmp_path

    def test_the_tables_are_joined_and_empty_values_become_absent(self, hub: Path) -> None:
        state = read_state(open_hub(hub))
        first, second = state.beads["h-1"], state.beads["h-2"]
        assert first.row == {
            "id": "h-1", "title": "one", "status": "open", "priority": 0, "issue_type": "task", "pinned": True,
            "content_hash": "ab", "labels": ["a", "b"],
            "dependencies": [{"issue_id": "h-1", "depends_on_id": "h-2", "type": "blocks"}],
        }  # fmt: skip
        assert [comment.text for comment in second.comments] == ["done"]

    def test_a_row_of_a_bead_that_is_not_there_is_named(self, hub: Path) -> None:
        assert [problem.rule for problem in read_state(open_hub(hub)).problems] == ["orphan-row"]

    def test_a_broken_line_of_a_table_is_named_with_its_table(self, hub: Path) -> None:
        (hub / ".beads/backup/labels.jsonl").write_bytes(b'{"issue_id":"h-1","label":"a"}\n{broken\n')
        state = read_state(open_hub(hub))
        assert state.beads["h-1"].labels == ("a",)
        assert [problem.message[:19] for problem in state.problems] == ["labels.jsonl line 2"]

    def test_the_version_changes_with_any_table(self, hub: Path) -> None:
        before = read_state(open_hub(hub)).version
        (hub / ".beads/backup/comments.jsonl").unlink()
        assert read_state(open_hub(hub)).version != before


class TestTheFile:
    def test_a_file_that_is_not_there_is_an_empty_board(self, tmp_path: Path) -> None:
        (tmp_path / ".beads").mkdir()
        (tmp_path / ".beads/config.yaml").touch()
        assert read_state(open_hub(tmp_path)).beads == {}

    def test_a_file_that_cannot_be_read_is_an_error_in_words(self, tmp_path: Path) -> None:
        (tmp_path / ".beads").mkdir()
        (tmp_path / ".beads/issues.jsonl").touch()
        hub = open_hub(tmp_path)
        (tmp_path / ".beads/issues.jsonl").unlink()
        (tmp_path / ".beads/issues.jsonl").mkdir()
        with pytest.raises(BoardError, match="cannot be read"):
            read_state(hub)

    def test_the_version_is_that_of_the_content(self, board_of: MakeBoard) -> None:
        assert board_of(row()).version == board_of(row()).version != board_of(row() + b"\n").version

    def test_a_line_of_a_megabyte_is_a_line(self, board_of: MakeBoard) -> None:
        assert len(board_of(row(description="x" * 2_000_000)).beads["x-1"].description) == 2_000_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=10), JSON), st.booleans())
def test_any_object_comes_back_as_it_was_written(fields: dict[str, Any], escaped: bool) -> None:
    written = {**fields, "id": "x-1"}
    for special in ("_type", "_schema"):
        written.pop(special, None)
    data = json.dumps(written, ensure_ascii=escaped).encode()
    assert parse_lines(data).rows == parse_lines(data, thorough=True).rows == ((1, written),)


BYTES = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.sampled_from(
            [b"\n", b"\r\n", b'{"id":"x-1"}', b'{"id":', b'"', b"}", b"{", b"[", b"\\ud800", b"\xef\xbb\xbf", b"NaN"]
        ),
    ),
    max_size=30,
).map(b"".join)


@given(data=BYTES)
def test_no_bytes_end_the_reading_and_no_line_is_lost(data: bytes, board_of: MakeBoard) -> None:
    hub = board_of([]).hub
    state = state_of(hub, data)
    parsed = parse_lines(data)
    told = {number for number, _ in parsed.rows} | {problem.line for problem in parsed.problems}
    for number, line in enumerate(data.split(b"\n"), 1):
        words = line.decode(errors="replace").strip("\ufeff \t\r")
        if words.strip() and not words.startswith(("{",)):
            assert number in told
    assert len(state.beads) <= len(parsed.rows)
