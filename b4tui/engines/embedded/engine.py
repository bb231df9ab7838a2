"""An engine of our own: llama.cpp in a child process, on a GGUF file of the operator's (research/runtime.md 5).

Nothing is started before the first prompt, since a model takes memory whether it is asked or not; health says up as
long as the file is there and nothing speaks against starting. One file serves whatever model a role names: a run shows
the file's name.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import importlib.util
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from b4tui import events
from b4tui.config import EngineConfig, PolicyConfig
from b4tui.engines import errors
from b4tui.engines.attestation.pins import Pins
from b4tui.engines.embedded import proofs, words
from b4tui.engines.embedded.digests import Digests
from b4tui.engines.embedded.launch import DEFAULT_SLOTS, Launch, launch_for
from b4tui.engines.embedded.process import Child
from b4tui.engines.embedded.supervisor import Supervisor
from b4tui.engines.embedded.trust import Trust
from b4tui.engines.embedded.weights import Weights
from b4tui.engines.ids import new_call_id
from b4tui.engines.interface import (
    Attestation,
    EngineError,
    Health,
    LoadedModel,
    ModelInfo,
    ServerLoad,
)
from b4tui.engines.types import ChatRequest, Done, Failure, FailureKind, StreamEvent
from b4tui.events import Locality

if TYPE_CHECKING:
    from b4tui.engines.embedded.line import Line

_BROKEN = frozenset({FailureKind.INCOMPLETE, FailureKind.UNREACHABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What an embedded engine stands on: trusted digests, computed ones, the policy, and what a start looks at.

    `windows` are the `num_ctx` of the roles that may come here; `cores` counts physical ones. `clock` counts seconds,
    `now` dates a pin, `new_id` makes ids for tool calls that come without one.
    """

    pins: Pins
    digests: Digests
    policy: PolicyConfig
    windows: tuple[int, ...]
    cores: Callable[[], int]
    new_id: Callable[[], str] = new_call_id
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = events.now


