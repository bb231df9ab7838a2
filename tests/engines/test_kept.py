"""The second name of a trusted model."""

from __future__ import annotations

import pytest

from b4tui.engines.interface import ModelInfo
from b4tui.engines.ollama.kept import find_digest, is_kept, kept_name


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("qwen3:8b", "b4tui-kept/qwen3:8b"),
        ("me/model:tag", "b4tui-kept/me--model:tag"),
        ("host.example/me/model:tag", "b4tui-kept/host.example--me--model:tag"),
    ],
)
def test_it_has_no_more_parts_than_a_server_takes(name: str, kept: str) -> None:
    assert kept_name(name) == kept
    assert is_kept(kept) and not is_kept(name)


def model(name: str, digest: str, **more: bool) -> ModelInfo:
    return ModelInfo(name=name, digest=digest, **more)


def test_a_model_is_found_by_its_digest_under_another_name() -> None:
    new, other, kept = model("m:1", "new"), model("copy:1", "old"), model("b4tui-kept/m:1", "old")
    assert find_digest("old", (new, other, kept), but="m:1") == kept
    assert find_digest("old", (new, other), but="m:1") == other
    assert find_digest("old", (new,), but="m:1") is None
    assert find_digest("new", (new,), but="m:1") is None


def test_a_remote_model_stands_for_none() -> None:
    assert find_digest("old", (model("x", "old", remote=True),), but="m") is None
