"""Where a model server is, and whether prompts may go there."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b4tui.config import ConfigError, EngineConfig, EngineKind, load
from b4tui.engines.address import AddressError, engine_address, is_this_machine, parse_address
from b4tui.engines.names import is_cloud_name
from b4tui.engines.opening import open_engines


def address_of(config: str = "", host: str | None = None, pinned: bool = False) -> str:
    environ = {} if host is None else {"OLLAMA_HOST": host}
    return engine_address("ollama", EngineConfig(address=config, pinned=pinned), environ).url


class TestWhichAddress:
    def test_this_machine_when_nothing_is_said(self) -> None:
        assert address_of() == "http://127.0.0.1:11434"

    @pytest.mark.parametrize("empty", ["", "  ", '""'])
    def test_an_empty_variable_says_nothing(self, empty: str) -> None:
        assert address_of(host=empty) == "http://127.0.0.1:11434"

    def test_the_settings_win_over_the_variable(self) -> None:
        assert address_of("127.0.0.1:1234", host=":5678") == "http://127.0.0.1:1234"

    @pytest.mark.parametrize(
        ("written", "url"),
        [
            ("127.0.0.1", "http://127.0.0.1:11434"),
            ("localhost", "http://localhost:11434"),
            ("LOCALHOST.", "http://localhost:11434"),
            ("127.0.0.1:56789", "http://127.0.0.1:56789"),
            (":56789", "http://127.0.0.1:56789"),
            ("http://127.0.0.1", "http://127.0.0.1:80"),
            ("HTTP://127.0.0.1:56789/", "http://127.0.0.1:56789"),
            ("https://127.0.0.1", "https://127.0.0.1:443"),
            ("127.0.0.1:56789/proxy/", "http://127.0.0.1:56789/proxy"),
            ("0.0.0.0", "http://127.0.0.1:11434"),
            ("0.0.0.0:56789", "http://127.0.0.1:56789"),
            ("http://0.0.0.0:56789", "http://127.0.0.1:56789"),
            ("::", "http://[::1]:11434"),
            ("[::]:56789", "http://[::1]:56789"),
            ("::1", "http://[::1]:11434"),
            ("[::1]", "http://[::1]:11434"),
            ("http://[::1]:56789", "http://[::1]:56789"),
            ("[0:0::1]:56789", "http://[::1]:56789"),
            ("::ffff:127.0.0.1", "http://127.0.0.1:11434"),
            (" '127.0.0.1:56789' ", "http://127.0.0.1:56789"),
            ("127.8.8.8", "http://127.8.8.8:11434"),
        ],
    )
    def test_every_shape_that_ollama_reads(self, written: str, url: str) -> None:
        assert address_of(host=written) == url
        assert address_of(written) == url

    @pytest.mark.parametrize(
        "written",
        [
            "127.0.0.1:0",
            "127.0.0.1:65536",
            "127.0.0.1:http",
            "127.0.0.1:-1",
            "127.0.0.1:²",
            "ftp://127.0.0.1",
            "http://user:pass@127.0.0.1",
            "127.0.0.1?x",
            "127.0.0.1#x",
            "127.0.0.1/v1",
            "http://127.0.0.1:11434/api/",
            "a b",
            "exa\nmple",
            "ex%61mple",
            "fe80::1%eth0",
            "bücher.example",
            "::1:2:3:4:5:6:7:8:9",
        ],
    )
    def test_what_cannot_be_read_is_refused_with_an_example(self, written: str) -> None:
        with pytest.raises(AddressError, match="OLLAMA_HOST") as error:
            address_of(host=written)
        assert "http://127.0.0.1:11434" in str(error.value)

    @given(st.text(max_size=40))
    def test_any_text_is_an_address_or_a_reason(self, text: str) -> None:
        try:
            address = parse_address(text)
        except ValueError as error:
            assert str(error)
        else:
            assert parse_address(address.url) == address


class TestWhereItMayBe:
    @pytest.mark.parametrize(
        "host", ["192.168.1.5", "box:11434", "http://[fd00::1]:11434", "127.0.0.1.example", "2130706433"]
    )
    def test_another_machine_only_when_the_operator_pins_it(self, host: str) -> None:
        with pytest.raises(AddressError, match=r"pinned = true") as error:
            address_of(host=host)
        assert "engines.ollama" in str(error.value)
        assert address_of(host, pinned=True).startswith("http")

    def test_a_pin_without_an_address_is_no_word_for_what_a_variable_says(self) -> None:
        with pytest.raises(AddressError, match=r'write both address = "http://box:11434" and pinned = true'):
            address_of(host="box", pinned=True)
        assert address_of(host="127.0.0.1", pinned=True) == "http://127.0.0.1:11434"

    @pytest.mark.parametrize(
        "host", ["ollama.com", "https://OLLAMA.com", "https://api.ollama.com:443", "ollama.com.", "api.openai.com"]
    )
    @pytest.mark.parametrize("pinned", [False, True])
    def test_a_cloud_never(self, host: str, pinned: bool) -> None:
        with pytest.raises(AddressError, match="cloud service"):
            address_of(host, pinned=pinned)

    def test_a_refusal_is_an_error_of_the_settings(self) -> None:
        settings = load(use_user_file=False, overrides={"engines": {"ollama": {"address": "https://ollama.com"}}})
        with pytest.raises(ConfigError, match=r"engines\.ollama\.address"):
            open_engines(settings, {})

    def test_every_engine_of_the_settings_is_opened(self) -> None:
        settings = load(use_user_file=False, overrides={"engines": {"second": {"address": ":2345"}}})
        engines = open_engines(settings, {"OLLAMA_HOST": ":1234"})
        assert {name: engine.address for name, engine in engines.items()} == {
            "ollama": "http://127.0.0.1:1234",
            "second": "http://127.0.0.1:2345",
        }


@pytest.mark.parametrize(
    ("ip", "here"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("192.168.1.5", False),
        ("::ffff:192.168.1.5", False),
        ("fe80::1%eth0", False),
        ("localhost", False),
        ("", False),
    ],
)
def test_only_loopback_leads_nowhere_but_here(ip: str, here: bool) -> None:
    assert is_this_machine(ip) is here


class TestOtherKinds:
    @pytest.mark.parametrize(
        ("kind", "url"),
        [
            ("vllm", "http://127.0.0.1:8000"),
            ("openai", "http://127.0.0.1:8000"),
            ("llama-server", "http://127.0.0.1:8080"),
            ("localai", "http://127.0.0.1:8080"),
        ],
    )
    def test_listen_where_they_do_by_themselves(self, kind: EngineKind, url: str) -> None:
        assert engine_address("x", EngineConfig(kind=kind, address="127.0.0.1"), {}).url == url
        with pytest.raises(AddressError, match=f"engines.x.address is empty.*{url}"):
            engine_address("x", EngineConfig(kind=kind), {"OLLAMA_HOST": "127.0.0.1:11434"})

    @pytest.mark.parametrize("address", ["https://api.openai.com", "openrouter.ai"])
    def test_are_never_a_cloud(self, address: str) -> None:
        with pytest.raises(AddressError, match="cloud service"):
            engine_address("x", EngineConfig(kind="openai", address=address, pinned=True), {})

    def test_are_written_without_their_version(self) -> None:
        with pytest.raises(AddressError, match="leave out /v1"):
            engine_address("x", EngineConfig(kind="openai", address="http://127.0.0.1:8000/v1"), {})

    def test_are_opened_like_any(self) -> None:
        engines = {"there": {"kind": "vllm", "address": "127.0.0.1:1"}}
        opened = open_engines(load(use_user_file=False, overrides={"engines": engines}), {})
        assert (opened["there"].kind, opened["there"].address) == ("vllm", "http://127.0.0.1:1")


class TestNamesOfModels:
    @pytest.mark.parametrize(
        "name",
        [
            "x:cloud",
            "x:CLOUD",
            "x:20b-cloud",
            "x:20b:cloud",
            "x:cloud:local",
            "x-Cloud",
            "x: cloud ",
            "a/b:20b-cloud:local",
        ],
    )
    def test_that_mean_the_cloud(self, name: str) -> None:
        assert is_cloud_name(name)

    @pytest.mark.parametrize(
        "name", ["x", "x:latest", "cloud", "cloudy:7b", "nimbus/cloud-coder:7b", "x:local", "x:cloudy", "", ":"]
    )
    def test_that_do_not(self, name: str) -> None:
        assert not is_cloud_name(name)


def test_opening_engines_loads_no_http_library() -> None:
    code = (
        "import sys; from b4tui.config import load; from b4tui.engines.opening import open_engines; "
        "open_engines(load(use_user_file=False), {}); "
        "print([name for name in ('httpx', 'ollama', 'textual') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ), check=True)
    assert ran.stdout.strip() == "[]"
