"""The file of values that the operator called public: theirs alone, whole, and closed to everything in doubt."""

import hashlib
import threading
from pathlib import Path

import pytest

from b4tui.gate.policy.public_values import PublicValue, add_public_value, read_public_values
from b4tui.gate.types import GateError


def a_value(text: str = "tide", rule: str = "email") -> PublicValue:
    return PublicValue(rule=rule, value_sha256=hashlib.sha256(text.encode()).hexdigest(), note="public")


def test_without_a_file_nothing_is_public(tmp_path: Path) -> None:
    assert read_public_values(tmp_path / "none" / "public.json") == ()


def test_what_is_added_is_kept_once_for_its_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "public.json"
    for value in (a_value(), a_value("ebb"), a_value()):
        add_public_value(path, value)
    assert read_public_values(path) == (a_value(), a_value("ebb"))
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o606])
def test_a_file_that_others_can_touch_closes_the_gate(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "public.json"
    add_public_value(path, a_value())
    path.chmod(mode)
    with pytest.raises(GateError, match="chmod 600"):
        read_public_values(path)
    with pytest.raises(GateError):
        add_public_value(path, a_value("ebb"))


@pytest.mark.parametrize(
    "text", ["", "{}", '[{"rule": "email"}]', '[{"rule": "", "value_sha256": "tide"}]', "[1]", "[["]
)
def test_a_file_of_another_shape_closes_the_gate(tmp_path: Path, text: str) -> None:
    path = tmp_path / "public.json"
    path.touch(mode=0o600)
    path.write_text(text)
    with pytest.raises(GateError, match="remove it"):
        read_public_values(path)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    add_public_value(tmp_path / "elsewhere.json", a_value())
    (tmp_path / "public.json").symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(GateError):
        read_public_values(tmp_path / "public.json")


def test_a_value_itself_is_not_taken_for_a_hash(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="SHA-256"):
        add_public_value(tmp_path / "public.json", PublicValue(rule="", value_sha256="tide"))


def test_several_at_once_lose_nothing(tmp_path: Path) -> None:
    values = [a_value(f"tide {number}") for number in range(6)]
    threads = [threading.Thread(target=add_public_value, args=(tmp_path / "public.json", value)) for value in values]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(read_public_values(tmp_path / "public.json")) == set(values)
