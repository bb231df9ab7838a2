"""Which engine a role's model is on."""

from __future__ import annotations

from typing import Any

from b4tui.config import Settings, load
from b4tui.engines.attestation.pins import Pins
from b4tui.engines.interface import Engine, ModelInfo
from b4tui.engines.opening import open_engines
from b4tui.runtime.role_models import RolePlace, names_on, place_role, roles_of

BIG, SMALL = ModelInfo(name="qwen3-coder-next:latest"), ModelInfo(name="qwen3:8b")


def settings(**engines: dict[str, Any]) -> Settings:
    """The built-in settings with these engines beside or over the built-in ones."""
    return load(use_user_file=False, overrides={"engines": engines})


def opened(chosen: Settings) -> dict[str, Engine]:
    return open_engines(chosen, {}, pins=Pins(None))


def place(chosen: Settings, role: str = "workhorse", **stock: tuple[ModelInfo, ...]) -> RolePlace:
    return place_role(chosen, opened(chosen), role, stock)


def test_the_first_engine_in_order_that_has_the_model() -> None:
    chosen = settings(second={"order": 5})
    assert place(chosen, ollama=(SMALL,), second=(BIG,)).engine == "second"
    assert place(chosen, ollama=(BIG,), second=(BIG,)).engine == "ollama"


def test_an_engine_without_an_order_is_for_roles_that_name_it() -> None:
    chosen = settings(second={"order": 0})
    assert place(chosen, ollama=(), second=(BIG,)).info is None
    named = chosen.model_copy(
        update={
            "roles": chosen.roles | {"workhorse": chosen.roles["workhorse"].model_copy(update={"engine": "second"})}
        }
    )
    assert place(named, ollama=(BIG,), second=(BIG,)).engine == "second"


def test_a_model_that_nobody_has_belongs_to_the_first_engine_that_answers() -> None:
    chosen = settings(second={"order": 5})
    assert place(chosen, second=()) == RolePlace(
        role="workhorse", engine="second", name="qwen3-coder-next:latest", info=None
    )
    assert place(chosen).engine == "ollama"


def test_an_embedded_engine_serves_its_one_file_under_every_name() -> None:
    chosen = settings(embedded={"model_file": "/models/m.gguf"})
    file = ModelInfo(name="m.gguf")
    found = place(chosen, ollama=(), embedded=(file,))
    assert (found.engine, found.name, found.info) == ("embedded", "m.gguf", file)
    assert roles_of(chosen, opened(chosen), "embedded", "m.gguf", {"embedded": (file,)}) == (
        "router",
        "workhorse",
        "summarizer",
    )


def test_a_model_may_have_another_name_on_an_engine() -> None:
    mapped = {"models": {"qwen3-coder-next:latest": "Qwen/Coder"}}
    theirs = ModelInfo(name="Qwen/Coder")
    chosen = settings(ollama=mapped)
    assert place(chosen, ollama=(theirs,)).name == "Qwen/Coder"
    assert place(chosen, ollama=(BIG,)).info is None
    # An OpenAI-compatible engine lists its models by the names that the settings give them.
    served = settings(vllm={"kind": "vllm", "address": "http://127.0.0.1:8000", "order": 1, **mapped})
    assert place(served, vllm=(BIG,)).info == BIG


def test_roles_of_a_model_are_those_it_is_computed_for_here() -> None:
    chosen = settings(second={"order": 5})
    stock = {"ollama": (BIG,), "second": (BIG, SMALL)}
    assert roles_of(chosen, opened(chosen), "ollama", BIG.name, stock) == ("workhorse",)
    assert roles_of(chosen, opened(chosen), "second", BIG.name, stock) == ()
    assert roles_of(chosen, opened(chosen), "second", SMALL.name, stock) == ("summarizer",)


def test_the_names_that_a_model_may_be_pinned_under_need_no_server() -> None:
    chosen = settings(ollama={"models": {"m": "theirs"}}, embedded={"model_file": "/models/m.gguf"})
    engines = opened(chosen)
    assert names_on(chosen, engines["ollama"], "m") == ("m", "theirs")
    assert names_on(chosen, engines["ollama"], "n") == ("n",)
    assert names_on(chosen, engines["embedded"], "anything") == ("m.gguf",)
