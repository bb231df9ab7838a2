"""What a GGUF file says of its model: enough to know its window before anything is started."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b4tui.engines.embedded.header import trained_context
from tests.engines.own_engine import House


def text(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value


def pair(key: str, kind: int, value: bytes) -> bytes:
    return text(key.encode()) + struct.pack("<I", kind) + value


def head(*pairs: bytes, version: int = 3, count: int | None = None) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, 7, len(pairs) if count is None else count) + b"".join(pairs)


QWEN = pair("general.architecture", 8, text(b"qwen3"))
WINDOW = pair("qwen3.context_length", 4, struct.pack("<I", 40960))
BETWEEN = (
    pair("general.tags", 9, struct.pack("<IQ", 8, 2) + text(b"a") + text(b"bc")),
    pair("general.sizes", 9, struct.pack("<IQ", 5, 3) + struct.pack("<3i", 1, 2, 3)),
    pair("general.quantized", 7, b"\1"),
    pair("general.scale", 12, struct.pack("<d", 0.5)),
)


@pytest.mark.parametrize("version", [2, 3])
def test_the_window_stands_under_the_name_of_the_architecture(version: int):
    other = pair("llama.context_length", 4, struct.pack("<I", 2048))
    assert trained_context(head(QWEN, other, *BETWEEN, WINDOW, version=version)) == 40960
    assert trained_context(head(WINDOW, QWEN, version=version)) == 40960


def test_wide_numbers_are_read_too():
    assert trained_context(head(QWEN, pair("qwen3.context_length", 10, struct.pack("<Q", 2**20)))) == 2**20


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GGUF",
        head(),
        head(QWEN),
        head(WINDOW),
        head(QWEN, WINDOW, version=1),
        head(QWEN, WINDOW)[:-1],
        head(QWEN, pair("qwen3.context_length", 8, text(b"many"))),
        head(QWEN, pair("qwen3.context_length", 5, struct.pack("<i", -1))),
        head(pair("x", 99, b""), QWEN, WINDOW),
        head(pair("x", 9, struct.pack("<IQ", 8, 2**63)), QWEN, WINDOW),
        head(pair("x", 9, struct.pack("<IQ", 4, 2**63)), QWEN, WINDOW),
        head(pair("x", 9, struct.pack("<IQ", 9, 1)), QWEN, WINDOW),
        head(struct.pack("<Q", 2**64 - 1), QWEN),
        head(count=2**63),
    ],
)
def test_what_is_not_said_is_not_guessed(said: bytes):
    assert trained_context(said) == 0


@given(st.binary(max_size=400))
def test_no_bytes_are_too_strange(data: bytes):
    assert trained_context(data) >= 0
    assert trained_context(b"GGUF\3\0\0\0" + data) >= 0


async def test_a_window_beyond_what_the_model_was_trained_for_is_cut_to_it(house: House, tiny_weights: Path):
    engine = house.engine(tiny_weights, window=32768)
    (model,) = await engine.models()
    assert model.context == 4096  # research/runtime.md 5: the tiny model's own
