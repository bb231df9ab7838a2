"""The parent's side of one child: start it, hear what it says, see it end, and leave nothing behind.

The child is in a session of its own, so keys pressed in the terminal do not reach it, and its output goes nowhere but
here. Its socket lies in a fresh folder that only this user may enter.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from b4tui.engines.embedded.launch import Launch
from b4tui.engines.embedded.leftovers import sweep
from b4tui.engines.embedded.reports import Report, Stage, ended_how
from b4tui.engines.embedded.tail import Tail

PREFIX = "b4tui-engine-"
SOCKET = "engine.sock"
LONGEST_SOCKET = 100  # bytes of a UNIX socket's path; the kernel's limit is 108
NOTICE_S = 2.0
PATIENCE_S = 3.0  # for a child that was told to end


class StartFailed(Exception):
    """The child does not serve; `report` is its last word and `log` the reason that llama.cpp gave."""

    def __init__(self, report: Report, log: str = "") -> None:
        super().__init__(log or report.detail)
        self.report = report
        self.log = log


class Child:
    """One started child. `launch` is how, `socket` where it serves, `server` the process that computes."""

    def __init__(self, launch: Launch, socket: Path, process: asyncio.subprocess.Process) -> None:
        self.launch = launch
        self.socket = socket
        self.server = 0
        self.ended = asyncio.Event()
        self._process = process
        self._tail = Tail()
        self._reports: asyncio.Queue[Report] = asyncio.Queue()
        self._death = ""
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, launch: Launch, environ: Mapping[str, str]) -> Child:
        """Start one. It does not serve before `ready`. Raises OSError."""
        socket = fresh_folder(environ) / SOCKET
        argv = (sys.executable, "-P", "-m", "b4tui.engines.embedded.child", str(socket), "--model", launch.model)
        try:
            await asyncio.to_thread(sweep, socket.parent, PREFIX, SOCKET)
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
                cwd=socket.parent,
                # Without it llama.cpp calls a debugger when it aborts, and that takes the terminal.
                env={**environ, "GGML_NO_BACKTRACE": "1"},
            )
        except BaseException:
            with contextlib.suppress(OSError):  # what went wrong is worth more than a folder
                socket.parent.rmdir()
            raise
        child = cls(launch, socket, process)
        assert process.stdin is not None
        process.stdin.write(launch.as_text().encode() + b"\n")
        return child

    @property
    def pid(self) -> int:
        """The guard's process id: our own child."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether nothing was heard of its end."""
        return self._process.returncode is None and not self.ended.is_set()

    async def ends_soon(self) -> bool:
        """Whether it has ended: the news of that comes a moment after its socket has closed."""
        try:
            async with asyncio.timeout(NOTICE_S):
                await self.ended.wait()
        except TimeoutError:
            return False
        return True

    async def ready(self) -> None:
        """Wait until it serves. Raises StartFailed when it says that it will not."""
        while not self.server:
            report = await self._reports.get()
            if report.stage is not Stage.READY:
                await self.stop()
                raise StartFailed(report, self.reason)
            self.server = report.server

    @property
    def reason(self) -> str:
        """Why it ended or refused, as far as its log says; "" when it was silent."""
        return self._tail.reason

    @property
    def how(self) -> str:
        """How it ended, in a few words: its guard's or those of `stop`, else what became of the guard."""
        code = self._process.returncode
        return self._death or ("" if code is None else ended_how(code))

    async def stop(self, why: str = "by b4tui") -> None:
        """End it, wait until it has ended, and remove its folder. Never raises for a child that is gone.

        `why` is what `how` says from then on, unless it has ended by itself.
        """
        assert self._process.stdin is not None
        if self.alive:
            self._death = self._death or why
        self._process.stdin.close()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._process.wait()
        except TimeoutError:
            self._kill()
        await self.ended.wait()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def _listen(self) -> None:
        """Hear it until its end; the one place where its end is noticed."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        log = asyncio.create_task(self._tail.read(self._process.stderr))
        try:
            async for line in self._process.stdout:
                self._hear(line)
            await self._process.wait()
            await log
        finally:
            log.cancel()
            if self._process.returncode is None:
                self._kill()
            self._remove()
            self.ended.set()
            self._reports.put_nowait(Report(stage=Stage.DIED, detail=self.how))

    def _hear(self, line: bytes) -> None:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            report = Report.from_text(line.decode("utf-8", "replace"))
            if report.stage is Stage.DIED:
                self._death = report.detail
            else:
                self._reports.put_nowait(report)

    def _remove(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.unlink(missing_ok=True)
            self.socket.parent.rmdir()


def fresh_folder(environ: Mapping[str, str]) -> Path:
    """A new folder that only this user may enter, with a path short enough for a socket in it.

    It lies in the session's own place where there is one; a place that is full, or may not be written to, is passed
    over. Raises OSError when none will do.
    """
    room = LONGEST_SOCKET - len(f"/{PREFIX}12345678/{SOCKET}")
    reasons = []
    for place in dict.fromkeys((environ.get("XDG_RUNTIME_DIR", ""), environ.get("TMPDIR", ""), "/tmp")):
        if not Path(place).is_absolute() or len(os.fsencode(place)) > room:
            continue  # the child would look for a relative one elsewhere
        try:
            return Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        except OSError as error:
            reasons.append(f"{place}: {error.strerror}")
    raise OSError(
        f"no folder for a socket ({'; '.join(reasons)}): let TMPDIR name one that has room and may be written to, "
        f"with a path of at most {room} bytes"
    )
