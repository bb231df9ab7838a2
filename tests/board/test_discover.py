"""Finding a hub, and telling what it is from its files alone."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from b4tui.board.discover import find_hub, open_hub, readable_copy
from b4tui.board.model import Era, HubKind
from b4tui.board.reader import read_state
from b4tui.board.store import BoardError, NoHub, NotThere

ROW = b'{"id":"x-1","title":"one","status":"open","priority":2,"issue_type":"task"}\n'
EXPORT = b'{"_type":"issue",' + ROW[1:]


def put(root: Path, **files: bytes | dict[str, object]) -> Path:
    """Write files below `.beads`; `__` stands for a slash, `_` before the ending for a dot."""
    for name, content in files.items():
        head, _, ending = name.replace("__", "/").rpartition("_")
        path = root / ".beads" / (f"{head}.{ending}" if head else ending)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return root / ".beads"


class TestWhereAHubIsFound:
    def test_upwards_from_a_folder_deep_inside(self, tmp_path: Path) -> None:
        put(tmp_path, issues_jsonl=ROW)
        (tmp_path / "a/b/c").mkdir(parents=True)
        assert find_hub(tmp_path / "a/b/c", {}).root == tmp_path

    def test_the_environment_names_it_as_bd_does(self, tmp_path: Path) -> None:
        put(tmp_path / "here", issues_jsonl=ROW)
        there = put(tmp_path / "there", issues_jsonl=ROW)
        assert find_hub(tmp_path / "here", {"BEADS_DIR": str(there)}).beads_dir == there

    def test_a_wrong_name_in_the_environment_is_an_error_not_another_hub(self, tmp_path: Path) -> None:
        put(tmp_path, issues_jsonl=ROW)
        with pytest.raises(NoHub, match="BEADS_DIR"):
            find_hub(tmp_path, {"BEADS_DIR": str(tmp_path / "gone")})

    def test_the_configured_hub_comes_last(self, tmp_path: Path) -> None:
        put(tmp_path / "hub", issues_jsonl=ROW)
        (tmp_path / "elsewhere").mkdir()
        assert find_hub(tmp_path / "elsewhere", {}, str(tmp_path / "hub")).root == tmp_path / "hub"

    def test_without_any_the_message_says_how_to_make_one(self, tmp_path: Path) -> None:
        with pytest.raises(NoHub, match="b4tui init"):
            find_hub(tmp_path, {})

    def test_a_folder_of_that_name_without_a_board_is_passed_by(self, tmp_path: Path) -> None:
        put(tmp_path, issues_jsonl=ROW)
        (tmp_path / "home/.beads").mkdir(parents=True)
        assert find_hub(tmp_path / "home", {}).root == tmp_path

    @pytest.mark.parametrize("below", ["", "src/deep", ".beads", ".beads/issues.jsonl"])
    def test_an_explicit_path_may_be_anything_inside(self, tmp_path: Path, below: str) -> None:
        put(tmp_path, issues_jsonl=ROW)
        (tmp_path / "src/deep").mkdir(parents=True)
        assert open_hub(tmp_path / below).root == tmp_path

    def test_a_redirect_is_followed_once(self, tmp_path: Path) -> None:
        third = put(tmp_path / "third", issues_jsonl=ROW)
        second = put(tmp_path / "second", issues_jsonl=ROW)
        (second / "redirect").write_text(str(third))
        first = put(tmp_path / "first", issues_jsonl=ROW)
        (first / "redirect").write_text("../second/.beads\n")
        assert find_hub(tmp_path / "first", {}).beads_dir == second

    def test_a_redirect_to_nowhere_says_so(self, tmp_path: Path) -> None:
        (put(tmp_path, issues_jsonl=ROW) / "redirect").write_text("../gone/.beads")
        with pytest.raises(NotThere, match="points to"):
            find_hub(tmp_path, {})


class TestWhatKindItIs:
    def test_a_classic_file_of_either_name(self, tmp_path: Path) -> None:
        put(tmp_path / "new", issues_jsonl=ROW, interactions_jsonl=b"", deletions_jsonl=b"{}")
        put(tmp_path / "old", beads_jsonl=ROW)
        new, old = open_hub(tmp_path / "new"), open_hub(tmp_path / "old")
        assert (new.kind, new.era, new.data_file) == (HubKind.CLASSIC, Era.CLASSIC, new.beads_dir / "issues.jsonl")
        assert old.data_file == old.beads_dir / "beads.jsonl"

    def test_metadata_may_name_the_file(self, tmp_path: Path) -> None:
        put(tmp_path, issues_jsonl=ROW, work_jsonl=ROW, metadata_json={"jsonl_export": "work.jsonl"})
        assert open_hub(tmp_path).data_file == tmp_path / ".beads/work.jsonl"

    @pytest.mark.parametrize("name", ["../secret.jsonl", "/etc/passwd", "..", "a\0b", 5])
    def test_but_only_a_file_inside(self, tmp_path: Path, name: object) -> None:
        (tmp_path / "secret.jsonl").write_bytes(ROW)
        put(tmp_path, issues_jsonl=ROW, metadata_json={"jsonl_export": name})
        assert open_hub(tmp_path).data_file == tmp_path / ".beads/issues.jsonl"

    def test_a_fresh_hub_is_an_empty_classic_board(self, tmp_path: Path) -> None:
        put(tmp_path, metadata_json={"database": "beads.db", "jsonl_export": "issues.jsonl"})
        hub = open_hub(tmp_path)
        assert (hub.kind, hub.data_file) == (HubKind.CLASSIC, hub.beads_dir / "issues.jsonl")
        assert read_state(hub).beads == {}

    @pytest.mark.parametrize("head", [b"", b'{"_schema":"beads-jsonl/1"}\n', b'{"_type":"memory","key":"k"}\n'])
    def test_a_file_with_typed_rows_is_an_export_and_its_rules_are_the_modern_ones(
        self, tmp_path: Path, head: bytes
    ) -> None:
        put(tmp_path, issues_jsonl=head + EXPORT)
        hub = open_hub(tmp_path)
        assert (hub.kind, hub.era) == (HubKind.EXPORT, Era.MODERN)
        assert set(read_state(hub).beads) == {"x-1"}

    def test_backup_tables_where_there_is_nothing_else(self, tmp_path: Path) -> None:
        put(tmp_path, backup__issues_jsonl=ROW)
        hub = open_hub(tmp_path)
        assert hub.kind is HubKind.BACKUP
        assert "backup" in hub.note


class TestDoltHubs:
    DOLT = {"backend": "dolt", "database": "dolt", "dolt_mode": "embedded", "dolt_database": "beads_hub"}

    def test_only_the_metadata_makes_one(self, tmp_path: Path) -> None:
        beads = put(tmp_path, issues_jsonl=ROW)
        (beads / "embeddeddolt/beads_hub/.dolt").mkdir(parents=True)
        assert open_hub(tmp_path).kind is HubKind.CLASSIC

    def test_with_its_database_it_is_read_by_bd_alone(self, tmp_path: Path) -> None:
        beads = put(tmp_path, metadata_json=self.DOLT, issues_jsonl=EXPORT)
        (beads / "embeddeddolt/beads_hub/.dolt").mkdir(parents=True)
        hub = open_hub(tmp_path)
        assert (hub.kind, hub.data_file, hub.era) == (HubKind.DOLT, None, Era.MODERN)
        with pytest.raises(BoardError, match="bd program"):
            read_state(hub)

    def test_its_export_can_be_read_instead(self, tmp_path: Path) -> None:
        beads = put(tmp_path, metadata_json=self.DOLT, issues_jsonl=EXPORT)
        (beads / "embeddeddolt/beads_hub/.dolt").mkdir(parents=True)
        copy = readable_copy(open_hub(tmp_path))
        assert copy is not None
        assert (copy.kind, set(read_state(copy).beads)) == (HubKind.EXPORT, {"x-1"})
        assert "older" in copy.note

    @pytest.mark.parametrize(
        ("files", "kind"),
        [({"issues_jsonl": ROW}, HubKind.EXPORT), ({"backup__issues_jsonl": ROW}, HubKind.BACKUP), ({}, HubKind.DOLT)],
    )
    def test_without_its_database_the_copies_are_read_and_the_note_says_so(
        self, tmp_path: Path, files: dict[str, bytes], kind: HubKind
    ) -> None:
        put(tmp_path, metadata_json=self.DOLT, **files)
        hub = open_hub(tmp_path)
        assert hub.kind is kind
        assert "not on this machine" in hub.note

    @pytest.mark.parametrize("name", ["../..", "a/b", ".."])
    def test_the_database_name_stays_inside(self, tmp_path: Path, name: str) -> None:
        put(tmp_path, metadata_json={**self.DOLT, "dolt_database": name}, issues_jsonl=ROW)
        (tmp_path / ".dolt").mkdir()
        assert open_hub(tmp_path).kind is HubKind.EXPORT

    @pytest.mark.parametrize("content", [b"{", b"[]", b"\xff\xfe", b"[" * 100_000])
    def test_with_unreadable_metadata_nothing_is_taken_for_writable(self, tmp_path: Path, content: bytes) -> None:
        put(tmp_path, metadata_json=content, issues_jsonl=ROW)
        hub = open_hub(tmp_path)
        assert hub.kind is HubKind.EXPORT
        assert "metadata.json" in hub.note
        assert set(read_state(hub).beads) == {"x-1"}


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_a_board_file_that_is_a_folder_or_a_pipe_is_refused_before_anybody_reads_it(tmp_path: Path, make: Any) -> None:
    put(tmp_path, config_yaml=b"issue-prefix: x\n")
    make(tmp_path / ".beads" / "issues.jsonl")
    with pytest.raises(NoHub, match="no plain file"):
        open_hub(tmp_path)


def test_settings_of_the_hub_are_read_with_dotted_names(tmp_path: Path) -> None:
    put(
        tmp_path,
        issues_jsonl=ROW,
        config_yaml=(
            b'# a comment\nissue-prefix: beads-hub  # another\nno-db: false\nactor: "A # B"\nsync:\n  branch: beads\n'
            b"  remote: origin\nhierarchy.max-depth: 3\nallowed_prefixes:\n  - one\n  - two\nlabels: [a, b]\nempty:\n"
        ),
    )
    assert open_hub(tmp_path).config == {
        "issue-prefix": "beads-hub",
        "no-db": False,
        "actor": "A # B",
        "sync.branch": "beads",
        "sync.remote": "origin",
        "hierarchy.max-depth": 3,
        "allowed_prefixes": ["one", "two"],
        "labels": ["a", "b"],
    }


@pytest.mark.parametrize("content", [b"\xff\xff", b"- - -\n:\n  : :\n", b"\x00", b"a: [" * 1000])
def test_settings_that_are_no_yaml_are_no_error(tmp_path: Path, content: bytes) -> None:
    put(tmp_path, issues_jsonl=ROW, config_yaml=content)
    assert open_hub(tmp_path).kind is HubKind.CLASSIC
