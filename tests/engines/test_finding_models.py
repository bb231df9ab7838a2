"""Which of a server's models a name in the settings means."""

from __future__ import annotations

import pytest

from b4tui.engines.interface import ModelInfo
from b4tui.engines.names import find_model, is_row_of, same_model

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


@pytest.mark.parametrize(
    "name", ["registry.ollama.ai/tiny", "library/some/tiny", "some/tiny", "registry.ollama.ai/some/tiny"]
)
def test_a_default_counts_only_in_the_place_where_a_server_puts_it(name: str) -> None:
    """`registry.ollama.ai/tiny` is a model of an owner by that name, and no `tiny`."""
    assert not same_model(name, "tiny")


def test_an_owner_is_the_same_with_and_without_the_default_registry() -> None:
    assert same_model("registry.ollama.ai/some/tiny", "some/tiny:latest")


def test_a_listed_model_whose_tag_is_local_is_not_the_one_that_its_name_leads_to() -> None:
    """A copy may be made under such a name, and is listed; `tiny:local` goes on to mean `tiny:latest`."""
    assert not is_row_of("tiny:local", "tiny")
    assert not is_row_of("tiny:local", "tiny:local")
    assert is_row_of("tiny:latest", "tiny:local")
    assert is_row_of("library/tiny:latest", "TINY")
    assert not is_row_of("", "")
