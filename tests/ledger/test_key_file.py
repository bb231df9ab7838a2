"""The key of the bodies: one file of the user, made once, never written over, refused where others can read it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from b4tui.events import now
from b4tui.ledger.keys import KeyFileError, key_file, load_key
from b4tui.ledger.opening import open_ledger
from b4tui.outward_sections import LedgerConfig
from tests.ledger.conftest import fact, sha256
from tests.ledger.test_processes import ROOT

PRINT_KEY = """
import sys
from pathlib import Path
from b4tui.ledger.keys import load_key
print(load_key(Path(sys.argv[1])).hex())
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "b4tui" / "ledger.key"


def test_it_is_made_when_it_is_first_wanted_and_is_the_same_from_then_on(file):
    key = load_key(file)
    assert len(key) == 32
    assert load_key(file) == key
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_it_lies_in_the_users_state_folder(_state_of_its_own):
    assert key_file().is_relative_to(_state_of_its_own)


def test_two_who_make_it_at_once_have_the_same(file):
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", PRINT_KEY, str(file)],
            env={"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    keys = {maker.communicate(timeout=60)[0] for maker in makers}
    assert keys == {f"{load_key(file).hex()}\n"}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_one_that_others_can_read_is_refused(file, mode):
    load_key(file)
    file.chmod(mode)
    with pytest.raises(KeyFileError, match="chmod 600"):
        load_key(file)


@pytest.mark.parametrize("cut", [0, 1, 32, 63, 66])
def test_one_that_is_cut_short_is_refused_and_left_as_it_is(file, cut):
    key = load_key(file).hex()
    text = (key + "00" * 8)[:cut]
    file.write_text(text)
    with pytest.raises(KeyFileError, match="cut short") as raised:
        load_key(file)
    assert file.read_text() == text
    assert key[:16] not in str(raised.value)


def test_one_killed_while_it_made_it_is_not_in_the_way(file):
    file.parent.mkdir(parents=True)
    file.with_suffix(".new").write_text("half")
    assert len(load_key(file)) == 32
    assert not file.with_suffix(".new").exists()


def test_a_link_is_not_followed(file, tmp_path):
    file.parent.mkdir(parents=True)
    (tmp_path / "elsewhere").write_text("00" * 32)
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyFileError, match="is a link"):
        load_key(file)


def test_a_folder_in_its_place_is_refused(file):
    file.mkdir(parents=True)
    with pytest.raises(KeyFileError):
        load_key(file)


def test_a_state_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "state").write_text("a file")
    with pytest.raises(KeyFileError, match="make its folder yours"):
        load_key(tmp_path / "state" / "ledger.key")


def test_with_a_bad_key_file_the_ledger_records_and_keeps_no_body(file, path):
    load_key(file)
    file.chmod(0o644)
    with open_ledger(path, clock=now, config=LedgerConfig(), key_path=file) as ledger:
        assert ledger.append(fact(1)).seq == 1
        with pytest.raises(Exception, match="chmod 600"):
            ledger.keep_body(sha256(b"x"), b"x")
        assert "chmod 600" in ledger.stranger


def test_the_settings_say_whether_bodies_are_encrypted(file, path):
    with open_ledger(path, clock=now, config=LedgerConfig(encrypt_bodies=False), key_path=file) as ledger:
        ledger.keep_body(sha256(b"in the open"), b"in the open")
        assert ledger.query("SELECT data FROM bodies") == [(b"in the open",)]
        assert ledger.stranger == ""
