"""The child: `python -P -m b4tui.engines.embedded.child SOCKET --model FILE`, its launch a line on standard input.

The file is there for those who read a list of processes; what counts is the launch.

Two processes. The server computes; while llama.cpp loads a model it holds Python's lock for minutes, and a native abort
ends it at once, so it cannot clean up after itself. The guard does that: it waits until the server ends or standard
input closes, which it does when b4tui ends in whatever way, then kills the server and removes the socket's folder.
Nothing is imported but xllamacpp and the standard library.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import select
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from b4tui.engines.embedded.launch import Launch
from b4tui.engines.embedded.reports import Report, Stage, ended_how

_PR_SET_PDEATHSIG = 1
_WARNINGS = 2
_SPARE_THREADS = 8  # for questions about the server itself while every slot streams
_LOG_S = 0.2
"""What llama.cpp logs is written by a thread of its own, which dies with the process: it needs a moment first."""


def main() -> None:
    """Serve until the parent ends or says so by closing standard input."""
    os.umask(0o077)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    _end_with_parent(signal.SIGTERM)
    socket = Path(sys.argv[1])
    try:
        text = sys.stdin.readline()
        if not text:
            return  # the parent is gone already
        server = _started(Launch.from_text(text), str(socket))
        _guard(server)
    finally:
        with contextlib.suppress(OSError):
            socket.unlink(missing_ok=True)
            socket.parent.rmdir()


def parameters(package: Any, launch: Launch, socket: str) -> Any:
    """The launch in xllamacpp's words; `package` is that module."""
    params = package.CommonParams()
    params.model.path = launch.model
    params.model_alias = {launch.alias}
    params.hostnames = [socket]
    params.n_ctx = launch.context
    params.n_parallel = launch.slots
    params.kv_unified = False
    params.n_gpu_layers = launch.gpu_layers
    params.cache_ram_mib = launch.cache_mib
    params.cpuparams.n_threads = launch.threads
    params.cpuparams_batch.n_threads = launch.threads
    params.n_threads_http = launch.slots + _SPARE_THREADS
    params.endpoint_metrics = True
    params.endpoint_slots = True
    params.offline = True
    params.ui = False
    params.verbosity = _WARNINGS
    return params


def _started(launch: Launch, socket: str) -> int:
    """Fork the server; its process id."""
    guard = os.getpid()
    server = os.fork()
    if server == 0:
        try:
            _end_with_parent(signal.SIGKILL)
            if os.getppid() == guard:
                _serve(launch, socket)
        finally:
            os._exit(1)
    return server


def _serve(launch: Launch, socket: str) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    told = os.dup(1)
    os.dup2(2, 1)  # what native code prints must not look like a report
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    try:
        package = importlib.import_module("xllamacpp")
    except ImportError as error:
        _tell(told, Report(stage=Stage.NO_PACKAGE, detail=str(error)))
        os._exit(1)
    try:
        server = package.Server(parameters(package, launch, socket))
    except Exception as error:  # native code may raise anything; its reason is in the log
        time.sleep(_LOG_S)
        _tell(told, Report(stage=Stage.NOT_LOADED, detail=str(error)))
        os._exit(1)
    _tell(told, Report(stage=Stage.READY, detail=server.listening_address, server=os.getpid()))
    while True:
        signal.pause()


def _guard(server: int) -> None:
    """Wait until the server ends or is to end, and see to it that it has."""
    closed = True
    try:
        watched = select.poll()
        watched.register(0, select.POLLIN)
        watched.register(os.pidfd_open(server), select.POLLIN)
        closed = any(fd == 0 for fd, _ in watched.poll())
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(server, signal.SIGKILL)
        _, status = os.waitpid(server, 0)
    if not closed:
        _tell(1, Report(stage=Stage.DIED, detail=ended_how(os.waitstatus_to_exitcode(status))))


def _tell(out: int, report: Report) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more
        os.write(out, report.as_text().encode())


def _end_with_parent(how: signal.Signals) -> None:
    """Have the kernel send this process a signal when its parent ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(how))


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    main()
