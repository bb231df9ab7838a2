"""The real Ollama with a tiny model of random weights, for every test that wants a real peer."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from tests.plain_http import PLAIN

MODEL = "tiny"
NOWHERE = "http://127.0.0.1:1"


@dataclass(frozen=True)
class RealOllama:
    """A running Ollama: where it answers, the model it has, its process, and its log."""

    address: str
    model: str
    process: subprocess.Popen[bytes]
    log: Path

    def runners(self) -> list[psutil.Process]:
        """Its llama-server processes."""
        try:
            return [child for child in psutil.Process(self.process.pid).children(recursive=True) if child.is_running()]
        except psutil.NoSuchProcess:
            return []

    def kill(self) -> None:
        """Kill the server alone; its runners stay behind, as they do in real life (research/runtime.md 1.12)."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


def until(true: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Wait for a predicate; fail with words when it does not come true."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not happen within {seconds:g} s")
        time.sleep(0.05)


@contextlib.contextmanager
def held_port() -> Iterator[int]:
    """A port of loopback that nobody else gets; a server that shares its address as servers do may listen there."""
    with socket.socket() as holder:
        for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
            holder.setsockopt(socket.SOL_SOCKET, option, 1)
        holder.bind(("127.0.0.1", 0))
        yield int(holder.getsockname()[1])


@contextlib.contextmanager
def running_ollama(folder: Path, *, cloud: bool = False) -> Iterator[RealOllama]:
    """Start Ollama on a free port over a folder with models; end it and everything it started.

    With `cloud` it is left to its defaults, with a proxy on this machine where nobody answers: nothing gets out.
    """
    with held_port() as port:
        yield from _serving(folder, port, cloud=cloud)


def _serving(folder: Path, port: int, *, cloud: bool) -> Iterator[RealOllama]:
    place = f"127.0.0.1:{port}"
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "OLLAMA_HOST": place,
        "OLLAMA_MODELS": str(folder / "models"),
        **({"HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE} if cloud else {"OLLAMA_NO_CLOUD": "1"}),
    }
    log = folder / "ollama.log"
    with log.open("ab") as output:
        process = subprocess.Popen(["ollama", "serve"], env=environ, cwd=folder, stdout=output, stderr=output)
    server = RealOllama(f"http://{place}", MODEL, process, log)
    marker = str(folder)
    try:
        until(lambda: _answers(server), f"an answer of the real Ollama (see {log})")
        yield server
    finally:
        _end(process, marker)


@pytest.fixture(scope="session")
def ollama_folder(tmp_path_factory: pytest.TempPathFactory, tiny_weights: Path) -> Path:
    """A folder in which the tiny model is installed. Skips where Ollama or the model's builder is absent."""
    for program in ("ollama", "llama-server"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed (shared/tools/real-peers puts it on the PATH)")
    folder = tmp_path_factory.mktemp("ollama")
    with running_ollama(folder) as server:
        _install(server.address, tiny_weights)
    return folder


@pytest.fixture(scope="session")
def real_ollama(ollama_folder: Path) -> Iterator[RealOllama]:
    """One Ollama for the whole session: `.address` and `.model`. Do not kill it; see `mortal_ollama`."""
    with running_ollama(ollama_folder) as server:
        yield server


@pytest.fixture
def mortal_ollama(ollama_folder: Path) -> Iterator[RealOllama]:
    """An Ollama of a test's own, to be killed."""
    with running_ollama(ollama_folder) as server:
        yield server


def _answers(server: RealOllama) -> bool:
    if server.process.poll() is not None:
        pytest.fail(f"the real Ollama ended at once:\n{server.log.read_text(errors='replace')[-2000:]}")
    try:
        return httpx.get(f"{server.address}/api/version", **PLAIN, timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def _install(address: str, weights: Path) -> None:
    """Give the server the model: its bytes as a blob, then a model made of that (research/runtime.md 1.10)."""
    data = weights.read_bytes()
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    with httpx.Client(base_url=address, **PLAIN, timeout=60) as client:
        client.post(f"/api/blobs/{digest}", content=data).raise_for_status()
        made = client.post("/api/create", json={"model": MODEL, "files": {weights.name: digest}})
    assert '"success"' in made.text, made.text


def _end(process: subprocess.Popen[bytes], marker: str) -> None:
    """End the server and its runners, those included that a killed server left behind."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
    process.kill()
    process.wait(10)
    for orphan in psutil.process_iter(["cmdline"]):
        if "llama-server" in " ".join(orphan.info["cmdline"] or ()) and marker in " ".join(orphan.info["cmdline"]):
            with contextlib.suppress(psutil.NoSuchProcess):
                orphan.kill()
