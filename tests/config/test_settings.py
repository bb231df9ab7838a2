"""Settings: built-in < user < hub < --config < environment < flags; a mistake is named, never ignored."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from b4tui import config
from b4tui.config import ConfigError


@pytest.fixture(autouse=True)
def no_settings_of_this_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(config, "user_file", lambda: tmp_path / "user.toml")
    for name in list(__import__("os").environ):
        if name.startswith("B4TUI_"):
            monkeypatch.delenv(name)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_the_built_in_file_alone_is_a_whole_configuration() -> None:
    settings = config.load()
    assert set(settings.agents) == {"codemonkey", "pltops", "romanov", "brenner", "brew"}
    assert settings.roles["workhorse"].num_ctx == 32768
    assert settings.policy.sandbox == "auto"


def test_each_layer_wins_over_the_one_below(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    hub.mkdir()

    def model() -> str:
        return config.load(hub=hub, config_file=extra).roles["workhorse"].model

    extra: Path | None = None
    write(tmp_path / "user.toml", '[roles.workhorse]\nmodel = "user"')
    assert model() == "user"
    write(hub / "b4tui.toml", '[roles.workhorse]\nmodel = "hub"')
    assert model() == "hub"
    extra = write(tmp_path / "extra.toml", '[roles.workhorse]\nmodel = "extra"')
    assert model() == "extra"
    monkeypatch.setenv("B4TUI_ROLES__WORKHORSE__MODEL", "environment")
    assert model() == "environment"
    flags = {"roles": {"workhorse": {"model": "flag"}}}
    assert config.load(hub=hub, config_file=extra, overrides=flags).roles["workhorse"].model == "flag"


def test_a_layer_changes_only_the_keys_it_names(tmp_path: Path) -> None:
    write(tmp_path / "user.toml", '[roles.workhorse]\nmodel = "other"')
    role = config.load().roles["workhorse"]
    assert (role.model, role.num_ctx) == ("other", 32768)


def test_the_environment_reads_numbers_flags_and_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("B4TUI_POLICY__LIMITS__STEPS", "7")
    monkeypatch.setenv("B4TUI_TELEMETRY__GPU", "false")
    monkeypatch.setenv("B4TUI_AGENTS__BREW__TOOLS", '["read", "finish"]')
    settings = config.load()
    assert settings.policy.limits.steps == 7
    assert not settings.telemetry.gpu
    assert settings.agents["brew"].tools == ("read", "finish")


@pytest.mark.parametrize("section", ["engines.ollama", "policy", "telemetry"])
def test_a_hub_may_not_say_where_engines_are_or_what_is_allowed(section: str, tmp_path: Path) -> None:
    write(tmp_path / "b4tui.toml", f"[{section}]\n")
    with pytest.raises(ConfigError, match="a hub may not set"):
        config.load(hub=tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[tui]\nthem = 'x'", "tui.them: no such setting"),
        ("[policy.limits]\nsteps = 0", "policy.limits.steps"),
        ("[policy.limits]\nsteps = 'many'", "policy.limits.steps"),
        ("nonsense", "not valid TOML"),
        ("[engines.x]\nkind = 'cloud'", "engines.x.kind"),
        ("[agents.brew]\nrole = 'baker'", r"agents.brew.role: there is no role 'baker'; there are router, summarizer"),
        (
            "[roles.router]\nengine = 'vllm'",
            "roles.router.engine: there is no engine 'vllm'; there are embedded, ollama",
        ),
        ("[routing]\nfallback = 'nobody'", "routing.fallback: there is no agent 'nobody'; there are brenner, brew"),
        ("[agents.'../x']\nname = 'X'", r"agents\.\.\./x.*should match pattern"),
        ("[agents.Upper]\nname = 'Upper'", r"agents\.Upper.*should match pattern"),
    ],
)
def test_a_mistake_is_named_with_its_key(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=words):
        config.load(config_file=write(tmp_path / "x.toml", text))


def test_a_file_that_is_no_text_is_an_error_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"x\.toml: not valid TOML"):
        config.load(config_file=tmp_path / "x.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        config.load(config_file=tmp_path / "absent.toml")


def test_settings_cannot_be_changed_after_they_were_read() -> None:
    with pytest.raises(ValidationError):
        config.load().tui.theme = "other"  # type: ignore[misc]


def test_every_agents_role_and_every_roles_engine_exist() -> None:
    settings = config.load()
    assert {agent.role for agent in settings.agents.values()} <= set(settings.roles)
    assert {role.engine for role in settings.roles.values()} <= {*settings.engines, config.AUTO}


@pytest.mark.parametrize(
    "option", ['api_base = "https://elsewhere.invalid"', 'kv_transfer_params = { remote_host = "x" }', "fallbacks = []"]
)
def test_a_hub_may_not_set_options_that_a_server_may_take_for_where_a_prompt_goes(option: str, tmp_path: Path) -> None:
    (tmp_path / "b4tui.toml").write_text(f"[roles.workhorse.options]\ntop_p = 0.9\n{option}\n")
    with pytest.raises(ConfigError, match=rf"roles\.workhorse\.options: .*not {option.split()[0]}\."):
        config.load(hub=tmp_path)
    operators = tmp_path / "mine.toml"
    (tmp_path / "b4tui.toml").rename(operators)
    assert len(config.load(config_file=operators).roles["workhorse"].options) == 2


def test_a_hub_may_set_how_a_model_is_loaded_and_sampled(tmp_path: Path) -> None:
    (tmp_path / "b4tui.toml").write_text("[roles.workhorse.options]\ntop_p = 0.9\nnum_gpu = 0\nstop = ['x']\n")
    assert config.load(hub=tmp_path).roles["workhorse"].options["num_gpu"] == 0
