"""Which models can be in memory together, as far as that is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


class Residency:
    """The sizes of models (bytes) on one engine, and the memory they share. What is not known counts as fitting.

    `memory` is what all GPUs of the machine hold together, or the RAM where there is none; a model that is larger
    spills over and has the memory for itself.
    """

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}
        self._apart: frozenset[str] = frozenset()
        self.memory: int | None = None

    def know(self, sizes: Mapping[str, int]) -> None:
        """The sizes of models, by the names they are asked with."""
        self._sizes |= sizes

    def keep_apart(self, models: Iterable[str]) -> None:
        """Models that do not use the GPU's memory, such as a router on the CPU."""
        self._apart = frozenset(models)

    def fits(self, model: str, beside: frozenset[str]) -> bool:
        """Whether a model can be in memory beside these."""
        if self.memory is None or model in self._apart:
            return True
        others = [min(self._sizes.get(other, 0), self.memory) for other in beside - self._apart - {model}]
        return not others or min(self._sizes.get(model, 0), self.memory) + sum(others) <= self.memory
