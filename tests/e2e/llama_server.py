"""The real llama-server on the tiny model, for tests that want a real OpenAI-compatible peer."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from b4tui.engines.openai.flavors import LLAMA_SERVER
from b4tui.engines.openai.wire import request_body
from b4tui.engines.types import ChatRequest
from tests.e2e.conftest import held_port, until
from tests.plain_http import PLAIN

NAME = "tiny"


@dataclass(frozen=True)
class RealLlamaServer:
    """A running llama-server: where it answers, its process, and its log."""

    address: str
    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """Kill it at once."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def freeze(self) -> None:
        """Stop it where it is; its port stays open."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def running_llama_server(
    weights: Path, folder: Path, *flags: str, context: int = 4096, wait: bool = True
) -> Iterator[RealLlamaServer]:
    """Start it on a free port with two slots, one thread, and metrics; end it. `wait`: until it is healthy.

    Skips where llama-server is absent.
    """
    if shutil.which("llama-server") is None:
        pytest.skip("llama-server is not installed (shared/tools/real-peers puts it on the PATH)")
    with held_port() as port:
        yield from _serving(weights, folder, port, flags, context=context, wait=wait)


def _serving(
    weights: Path, folder: Path, port: int, flags: tuple[str, ...], *, context: int, wait: bool
) -> Iterator[RealLlamaServer]:
    command = ["llama-server", "-m", str(weights), "--alias", NAME, "--host", "127.0.0.1", "--port", str(port)]
    command += ["-c", str(context), "-np", "2", "-t", "1", "--metrics", *flags]
    log = folder / "llama-server.log"
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    server = RealLlamaServer(f"http://127.0.0.1:{port}", process, log)
    try:
        if wait:
            until(lambda: _healthy(server), f"an answer of the real llama-server (see {log})")
        yield server
    finally:
        process.kill()
        process.wait(10)


def _healthy(server: RealLlamaServer) -> bool:
    if server.process.poll() is not None:
        pytest.fail(f"the real llama-server ended at once:\n{server.log.read_text(errors='replace')[-2000:]}")
    try:
        return httpx.get(f"{server.address}/health", **PLAIN, timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def options_for_a_call(server: RealLlamaServer, request: ChatRequest) -> dict[str, object]:
    """Sampling options that make a model of random weights open a tool call and end after it.

    A `<tool_call>` and a newline trigger the server's own grammar for calls, which decides the rest. Each of the three
    tokens that matter is put ahead of all others, and a penalty for each time that it stands in the prompt or the
    answer makes them come one after the other: the mark, the newline, and, when the grammar allows it, the end.
    """
    body = json.loads(request_body(request, NAME, LLAMA_SERVER))
    penalty = 10
    with httpx.Client(base_url=server.address, **PLAIN, timeout=30) as client:

        def tokens(text: str) -> list[int]:
            row = client.post("/tokenize", json={"content": text, "parse_special": True}).json()
            return [int(token) for token in row["tokens"]]

        template = {name: body[name] for name in ("messages", "tools", "chat_template_kwargs")}
        prompt = tokens(client.post("/apply-template", json=template).json()["prompt"])
        bias = []
        for text, lead in (("<tool_call>", 55), ("\n", 50), ("<|im_end|>", 47)):
            (token,) = tokens(text)
            bias.append([token, lead + penalty * prompt.count(token)])
    return {
        "logit_bias": bias,
        "frequency_penalty": penalty,
        "repeat_last_n": 4096,
        "parallel_tool_calls": False,
    }
