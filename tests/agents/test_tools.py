"""Each tool: what it does, what it refuses, and what it tells the model then."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from b4tui.agents.tools import REGISTRY, chosen
from b4tui.agents.tools.base import Result, ToolError
from b4tui.agents.tools.calling import spec
from b4tui.agents.tools.frontier import HOUSE_WORDS
from b4tui.agents.tools.text import clip
from b4tui.config import ConfigError
from b4tui.gate.redaction.placeholders import PLACEHOLDER

Call = Callable[..., Result]


@pytest.fixture
def folder(world: Any) -> Path:
    path: Path = world.folder
    return path


class TestSpecs:
    @pytest.mark.parametrize("name", REGISTRY)
    def test_flat_parameters_that_every_renderer_keeps(self, name: str) -> None:
        parameters = spec(REGISTRY[name]).parameters
        assert set(parameters) == {"type", "properties", "required"}
        for field in parameters["properties"].values():
            assert set(field) == {"type", "description"}
            assert field["type"] in {"string", "integer", "boolean"}
        json.dumps(parameters)

    @pytest.mark.parametrize("name", REGISTRY)
    def test_the_example_is_a_right_call(self, name: str) -> None:
        tool = REGISTRY[name]
        tool.told(tool.arguments.model_validate(dict(tool.example)))

    def test_the_parameters_of_the_contract(self) -> None:
        names = {name: list(spec(tool).parameters["properties"]) for name, tool in REGISTRY.items()}
        assert names == {
            "bash": ["command", "timeout_s"],
            "read": ["path", "start", "end"],
            "write": ["path", "content"],
            "edit": ["path", "old_text", "new_text", "replace_all"],
            "search": ["pattern", "path"],
            "comment": ["text"],
            "ask_frontier": ["question", "reason"],
            "create_bead": ["title", "description", "priority", "labels"],
            "finish": ["summary", "evidence", "success"],
        }

    def test_sorted_with_finish_always_there(self) -> None:
        assert list(chosen(("write", "read"))) == ["finish", "read", "write"]
        with pytest.raises(ConfigError, match="no tool launch"):
            chosen(("launch",))


class TestBadCalls:
    def test_an_unknown_tool_names_those_there_are(self, call: Call) -> None:
        result = call("launch")
        assert result.malformed and "bash, comment, create_bead" in result.output

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ({}, "'path' is missing"),
            ({"path": "a", "mode": 1}, "no parameter 'mode'"),
            ({"path": "a", "start": "first"}, "start: Input should be a valid integer"),
            ({"path": ["a"]}, "path: Input should be a valid string"),
            ({"path": "\ud800"}, "no text"),
        ],
    )
    def test_wrong_arguments_say_how_to_call(self, call: Call, arguments: Any, said: str) -> None:
        result = call("read", **arguments)
        assert not result.ok
        assert said in result.output
        result.output.encode()

    def test_numbers_and_truths_as_text_are_taken(self, call: Call, folder: Path) -> None:
        (folder / "a").write_text("1\n2\n3\n")
        assert (call("read", path="a", start="2", end="2")).output == "    2  2"


class TestPaths:
    @pytest.mark.parametrize("tool", ["read", "write", "edit", "search"])
    @pytest.mark.parametrize("path", ["../out", "a/../../out", "/etc/passwd", "link/out", "direct", "a\0b", "/"])
    def test_none_leads_out(self, call: Call, folder: Path, tmp_path: Path, tool: str, path: str) -> None:
        outside = tmp_path / "elsewhere"
        outside.mkdir()
        (outside / "out").write_text("s3cret")
        (folder / "link").symlink_to(outside)
        (folder / "direct").symlink_to(outside / "out")
        rest = {
            "read": {},
            "write": {"content": "mine"},
            "edit": {"old_text": "s3cret", "new_text": "mine"},
            "search": {"pattern": "s[3]cret"},
        }
        result = call(tool, path=path, **rest[tool])
        assert not result.ok
        assert "s3cret" not in result.output.replace("old_text", "")
        assert (outside / "out").read_text() == "s3cret"

    def test_an_absolute_path_into_the_folder_is_right(self, call: Call, folder: Path) -> None:
        assert (call("write", path=f"{folder}/a/b.txt", content="x")).ok
        assert (folder / "a" / "b.txt").read_text() == "x"

    def test_a_pipe_does_not_hang(self, call: Call, folder: Path) -> None:
        os.mkfifo(folder / "pipe")
        assert "not a regular file" in (call("read", path="pipe")).output
        assert not (call("write", path="pipe", content="x")).ok


class TestRead:
    def test_numbered_lines_of_a_range(self, call: Call, folder: Path) -> None:
        (folder / "a").write_text("one\ntwo\nthree\n")
        assert (call("read", path="a", start=2)).output == "    2  two\n    3  three"
        assert not (call("read", path="a", start=9)).ok

    def test_as_many_lines_as_fit_and_where_to_go_on(self, call: Call, folder: Path) -> None:
        (folder / "a").write_text("".join(f"line {n}\n" for n in range(2000)))
        output = (call("read", path="a")).output
        assert len(output) <= 4000
        going_on = int(output.rpartition("start=")[2].rstrip("]"))
        assert f"{going_on:>5}  line {going_on - 1}" in (call("read", path="a", start=going_on)).output

    def test_a_line_of_a_megabyte(self, call: Call, folder: Path) -> None:
        (folder / "a").write_text("x" * 1_000_000)
        assert "characters of this line cut" in (call("read", path="a")).output

    def test_binary_empty_and_not_utf8(self, call: Call, folder: Path) -> None:
        (folder / "b").write_bytes(b"\x7fELF\0\0")
        (folder / "e").touch()
        (folder / "l").write_bytes(b"caf\xe9\n")
        assert "binary" in (call("read", path="b")).output
        assert "empty" in (call("read", path="e")).output
        assert "caf\ufffd" in (call("read", path="l")).output

    def test_a_folder_lists_its_names(self, call: Call, folder: Path) -> None:
        (folder / "sub").mkdir()
        (folder / "a").write_text("12")
        assert (call("read", path=".")).output == "a  (2 bytes)\nsub/"


class TestWrite:
    def test_mode_is_kept_and_scripts_can_run(self, call: Call, folder: Path) -> None:
        (folder / "a").write_text("old")
        (folder / "a").chmod(0o640)
        call("write", path="a", content="new")
        call("write", path="run.sh", content="#!/bin/sh\n")
        assert stat.S_IMODE((folder / "a").stat().st_mode) == 0o640
        assert (folder / "run.sh").stat().st_mode & 0o111
        assert sorted(path.name for path in folder.iterdir()) == ["a", "run.sh"]

    @pytest.mark.parametrize(
        ("path", "content", "said"),
        [
            ("a.py", "def f(:\n", "SyntaxError"),
            ("a.py", "x = " + "(" * 5000, "nested"),
            ("a.json", '{"a": }', "line 1 column 7"),
            ("a.json", "[" * 100_000, "RecursionError"),
            ("a.toml", "a = ", "TOMLDecodeError"),
        ],
    )
    def test_what_is_not_valid_is_written_and_said(
        self, call: Call, folder: Path, path: str, content: str, said: str
    ) -> None:
        result = call("write", path=path, content=content)
        assert not result.ok
        assert said in result.output
        assert (folder / path).read_text() == content

    def test_what_would_take_all_memory_to_check_is_written(
        self, call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("b4tui.agents.tools.checking.TIMEOUT_S", 0.5)
        before = psutil.Process().memory_info().rss
        content = "a." * 100_000 + "a = 1"
        call("write", path="a.toml", content=content)
        assert (folder / "a.toml").read_text() == content
        assert psutil.Process().memory_info().rss - before < 64 << 20

    def test_what_cannot_be_encoded_changes_nothing(self, call: Call, folder: Path) -> None:
        assert not (call("write", path="a", content="\ud800")).ok
        assert list(folder.iterdir()) == []

    def test_over_a_folder(self, call: Call, folder: Path) -> None:
        (folder / "sub").mkdir()
        assert not (call("write", path="sub", content="x")).ok
        assert not (call("write", path=".", content="x")).ok


class TestEdit:
    @pytest.fixture
    def file(self, folder: Path) -> Path:
        (folder / "a.py").write_text("def f():\n    if x:\n        return 1  \n\n\ndef g():\n    return 2\n")
        return folder / "a.py"

    def edit(self, call: Call, old: str, new: str, **more: Any) -> Result:
        return call("edit", path="a.py", old_text=old, new_text=new, **more)

    def test_exactly_once(self, call: Call, file: Path) -> None:
        assert (self.edit(call, "return 2", "return 3")).ok
        assert "return 3\n" in file.read_text()

    def test_twice_is_refused_unless_all(self, call: Call, file: Path) -> None:
        assert "2 times" in (self.edit(call, "return", "yield")).output
        assert (self.edit(call, "return", "yield", replace_all=True)).ok
        assert file.read_text().count("yield") == 2

    def test_without_trailing_blanks(self, call: Call, file: Path) -> None:
        assert (self.edit(call, "        return 1\n\n\ndef g():", "        return 7\n\n\ndef g():")).ok
        assert "return 7\n\n\ndef g():\n    return 2\n" in file.read_text()

    def test_without_indentation_the_new_text_is_moved(self, call: Call, file: Path) -> None:
        result = self.edit(call, "if x:\n    return 1", "if y:\n    return 7")
        assert result.ok and "without indentation" in result.output
        assert file.read_text().startswith("def f():\n    if y:\n        return 7\n")

    def test_a_file_of_one_line_over_and_over(self, call: Call, folder: Path) -> None:
        (folder / "a.py").write_text("a\n" * 1_000_000)
        assert not self.edit(call, "a\n" * 20_000 + "b\n", "c").ok

    def test_windows_lines_stay_windows_lines(self, call: Call, folder: Path) -> None:
        (folder / "a.py").write_bytes(b"a = 1\r\nb = 2\r\nc = 3\r\n")
        assert self.edit(call, "a = 1\nb = 2", "a = 1\nb = 7").ok
        assert (folder / "a.py").read_bytes() == b"a = 1\r\nb = 7\r\nc = 3\r\n"

    def test_not_there_shows_the_nearest(self, call: Call, file: Path) -> None:
        before = file.read_text()
        result = self.edit(call, "def h():\n    return 99", "x")
        assert not result.ok
        assert "def g():" in result.output
        assert file.read_text() == before

    @pytest.mark.parametrize(("old", "new"), [("", "x"), ("return 2", "return 2")])
    def test_nothing_to_do(self, call: Call, file: Path, old: str, new: str) -> None:
        assert not (self.edit(call, old, new)).ok

    def test_a_file_that_is_not_there_or_not_text(self, call: Call, folder: Path) -> None:
        assert "make it with write" in (self.edit(call, "a", "b")).output
        (folder / "a.py").write_bytes(b"caf\xe9")
        assert not (self.edit(call, "caf", "b")).ok
        assert (folder / "a.py").read_bytes() == b"caf\xe9"


class TestSearch:
    def test_lines_with_file_and_number(self, call: Call, folder: Path) -> None:
        (folder / "sub").mkdir()
        (folder / "sub" / "a.py").write_text("x = 1\ny = 22\n")
        (folder / ".git").mkdir()
        (folder / ".git" / "config").write_text("y = 22\n")
        assert (call("search", pattern=r"\d\d")).output == "sub/a.py:2: y = 22"
        assert (call("search", pattern="y", path="sub/a.py")).output == "sub/a.py:2: y = 22"
        assert "no line" in (call("search", pattern="zz")).output

    def test_a_pattern_that_is_none(self, call: Call) -> None:
        assert "cannot search" in (call("search", pattern="(")).output

    def test_a_pattern_that_takes_for_ever(self, call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("b4tui.agents.tools.search.TIMEOUT_S", 0.5)
        (folder / "a").write_text("a" * 60 + "b\n")
        assert "took longer" in (call("search", pattern="^(a+)+$")).output

    def test_as_many_as_are_useful(self, call: Call, folder: Path) -> None:
        (folder / "a").write_text("hit\n" * 1000)
        assert (call("search", pattern="hit")).summary == "201 lines"

    def test_folders_too_deep_to_follow(self, call: Call, folder: Path) -> None:
        here = folder
        for _ in range(60):
            here = here / "d"
        here.mkdir(parents=True)
        (here / "a").write_text("hit")
        assert (call("search", pattern="hit")).ok


class TestBash:
    def test_a_command_longer_than_the_system_takes(self, any_sandbox: Any, bench: Any) -> None:
        tool, arguments = REGISTRY["bash"], {"command": "true #" + "\u00fc" * 50_000}
        with pytest.raises(ToolError, match="make a file with write"):
            asyncio.run(tool.run(tool.arguments(**arguments), replace(bench, sandbox=any_sandbox)))

    def test_one_as_long_as_it_may_be_runs(self, any_sandbox: Any, bench: Any) -> None:
        tool = REGISTRY["bash"]
        arguments = tool.arguments(command="echo ran #" + "\u00fc" * 16_600)
        result = asyncio.run(tool.run(arguments, replace(bench, sandbox=any_sandbox)))
        assert result.output.startswith("ran\n")


class TestBoard:
    def test_empty_comments_and_titles(self, call: Call) -> None:
        assert not (call("comment", text="  ")).ok
        assert not (call("create_bead", title=" ", description="x")).ok
        assert not (call("create_bead", title="x" * 501, description="x")).ok
        assert (call("create_bead", title="x", description="x", priority=9)).malformed

    def test_labels_are_separated_by_commas(self, call: Call, world: Any) -> None:
        result = call("create_bead", title="T", description="D", labels="one, two,,")
        made = world.store.load().beads[result.events[0].bead]
        assert sorted(made.labels) == ["one", "two"]

    def test_a_board_that_refuses_is_an_answer(self, call: Call, hub: Path) -> None:
        (hub / ".beads" / "issues.jsonl").write_text("")
        assert "Error" in (call("comment", text="hello")).output


def test_clip_keeps_both_ends_and_says_what_is_cut() -> None:
    assert clip("a" * 10, 10) == "a" * 10
    assert clip("a" * 60 + "b" * 40, 10) == "aaaaaa\n[... 90 characters cut here ...]\nbbbb"
    clip("\ud800" * 5, 3).encode()


def test_the_words_around_a_question_hold_nothing_that_redaction_must_keep_apart_from_its_own() -> None:
    assert "[[HOST_n]]" in HOUSE_WORDS
    assert not PLACEHOLDER.search(HOUSE_WORDS)
