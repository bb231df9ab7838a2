"""`demo_world` is whole, and leaves nothing behind."""

from __future__ import annotations

import httpx
import pytest

from b4tui.config import load
from b4tui.demo.run import demo_world
from b4tui.engines.dispatch.placement import candidates
from b4tui.engines.opening import open_engines
from tests.plain_http import PLAIN


async def test_settings_hub_and_server_belong_together():
    async with demo_world(speed=0) as world:
        assert {engine.address for engine in world.settings.engines.values()} == {world.server.address}
        assert (world.hub / ".beads" / "issues.jsonl").is_file()
        async with httpx.AsyncClient(**PLAIN) as http:
            listed = (await http.get(f"{world.server.address}/api/tags")).json()["models"]
        assert {role.model for role in world.settings.roles.values()} <= {model["name"] for model in listed}


async def test_everything_is_gone_at_the_end_even_after_an_error():
    with pytest.raises(RuntimeError, match="on purpose"):
        async with demo_world(speed=0) as world:
            raise RuntimeError("on purpose")
    assert not world.hub.exists()
    async with httpx.AsyncClient(**PLAIN) as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(world.server.address)


async def test_no_engine_of_the_operators_is_ever_asked(monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", "elsewhere.invalid")
    monkeypatch.setenv("B4TUI_ENGINES__OLLAMA__ADDRESS", "http://elsewhere.invalid")
    monkeypatch.setenv("B4TUI_ENGINES__SECOND__ADDRESS", "http://elsewhere.invalid")
    monkeypatch.setenv("B4TUI_ENGINES__EMBEDDED__MODEL_FILE", "/elsewhere/m.gguf")
    monkeypatch.setenv("B4TUI_ROLES__WORKHORSE__ENGINE", "second")
    async with demo_world(speed=0) as world:
        engines = open_engines(world.settings, pins=world.pins)
        assert [(name, engine.address) for name, engine in engines.items()] == [("ollama", world.server.address)]
        for role in world.settings.roles.values():
            assert candidates(world.settings, engines, role) == ("ollama",)


async def test_a_model_of_the_operators_own_is_served_as_well(monkeypatch):
    monkeypatch.setenv("B4TUI_ROLES__WORKHORSE__MODEL", "tiny")
    async with demo_world(speed=0) as world, httpx.AsyncClient(**PLAIN) as http:
        answer = await http.post(f"{world.server.address}/api/chat", json={"model": "tiny", "messages": []})
        assert answer.status_code == 200


async def test_the_rest_of_the_settings_are_the_built_in_ones(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "b4tui").mkdir()
    (tmp_path / "b4tui" / "config.toml").write_text("not TOML at all [", encoding="utf-8")
    async with demo_world(speed=0, overrides={"policy": {"limits": {"steps": 7}}}) as world:
        assert world.settings.policy.limits.steps == 7
        assert world.settings.roles == load(use_user_file=False).roles


@pytest.mark.parametrize("speed", [-1.0, float("nan")])
async def test_a_speed_that_is_none_is_refused(speed):
    with pytest.raises(ValueError, match="speed"):
        async with demo_world(speed=speed):
            raise AssertionError("never entered")
