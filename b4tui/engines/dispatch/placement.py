"""Which engine answers for a role now: the first in order that is usable, has the model, and may see the prompt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from b4tui.config import AUTO, RoleConfig, Settings
from b4tui.engines.attestation.refusal import refusal
from b4tui.engines.dispatch.profile import LoadProfile, profile_of
from b4tui.engines.interface import Attestation, Engine, EngineError
from b4tui.engines.names import find_model
from b4tui.engines.types import Failure, FailureKind

NO_ENGINE = (
    "no engine is configured for this role: start Ollama (`OLLAMA_NO_CLOUD=1 ollama serve`), or name a model file in "
    "[engines.embedded] model_file; `b4tui doctor` says more"
)
GPU_AGAIN_S = 900.0
GPU_AGAIN_AT_MOST_S = 4 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where a role's prompts go. `model` is the name to ask with; what answers is the attestation's model, which on an
    engine with one model file is that file. `note` says why it is not the first choice.

    `context` is the longest conversation the server takes, in tokens; 0 where the profile alone decides.
    """

    engine: str
    model: str
    attestation: Attestation
    profile: LoadProfile
    context: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Nowhere:
    """No engine may be asked for this role; `failure` says why, for each of them, and what to do."""

    failure: Failure


def candidates(settings: Settings, engines: Mapping[str, Engine], role: RoleConfig) -> tuple[str, ...]:
    """The engines that may answer for a role, the first choice first.

    An engine that the role names comes before those with an `order`; one without is used by its name only.
    """
    ranked = sorted(
        (name for name in engines if settings.engines[name].order > 0), key=lambda name: settings.engines[name].order
    )
    if role.engine == AUTO:
        return tuple(ranked)
    named = (role.engine,) if role.engine in engines else ()
    return (*named, *(name for name in ranked if name != role.engine))


def model_there(settings: Settings, engine: str, model: str) -> str:
    """The name a role's model has on an engine."""
    return settings.engines[engine].models.get(model, model)


@dataclass(frozen=True, slots=True)
class _OffGpu:
    """A model that does without the GPU: why, until when (clock seconds), and how long the next time would be."""

    why: str
    until: float
    next_s: float


class Placer:
    """Places roles. `unusable(engine)` says why an engine cannot be asked now, "" where it can; `clock` in seconds."""

    def __init__(
        self,
        settings: Settings,
        engines: Mapping[str, Engine],
        unusable: Callable[[str], str],
        clock: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._engines = engines
        self._unusable = unusable
        self._clock = clock
        self._off_gpu: dict[tuple[str, str], _OffGpu] = {}

    def leave_gpu(self, engine: str, model: str, why: str) -> None:
        """Use this model without the GPU, and try the GPU again later: loading it there and back takes minutes."""
        last = self._off_gpu.get((engine, model))
        seconds = last.next_s if last else GPU_AGAIN_S
        off = _OffGpu(why, self._clock() + seconds, min(2 * seconds, GPU_AGAIN_AT_MOST_S))
        self._off_gpu[engine, model] = off

    def back_to_gpu(self) -> None:
        """A GPU is there again: try it for every model."""
        self._off_gpu.clear()

    async def place(
        self,
        role: RoleConfig,
        *,
        private: bool = True,
        fresh: bool = False,
        besides: Mapping[str, Failure] | None = None,
    ) -> Placement | Nowhere:
        """Find the engine for a role's next prompt.

        `fresh`, before a run, asks for proof anew, and for the `context`. `besides` are engines that just failed.
        """
        passed: dict[str, Failure] = {}
        for name in candidates(self._settings, self._engines, role):
            if besides and name in besides:
                passed[name] = besides[name]
                continue
            if reason := self._unusable(name):
                passed[name] = Failure(FailureKind.UNREACHABLE, reason)
                continue
            model = model_there(self._settings, name, role.model)
            attestation = await self._engines[name].attest(model, fresh=fresh)
            required = self._settings.policy.require_attested
            failure = refusal(attestation, private=private, require_attested=required)
            if failure is None:
                placement = self._placement(role, name, model, attestation, passed)
                return replace(placement, context=await self._context(name, attestation.model)) if fresh else placement
            passed[name] = failure
        return Nowhere(_together(passed))

    async def _context(self, engine: str, model: str) -> int:
        try:
            info = find_model(model, await self._engines[engine].models())
        except EngineError:
            return 0
        return info.context if info else 0

    def _placement(
        self, role: RoleConfig, engine: str, model: str, attestation: Attestation, passed: Mapping[str, Failure]
    ) -> Placement:
        profile = profile_of(self._settings, role.model)
        notes = [f"instead of {name}: {failure.message}" for name, failure in passed.items()]
        off = self._off_gpu.get((engine, model))
        if off is not None and self._clock() < off.until:
            profile = profile.on_cpu()
            notes.append(f"on the CPU, slower: {off.why}")
        return Placement(engine=engine, model=model, attestation=attestation, profile=profile, note="; ".join(notes))


def _together(passed: Mapping[str, Failure]) -> Failure:
    """One failure for all engines: the kind is that of the first choice, unless another one may pass by itself."""
    if not passed:
        return Failure(FailureKind.NO_MODEL, NO_ENGINE)
    failures = list(passed.values())
    first = next((failure for failure in failures if failure.transient), failures[0])
    message = "; ".join(dict.fromkeys(failure.message for failure in failures))
    return Failure(first.kind, message, first.status)
