"""The server's own errors: which kind they are, and that the words say what to do."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b4tui.engines import errors
from b4tui.engines.interface import Proof
from b4tui.engines.lines import LineDecoder, LineTooLong
from b4tui.engines.reading import error_text
from b4tui.engines.types import Failure, FailureKind, Text
from tests.engines.conftest import answers, engine_for, lines, said, scripted

OVERFLOW = {
    "code": 400,
    "message": "request (25017 tokens) exceeds the available context size (512 tokens)",
    "type": "exceed_context_size_error",
    "n_prompt_tokens": 25017,
    "n_ctx": 512,
}

BEFORE_THE_STREAM = [
    (400, json.dumps({"error": OVERFLOW}), FailureKind.OVERFLOW, "num_ctx"),
    (400, "the input length exceeds the context length", FailureKind.OVERFLOW, "num_ctx"),
    (400, "the prompt is longer than the context length of the model", FailureKind.OVERFLOW, "num_ctx"),
    (400, '"tiny" does not support thinking', FailureKind.REFUSED, "think = false"),
    (400, '"tiny" does not support tools', FailureKind.REFUSED, "choose another"),
    (400, "this server cannot run this remote model", FailureKind.REMOTE, "local model"),
    (401, "unauthorized", FailureKind.REFUSED, "unauthorized"),
    (403, "ollama cloud is disabled: remote model is unavailable", FailureKind.REMOTE, "local model"),
    (403, "", FailureKind.REFUSED, "HTTP 403"),
    (404, "model 'tiny' not found", FailureKind.NO_MODEL, "`ollama pull tiny`"),
    (404, "404 page not found", FailureKind.PROTOCOL, "address"),
    (405, "method not allowed", FailureKind.PROTOCOL, "address"),
    (500, "model runner has unexpectedly stopped, this may be due to resource limitations", FailureKind.CRASHED, "log"),
    (500, "llama runner process has terminated: exit status 2", FailureKind.CRASHED, "log"),
    (500, 'option "num_ctx" must be of type integer', FailureKind.REFUSED, "options"),
    (500, "CUDA error: out of memory", FailureKind.OUT_OF_MEMORY, "num_ctx"),
    (500, "llama runner process has terminated: cudaMalloc failed", FailureKind.OUT_OF_MEMORY, "num_ctx"),
    (500, "vk::Device::allocateMemory: ErrorOutOfDeviceMemory", FailureKind.OUT_OF_MEMORY, "num_ctx"),
    (500, "model requires more system memory (9 GiB) than is available", FailureKind.OUT_OF_MEMORY, "num_ctx"),
    (500, "CUDA error: no CUDA-capable device is detected", FailureKind.GPU, "b4tui gpu"),
    (500, "cudaMalloc failed: no CUDA-capable device is detected", FailureKind.GPU, "driver's log"),
    (500, "CUDA error: an illegal memory access was encountered", FailureKind.GPU, "driver's log"),
    (500, "NVML: GPU is lost", FailureKind.GPU, "driver's log"),
    (500, "GPU has fallen off the bus", FailureKind.GPU, "driver's log"),
    (500, "vk::Queue::submit: ErrorDeviceLost", FailureKind.GPU, "driver's log"),
    (500, "HIP error: unspecified launch failure", FailureKind.GPU, "driver's log"),
    (500, "something nobody has seen before", FailureKind.CRASHED, "log"),
    (502, "dial tcp: lookup ollama.com: no such host", FailureKind.REMOTE, "local model"),
    (503, "server busy, please try again.  maximum pending requests exceeded", FailureKind.BUSY, "again later"),
    (204, "", FailureKind.PROTOCOL, "address"),
]

IN_MID_STREAM = [
    ("an error was encountered while running the model: unexpected EOF", FailureKind.CRASHED),
    ("model runner has unexpectedly stopped", FailureKind.CRASHED),
    ("XML syntax error on line 4: element <parameter> closed by </function>", FailureKind.TOOL_FORMAT),
    ("XML syntax error on line 3: unexpected EOF", FailureKind.TOOL_FORMAT),
    ("The model produced output that does not match the expected peg-native format", FailureKind.TOOL_FORMAT),
    ("CUDA error: out of memory", FailureKind.OUT_OF_MEMORY),
    ("CUDA error: device-side assert triggered", FailureKind.GPU),
    ("no words for this", FailureKind.CRASHED),
]


@pytest.mark.parametrize(("status", "text", "kind", "advice"), BEFORE_THE_STREAM)
async def test_an_error_before_the_stream(status: int, text: str, kind: FailureKind, advice: str) -> None:
    rows = [] if status == 204 else [{"error": text}]
    async with scripted(lines(*rows, status=status)) as server:
        (event,) = await answers(engine_for(server.address))
    assert isinstance(event, Failure)
    assert (event.kind, event.status) == (kind, status)
    assert advice in event.message


@pytest.mark.parametrize(("text", "kind"), IN_MID_STREAM)
async def test_an_error_in_the_middle_of_the_stream(text: str, kind: FailureKind) -> None:
    async with scripted(lines(said("a"), {"error": text})) as server:
        first, last = await answers(engine_for(server.address))
    assert first == Text("a")
    assert isinstance(last, Failure)
    assert last.kind is kind
    assert text in last.message


WORDS = [
    errors.unreachable,
    lambda asked: errors.connect_timeout(asked, 5),
    lambda asked: errors.first_token_timeout(asked, 5),
    lambda asked: errors.idle_timeout(asked, 5),
    lambda asked: errors.no_answer(asked, 5),
    errors.incomplete,
    lambda asked: errors.protocol(asked, "no JSON"),
    lambda asked: errors.remote_chunk(asked, "a cloud"),
    lambda asked: errors.unseen_model(asked, "it lists none"),
    lambda asked: errors.unattested(asked, Proof(step="pin", holds=False, detail="no pin", fix="pin it")),
    *(
        lambda asked, status=status, text=text: errors.server_failure(asked, status, text)
        for status, text, _, _ in BEFORE_THE_STREAM
        if "ollama" not in text and "cloud" not in text
    ),
]


@pytest.mark.parametrize("words", WORDS)
def test_another_server_is_called_by_its_own_name(words: Callable[[errors.Asked], Failure]) -> None:
    """Nobody who runs vLLM is sent to look for an Ollama."""
    asked = errors.Asked("box", "127.0.0.1:8000", True, "tiny", server="vLLM")
    message = words(asked).message
    assert "vLLM" in message or "tiny" in message
    assert "ollama" not in message.casefold()


def test_what_is_not_proven_is_said_with_its_fix() -> None:
    missing = Proof(step="cloud", holds=False, detail="it would pass prompts on", fix="Start it anew")
    failure = errors.unattested(errors.Asked("here", "127.0.0.1:1", True, "tiny"), missing)
    assert failure.kind is FailureKind.UNATTESTED
    assert failure.message.endswith("nothing was sent: it would pass prompts on. Start it anew")
    assert not failure.transient


async def test_an_error_page_of_another_server_is_cut_to_size_and_cleaned() -> None:
    page = b"<html>\x1b[31m\x00\xff" + b"x" * 10_000_000
    async with scripted(lines(page, status=500)) as server:
        (event,) = await answers(engine_for(server.address))
    assert isinstance(event, Failure)
    assert len(event.message) < 1000
    assert event.message.isprintable()


def test_only_what_may_pass_by_itself_is_transient() -> None:
    transient = {kind for kind in FailureKind if Failure(kind, "").transient}
    assert FailureKind.OUT_OF_MEMORY not in transient
    assert {FailureKind.BUSY, FailureKind.CRASHED, FailureKind.UNREACHABLE} <= transient


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("plain", "plain"),
        ({"message": "inner"}, "inner"),
        ('{"error":{"message":"deep","type":"kind"}}', "deep (kind)"),
        ('{"error":"{\\"error\\":\\"twice\\"}"}', "twice"),
        ("{broken", "{broken"),
        (["odd"], '["odd"]'),
        ({"neither": 1}, '{"neither": 1}'),
        ("{" * 100_000, "{" * 100_000),
        ("\ud800", "\ufffd"),
    ],
)
def test_the_innermost_words_of_an_error(value: object, words: str) -> None:
    assert error_text(value) == words


@given(st.text(), st.integers(1, 50))
def test_a_servers_words_fit_on_one_line(text: str, limit: int) -> None:
    line = errors.plain(text, limit)
    assert len(line) <= limit
    assert line.isprintable()


class TestLines:
    @given(st.lists(st.binary(max_size=30)), st.integers(1, 7))
    def test_portions_do_not_matter(self, parts: list[bytes], portion: int) -> None:
        stream = b"\n".join(parts)
        decoder = LineDecoder()
        got = [line for at in range(0, len(stream), portion) for line in decoder.feed(stream[at : at + portion])]
        got += decoder.flush()
        assert got == [line.strip() for line in stream.split(b"\n") if line.strip()]

    def test_a_line_may_be_as_long_as_the_limit_and_no_longer(self) -> None:
        decoder = LineDecoder(limit=4)
        assert decoder.feed(b"abcd\nab") == [b"abcd"]
        assert decoder.feed(b"cd") == []
        with pytest.raises(LineTooLong):
            decoder.feed(b"e")

    def test_blanks_without_end_are_bounded_as_well(self) -> None:
        decoder = LineDecoder(limit=4)
        with pytest.raises(LineTooLong):
            decoder.feed(b" " * 5)
