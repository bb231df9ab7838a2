"""How the child is to be started: decided here, carried as one line of JSON, read by the child.

The child loads this module and nothing else of ours, so it stays within the standard library.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from b4tui.config import EngineConfig
    from b4tui.engines.embedded.weights import Weights

DEFAULT_SLOTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One way to start llama.cpp. `window` is the longest conversation of one slot, in tokens; `cache_mib` in MiB.

    `stamp` says which state of the file is meant, so that a file that was replaced is loaded anew.
    """

    model: str
    stamp: str
    window: int
    slots: int
    threads: int
    gpu_layers: int
    cache_mib: int

    @property
    def context(self) -> int:
        """Tokens in all: llama.cpp gives each slot an equal share of it (research/runtime.md 2)."""
        return self.window * self.slots

    @property
    def alias(self) -> str:
        """The model's name as it is shown: the file's."""
        return Path(self.model).name

    @property
    def digest(self) -> str:
        """A short hash of all of it, for telling two ways apart on a screen."""
        return hashlib.sha256(self.as_text().encode()).hexdigest()[:12]

    def as_text(self) -> str:
        """The launch as one line."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_text(cls, text: str) -> Launch:
        """The launch back from its line. Raises ValueError or TypeError for anything else."""
        return cls(**json.loads(text))


def launch_for(config: EngineConfig, windows: tuple[int, ...], weights: Weights, *, cores: int) -> Launch:
    """The way to start for these settings.

    `windows` are the `num_ctx` of the roles that may come here: each slot holds the largest, or what the model was
    trained for where that is less, since llama.cpp gives no more of what it sets aside. `cores` are physical.
    """
    return Launch(
        model=str(weights.path),
        stamp=weights.stamp,
        window=min(max(windows), weights.context or max(windows)),
        slots=config.slots or DEFAULT_SLOTS,
        threads=config.threads or max(1, cores),
        gpu_layers=config.gpu_layers,
        cache_mib=config.cache_mib,
    )
