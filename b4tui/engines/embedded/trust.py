"""Whether the model file is the one that was trusted, and the process that serves it our own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from b4tui.engines.attestation.pins import Pin, PinError, Pins
from b4tui.engines.embedded import proofs, words
from b4tui.engines.embedded.digests import Digests
from b4tui.engines.embedded.process import Child
from b4tui.engines.embedded.weights import Weights, WeightsError, look
from b4tui.engines.interface import Attestation, EngineError, Proof
from b4tui.events import Locality

VALID_S = 30.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """An attestation, and what it is of: a state of the file, and the child that ran then."""

    weights: Weights
    child: Child | None
    attestation: Attestation


class Trust:
    """The verdicts on one file. `engine` and `place` name it among the pins; the clocks are those of the engine."""

    def __init__(
        self,
        engine: str,
        file: Path,
        place: str,
        *,
        pins: Pins,
        digests: Digests,
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self._engine = engine
        self._file = file
        self._place = place
        self._pins = pins
        self._digests = digests
        self._clock = clock
        self._now = now
        self._kept: Verdict | None = None
        self._until = 0.0

    async def verdict(self, child: Child | None, *, fresh: bool = False) -> Verdict:
        """The verdict with this child at work. One that is `attested` is kept for VALID_S, unless `fresh`.

        The file is looked at every time: another state of it is another question. Raises EngineError.
        """
        weights = await self.weights()
        kept = self._kept if not fresh and self._clock() < self._until else None
        if kept is not None and (kept.weights, kept.child) == (weights, child):
            return kept
        attestation = await self._attest(weights, child)
        missing = attestation.missing
        if child is not None and missing is not None and missing.step in proofs.OF_CHILD and await child.ends_soon():
            child = None  # no other process is in its place: it is gone
            attestation = await self._attest(weights, child)
        verdict = Verdict(weights, child, attestation)
        proven = attestation.locality is Locality.ATTESTED
        self._kept, self._until = (verdict, self._clock() + VALID_S) if proven else (None, 0.0)
        return verdict

    async def weights(self) -> Weights:
        """The file as it is now. Raises EngineError."""
        try:
            return await asyncio.to_thread(look, self._file)
        except WeightsError as error:
            raise EngineError(words.bad_weights(self._engine, str(error))) from error

    async def digest(self, weights: Weights) -> str:
        """Its sha256 in hex; the first time takes as long as reading the file does. Raises EngineError."""
        try:
            return await self._digests.of(weights)
        except WeightsError as error:
            raise EngineError(words.bad_weights(self._engine, str(error))) from error

    async def aclose(self) -> None:
        """Stop reading."""
        await self._digests.aclose()

    async def _attest(self, weights: Weights, child: Child | None) -> Attestation:
        digest = await self.digest(weights)
        return await asyncio.to_thread(self._judge, weights, digest, child)

    def _judge(self, weights: Weights, digest: str, child: Child | None) -> Attestation:
        """The file is trusted now if it never was before. Reads the pins and opens the child's socket."""
        pin = self._pin(digest)
        trusted = pin if isinstance(pin, Proof) else proofs.of_digest(self._engine, self._file.name, digest, pin)
        steps = (proofs.of_file(weights), *proofs.of_child(child), trusted)
        proven = all(step.holds is not False for step in steps)
        return Attestation(
            engine=self._engine,
            model=self._file.name,
            locality=Locality.ATTESTED if proven else Locality.UNATTESTED,
            digest=digest,
            pinned="" if isinstance(pin, Proof) else pin.digest,
            proofs=steps,
        )

    def _pin(self, digest: str) -> Pin | Proof:
        try:
            return self._pins.trust(self._place, self._file.name, digest, self._now())
        except PinError as error:
            return Proof(step=proofs.DIGEST, holds=False, detail=str(error))
