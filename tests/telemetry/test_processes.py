"""Real processes under the names of model servers: found, measured, and called orphans when their server was killed."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from b4tui.telemetry.processes import SCAN_EVERY_S, ProcessReader
from b4tui.telemetry.types import ModelProcess, Program

# Each waits for the end of its standard input, whoever its parent is by then.
WAIT = "read line"
BLOB = "/models/blobs/sha256-{}"


def wait_for(true: Callable[[], Any], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "never came true"
        time.sleep(0.01)


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a shell that calls itself something else: `start("llama-server", script, "--model", path)`."""
    started: list[subprocess.Popen[str]] = []

    def begin(name: str, script: str, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [name, "-c", script, *arguments],
            executable="/bin/bash",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def mine(reader: ProcessReader, *pids: int) -> list[ModelProcess]:
    """What the reader says of these processes; other model servers of this machine are not the test's business."""
    return [process for process in reader.read() if process.pid in pids]


def server_with_child(start: Callable[..., subprocess.Popen[str]], name: str, blob: str) -> tuple[Any, int]:
    """A server that started a llama-server on a blob, and the child's number."""
    child = f"(exec -a llama-server bash -c '{WAIT}' --model {BLOB.format(blob)} <&3)"
    server = start(name, f"exec 3<&0; {child} & echo $!; wait", "serve")
    pid = int(server.stdout.readline())
    wait_for(lambda: psutil.Process(pid).cmdline()[:1] == ["llama-server"])
    return server, pid


def test_a_model_server_is_found_with_its_weights_and_its_memory(start, clock):
    process = start("llama-server", WAIT, "--model", "/m/x.gguf")
    wait_for(lambda: psutil.Process(process.pid).cmdline()[:1] == ["llama-server"])
    (found,) = mine(ProcessReader(clock), process.pid)
    memory = psutil.Process(process.pid).memory_info()
    assert (found.program, found.weights, found.memory) == (Program.LLAMA_SERVER, "/m/x.gguf", memory.rss)
    assert 0 < found.mapped <= found.memory
    assert (found.orphan, found.ours) == (False, True)


def test_one_that_starts_later_is_found_at_the_next_look_and_one_that_ends_is_gone_at_once(start, clock):
    reader = ProcessReader(clock)
    reader.read()
    process = start("llama-server", WAIT)
    wait_for(lambda: psutil.Process(process.pid).cmdline()[:1] == ["llama-server"])
    assert mine(reader, process.pid) == []
    clock.now += SCAN_EVERY_S
    assert [found.pid for found in mine(reader, process.pid)] == [process.pid]
    process.kill()
    wait_for(lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE)
    assert mine(reader, process.pid) == []
    process.wait()
    assert mine(reader, process.pid) == []


def test_a_process_that_becomes_a_model_server_after_it_was_first_seen_is_found(start, clock):
    reader = ProcessReader(clock)
    process = start("a-shell", "read line; exec -a llama-server bash -c 'read line' --model /m/late.gguf")
    wait_for(lambda: psutil.Process(process.pid).cmdline()[:1] == ["a-shell"])
    for _ in range(3):
        assert mine(reader, process.pid) == []
        clock.now += SCAN_EVERY_S
    process.stdin.write("\n")
    process.stdin.flush()
    wait_for(lambda: psutil.Process(process.pid).cmdline()[:1] == ["llama-server"])
    found = []
    for _ in range(6):
        clock.now += SCAN_EVERY_S
        found = mine(reader, process.pid)
    assert [it.weights for it in found] == ["/m/late.gguf"]


def test_a_runner_whose_ollama_is_killed_is_an_orphan(start, clock):
    server, pid = server_with_child(start, "ollama", "aa")
    reader = ProcessReader(clock)
    (found,) = mine(reader, pid)
    assert (found.weights, found.orphan, found.ours) == (BLOB.format("aa"), False, False)
    server.kill()
    wait_for(lambda: psutil.Process(pid).ppid() != server.pid)
    clock.now += SCAN_EVERY_S
    (found,) = mine(reader, pid)
    assert found.orphan and found.memory


def test_an_orphan_from_before_we_started_is_told_by_who_took_it_in(start, clock):
    server, pid = server_with_child(start, "ollama", "bb")
    server.kill()
    wait_for(lambda: psutil.Process(pid).ppid() != server.pid)
    if psutil.Process(pid).ppid() != 1:
        pytest.skip("orphans are taken in by another program than process 1 here")
    (found,) = mine(ProcessReader(clock), pid)
    assert found.orphan


def test_a_llama_server_that_a_person_left_running_is_no_orphan(start, clock):
    child = f"(exec -a llama-server bash -c '{WAIT}' --model /m/x.gguf <&3)"
    shell = start("a-shell", f"exec 3<&0; {child} & echo $!; wait")
    pid = int(shell.stdout.readline())
    wait_for(lambda: psutil.Process(pid).cmdline()[:1] == ["llama-server"])
    shell.kill()
    wait_for(lambda: psutil.Process(pid).ppid() != shell.pid)
    (found,) = mine(ProcessReader(clock), pid)
    assert not found.orphan


def test_vllms_processes_are_named_by_what_their_server_serves(start, clock):
    child = f"(exec -a VLLM::EngineCore bash -c '{WAIT}' <&3)"
    server = start("vllm", f"exec 3<&0; {child} & echo $!; wait", "serve", "org/big")
    pid = int(server.stdout.readline())
    wait_for(lambda: psutil.Process(pid).cmdline()[:1] == ["VLLM::EngineCore"])
    (found,) = mine(ProcessReader(clock), pid)
    assert (found.program, found.weights, found.orphan) == (Program.VLLM, "org/big", False)


def test_processes_that_end_while_they_are_looked_at_are_no_trouble(start, clock, monkeypatch):
    process = start("llama-server", WAIT)
    wait_for(lambda: psutil.Process(process.pid).cmdline()[:1] == ["llama-server"])
    monkeypatch.setattr(psutil, "pids", lambda: [2**22 - 1, process.pid, os.getpid()])

    def ends(self: psutil.Process) -> list[str]:
        raise psutil.NoSuchProcess(self.pid)

    monkeypatch.setattr(psutil.Process, "cmdline", ends)
    assert ProcessReader(clock).read() == ()
