"""Pinned models: one file of the user's that several programs read and write, and that may be broken in any way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from b4tui.engines.attestation.pins import Pin, PinError, PinnedBy, Pins, pins_file

PLACE = "http://127.0.0.1:11434"
NOW = datetime(2026, 8, 21, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "pins.json"


def test_the_users_file_is_in_the_users_state_folder(_state_of_its_own: Path) -> None:
    assert pins_file() == _state_of_its_own / "b4tui" / "pins.json"


def test_a_model_is_trusted_as_it_is_when_it_is_first_used(path: Path) -> None:
    first = Pins(path).trust(PLACE, "tiny", "aa", NOW)
    assert first == Pin(place=PLACE, model="tiny", digest="aa", by=PinnedBy.FIRST_USE, at=NOW)
    assert Pins(path).trust(PLACE, "tiny", "bb", LATER) == first, "a change is not trusted by itself"
    assert Pins(path).all() == (first,)


def test_the_operator_accepts_another(path: Path) -> None:
    pins = Pins(path)
    pins.trust(PLACE, "tiny", "aa", NOW)
    made = pins.pin(PLACE, "tiny", "bb", LATER)
    assert (made.by, made.digest) == (PinnedBy.OPERATOR, "bb")
    assert Pins(path).get(PLACE, "tiny") == made


def test_a_pin_can_be_taken_back(path: Path) -> None:
    pins = Pins(path)
    made = pins.pin(PLACE, "tiny", "aa", NOW)
    assert pins.unpin(PLACE, "tiny") == made
    assert pins.unpin(PLACE, "tiny") is None
    assert Pins(path).all() == ()


@pytest.mark.parametrize("name", ["tiny", "TINY", "tiny:latest", "library/tiny", "tiny:local", "Tiny:latest:local"])
def test_one_model_has_one_pin_however_its_name_is_spelt(name: str, path: Path) -> None:
    made = Pins(path).pin(PLACE, "tiny:latest", "aa", NOW)
    assert Pins(path).get(PLACE, name) == made
    assert Pins(path).trust(PLACE, name, "bb", LATER) == made


def test_pins_belong_to_one_place(path: Path) -> None:
    Pins(path).pin(PLACE, "tiny", "aa", NOW)
    assert Pins(path).get("http://127.0.0.1:1", "tiny") is None


def test_what_another_program_writes_is_seen_at_once(path: Path) -> None:
    mine, theirs = Pins(path), Pins(path)
    mine.pin(PLACE, "a", "aa", NOW)
    theirs.pin(PLACE, "b", "bb", NOW)
    assert [pin.model for pin in mine.all()] == ["a", "b"]


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from b4tui.engines.attestation.pins import Pins
pins, who = Pins(Path(sys.argv[1])), sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
for at in range(25):
    pins.trust("http://box", f"{who}-{at}", f"{at:02x}", datetime.now(UTC))
    pins.trust("http://box", f"both-{at}", who, datetime.now(UTC))
"""


def test_two_programs_at_once_lose_nothing_and_agree(path: Path) -> None:
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), who], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for who in ("aa", "bb")
    ]
    for program in programs:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        assert program.stdin is not None
        program.stdin.write("go\n")
        program.stdin.flush()
    assert [program.wait(60) for program in programs] == [0, 0]
    for program in programs:
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.close()
        program.stdout.close()
    models = {pin.model: pin.digest for pin in Pins(path).all()}
    assert {f"{who}-{at}" for who in ("aa", "bb") for at in range(25)} <= set(models)
    assert {models[f"both-{at}"] for at in range(25)} <= {"aa", "bb"}
    assert len(models) == 75


GOOD = {"place": PLACE, "model": "tiny", "digest": "aa", "by": "operator", "at": NOW.isoformat()}
BROKEN = {
    "empty": "",
    "half-written": json.dumps({"pins": [GOOD]})[:-9],
    "no JSON": "pins = []",
    "a list": "[]",
    "a number": "3",
    "no pins": "{}",
    "pins that are none": '{"pins": 3}',
    "pins by name": '{"pins": {"a": 1}}',
    "a pin that is a list": '{"pins": [["a"]]}',
    "a pin that is null": '{"pins": [null]}',
    "deep": '{"pins":' + "[" * 100_000,
    **{f"without {key}": json.dumps({"pins": [{k: v for k, v in GOOD.items() if k != key}]}) for key in GOOD},
    **{f"{key} is a number": json.dumps({"pins": [{**GOOD, key: 7}]}) for key in GOOD},
    **{f"{key} is a list": json.dumps({"pins": [{**GOOD, key: ["x"]}]}) for key in GOOD},
    "by nobody": json.dumps({"pins": [{**GOOD, "by": "a stranger"}]}),
    "at no time": json.dumps({"pins": [{**GOOD, "at": "yesterday"}]}),
    "at a time without a zone": json.dumps({"pins": [{**GOOD, "at": "2026-08-21T09:30:00"}]}),
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_said_and_never_written_over(text: str, path: Path) -> None:
    """It may hold what the operator decided: nobody throws that away for him."""
    path.parent.mkdir()
    path.write_text(text)
    pins = Pins(path)
    for ask in (
        pins.all,
        lambda: pins.get(PLACE, "tiny"),
        lambda: pins.trust(PLACE, "tiny", "aa", NOW),
        lambda: pins.pin(PLACE, "tiny", "aa", NOW),
        lambda: pins.unpin(PLACE, "tiny"),
    ):
        with pytest.raises(PinError, match="mend or remove it") as caught:
            ask()
        assert str(path) in str(caught.value)
    assert path.read_text() == text


def test_bytes_that_are_no_text_are_said(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PinError, match="cannot be read"):
        Pins(path).all()


def test_a_folder_in_its_place_is_said(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(PinError, match="cannot be read"):
        Pins(path).all()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_of_somebody_else_is_said(path: Path) -> None:
    Pins(path).pin(PLACE, "tiny", "aa", NOW)
    path.chmod(0)
    with pytest.raises(PinError, match="cannot be read"):
        Pins(path).all()


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PinError, match=r"cannot be (written|read)"):
        Pins(tmp_path / "file" / "pins.json").trust(PLACE, "tiny", "aa", NOW)


def test_a_program_that_died_while_it_wrote_did_no_harm(path: Path) -> None:
    """The fresh file was not yet in place."""
    pins = Pins(path)
    pins.pin(PLACE, "tiny", "aa", NOW)
    path.with_suffix(".new").write_text('{"pins": [{"pla')
    assert [pin.model for pin in pins.all()] == ["tiny"]
    pins.pin(PLACE, "other", "bb", NOW)
    assert [pin.model for pin in pins.all()] == ["other", "tiny"]
