"""The bd program as a process: how it is found, started, waited for and ended. A real program stands in for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from b4tui.board import bd_commands
from b4tui.board.bd import BdProgram, find_program
from b4tui.board.bd_answers import Unanswered
from b4tui.board.bd_commands import Command
from b4tui.board.store import BoardError, Busy, ReadOnly, Refused

if TYPE_CHECKING:
    from tests.board.conftest import StandIn

LOCKED = '{"data":{"error":"open db: the database is locked by another dolt process"},"schema_version":1}'
SHORT_S = 2.5  # long enough for the stand-in to have begun, even on a busy machine
Until = Callable[[Callable[[], bool]], None]


@pytest.fixture
def program(stand_in: StandIn) -> BdProgram:
    return BdProgram(stand_in.program, stand_in.beads_dir, os.environ)


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


class TestFinding:
    def test_bd_bin_goes_before_the_path(self, stand_in: StandIn, tmp_path: Path) -> None:
        other = tmp_path / "other"
        other.mkdir()
        (other / "bd").symlink_to("/bin/true")
        environ = {"PATH": str(other), "BD_BIN": str(stand_in.program)}
        assert find_program(environ) == stand_in.program
        assert find_program({"PATH": str(other)}) == other / "bd"

    @pytest.mark.parametrize(
        ("environ", "words"),
        [({"PATH": "/nowhere"}, "not installed"), ({"PATH": "/nowhere", "BD_BIN": "/nowhere/bd\x1b[31m"}, "BD_BIN")],
    )
    def test_without_bd_the_hub_is_read_only_in_words(self, environ: dict[str, str], words: str) -> None:
        with pytest.raises(ReadOnly, match=words) as caught:
            find_program(environ)
        assert "\x1b" not in str(caught.value)

    @pytest.mark.parametrize(
        ("step", "words"),
        [
            ({"out": {"version": "0.49.6"}}, "too old"),
            ({"out": {"version": "0.56.9"}}, "too old"),
            ({"out": "bd 1.0.5"}, "does not work as bd"),
            ({"out": []}, "does not tell its version"),
            ({"rc": 1, "err": "Error: unknown command"}, "too old"),
        ],
    )
    def test_what_is_too_old_or_no_bd_is_not_used(
        self, stand_in: StandIn, program: BdProgram, step: dict[str, object], words: str
    ) -> None:
        stand_in.plan(version=[step])
        with pytest.raises(ReadOnly, match=words):
            program.check()

    def test_a_file_that_cannot_be_run_is_an_error_in_words(self, stand_in: StandIn, program: BdProgram) -> None:
        stand_in.program.write_text("no program")
        with pytest.raises(ReadOnly, match="cannot be started"):
            program.check()


class TestStarting:
    """Rules 2 and 3."""

    def test_a_call_has_no_terminal_no_shell_and_a_session_of_its_own(
        self, stand_in: StandIn, program: BdProgram
    ) -> None:
        stand_in.plan(comment=[{"out": {"issue_id": "x-1"}}])
        program.ask(bd_commands.LIST, "amy", 10)
        program.ask(bd_commands.comment("x-1", "$(id) `id` ü\ud800"), "amy; id", 10)
        listed, commented = stand_in.calls()
        assert listed["devnull"]
        assert listed["leader"]
        assert listed["folder"] == str(stand_in.root)
        assert listed["args"][:3] == ["--actor=amy", "--sandbox", "list"]
        assert commented["args"][0] == "--actor=amy; id"
        assert commented["stdin"] == "$(id) `id` ü\ufffd"

    def test_the_environment_asks_nothing_and_points_nowhere_else(self, stand_in: StandIn) -> None:
        foreign = {
            "BD_ACTOR": "eve",
            "BEADS_DB": "/elsewhere",
            "BEADS_DIR": "/elsewhere",
            "BD_OTEL_METRICS_URL": "https://example.org",
            "GIT_DIR": "/elsewhere/.git",
        }
        program = BdProgram(stand_in.program, stand_in.beads_dir, {**os.environ, **foreign, "HOME": "/home/op"})
        program.ask(bd_commands.LIST, "amy", 10)
        program.ask(bd_commands.claim("x-1"), "amy", 10)
        listed, claimed = (call["environ"] for call in stand_in.calls())
        for environ in (listed, claimed):
            assert environ["HOME"] == "/home/op"
            assert environ["BEADS_DIR"] == str(stand_in.beads_dir)
            assert environ["BD_NON_INTERACTIVE"] == environ["BD_JSON_ENVELOPE"] == environ["NO_COLOR"] == "1"
            assert environ["BD_NO_PAGER"] == "1"
            assert environ["GIT_TERMINAL_PROMPT"] == "0"
            assert environ["GIT_SSH_COMMAND"] == "ssh -oBatchMode=yes"
            assert not {"BD_ACTOR", "BEADS_DB", "BD_OTEL_METRICS_URL", "GIT_DIR"} & environ.keys()
        assert listed["BD_READONLY"] == "1"
        assert "BD_READONLY" not in claimed

    @pytest.mark.parametrize("actor", ["", "  ", "two\nlines", "esc\x1b[0m"])
    def test_an_actor_is_a_name_on_one_line(self, stand_in: StandIn, program: BdProgram, actor: str) -> None:
        with pytest.raises(Refused, match="actor"):
            program.ask(bd_commands.LIST, actor, 10)
        assert stand_in.calls() == []

    def test_a_long_text_reaches_a_bd_that_is_slow_to_read_it(self, stand_in: StandIn, program: BdProgram) -> None:
        (stand_in.program.parent / "slow-reader").touch()
        text = "line\n" * 60_000  # more than a pipe holds
        program.ask(Command(("comment", "x-1", "--stdin"), text=text), "amy", 20)
        (call,) = stand_in.calls("comment")
        assert call["stdin"] == text

    def test_texts_too_long_together_are_refused_in_words(self, program: BdProgram) -> None:
        with pytest.raises(Refused, match="too long"):
            program.ask(Command(("update", *["n" * 119_000] * 60)), "amy", 10)


class TestAnswers:
    def test_ten_megabytes_are_read_whole(self, stand_in: StandIn, program: BdProgram) -> None:
        rows = [{"id": f"x-{number}", "description": "d" * 1_000} for number in range(10_000)]
        stand_in.plan(list=[{"out": rows, "err": "warning\n" * 10_000}])
        assert program.ask(bd_commands.LIST, "amy", 60) == rows

    def test_ten_megabytes_of_garbage_are_an_error_of_one_line(self, stand_in: StandIn, program: BdProgram) -> None:
        stand_in.plan(list=[{"bytes": 10_000_000}])
        with pytest.raises(Unanswered) as caught:
            program.ask(bd_commands.LIST, "amy", 60)
        assert len(str(caught.value)) < 1_000

    def test_a_program_that_dies_leaves_the_outcome_unknown(self, stand_in: StandIn, program: BdProgram) -> None:
        stand_in.plan(list=[{"die": signal.SIGKILL}, {"out": [{"id": "x-1"}]}])
        with pytest.raises(Unanswered, match="signal 9"):
            program.ask(bd_commands.LIST, "amy", 10)
        assert program.ask(bd_commands.LIST, "amy", 10) == [{"id": "x-1"}]

    def test_a_child_that_keeps_the_pipes_does_not_keep_us(self, stand_in: StandIn, program: BdProgram) -> None:
        """bd starts a hub's hooks and does not wait for them (section 6)."""
        stand_in.plan(list=[{"out": [{"id": "x-1"}], "child": True}])
        try:
            assert program.ask(bd_commands.LIST, "amy", 60) == [{"id": "x-1"}]
            (call,) = stand_in.calls()
            assert not gone(call["child"]), "a hook is not ours to end"
        finally:
            os.kill(stand_in.calls()[0]["child"], signal.SIGKILL)