class EmbeddedEngine:
    """One model file and the child that serves it. `file` is an absolute path."""

    def __init__(
        self, name: str, config: EngineConfig, environ: Mapping[str, str], *, file: Path, ground: Ground
    ) -> None:
        self._name = name
        self._config = config
        self._file = file
        self._ground = ground
        self._supervisor = Supervisor(name, environ, config.first_token_timeout_s, ground.clock)
        self._trust = Trust(
            name,
            file,
            self.address,
            pins=ground.pins,
            digests=ground.digests,
            clock=ground.clock,
            now=ground.now,
        )
        self._line: Line | None = None

    @property
    def name(self) -> str:
        """The key of `[engines.NAME]`."""
        return self._name

    @property
    def kind(self) -> str:
        """`embedded`."""
        return "embedded"

    @property
    def address(self) -> str:
        """The model file as a URL: there is no server to name. Models are pinned under it."""
        return f"file://{self._file}"

    async def chat(self, request: ChatRequest) -> AsyncGenerator[StreamEvent, None]:
        """Ask. Closing the iterator cancels the answer. Never raises for the child's faults.

        Nothing is sent for a file that is another than was trusted, nor to a process that is not our own child.
        """
        for last_try in (False, True):
            try:
                line = await self._line_for(request)
            except EngineError as error:
                yield error.failure
                return
            signs = line.signs
            async with aclosing(line.chat(request)) as answer:
                async for event in answer:
                    if isinstance(event, Done):
                        self._supervisor.settled()
                    elif isinstance(event, Failure):
                        # One that died before it was asked took no prompt with it: the next one may have it.
                        if event.kind is FailureKind.UNREACHABLE and not last_try and await line.child.ends_soon():
                            break
                        event = await self._explained(event, line.child, silent=line.signs == signs)
                    signs = line.signs = line.signs + 1
                    yield event
                else:
                    return

    async def attest(self, model: str, *, fresh: bool = False) -> Attestation:
        """Whether the file is the one that was trusted, and the child, where it runs, our own. Starts nothing.

        A verdict `attested` is kept for half a minute, unless `fresh`, as long as the file and the child are the same.
        The first question about a large file takes as long as reading it does. Never raises.
        """
        try:
            return (await self._trust.verdict(self._supervisor.child, fresh=fresh)).attestation
        except EngineError as error:
            return Attestation(
                engine=self._name, model=self._file.name, locality=Locality.UNATTESTED, failure=error.failure
            )

    async def slots(self, model: str) -> int:
        """How many answers it gives at a time: the settings' word, else four."""
        return self._config.slots or DEFAULT_SLOTS

    async def load(self) -> ServerLoad | None:
        """What the child says of its load; nothing runs and nothing waits where there is none. Never raises."""
        child = self._supervisor.child
        if child is None:
            return ServerLoad(running=0, waiting=0)
        return await self._line_of(child).load()

    async def health(self) -> Health:
        """Whether a prompt would be answered, as far as that can be said without starting anything. Never raises.

        `reason` says what stands in the way, or that nothing runs yet.
        """
        if importlib.util.find_spec("xllamacpp") is None:
            return Health(up=False, reason=words.no_package().message)
        version = _version()
        try:
            launch = self._launch(await self._trust.weights())
        except EngineError as error:
            return Health(up=False, version=version, reason=error.failure.message)
        resting = self._supervisor.resting(launch)
        if resting is not None:
            return Health(up=False, version=version, reason=resting.message)
        if self._supervisor.child is None:
            last = self._supervisor.last
            return Health(up=True, version=version, reason=last.message if last else words.NOT_YET)
        return Health(up=True, version=version)

    async def models(self) -> tuple[ModelInfo, ...]:
        """The one file. Raises EngineError."""
        weights = await self._trust.weights()
        context = self._launch(weights).window
        digest = await self._trust.digest(weights)
        return (ModelInfo(name=self._file.name, context=context, digest=digest, size=weights.size, format="gguf"),)

    async def loaded(self) -> tuple[LoadedModel, ...]:
        """The file, while a child has it in memory. Raises EngineError."""
        child = self._supervisor.child
        if child is None:
            return ()
        line = self._line_of(child)
        weights = await self._trust.weights()
        digest = await self._trust.digest(weights)
        try:
            context = await line.context()
        except EngineError:
            if await child.ends_soon():
                return ()
            raise
        on_cpu = self._launch(weights).gpu_layers == 0  # how much of it else went to a GPU, llama.cpp does not say
        return (
            LoadedModel(
                name=self._file.name,
                digest=digest,
                size=weights.size,
                vram=0 if on_cpu else None,
                context=context,
                weights=str(self._file),
            ),
        )

    async def aclose(self) -> None:
        """End the child and close every connection."""
        await self._supervisor.aclose()
        line, self._line = self._line, None
        if line is not None:
            await line.aclose()
        await self._trust.aclose()

    async def _line_for(self, request: ChatRequest) -> Line:
        """A line to a child that this request may go to. Raises EngineError."""
        verdict = await self._trust.verdict(self._supervisor.child)
        missing, required = verdict.attestation.missing, self._ground.policy.require_attested
        if missing is not None and (verdict.attestation.changed or (request.private and required)):
            raise EngineError(errors.unattested(self._asked, missing))
        child = await self._supervisor.serving(self._launch(verdict.weights))
        if child is not verdict.child:
            foreign = [proof for proof in await asyncio.to_thread(proofs.of_child, child) if not proof.holds]
            if foreign and not await child.ends_soon():
                raise EngineError(errors.unattested(self._asked, foreign[0]))
        return self._line_of(child)

    def _line_of(self, child: Child) -> Line:
        """The line to a child. That to another is left to the answers that still end on it: it keeps nothing open."""
        from b4tui.engines.embedded.line import Line

        if self._line is None or self._line.child is not child:
            self._line = Line(child, self._asked, self._config, self._ground.new_id, self._ground.clock)
        return self._line

    async def _explained(self, failure: Failure, child: Child, *, silent: bool) -> Failure:
        """The failure in words that fit a child: a broken answer is a crash where it has ended.

        One that was waited for in vain, while the child was `silent` to everybody, is the end of the child: it would
        not answer the next one either, and nobody else can start it again.
        """
        if failure.kind is FailureKind.OVERFLOW:
            return words.too_long(child.launch.alias, child.launch.window, failure)
        if failure.kind is FailureKind.TIMEOUT and silent:
            await child.stop(words.SILENCE)
            return words.silent(failure)
        if failure.kind in _BROKEN and await child.ends_soon():
            return words.died(child.launch.alias, child.how, child.reason)
        return failure

    def _launch(self, weights: Weights) -> Launch:
        return launch_for(self._config, self._ground.windows, weights, cores=self._ground.cores())

    @property
    def _asked(self) -> errors.Asked:
        return errors.Asked(self._name, "its own socket", local=True, server=words.SERVER).about(self._file.name)


def _version() -> str:
    try:
        return f"xllamacpp {importlib.metadata.version('xllamacpp')}"
    except importlib.metadata.PackageNotFoundError:  # built by hand, say: it may serve all the same
        return "xllamacpp"
