"""The program between streams that are closed, full, or cannot show every sign."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from b4tui.cli.streams import stream_failure


def run(folder: Path, environment: dict[str, str], command: str, **more: str) -> subprocess.CompletedProcess[bytes]:
    """`b4tui COMMAND`, with the shell's redirections in it."""
    return subprocess.run(
        ["/bin/sh", "-c", f'"{sys.executable}" -m b4tui {command}'],
        cwd=folder,
        env=environment | more,
        capture_output=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def note(tmp_path: Path) -> Path:
    (tmp_path / "note.txt").write_text("write to erika.musterfrau@" + "werkstatt-firma.de\n")
    return tmp_path


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("command", ["gate check note.txt", "gate check --json note.txt", "gate redact note.txt"])
def test_a_full_disk_is_said_in_one_line(note: Path, environment: dict[str, str], command: str) -> None:
    answer = run(note, environment, f"{command} >/dev/full")
    assert answer.returncode == 1
    assert (
        answer.stderr
        == b"b4tui: the output cannot be written (No space left on device): make room, or send it elsewhere\n"
    )


def test_closed_streams_change_no_exit_code(note: Path, environment: dict[str, str]) -> None:
    assert run(note, environment, "gate check --json note.txt <&- >&- 2>&-").returncode == 3


def test_what_cannot_be_read_is_not_called_clean(note: Path, environment: dict[str, str]) -> None:
    answer = run(note, environment, "gate check - <&-")
    assert answer.returncode == 3
    assert b"standard input cannot be read" in answer.stdout
    answer = run(note, environment, "gate check --jsonl --json - <&-")
    assert (answer.returncode, answer.stdout) == (1, b"")
    assert answer.stderr == (
        b"b4tui: standard input cannot be read (Bad file descriptor): send something in, or name a file\n"
    )


def test_a_bad_descriptor_that_is_not_standard_input_is_not_called_so(monkeypatch: pytest.MonkeyPatch) -> None:
    error = OSError(errno.EBADF, os.strerror(errno.EBADF))
    nothing = Path(os.devnull)
    with nothing.open(encoding="utf-8") as readable, nothing.open("w", encoding="utf-8") as closed:
        monkeypatch.setattr(sys, "stdin", readable)
        assert stream_failure(error) == "", "a socket of ours, for one: that is a defect, and shown as one"
        monkeypatch.setattr(sys, "stdin", closed)
        assert stream_failure(error).startswith("standard input cannot be read")


def test_a_sign_that_the_terminal_lacks_is_told_by_its_number(note: Path, environment: dict[str, str]) -> None:
    answer = run(note, environment, "gate check note.txt", PYTHONIOENCODING="latin-1")
    assert answer.returncode == 3
    assert b"er\\u2022\\u2022" in answer.stdout and answer.stderr == b""


def test_a_reader_that_goes_away_does_not_make_it_a_yes(note: Path, environment: dict[str, str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        command = [sys.executable, "-m", "b4tui", "gate", "check", "note.txt"]
        answer = subprocess.run(
            command, cwd=note, env=environment, stdout=pipe, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert answer.returncode not in (0, 2) and answer.stderr == b""
