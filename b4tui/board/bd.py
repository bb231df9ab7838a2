"""The bd program: finding it, starting it, and one queue through which every call goes.

Rules named by number are those of research/beads-dolt.md section 0.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import weakref
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

from b4tui.board import bd_commands
from b4tui.board.bd_answers import OLDEST, Answer, Unanswered, payload, plain, version_of
from b4tui.board.bd_commands import Command
from b4tui.board.store import BoardError, Busy, ReadOnly, Refused

_GRACE_S = 3.0  # between SIGTERM, which bd answers within milliseconds, and SIGKILL, which harms nothing (section 9)
_SLICE_S = 0.25  # how soon a call notices that it should stop, or that bd ended while a hook keeps its pipes
_VERSION_LIMIT_S = 10.0  # `bd version` takes no lock and 0.08 s

# Rule 2: no questions, no colours, no pager, no password prompts.
_ALWAYS = {
    "BD_NON_INTERACTIVE": "1",
    "BD_JSON_ENVELOPE": "1",
    "NO_COLOR": "1",
    "BD_NO_PAGER": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
}
# What would point bd or its git at another hub, another actor, a server, or a telemetry address.
_DROPPED_PREFIXES = ("BD_", "BEADS_", "DOLT_")
_DROPPED = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX", "GIT_NAMESPACE"})


def find_program(environ: Mapping[str, str]) -> Path:
    """The bd to use: what BD_BIN names, else `bd` on the PATH. Raises ReadOnly where there is none."""
    named = environ.get("BD_BIN", "")
    found = shutil.which(named or "bd", path=environ.get("PATH"))
    if found:
        return Path(found).absolute()
    if named:
        raise ReadOnly(f"BD_BIN names {plain(named)}, which is no program that can be run; correct or unset it")
    raise ReadOnly("the bd program is not installed: install bd 1.0 or newer, or name it in BD_BIN")


class BdProgram:
    """One bd for one hub. Calls may come from any thread; they are answered one after the other (rule 8).

    A worker thread lives while there are calls. When b4tui ends, a call under way is ended too: a bd that waits for
    a lock waits for ever, and would write long after nobody wants it.
    """

    def __init__(self, path: Path, beads_dir: Path, environ: Mapping[str, str]) -> None:
        self._path = path
        self._cwd = beads_dir.parent
        self._environ = _environment(environ, beads_dir)
        self._guard = threading.Lock()
        self._calls: deque[tuple[Future[Any], list[str], Command, float]] = deque()
        self._working = False
        self._stopping = threading.Event()
        weakref.finalize(self, self._stopping.set)
        self._running: set[subprocess.Popen[bytes]] = set()
        weakref.finalize(self, _end_all, self._running)

    @property
    def path(self) -> Path:
        """The program that is called."""
        return self._path

    def check(self) -> tuple[int, ...]:
        """The version of bd. Raises ReadOnly when it is too old for a Dolt hub, or no bd at all."""
        try:
            version = version_of(self.ask(bd_commands.VERSION, "b4tui", _VERSION_LIMIT_S))
        except ReadOnly:
            raise
        except BoardError as error:
            raise ReadOnly(f"{self._path} does not work as bd: {error}") from error
        if not version:
            raise ReadOnly(f"{self._path} does not tell its version as bd does; name the real bd in BD_BIN")
        if version < OLDEST:
            raise ReadOnly(
                f"{self._path} is bd {'.'.join(map(str, version))}, too old for a Dolt hub: install bd 1.0 or newer,"
                " or name it in BD_BIN"
            )
        return version

    def ask(self, command: Command, actor: str, limit_s: float) -> Any:
        """What bd answers to a command, parsed; waits for its turn, then at most `limit_s` seconds.

        Raises what `bd_answers.payload` raises, Busy when the hub's lock was not to be had in that time, and
        Unanswered when bd had to be ended without a word: then read the board before anything else.
        """
        # Rule 3: the actor is always named, because BD_ACTOR and config.yaml would beat BEADS_ACTOR.
        # --sandbox: no automatic push after a write (rule 11); agents never push, the operator does.
        argv = [str(self._path), f"--actor={_actor(actor)}", "--sandbox", *map(bd_commands.sendable, command.args)]
        answer: Future[Any] = Future()
        with self._guard:
            if self._stopping.is_set():
                raise BoardError("b4tui is ending: nothing was sent to bd")
            self._calls.append((answer, argv, command, limit_s))
            if not self._working:
                self._working = True
                threading.Thread(target=self._work, name="bd", daemon=True).start()
        return answer.result()

    def stop(self) -> None:
        """End the call under way, refuse those that wait and all later ones."""
        self._stopping.set()

    def _work(self) -> None:
        while True:
            with self._guard:
                if not self._calls:
                    self._working = False
                    return
                answer, argv, command, limit_s = self._calls.popleft()
            try:
                answer.set_result(payload(self._call(argv, command, limit_s)))
            except BaseException as error:
                answer.set_exception(error)

    def _call(self, argv: list[str], command: Command, limit_s: float) -> Answer:
        if self._stopping.is_set():
            raise BoardError("b4tui is ending: nothing was sent to bd")
        process = self._start(argv, command)
        self._running.add(process)
        try:
            return self._listen(process, limit_s)
        finally:
            if process.poll() is None:
                _signal(process, signal.SIGKILL)
                process.wait()
            self._running.discard(process)

    def _start(self, argv: list[str], command: Command) -> subprocess.Popen[bytes]:
        """Rule 2: an argument list, no terminal on any stream, two pipes, a session of its own, the hub as folder."""
        environ = {**self._environ, "BD_READONLY": "1"} if command.reads else self._environ
        try:
            # The text comes from a file without a name: `communicate` would not go on feeding a pipe after a time-out,
            # and a bd that is slow to read would wait for the rest for ever.
            with tempfile.TemporaryFile() as text:
                text.write((command.text or "").encode())
                text.seek(0)
                return subprocess.Popen(
                    argv,
                    stdin=subprocess.DEVNULL if command.text is None else text,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    start_new_session=True,
                    cwd=self._cwd,
                    env=environ,
                )
        except OSError as error:
            if error.errno == 7:  # E2BIG
                raise Refused("the texts are too long for one call of bd together; change them one by one") from error
            raise BoardError(f"{self._path} cannot be started: {error.strerror}") from error

    def _listen(self, process: subprocess.Popen[bytes], limit_s: float) -> Answer:
        """Wait for the answer; out of time, end bd by SIGTERM, then by SIGKILL (rule 8)."""
        deadline = time.monotonic() + limit_s
        while True:
            with suppress(subprocess.TimeoutExpired):
                stdout, stderr = process.communicate(timeout=_SLICE_S)
                return Answer(process.returncode, stdout, stderr)
            if process.poll() is not None:
                return _without_its_children(process)
            if self._stopping.is_set() or time.monotonic() >= deadline:
                break
        _signal(process, signal.SIGTERM)
        try:
            stdout, stderr = process.communicate(timeout=_GRACE_S)
        except subprocess.TimeoutExpired:
            _signal(process, signal.SIGKILL)
            raise Unanswered(
                f"bd gave no answer in {limit_s:g} s and did not end when asked to; it was killed"
            ) from None
        if self._stopping.is_set():
            raise Unanswered("b4tui is ending: the call of bd under way was ended")
        try:
            payload(answer := Answer(process.returncode, stdout, stderr))
        except Busy as error:
            raise Busy(f"bd waited {limit_s:g} s: {error}") from None
        except BoardError as error:
            raise Unanswered(f"bd gave no answer in {limit_s:g} s and was ended ({error})") from None
        return answer


def _environment(environ: Mapping[str, str], beads_dir: Path) -> dict[str, str]:
    """The environment of bd: everything of ours that does not change what bd means, HOME among it (rule 2)."""
    kept = {
        key: value for key, value in environ.items() if not key.startswith(_DROPPED_PREFIXES) and key not in _DROPPED
    }
    return {**kept, **_ALWAYS, "BEADS_DIR": str(beads_dir)}


def _actor(name: str) -> str:
    if not name.strip() or name != plain(name):
        raise Refused("a change needs the name of its actor, on one line")
    return name


def _without_its_children(process: subprocess.Popen[bytes]) -> Answer:
    """What bd said before it ended, where something it started (a hook) still holds its pipes."""
    try:
        stdout, stderr = process.communicate(timeout=_SLICE_S)
    except subprocess.TimeoutExpired as late:
        stdout, stderr = late.output or b"", late.stderr or b""
    return Answer(process.returncode, stdout, stderr)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal bd and what it started: it leads a session of its own."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _end_all(running: set[subprocess.Popen[bytes]]) -> None:
    for process in tuple(running):
        _signal(process, signal.SIGTERM)
