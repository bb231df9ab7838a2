"""Model servers are told by their command lines; all else is passed over."""

from __future__ import annotations

import pytest

from b4tui.telemetry.programs import recognise, served_model, starts
from b4tui.telemetry.types import Program

BLOB = "/m/blobs/sha256-aa"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["/usr/lib/ollama/llama-server", "--model", BLOB, "--port", "1"], (Program.LLAMA_SERVER, BLOB)),
        (["llama-server", "-c", "4096", "-m", "my model.gguf"], (Program.LLAMA_SERVER, "my model.gguf")),
        (["llama-server", "--model=x.gguf"], (Program.LLAMA_SERVER, "x.gguf")),
        ([r"C:\tools\llama-server.exe", "-m", "x.gguf"], (Program.LLAMA_SERVER, "x.gguf")),
        (["llama-server"], (Program.LLAMA_SERVER, "")),
        (["llama-server", "-m"], (Program.LLAMA_SERVER, "")),
        (["/usr/bin/ollama", "runner", "--model", BLOB], (Program.OLLAMA, BLOB)),
        (["/usr/bin/ollama", "runner", "--ollama-engine", "--model", BLOB], (Program.OLLAMA, BLOB)),
        (["VLLM::EngineCore"], (Program.VLLM, "")),
        (["VLLM::Worker_TP1   "], (Program.VLLM, "")),
        (["python3", "-P", "-m", "b4tui.engines.embedded.child"], (Program.EMBEDDED, "")),
        (
            ["python3", "-m", "b4tui.engines.embedded.child", "s", "--model", "/m/x.gguf"],
            (Program.EMBEDDED, "/m/x.gguf"),
        ),
        (["/usr/bin/ollama", "serve"], None),
        (["VLLM::APIServer_0"], None),
        (["vllm", "serve", "x"], None),
        (["python3", "-m", "b4tui"], None),
        (["vi", "llama-server"], None),
        ([""], None),
        ([], None),
    ],
)
def test_a_process_is_known_by_its_program_and_its_weights(command, told):
    assert recognise(command) == told


def test_a_path_without_end_is_cut():
    program, weights = recognise(["llama-server", "-m", "x" * 1_000_000])
    assert (program, len(weights)) == (Program.LLAMA_SERVER, 4096)


@pytest.mark.parametrize(
    ("command", "model"),
    [
        (["/opt/bin/python3", "/opt/bin/vllm", "serve", "org/big", "--port", "1"], "org/big"),
        (["vllm", "serve", "--model", "org/big"], "org/big"),
        (["python3", "-m", "vllm.entrypoints.openai.api_server", "--model=org/big"], "org/big"),
        (["vllm", "serve"], ""),
        (["bash", "-c", "echo serve x"], ""),
        ([], ""),
    ],
)
def test_what_vllm_serves_stands_in_its_servers_command_line(command, model):
    assert served_model(command) == model


@pytest.mark.parametrize(
    ("parent", "program", "weights", "yes"),
    [
        (["/usr/bin/ollama", "serve"], Program.LLAMA_SERVER, BLOB, True),
        (["ollama", "serve"], Program.OLLAMA, BLOB, True),
        (["bash"], Program.LLAMA_SERVER, BLOB, False),
        (["ollama", "serve"], Program.LLAMA_SERVER, "/m/x.gguf", False),
        (["python3", "/opt/bin/vllm", "serve", "x"], Program.VLLM, "x", True),
        (["VLLM::EngineCore"], Program.VLLM, "x", True),
        (["tini", "--", "x"], Program.VLLM, "x", False),
        (["python3", "/opt/bin/b4tui", "work"], Program.EMBEDDED, "", True),
        (["python3", "-m", "b4tui"], Program.EMBEDDED, "", True),
        ([], Program.EMBEDDED, "", False),
    ],
)
def test_who_starts_such_a_process(parent, program, weights, yes):
    assert starts(parent, program, weights) is yes
