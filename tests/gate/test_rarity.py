"""Bits a character: what looks made, and what looks written."""

from __future__ import annotations

from pathlib import Path

import pytest

from b4tui.gate import rarity as module
from b4tui.gate.rarity import rarity
from b4tui.gate.rulebook.examples import expand
from b4tui.gate.types import GateError


@pytest.mark.parametrize("seed", range(20))
def test_random_strings_are_rarer_than_names(seed: int) -> None:
    made = rarity(expand("{alnum:24}", seed))
    assert all(rarity(written) < 4.6 < made for written in ("authentication_provider", "test_the_header", "container"))


def test_nothing_has_no_bits() -> None:
    assert rarity("") == 0.0


def test_characters_of_other_scripts_are_counted() -> None:
    assert rarity("пароль") > 0


def test_a_damaged_table_closes_the_gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = tmp_path / "rarity.json"
    damaged.write_text('{"alphabet": "abc", "bits": [[1]]}')
    monkeypatch.setattr(module, "TABLE", damaged)
    module._bits.cache_clear()
    try:
        with pytest.raises(GateError, match="install b4tui again"):
            rarity("x")
        monkeypatch.setattr(module, "TABLE", tmp_path / "nowhere")
        with pytest.raises(GateError, match="cannot be read"):
            rarity("x")
    finally:
        module._bits.cache_clear()
