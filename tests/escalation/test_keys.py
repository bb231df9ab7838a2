"""API keys come from the environment or a file of one's own, and no object, error or copy shows one."""

from __future__ import annotations

import copy
import os
import pickle
from pathlib import Path

import pytest

from b4tui.config import ConfigError
from b4tui.escalation.door.keys import ApiKey, find_key
from tests.escalation.conftest import new_key


def fault(key_env: str = "", key_file: str = "", environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as error:
        find_key("sim", key_env, key_file, environ or {})
    assert error.value.__cause__ is None
    return str(error.value)


def key_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "key"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_it_is_read_from_the_variable_that_is_named() -> None:
    key = new_key()
    assert find_key("sim", "CLOUD_KEY", "", {"CLOUD_KEY": f" {key}\n"}).reveal() == key


def test_it_is_read_from_a_file_that_only_its_owner_may_read(tmp_path: Path) -> None:
    key = new_key()
    assert find_key("sim", "", str(key_file(tmp_path, key + "\n")), {}).reveal() == key


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_file_that_others_may_read_or_write_is_refused(tmp_path: Path, mode: int) -> None:
    key = new_key()
    words = fault(key_file=str(key_file(tmp_path, key, mode)))
    assert "chmod 600" in words and f"{mode:04o}" in words and key not in words


def test_a_file_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = key_file(tmp_path, new_key())
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    assert "belongs to another user" in fault(key_file=str(path))


def test_what_is_no_regular_file_is_refused_and_does_not_block(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    assert "not a regular file" in fault(key_file=str(pipe))
    assert "cannot be read" in fault(key_file=str(tmp_path / "absent"))


def test_a_large_file_is_no_key(tmp_path: Path) -> None:
    assert "no API key" in fault(key_file=str(key_file(tmp_path, "k" * 5000)))


@pytest.mark.parametrize(
    "wrong", ["short", "with a space in it", "with\nline", "schlüssel-schlüssel", "\x1b[31mred-red"]
)
def test_what_cannot_stand_in_a_header_is_no_key_and_is_not_quoted(wrong: str) -> None:
    words = fault(key_env="CLOUD_KEY", environ={"CLOUD_KEY": wrong})
    assert words.startswith("escalation.sim.key_env: ") and wrong not in words


def test_one_source_must_be_named_and_hold_something() -> None:
    assert "neither of key_env and key_file" in fault()
    assert "both of key_env and key_file" in fault(key_env="A", key_file="b")
    assert "CLOUD_KEY is not set" in fault(key_env="CLOUD_KEY")


def test_a_key_in_the_place_of_its_name_is_not_repeated() -> None:
    value = new_key()
    for words in (fault(key_env=value), fault(key_file=value)):
        assert value not in words and "not the key" in words


@pytest.mark.parametrize("path", ["~nobody-of-that-name/key", "/a\0b"])
def test_what_is_no_path_is_said(path: str) -> None:
    assert "no path of a file" in fault(key_file=path)


def test_nothing_shows_it() -> None:
    value = new_key()
    key = ApiKey(value)
    for shown in (repr(key), str(key), f"{key}", f"{[key]}", repr(dir(key))):
        assert value not in shown
    assert not hasattr(key, "__dict__")


def test_it_is_not_copied_and_not_stored() -> None:
    key = ApiKey(new_key())
    for way in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="not copied"):
            way(key)


def test_it_is_taken_out_of_what_others_say() -> None:
    value = new_key()
    key = ApiKey(value)
    said = f"key {value} is wrong"
    assert value not in key.scrubbed(said)
    masked = key.masked(said.encode())
    assert value.encode() not in masked and len(masked) == len(said)
