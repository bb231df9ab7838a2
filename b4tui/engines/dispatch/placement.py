"""Which engine answers for a role now: the first in order that is usable, has the model, and may see the prompt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from b4tui.config import RoleConfig, Settings
from b4tui.engines.attestation.refusal import refusal
from b4tui.engines.dispatch.profile import LoadProfile, profile_of
from b4tui.engines.dispatch.roles import candidates, model_on, model_there
from b4tui.engines.interface import Attestation, Engine, EngineError
from b4tui.engines.types import Failure, FailureKind

NO_ENGINE = (
    "no engine is configured for this role: start Ollama (`OLLAMA_NO_CLOUD=1 ollama serve`), or name a model file in "
    "[engines.embedded] model_file; `b4tui doctor` says more"
)
GPU_AGAIN_S = 900.0
GPU_AGAIN_AT_MOST_S = 4 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where a role's prompts go. `model` is the name to ask with; `served` is what answers.

    `context` is the longest conversation the server takes, in tokens; 0 where the profile alone decides. `instead` says
    why no engine before this one, `off_gpu` why not the GPU.
    """

    engine: str
    model: str
    attestation: Attestation
    profile: LoadProfile
    context: int = 0
    instead: str = ""
    off_gpu: str = ""

    @property
    def served(self) -> str:
        """The model that answers, by the engine's own word: an embedded one serves its file under every name."""
        return self.attestation.model

    @property
    def note(self) -> str:
        """Why it is not the first choice, "" where it is."""
        slower = f"on the CPU, slower: {self.off_gpu}" if self.off_gpu else ""
        return "; ".join(filter(None, (self.instead, slower)))


@dataclass(frozen=True, slots=True)
class Nowhere:
    """No engine may be asked for this role; `failure` says why, for each of them, and what to do."""

    failure: Failure


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
        """Use this model without the GPU, and try the GPU again later: loading it there and back takes minutes.

        Several that fail together count once.
        """
        last = self._off_gpu.get((engine, model))
        if last is not None and self._clock() < last.until:
            return
        seconds = last.next_s if last else GPU_AGAIN_S
        off = _OffGpu(why, self._clock() + seconds, min(2 * seconds, GPU_AGAIN_AT_MOST_S))
        self._off_gpu[engine, model] = off

    def worked(self, placement: Placement) -> None:
        """An answer came to its end there: a GPU that was tried again is as good as it was."""
        off = self._off_gpu.get((placement.engine, placement.model))
        if off is not None and placement.profile.on_gpu and self._clock() >= off.until:
            del self._off_gpu[placement.engine, placement.model]

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
                placement = Placement(
                    engine=name,
                    model=model,
                    attestation=attestation,
                    profile=profile_of(self._settings, name, model),
                    context=await self.window(name, role) if fresh else 0,
                    instead="; ".join(f"instead of {other}: {failure.message}" for other, failure in passed.items()),
                )
                return self.renewed(placement)
            passed[name] = failure
        return Nowhere(_together(passed))

    def usable(self, placement: Placement) -> bool:
        """Whether its engine can still be asked."""
        return not self._unusable(placement.engine)

    def renewed(self, placement: Placement) -> Placement:
        """The placement with the load profile of now: while it waited, its model may have left the GPU or come back."""
        profile = profile_of(self._settings, placement.engine, placement.model)
        off = self._off_gpu.get((placement.engine, placement.model))
        if off is None or self._clock() >= off.until:
            return replace(placement, profile=profile, off_gpu="")
        return replace(placement, profile=profile.on_cpu(), off_gpu=off.why)

    async def window(self, engine: str, role: RoleConfig) -> int:
        """The longest conversation an engine takes for a role, in tokens; 0 where it leaves that to the request."""
        try:
            stock = await self._engines[engine].models()
        except EngineError:
            return 0
        info = model_on(self._settings, self._engines[engine], role.model, stock)
        return info.context if info else 0


def _together(passed: Mapping[str, Failure]) -> Failure:
    """One failure for all engines: the kind is that of the first choice, unless another one may pass by itself."""
    if not passed:
        return Failure(FailureKind.NO_MODEL, NO_ENGINE)
    failures = list(passed.values())
    first = next((failure for failure in failures if failure.transient), failures[0])
    message = "; ".join(dict.fromkeys(failure.message for failure in failures))
    return Failure(first.kind, message, first.status)
