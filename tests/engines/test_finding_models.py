"""Which of a server's models a name in the settings means."""

from __future__ import annotations

import pytest

from b4tui.engines.interface import ModelInfo
from b4tui.engines.names import find_model, same_model

MODELS = (
    ModelInfo(name="qwen3:8b"),
    ModelInfo(name="tiny:latest"),
    ModelInfo(name="hf.co/Some/Model-GGUF:Q4_K_M"),
    ModelInfo(name="alias:latest", remote=True),
)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("qwen3:8b", "qwen3:8b"),
        ("Qwen3:8B", "qwen3:8b"),
        ("library/qwen3:8b", "qwen3:8b"),
        ("registry.ollama.ai/library/qwen3:8b", "qwen3:8b"),
        ("qwen3:8b:local", "qwen3:8b"),
        ("tiny", "tiny:latest"),
        ("tiny:local", "tiny:latest"),
        ("hf.co/some/model-gguf:q4_k_m", "hf.co/Some/Model-GGUF:Q4_K_M"),
        ("qwen3", None),
        ("qwen3:8", None),
        ("", None),
    ],
)
def test_a_name_means_the_model_that_ollama_would_take(name: str, found: str | None) -> None:
    model = find_model(name, MODELS)
    assert (model.name if model else None) == found


@pytest.mark.parametrize("name", ["alias", "ALIAS:latest", "alias:local", "library/alias"])
def test_every_spelling_of_a_remote_alias_finds_it(name: str) -> None:
    model = find_model(name, MODELS)
    assert model is not None and model.remote
    assert same_model(name, "alias")
