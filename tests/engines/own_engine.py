"""An embedded engine on the tiny model, and the means to watch its processes."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psutil

from b4tui.config import EngineConfig, PolicyConfig
from b4tui.engines.attestation.pins import Pins
from b4tui.engines.embedded.digests import Digests
from b4tui.engines.embedded.engine import EmbeddedEngine, Ground
from b4tui.engines.types import ChatRequest, Done, Failure, StreamEvent, Text

WINDOW = 512
LONG = 4000  # tokens of an answer that is still being written when a test does something to it
CHILD = "b4tui.engines.embedded.child"


@dataclass
class House:
    """Where an engine's state, sockets and clock are in a test."""

    folder: Path
    sockets: Path
    time: float = 0.0
    environ: dict[str, str] = field(default_factory=lambda: dict(os.environ))

    def __post_init__(self) -> None:
        self.environ["XDG_RUNTIME_DIR"] = str(self.sockets)

    @property
    def pins(self) -> Pins:
        return Pins(self.folder / "pins.json")

    def engine(
        self, file: Path, *, window: int = WINDOW, policy: PolicyConfig | None = None, **settings: object
    ) -> EmbeddedEngine:
        """An engine that computes on one thread and takes its time from this house."""
        fields: dict[str, object] = {"kind": "embedded", "threads": 1, "cache_mib": 64, **settings}
        ground = Ground(
            pins=self.pins,
            digests=Digests(self.folder / "digests.json"),
            policy=policy or PolicyConfig(),
            windows=(window,),
            cores=lambda: 1,
            clock=lambda: self.time,
            now=lambda: datetime(2026, 1, 2, tzinfo=UTC),
        )
        return EmbeddedEngine("own", EngineConfig.model_validate(fields), self.environ, file=file, ground=ground)

    @asynccontextmanager
    async def open(self, file: Path, **settings: object) -> AsyncIterator[EmbeddedEngine]:
        """An engine that is closed afterwards."""
        engine = self.engine(file, **settings)  # type: ignore[arg-type]
        try:
            yield engine
        finally:
            await engine.aclose()


async def heard(engine: EmbeddedEngine, request: ChatRequest) -> list[StreamEvent]:
    """All events of one answer."""
    return [event async for event in engine.chat(request)]


async def whole(engine: EmbeddedEngine, request: ChatRequest) -> str:
    """The text of an answer that must be whole."""
    events = await heard(engine, request)
    assert isinstance(events[-1], Done), events
    return "".join(event.text for event in events if isinstance(event, Text))


async def failed(engine: EmbeddedEngine, request: ChatRequest) -> Failure:
    """How an answer failed that must fail."""
    last = (await heard(engine, request))[-1]
    assert isinstance(last, Failure), last
    return last


async def until(true: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Wait for a predicate; fail with words when it does not come true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:g} s"
        await asyncio.sleep(0.02)


def processes(marker: str) -> list[psutil.Process]:
    """The children of any engine whose command line holds this, guards before their servers; zombies count."""
    found = []
    for process in psutil.process_iter():
        try:
            line = process.cmdline()
        except psutil.Error:
            continue
        if CHILD in line and any(marker in word for word in line):
            found.append(process)
    return sorted(found, key=lambda process: process.pid)


def zombies_of(pid: int) -> list[psutil.Process]:
    """The children of a process that ended and that nobody waited for."""
    return [child for child in psutil.Process(pid).children() if child.status() == psutil.STATUS_ZOMBIE]


def with_package(folder: Path, environ: Mapping[str, str], text: str) -> dict[str, str]:
    """An environment in which `xllamacpp` is this module."""
    place = folder / "stand-in"
    place.mkdir(exist_ok=True)
    (place / "xllamacpp.py").write_text(text)
    return {**environ, "PYTHONPATH": str(place)}
