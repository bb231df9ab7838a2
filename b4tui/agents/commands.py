"""Run one command line in a sandbox, with an end in sight: its time, output, processes and room are all bounded."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from b4tui.agents.confine.places import environment
from b4tui.agents.confine.starting import bash
from b4tui.agents.room import Room
from b4tui.agents.sandbox import Sandbox

END_WAIT_S = 10.0
FULL = "because it left hardly any room on the disk (remove what is not needed)"
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A command that ended. `status` is None when it was stopped; `stopped` says why; `output` is cut as asked."""

    status: int | None
    output: str
    stopped: str = ""


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
    try:
        stopped = await _watched(process, output, Room((folder, tmp)), timeout_s)
    finally:
        os.close(keep)
        await _ended(process, output)
    return Ran(status=None if stopped else process.returncode, output=output.text(), stopped=stopped)


async def _watched(process: asyncio.subprocess.Process, output: Output, room: Room, timeout_s: float) -> str:
    """Wait for the command's own end: "", or why it must be stopped."""
    end = asyncio.ensure_future(_to_the_end(process, output))
    full = asyncio.ensure_future(room.until_used_up())
    try:
        await asyncio.wait({end, full}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if end.done():
            await end
            return ""
        return FULL if full.done() else f"after {timeout_s:.0f} seconds"
    finally:
        end.cancel()
        full.cancel()
        await asyncio.gather(end, full, return_exceptions=True)


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
