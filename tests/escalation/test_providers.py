"""A provider is https, a public place, a model and a key; what is not is said in words before anything starts."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from b4tui.config import ConfigError, load
from b4tui.escalation.door.places import is_public, parse_place
from b4tui.escalation.door.providers import Provider, open_provider, open_providers
from b4tui.outward_sections import EscalationConfig
from tests.escalation.conftest import KEY_ENV, new_key


def opened(address: str, kind: str = "openai", environ: dict[str, str] | None = None, **changes: str) -> Provider:
    fields = {"kind": kind, "address": address, "model": "m", "key_env": KEY_ENV, **changes}
    return open_provider(
        "sim", EscalationConfig.model_validate(fields), {KEY_ENV: new_key()} if environ is None else environ
    )


def fault(address: str, **changes: str) -> str:
    with pytest.raises(ConfigError) as error:
        opened(address, "openai", None, **changes)
    return str(error.value)


def test_none_are_there_by_default() -> None:
    assert open_providers(load(use_user_file=False), {}) == {}


def test_local_only_opens_none_and_reads_no_key() -> None:
    table = {"sim": {"kind": "openai", "address": "https://api.example.com", "model": "m", "key_env": KEY_ENV}}
    closed = {"escalation": table, "policy": {"escalation": {"local_only": True}}}
    assert open_providers(load(use_user_file=False, overrides=closed), {}) == {}
    with pytest.raises(ConfigError, match=KEY_ENV):
        open_providers(load(use_user_file=False, overrides={"escalation": table}), {})


@pytest.mark.parametrize(
    ("kind", "address", "url"),
    [
        ("anthropic", "https://api.anthropic.com", "https://api.anthropic.com/v1/messages"),
        ("openai", "https://api.openai.com/v1/", "https://api.openai.com/v1/chat/completions"),
        ("openai", "https://openrouter.ai", "https://openrouter.ai/api/v1/chat/completions"),
        ("openai", "https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1/chat/completions"),
        (
            "openai",
            "https://generativelanguage.googleapis.com/v1beta/openai/",
            "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
        ),
        ("openai", "https://vllm.example.org:8443/x/v1", "https://vllm.example.org:8443/x/v1/chat/completions"),
        ("ollama", "https://ollama.com", "https://ollama.com/api/chat"),
        ("ollama", "HTTPS://Ollama.COM/api", "https://ollama.com/api/chat"),
    ],
)
def test_the_address_is_taken_as_the_providers_pages_give_it(kind: str, address: str, url: str) -> None:
    assert opened(address, kind).destination.url == url


def test_a_path_of_its_own_is_taken_as_it_is() -> None:
    assert opened("https://api.example.com", path="/deployments/m/chat").destination.path == "/deployments/m/chat"
    assert "leave /v1 out" in fault("https://api.example.com/v1", path="/chat")
    assert "path" in fault("https://api.example.com", path="/chat/../../admin")
    assert "query" in fault("https://api.example.com", path="/chat?key=1")


@pytest.mark.parametrize(
    "address",
    [
        "http://api.example.com",
        "api.example.com",
        "ftp://api.example.com",
        "https://user@api.example.com",
        "https://user:word@api.example.com",
        "https://api.example.com?x=1",
        "https://api.example.com/#x",
        "https://",
        "https://api.example.com:0",
        "https://api.example.com:70000",
        "https://api.example.com:8o",
        "https://api example.com",
        "https://exämple.com",
        "https://[api.example.com]",
        "https://127.1",
        "https://0x7f.1",
        "https://2130706433",
        "https://api.example.com/a b",
        "https://api.example.com/../x",
    ],
)
def test_an_address_that_is_no_such_place_is_refused(address: str) -> None:
    assert fault(address).startswith("escalation.sim.address: ")


PRIVATE = [
    "localhost",
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "[::1]",
    "[fd00::1]",
    "[fe80::1]",
    "[::ffff:10.0.0.1]",
    "[2002:a00:1::]",
]


@pytest.mark.parametrize("host", PRIVATE)
def test_a_private_network_needs_an_authority_of_its_own(host: str, ca_file: Path) -> None:
    assert "ca_file" in fault(f"https://{host}:8443")
    assert opened(f"https://{host}:8443", ca_file=str(ca_file)).private


def test_what_is_public_is_told_from_what_is_not() -> None:
    assert is_public("8.8.8.8") and is_public("2606:4700::1111")
    assert not any(is_public(ip) for ip in ("224.0.0.1", "255.255.255.255", "::", "fe80::1%eth0", "", "name"))
    assert parse_place("https://8.8.8.8", private=False).port == 443


def test_an_authority_must_be_there_and_be_one(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    assert "PEM" in fault("https://api.example.com", ca_file=str(empty))
    assert "No such file" in fault("https://api.example.com", ca_file=str(tmp_path / "absent"))


@pytest.mark.parametrize("model", ["", "  ", "m\n", "m" * 300])
def test_a_model_has_a_name(model: str) -> None:
    assert "model" in fault("https://api.example.com", model=model)


def test_tls_is_at_least_1_2_and_checks_the_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secrets_of_sessions = tmp_path / "keys.log"
    monkeypatch.setenv("SSLKEYLOGFILE", str(secrets_of_sessions))
    trust = opened("https://api.example.com").trust
    assert trust.check_hostname and trust.verify_mode is ssl.CERT_REQUIRED
    assert trust.minimum_version is ssl.TLSVersion.TLSv1_2
    assert trust.keylog_filename is None


def test_a_provider_shows_no_key() -> None:
    key = new_key()
    assert key not in repr(opened("https://api.example.com", environ={KEY_ENV: key}))
