"""Which models can be in memory together, as far as that is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from b4tui.engines.names import whole_name


class Residency:
    """The sizes of models (bytes) on one engine, and the memory they share. What is not known counts as fitting.

    A model that is larger than the memory spills over and has it for itself. Models go by any of their names.
    """

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}
        self._apart: frozenset[str] = frozenset()
        self._memory: int | None = None
        self._on_gpus = True

    def know(self, sizes: Mapping[str, int]) -> None:
        """The sizes of models."""
        self._sizes |= {whole_name(name): size for name, size in sizes.items()}

    def keep_apart(self, models: Iterable[str]) -> None:
        """Models that do not use the GPU's memory, such as a router on the CPU."""
        self._apart = frozenset(map(whole_name, models))

    def share(self, memory: int | None, *, on_gpus: bool) -> None:
        """What all GPUs of the machine hold together; or the RAM where there is none, which no model is apart from."""
        self._memory, self._on_gpus = memory, on_gpus

    def fits(self, model: str, beside: frozenset[str]) -> bool:
        """Whether a model can be in memory beside these."""
        apart = self._apart if self._on_gpus else frozenset()
        model, others = whole_name(model), frozenset(map(whole_name, beside)) - apart
        if self._memory is None or model in apart or not others - {model}:
            return True
        return sum(min(self._sizes.get(name, 0), self._memory) for name in {model, *others}) <= self._memory
