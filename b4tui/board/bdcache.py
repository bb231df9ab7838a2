"""Keep the cache of an installed bd 0.4x fresh (research/beads.md 2.6).

bd 0.4x answers from a SQLite copy of the board, refuses to read while that copy is older than the file, and writes the
whole file from the copy. A bd that read the file before our change and exports after it would therefore undo the change
(measured: one of eight concurrent writes was lost). So the import is started while bd's export lock is held, and the
importing bd inherits the lock: until it is through nobody exports, and whoever exports then has our change.

An import takes 0.1 s on small boards and grows with the square of their size. The caller does not wait for it; the next
change does. Where it takes too long it is given up for good.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

_VERSION = re.compile(rb"version 0\.(\d+)")
_FIRST_DOLT = 50  # bd 0.50 and later keep no such cache, and may make a database where they are asked
_VERSION_TIMEOUT_S = 5.0


class BdCache:
    """Imports the board file into bd's cache after changes. `warn` hears, in words, when that fails."""

    def __init__(
        self, beads_dir: Path, environ: Mapping[str, str], warn: Callable[[str], None], *, timeout_s: float = 10.0
    ) -> None:
        self._folder = beads_dir
        self._environ = environ
        self._warn = warn
        self._timeout_s = timeout_s
        self._worker: threading.Thread | None = None
        self._program: str | None = None  # "" where there is none to use

    @property
    def exists(self) -> bool:
        """Whether some bd keeps a cache here."""
        return any(self._folder.glob("*.db"))

    def refresh(self, lock: int) -> None:
        """Start an import and return at once. `lock` is the descriptor of bd's export lock, held by the caller."""
        if self._find() == "":
            return
        try:
            process = subprocess.Popen(
                [self._find(), "sync", "--import-only"],
                cwd=self._folder.parent,
                env={**self._environ, "BEADS_NO_DAEMON": "1", "BEADS_DIR": str(self._folder)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=(lock,),
                start_new_session=True,
            )
        except OSError as error:
            self._give_up(f"bd could not be started: {error.strerror}")
            return
        self._worker = threading.Thread(target=self._see_through, args=(process,), name="bd-cache", daemon=True)
        self._worker.start()

    def settle(self, timeout_s: float) -> bool:
        """Wait until the last import is through; False when that took too long."""
        worker = self._worker
        if worker is not None:
            worker.join(timeout_s)
        return worker is None or not worker.is_alive()

    def _see_through(self, process: subprocess.Popen[bytes]) -> None:
        with process:
            try:
                _, said = process.communicate(timeout=self._timeout_s)
            except subprocess.TimeoutExpired:
                process.kill()
                self._give_up(f"bd needs more than {self._timeout_s:g} s to import this board")
                return
        if process.returncode:
            words = " ".join(said.decode("utf-8", "replace").split())[:300]
            self._warn(f"bd's cache is older than the board; run `bd sync --import-only`. It said: {words}")

    def _give_up(self, why: str) -> None:
        self._program = ""
        self._warn(f"bd's cache is no longer kept fresh from here ({why}); before using bd run `bd sync --import-only`")

    def _find(self) -> str:
        """The bd 0.4x to use: BD_BIN, else the one on the PATH; "" where there is none, or only a newer one."""
        if self._program is None:
            name = self._environ.get("BD_BIN") or shutil.which("bd", path=self._environ.get("PATH", os.defpath)) or ""
            self._program = name if name and _is_classic(name) else ""
        return self._program


def _is_classic(program: str) -> bool:
    try:
        # Away from any hub: newer versions make a database where they find a folder .beads.
        said = subprocess.run(
            [program, "version"],
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_VERSION_TIMEOUT_S,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return False
    match = _VERSION.search(said)
    return match is not None and int(match[1]) < _FIRST_DOLT
