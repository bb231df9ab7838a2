"""Run one command line in a sandbox, with an end in sight: its time, its output and its processes are all bounded."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from b4tui.agents.confine.places import environment
from b4tui.agents.confine.starting import bash
from b4tui.agents.sandbox import Sandbox

END_WAIT_S = 10.0
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A command that ended. `status` is None when it was stopped for its time; `output` is cut to what was asked."""

    status: int | None
    output: str


class Output:
    """The first and the last part of a stream of bytes, in bounded memory."""

    def __init__(self, most: int) -> None:
        self._head_room = most * 3 // 5
        self._tail_room = most - self._head_room
        self._head = bytearray()
        self._tail = bytearray()
        self._total = 0

    def add(self, data: bytes) -> None:
        """Take the next piece."""
        self._total += len(data)
        room = self._head_room - len(self._head)
        self._head += data[:room]
        self._tail += data[room:] if room else data
        if len(self._tail) > 2 * self._tail_room + _PIECE:
            del self._tail[: -self._tail_room]

    def text(self) -> str:
        """What was kept, with the number of bytes that were not."""
        tail = bytes(self._tail[-self._tail_room :])
        cut = self._total - len(self._head) - len(tail)
        between = f"\n[... {cut} bytes of output cut here ...]\n" if cut else ""
        if not cut:
            return (bytes(self._head) + tail).decode("utf-8", "replace")
        return self._head.decode("utf-8", "replace") + between + tail.decode("utf-8", "replace")


async def run(sandbox: Sandbox, command: str, folder: Path, *, timeout_s: float, most: int) -> Ran:
    """Run a shell command line in `folder`; whatever it started is gone on return, also when this is cancelled.

    `most` bounds the output in bytes. Raises OSError when the sandbox cannot be started.
    """
    tmp = await asyncio.to_thread(_private_folder)
    try:
        return await _run(sandbox, command, folder, tmp, timeout_s, most)
    finally:
        await asyncio.to_thread(_remove, tmp)


async def _run(sandbox: Sandbox, command: str, folder: Path, tmp: Path, timeout_s: float, most: int) -> Ran:
    lifeline, keep = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *sandbox.argv(bash(command), folder, tmp),
            cwd=folder,
            env=environment(tmp),
            stdin=lifeline,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    except BaseException:
        os.close(keep)
        raise
    finally:
        os.close(lifeline)
    output = Output(most)
    in_time = True
    try:
        async with asyncio.timeout(timeout_s):
            await _to_the_end(process, output)
    except TimeoutError:
        in_time = False
    finally:
        os.close(keep)
        await _ended(process, output)
    return Ran(status=process.returncode if in_time else None, output=output.text())


async def _to_the_end(process: asyncio.subprocess.Process, output: Output) -> None:
    assert process.stdout is not None
    while piece := await process.stdout.read(_PIECE):
        output.add(piece)
    await process.wait()


async def _ended(process: asyncio.subprocess.Process, output: Output) -> None:
    """The lifeline is cut: the launcher kills all it started and ends; it is killed itself if it does not."""
    try:
        async with asyncio.timeout(END_WAIT_S):
            await _to_the_end(process, output)
    except TimeoutError:
        process.kill()
        await process.wait()


def _private_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="b4tui-")).resolve()


def _remove(folder: Path) -> None:
    try:
        shutil.rmtree(folder, ignore_errors=True)
    except RecursionError:  # a command may nest folders deeper than Python can follow
        import subprocess

        subprocess.run(["rm", "-rf", "--", str(folder)], check=False, capture_output=True)
