"""The sha256 of model files, each computed once per state of the file and kept in the user's state folder.

Half a minute for 50 GB: so it is done in a thread, once for all who ask, and not again at the next start.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import json
import threading
from pathlib import Path
from typing import Any

from platformdirs import user_state_path

from b4tui.engines.embedded.weights import Weights, WeightsError, look

_PART = 4 * 1024 * 1024


def digests_file() -> Path:
    """Where the digests of the user's model files are kept."""
    return user_state_path("b4tui") / "digests.json"


class Digests:
    """What was computed, in memory and in one file. The file only saves time: without it all is computed anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[Weights, str] = {}
        self._computing: dict[Weights, asyncio.Task[str]] = {}
        self._stop = threading.Event()

    async def of(self, weights: Weights) -> str:
        """The digest in hex. Raises WeightsError when the file cannot be read or changes meanwhile."""
        if weights in self._known:
            return self._known[weights]
        task = self._computing.get(weights)
        if task is None:
            task = self._computing[weights] = asyncio.create_task(self._compute(weights))
            task.add_done_callback(lambda done: self._settle(weights, done))
        return await asyncio.shield(task)  # another may be waiting for it too

    async def aclose(self) -> None:
        """Stop computing."""
        self._stop.set()
        await asyncio.gather(*self._computing.values(), return_exceptions=True)

    async def _compute(self, weights: Weights) -> str:
        return await asyncio.to_thread(self._kept_or_fresh, weights)

    def _settle(self, weights: Weights, task: asyncio.Task[str]) -> None:
        self._computing.pop(weights, None)
        if not task.cancelled() and task.exception() is None:
            self._known[weights] = task.result()

    def _kept_or_fresh(self, weights: Weights) -> str:
        kept = self._read().get(str(weights.path))
        if isinstance(kept, dict) and kept.get("stamp") == weights.stamp and isinstance(kept.get("sha256"), str):
            return str(kept["sha256"])
        digest = self._hash(weights)
        with contextlib.suppress(OSError):  # a state folder that cannot be written costs time, no more
            self._keep(weights, digest)
        return digest

    def _hash(self, weights: Weights) -> str:
        sum_ = hashlib.sha256()
        try:
            with weights.path.open("rb") as file:
                while part := file.read(_PART):
                    if self._stop.is_set():
                        raise WeightsError(f"{weights.path} was not read to its end: b4tui is closing")
                    sum_.update(part)
        except OSError as error:
            raise WeightsError(f"{weights.path} cannot be read ({error.strerror})") from error
        if look(weights.path) != weights:
            raise WeightsError(f"{weights.path} was written to while it was read: wait until it is complete")
        return sum_.hexdigest()

    def _read(self) -> dict[str, Any]:
        try:
            rows = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return rows if isinstance(rows, dict) else {}

    def _keep(self, weights: Weights, digest: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            rows = {**self._read(), str(weights.path): {"stamp": weights.stamp, "sha256": digest}}
            fresh = self._path.with_suffix(".new")
            fresh.write_text(json.dumps(rows, indent=1), encoding="utf-8")
            fresh.replace(self._path)
