"""What proves that a model is computed here: we started it, where only we can reach it, from a file of ours."""

from __future__ import annotations

import os
import socket
import stat
import struct

from b4tui.engines.attestation.pins import Pin
from b4tui.engines.embedded.process import Child
from b4tui.engines.embedded.weights import Weights
from b4tui.engines.interface import Proof

_PEER = struct.Struct("3i")  # pid, uid, gid
_CONNECT_S = 5.0
FILE = "a file of this machine"
PROCESS = "own child process"
FOLDER = "socket in a folder of mode 0700 owned by us"
DIGEST = "digest as pinned"
OF_CHILD = frozenset({PROCESS, FOLDER})


def of_file(weights: Weights) -> Proof:
    """The model is a file of this machine, so no server's word for it is needed."""
    return Proof(step=FILE, holds=True, detail=str(weights.path))


def of_digest(engine: str, model: str, digest: str, pin: Pin) -> Proof:
    """The file is the one that was trusted."""
    if digest == pin.digest:
        return Proof(step=DIGEST, holds=True, detail=f"{digest[:12]}, trusted since {pin.at:%Y-%m-%d} by {pin.by}")
    return Proof(
        step=DIGEST,
        holds=False,
        detail=f"{model} is another file ({digest[:12]}) than was trusted ({pin.digest[:12]})",
        fix=f"See what changed with `b4tui models check {model} --engine {engine}`, "
        f"then accept it with `b4tui models pin {model} --engine {engine}`",
    )


def of_child(child: Child | None) -> tuple[Proof, Proof]:
    """The process that answers is our own, and its socket is ours alone. Blocks for a moment; opens its socket.

    Neither is reached before the child is started.
    """
    if child is None:
        later = "not started yet: starts with the first request"
        return Proof(step=PROCESS, holds=None, detail=later), Proof(step=FOLDER, holds=None, detail=later)
    return _process(child), _folder(child)


def _process(child: Child) -> Proof:
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(_CONNECT_S)
            probe.connect(str(child.socket))
            pid, uid, _ = _PEER.unpack(probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    except OSError as error:
        return Proof(step=PROCESS, holds=False, detail=f"its socket does not answer ({error})", fix="Ask again")
    if (pid, uid) == (child.server, os.geteuid()):
        return Proof(step=PROCESS, holds=True, detail=f"process {pid}, started by process {child.pid}, started by us")
    return Proof(
        step=PROCESS, holds=False, detail=f"process {pid} of user {uid} answers instead", fix="End that process"
    )


def _folder(child: Child) -> Proof:
    folder = child.socket.parent
    try:
        found = folder.lstat()
    except OSError as error:
        return Proof(step=FOLDER, holds=False, detail=f"{folder}: {error.strerror}", fix="Ask again")
    mode = stat.S_IMODE(found.st_mode)
    if stat.S_ISDIR(found.st_mode) and mode == 0o700 and found.st_uid == os.geteuid():
        return Proof(step=FOLDER, holds=True, detail=str(folder))
    detail = f"{folder} has mode {mode:04o} and belongs to user {found.st_uid}"
    return Proof(step=FOLDER, holds=False, detail=detail, fix="Find out who changed it, and start b4tui again")
