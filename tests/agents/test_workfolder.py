"""A bead's folder: where it is, what changed in it, and that nobody can bend the measure."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b4tui.agents import confined, workfolder
from b4tui.agents.workfolder import FileDiff, WorkFolder, safe_name


@pytest.fixture
def folder(tmp_path: Path) -> WorkFolder:
    return WorkFolder.open(tmp_path / "state" / "work", "hub-1")


class TestNames:
    @given(st.text())
    def test_every_id_is_one_safe_component(self, bead_id: str) -> None:
        name = safe_name(bead_id)
        assert name and "/" not in name and not name.startswith(".") and len(name) < 80
        name.encode("ascii")

    def test_usual_ids_are_themselves_and_others_told_apart(self) -> None:
        assert safe_name("beads-hub-pe1.2") == "beads-hub-pe1.2"
        assert len({safe_name(name) for name in ("a/b", "a-b", "a\\b", "..", "", ".")}) == 6


class TestChanges:
    def test_added_changed_removed(self, folder: WorkFolder) -> None:
        (folder.path / "a").write_text("1\n2\n3\n")
        (folder.path / "b").write_text("x\n")
        folder.mark()
        assert folder.changes() == ()
        (folder.path / "a").write_text("1\nzwei\n3\n4\n")
        (folder.path / "b").unlink()
        (folder.path / "sub").mkdir()
        (folder.path / "sub" / "c").write_text("new\nlines")
        assert folder.changes() == (FileDiff("a", 2, 1), FileDiff("b", 0, 1), FileDiff("sub/c", 2, 0))

    def test_many_files_are_counted_each_for_itself(self, folder: WorkFolder) -> None:
        for number in range(300):
            (folder.path / f"{number:03}").write_text(f"{number}\nsame\n")
        folder.mark()
        for number in range(300):
            (folder.path / f"{number:03}").write_text(f"{number}\n" + "new\n" * number)
        counts = [(change.added, change.removed) for change in folder.changes()]
        assert counts == [(number, 1) for number in range(300)]

    def test_nobody_else_reaches_the_folder(self, folder: WorkFolder) -> None:
        """A command may leave a program there that runs with the rights of whoever made it."""
        assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700

    def test_the_diff_names_the_file(self, folder: WorkFolder) -> None:
        (folder.path / "a").write_text("1\n2\n")
        folder.mark()
        (folder.path / "a").write_text("1\nzwei\n")
        assert folder.diff("a").startswith("--- a/a\n+++ b/a\n@@")
        assert "-2\n+zwei\n" in folder.diff("a")
        assert folder.diff("nothing") == ""

    def test_an_earlier_attempts_work_is_kept_and_measured_from(self, folder: WorkFolder, tmp_path: Path) -> None:
        (folder.path / "a").write_text("1\n")
        again = WorkFolder.open(tmp_path / "state" / "work", "hub-1")
        assert (again.path / "a").read_text() == "1\n"
        assert again.changes() == (FileDiff("a", 1, 0),)
        again.mark()
        assert WorkFolder.open(tmp_path / "state" / "work", "hub-1").changes() == ()

    def test_the_measure_lies_outside(self, folder: WorkFolder, tmp_path: Path) -> None:
        folder.mark()
        assert list(folder.path.iterdir()) == []
        assert (tmp_path / "state" / "git" / "hub-1").is_dir()

    def test_a_mode_alone(self, folder: WorkFolder) -> None:
        (folder.path / "a").write_text("1\n")
        folder.mark()
        (folder.path / "a").chmod(0o755)
        assert folder.changes() == (FileDiff("a", 0, 0),)


class TestAHubFromElsewhere:
    """What lies in `.b4tui` may have come with the repository."""

    def test_a_link_in_place_of_the_folder_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "home").mkdir()
        (tmp_path / "work").mkdir()
        (tmp_path / "work" / "hub-1").symlink_to(tmp_path / "home")
        with pytest.raises(OSError, match="is a link"):
            WorkFolder.open(tmp_path / "work", "hub-1")

    @pytest.mark.parametrize("name", ["git", "git/hub-1"])
    def test_a_link_in_place_of_the_measure_is_refused(self, folder: WorkFolder, tmp_path: Path, name: str) -> None:
        (tmp_path / "away").mkdir()
        place = tmp_path / "state" / name
        place.parent.mkdir(exist_ok=True)
        place.symlink_to(tmp_path / "away")
        with pytest.raises(OSError, match="is a link"):
            folder.mark()
        assert not list((tmp_path / "away").iterdir())

    def test_the_settings_of_a_repository_run_nothing(self, folder: WorkFolder, tmp_path: Path) -> None:
        """Contents that are missing would be fetched: by any program that the settings name."""
        measure = tmp_path / "state" / "git" / "hub-1"
        settings = (
            "[core]\n repositoryformatversion = 1\n bare = true\n[extensions]\n partialClone = o\n"
            f'[protocol "ext"]\n allow = always\n[remote "o"]\n promisor = true\n url = "ext::touch {tmp_path}/ran"\n'
        )
        for where in (measure, tmp_path / "common"):
            subprocess.run(["git", "init", "--quiet", "--bare", str(where)], check=True)
            (where / "config").write_text(settings)
        (measure / "commondir").write_text(f"{tmp_path}/common\n")
        (measure / "start.json").write_text(json.dumps({"a": [0o100644, "1" * 40, 1]}))
        (folder.path / "a").write_text("1\n")
        folder.diff("a")
        folder.changes()
        assert not (tmp_path / "ran").exists()

    def test_a_manifest_gives_git_no_switches(self, folder: WorkFolder, tmp_path: Path) -> None:
        folder.mark()
        target = tmp_path / "written"
        rows = {"a": [0o100644, f"--output={target}", 1], "b": "x", "c": [1], "d": [0o100644, "1" * 40, "1"]}
        (tmp_path / "state" / "git" / "hub-1" / "start.json").write_text(json.dumps(rows))
        (folder.path / "a").write_text("1\n")
        assert "+1" in folder.diff("a")
        assert folder.changes() == (FileDiff("a", 1, 0),)
        assert not target.exists()


class TestHostileContent:
    def test_the_agents_own_git_is_not_looked_at(self, folder: WorkFolder) -> None:
        folder.mark()
        subprocess.run(["git", "init", "-q", "sub"], cwd=folder.path, check=True)
        (folder.path / "sub" / "a").write_text("1\n")
        (folder.path / ".gitignore").write_text("*\n")
        (folder.path / ".gitattributes").write_text("* diff=evil filter=evil\n")
        assert [change.path for change in folder.changes()] == [".gitattributes", ".gitignore", "sub/a"]

    def test_a_link_is_shown_and_not_followed(self, folder: WorkFolder, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("s3cret")
        (folder.path / "link").symlink_to(tmp_path / "secret")
        assert "s3cret" not in folder.diff("link")
        assert "a link to" in folder.diff("link")

    def test_pipes_binaries_and_strange_names(self, folder: WorkFolder) -> None:
        os.mkfifo(folder.path / "pipe")
        (folder.path / "bin").write_bytes(b"\0" * 100)
        (folder.path / "-rf \n\x1b[31m").write_text("1\n")
        (folder.path / os.fsdecode(b"caf\xe9")).write_text("1\n")
        changes = folder.changes()
        assert [change.path for change in changes] == ["-rf \n\x1b[31m", "bin", "caf\\xe9", "pipe"]
        for change in changes:
            assert folder.diff(change.path)
            change.path.encode()

    def test_a_huge_file_is_not_read(self, folder: WorkFolder) -> None:
        with (folder.path / "huge").open("wb") as file:
            file.truncate(1 << 36)
        assert folder.changes() == (FileDiff("huge", 1, 0),)
        assert "too large" in folder.diff("huge")

    def test_very_much_content_is_told_apart_by_size_and_time(
        self, folder: WorkFolder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(workfolder, "MAX_COMPARED_TOGETHER", 10)
        (folder.path / "a").write_text("1\n2\n3\n")
        (folder.path / "b").write_text("1\n2\n3\n")
        os.utime(folder.path / "b", ns=(0, 2**62))
        folder.mark()
        (folder.path / "b").write_text("1\n9\n3\n")
        assert folder.changes() == (FileDiff("b", 1, 1),)
        assert "too large" in folder.diff("b")

    def test_folders_without_end(self, folder: WorkFolder, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(confined, "MAX_ENTRIES", 20)
        for number in range(30):
            (folder.path / f"{number:02}" / "sub").mkdir(parents=True)
        (folder.path / "z").touch()
        (folder.path / "00" / "a").touch()
        assert [change.path for change in folder.changes()] == ["00/a"]

    def test_very_many_files(self, folder: WorkFolder, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(workfolder, "MAX_FILES", 10)
        for number in range(30):
            (folder.path / f"{number:02}").touch()
        assert len(folder.changes()) == 10

    def test_a_long_diff_is_cut_and_says_so(self, folder: WorkFolder) -> None:
        (folder.path / "a").write_text("line\n" * 100_000)
        assert folder.diff("a").endswith("more characters)\n")

    def test_no_folder_any_more(self, folder: WorkFolder) -> None:
        folder.mark()
        shutil.rmtree(folder.path)
        with pytest.raises(FileNotFoundError):
            folder.changes()