class TestOneQueue:
    """Rule 8."""

    def test_calls_of_many_threads_never_overlap(self, stand_in: StandIn, program: BdProgram) -> None:
        stand_in.plan(list=[{"out": [], "takes": 0.02}])
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda _: program.ask(bd_commands.LIST, "amy", 30), range(12)))
        lines = (stand_in.program.parent / "ended.jsonl").read_text().splitlines()
        spans = sorted(tuple(map(float, line.split())) for line in lines)
        assert len(spans) == 12
        assert all(end <= begin for (_, end), (begin, _) in pairwise(spans))

    def test_no_thread_is_left_when_nothing_is_asked(self, program: BdProgram, until: Until) -> None:
        program.ask(bd_commands.LIST, "amy", 10)
        until(lambda: not any(thread.name == "bd" for thread in threading.enumerate()))

    def test_a_call_that_waits_for_the_lock_is_ended_and_busy(self, stand_in: StandIn, program: BdProgram) -> None:
        stand_in.plan(list=[{"hang": True, "term": {"rc": 1, "err": LOCKED}}])
        with pytest.raises(Busy, match=r"2\.5 s.*try again"):
            program.ask(bd_commands.LIST, "amy", SHORT_S)
        assert gone(stand_in.calls()[0]["pid"])

    def test_an_answer_at_the_last_moment_counts(self, stand_in: StandIn, program: BdProgram) -> None:
        stand_in.plan(list=[{"hang": True, "term": {"out": [{"id": "x-1"}]}}])
        assert program.ask(bd_commands.LIST, "amy", SHORT_S) == [{"id": "x-1"}]

    def test_a_call_that_hangs_is_ended_with_what_it_started(
        self, stand_in: StandIn, program: BdProgram, until: Until
    ) -> None:
        stand_in.plan(list=[{"hang": True, "child": True}])
        with pytest.raises(Unanswered, match="ended"):
            program.ask(bd_commands.LIST, "amy", SHORT_S)
        (call,) = stand_in.calls()
        until(lambda: gone(call["pid"]) and gone(call["child"]))

    def test_a_call_that_will_not_end_is_killed(
        self, stand_in: StandIn, program: BdProgram, monkeypatch: pytest.MonkeyPatch, until: Until
    ) -> None:
        monkeypatch.setattr("b4tui.board.bd._GRACE_S", 0.2)
        stand_in.plan(list=[{"hang": True, "ignore_term": True, "child": True}])
        with pytest.raises(Unanswered, match="killed"):
            program.ask(bd_commands.LIST, "amy", SHORT_S)
        (call,) = stand_in.calls()
        until(lambda: gone(call["pid"]) and gone(call["child"]))

    def test_stop_ends_the_call_under_way_and_refuses_the_rest(
        self, stand_in: StandIn, program: BdProgram, until: Until
    ) -> None:
        stand_in.plan(list=[{"hang": True}])
        with ThreadPoolExecutor(2) as pool:
            running = pool.submit(program.ask, bd_commands.LIST, "amy", 60)
            until((stand_in.program.parent / "hanging").exists)
            waiting = pool.submit(program.ask, bd_commands.VERSION, "amy", 60)
            program.stop()
            with pytest.raises(BoardError, match="ending"):
                running.result(timeout=60)
            with pytest.raises(BoardError, match="ending"):
                waiting.result(timeout=60)
        with pytest.raises(BoardError, match="ending"):
            program.ask(bd_commands.VERSION, "amy", 60)
        assert [call["verb"] for call in stand_in.calls()] == ["list"]

    def test_bd_does_not_outlive_b4tui(self, stand_in: StandIn, until: Until) -> None:
        """A bd that waits for the lock waits for ever, and would write when nobody wants it any more."""
        stand_in.plan(list=[{"hang": True}])
        script = (
            "import os, sys, threading, time\n"
            "from pathlib import Path\n"
            "from b4tui.board import bd, bd_commands\n"
            "program = bd.BdProgram(Path(sys.argv[1]), Path(sys.argv[2]), os.environ)\n"
            "asked = threading.Thread(target=program.ask, args=(bd_commands.LIST, 'amy', 600), daemon=True)\n"
            "asked.start()\n"
            "while not (Path(sys.argv[1]).parent / 'hanging').exists(): time.sleep(0.01)\n"
        )
        subprocess.run(
            [sys.executable, "-c", script, stand_in.program, stand_in.beads_dir], check=True, timeout=60, env=os.environ
        )
        (call,) = stand_in.calls()
        until(lambda: gone(call["pid"]))
