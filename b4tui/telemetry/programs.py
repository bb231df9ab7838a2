"""Which processes keep a model in memory, told by their command lines. Pure; command lines are foreign text.

Facts: research/runtime.md 1.1 (Ollama's runners), research/vllm.md (vLLM names its processes itself, and so hides what
they were started on: that stands in the command line of the server above them).
"""

from __future__ import annotations

from collections.abc import Sequence

from b4tui.telemetry.types import Program

CHILD = "b4tui.engines.embedded.child"
_LONGEST = 4096  # of a path, on Linux
_VLLM = "VLLM::"
_FIRST_WORDS = 8  # of a command line: a module's name stands among them, and not somewhere in its arguments

# Beside process 1, whatever that is.
_REAPERS = frozenset({"systemd", "init", "tini", "dumb-init", "docker-init", "catatonit", "s6-svscan", "launchd"})


def recognise(command: Sequence[str]) -> tuple[Program, str] | None:
    """The program and the weights it was started on, "" where that is not said; None for any other process."""
    if not command or not command[0]:
        return None
    name = _name(command[0])
    if name == "llama-server" or name == "ollama_llama_server":
        return Program.LLAMA_SERVER, _option(command, "--model", "-m")
    if name == "ollama" and command[1:2] == ["runner"]:
        return Program.OLLAMA, _option(command, "--model")
    if command[0].startswith((f"{_VLLM}EngineCore", f"{_VLLM}Worker")):
        return Program.VLLM, ""
    if CHILD in command[:_FIRST_WORDS]:
        return Program.EMBEDDED, _option(command, "--model")
    return None


def served_model(command: Sequence[str]) -> str:
    """The model that a vLLM server was told to serve; "" where the command line is of something else."""
    if not _is_vllm(command):
        return ""
    if "serve" in command[:_FIRST_WORDS]:
        told = command[command.index("serve") + 1 :][:1]
        if told and not told[0].startswith("-"):
            return told[0][:_LONGEST]
    return _option(command, "--model")


def starts(parent: Sequence[str], program: Program, weights: str) -> bool:
    """Whether a process with this command line is a server that starts such a process."""
    if not parent:
        return False
    if of_ollama(program, weights):
        return _name(parent[0]) == "ollama"
    if program is Program.VLLM:
        return parent[0].startswith(_VLLM) or _is_vllm(parent)
    if program is Program.EMBEDDED:
        return any(_name(word).startswith("b4tui") for word in parent[:_FIRST_WORDS])
    return False


def has_server(program: Program, weights: str) -> bool:
    """Whether such a process is started by a server, and not by a person: then it can be left behind."""
    return program is not Program.LLAMA_SERVER or of_ollama(program, weights)


def of_ollama(program: Program, weights: str) -> bool:
    """Whether Ollama started it: its weights are blobs, named by their hash."""
    return program is Program.OLLAMA or (program is Program.LLAMA_SERVER and "/blobs/sha256-" in weights)


def takes_in_orphans(command: Sequence[str]) -> bool:
    """Whether this is a program that becomes the parent of processes whose own parent ended."""
    return bool(command) and _name(command[0]) in _REAPERS


def _is_vllm(command: Sequence[str]) -> bool:
    words = command[:_FIRST_WORDS]
    return any(_name(word) == "vllm" or word.startswith("vllm.entrypoints.") for word in words)


def _option(command: Sequence[str], *names: str) -> str:
    for place, word in enumerate(command):
        if word in names:
            return "".join(command[place + 1 : place + 2])[:_LONGEST]
        name, equals, value = word.partition("=")
        if equals and name in names:
            return value[:_LONGEST]
    return ""


def _name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2].removesuffix(".exe").lower()
