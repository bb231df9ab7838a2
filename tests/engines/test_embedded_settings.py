"""From settings to an embedded engine and to the way its child is started."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b4tui import config
from b4tui.config import ConfigError, EngineConfig, Settings
from b4tui.engines.attestation.pins import Pins
from b4tui.engines.embedded.launch import Launch, launch_for
from b4tui.engines.embedded.opening import physical_cores, windows_for
from b4tui.engines.embedded.tail import LINE_BYTES, LINES, Tail
from b4tui.engines.embedded.weights import Weights
from b4tui.engines.opening import open_engines


def settings(model_file: str, **roles: object) -> Settings:
    return config.load(
        overrides={"engines": {"embedded": {"model_file": model_file}}, "roles": roles}, use_user_file=False
    )


def launch(windows: tuple[int, ...] = (4096, 32768), context: int = 0, **fields: object) -> Launch:
    chosen = EngineConfig.model_validate({"kind": "embedded", **fields})
    weights = Weights(path=Path("/m/x.gguf"), size=1, mtime_ns=2, inode=3, context=context)
    return launch_for(chosen, windows, weights, cores=6)


def test_without_a_model_file_there_is_no_embedded_engine():
    assert "embedded" not in open_engines(settings(""), {})


async def test_with_one_there_is(tmp_path: Path):
    engine = open_engines(settings("/m/x.gguf"), {}, pins=Pins(tmp_path / "pins.json"))["embedded"]
    assert (engine.name, engine.kind, engine.address) == ("embedded", "embedded", "file:///m/x.gguf")
    health = await engine.health()
    assert not health.up
    assert health.reason == "/m/x.gguf is not there: mend engines.embedded.model_file"


def test_a_file_may_be_named_from_the_users_home(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert open_engines(settings("~/x.gguf"), {})["embedded"].address == "file:///home/me/x.gguf"


@pytest.mark.parametrize("text", ["x.gguf", "./x.gguf", "~nobody-of-this-name/x.gguf"])
def test_a_file_that_depends_on_where_one_stands_is_refused(text: str):
    with pytest.raises(ConfigError, match=r"engines\.embedded\.model_file = .* write the whole path"):
        open_engines(settings(text), {})


def test_a_slot_holds_what_the_largest_role_that_may_come_asks_for():
    chosen = settings(
        "/m/x.gguf",
        workhorse={"engine": "ollama", "num_ctx": 65536},
        summarizer={"engine": "embedded", "num_ctx": 8192},
        router={"engine": "auto", "num_ctx": 2048},
    )
    assert sorted(windows_for("embedded", chosen)) == [2048, 8192]
    assert launch(windows_for("embedded", chosen)).window == 8192


def test_an_engine_that_no_role_names_could_still_serve_any_of_them():
    elsewhere = {"engine": "ollama", "num_ctx": 1024}
    chosen = settings("/m/x.gguf", workhorse=elsewhere, summarizer=elsewhere, router=elsewhere)
    assert set(windows_for("embedded", chosen)) == {1024}


def test_each_slot_has_its_window():
    assert (launch().window, launch().slots, launch().context) == (32768, 4, 131072)
    assert (launch(slots=2).slots, launch(slots=2).context) == (2, 65536)


def test_no_slot_is_wider_than_the_model_was_trained_for():
    assert (launch(context=8192).window, launch(context=8192).context) == (8192, 32768)
    assert launch(context=262144).window == 32768


def test_it_computes_on_every_core_unless_told_otherwise():
    assert (launch().threads, launch(threads=3).threads) == (6, 3)
    assert physical_cores() >= 1


def test_the_hash_tells_two_ways_to_start_apart():
    assert launch().digest == launch().digest
    ways = [launch(), launch(slots=2), launch(threads=2), launch(gpu_layers=-1), launch(cache_mib=0), launch((4096,))]
    assert len({way.digest for way in ways}) == len(ways)


@given(st.text(min_size=1), st.integers(1, 2**31))
def test_a_launch_survives_its_way_to_the_child(name: str, window: int):
    way = Launch(model=name, stamp="s", window=window, slots=1, threads=1, gpu_layers=-1, cache_mib=0)
    assert "\n" not in way.as_text()
    assert Launch.from_text(way.as_text()) == way


def test_the_reason_is_the_first_errors_of_the_log():
    tail = Tail()
    tail.add(b"0.00.002.415 W srv init: security: no API key\n0.00.004.124 E gguf: bad mag")
    tail.add(b"ic\n0.00.004.145 E load:  failed\n0.00.004.267 E srv: exiting\n")
    assert tail.reason == "gguf: bad magic; load: failed"


def test_where_no_line_is_an_error_the_last_words_count():
    tail = Tail()
    tail.add(b"one\ntwo\n0.00.002.415 W a warning\nIllegal instruction\n")
    assert tail.reason == "two; Illegal instruction"


@given(st.lists(st.binary(max_size=300)))
def test_a_log_of_any_bytes_takes_bounded_room(parts: list[bytes]):
    tail = Tail()
    for part in parts:
        tail.add(part * 50)
    assert len(tail.reason) <= 2 * LINE_BYTES + 2
    assert len(tail.lines) <= LINES
