"""The models the simulated server says it has, and how Ollama lists them (research/runtime.md 1.10)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

REMOTE = {"remote_model": "qwen3-coder:480b", "remote_host": "https://cloud.invalid:443"}
_FOR_EVER = timedelta(days=3650)
_MODIFIED = "2026-08-21T09:00:00Z"


@dataclass(frozen=True, slots=True)
class SimulatedModel:
    """A model's facts. `size` in bytes on disk; `train_context` in tokens.

    `edition` tells one state of a model from another: models of one edition are the same bytes under several names.
    """

    name: str
    architecture: str
    parameters: str
    quantization: str
    size: int
    train_context: int
    capabilities: tuple[str, ...]
    cpu_only: bool = False
    edition: str = ""

    @property
    def digest(self) -> str:
        """A manifest digest: made from the edition, else the name, so that it stays the same from start to start."""
        return hashlib.sha256(f"simulated {self.edition or self.name}".encode()).hexdigest()

    @property
    def details(self) -> dict[str, Any]:
        """The `details` object."""
        return {
            "parent_model": "",
            "format": "gguf",
            "family": self.architecture,
            "families": [self.architecture],
            "parameter_size": self.parameters,
            "quantization_level": self.quantization,
        }


MODELS = (
    SimulatedModel(
        "qwen3-coder-next:latest", "qwen3next", "79.7B", "Q4_K_M", 51_700_000_000, 262_144, ("completion", "tools")
    ),
    SimulatedModel("qwen3:8b", "qwen3", "8.2B", "Q4_K_M", 5_225_388_164, 40_960, ("completion", "tools", "thinking")),
    SimulatedModel(
        "qwen3:1.7b", "qwen3", "2.0B", "Q4_K_M", 1_359_293_444, 40_960, ("completion", "tools", "thinking"), True
    ),
)


def asks_for_cloud(name: str) -> bool:
    """Whether Ollama would hand a model of this name to its cloud (research/runtime.md 1.7 A)."""
    suffix = name.rpartition(":")[2].lower()
    return suffix == "cloud" or (suffix.endswith("-cloud") and "/" not in suffix)


def plain_name(name: str) -> str:
    """The name a model is listed under: without `:local`, with its tag."""
    name = name.removesuffix(":local")
    return name if ":" in name else f"{name}:latest"


@dataclass(slots=True)
class Loaded:
    """A model in memory: its context in tokens, and when it leaves unless it is used."""

    model: SimulatedModel
    context: int
    expires_at: datetime


def tag_row(model: SimulatedModel, *, remote: bool = False) -> dict[str, Any]:
    """A row of /api/tags."""
    row: dict[str, Any] = {
        "name": model.name,
        "model": model.name,
        "modified_at": _MODIFIED,
        "size": 233 if remote else model.size,
        "digest": model.digest,
        "details": {**model.details, "format": ""} if remote else model.details,
        "capabilities": list(model.capabilities),
    }
    return {**row, **REMOTE} if remote else row


def show_row(model: SimulatedModel, *, remote: bool = False) -> dict[str, Any]:
    """The answer of /api/show."""
    row: dict[str, Any] = {
        "template": "{{ .Prompt }}",
        "details": model.details,
        "model_info": {
            "general.architecture": model.architecture,
            f"{model.architecture}.context_length": model.train_context,
        },
        "capabilities": list(model.capabilities),
        "modified_at": _MODIFIED,
    }
    return {**row, **REMOTE} if remote else row


def loaded_row(loaded: Loaded) -> dict[str, Any]:
    """A row of /api/ps."""
    model = loaded.model
    return {
        "name": model.name,
        "model": model.name,
        "size": model.size,
        "size_vram": 0 if model.cpu_only else min(model.size, 19_600_000_000),
        "digest": model.digest,
        "details": model.details,
        "expires_at": stamp(loaded.expires_at),
        "context_length": loaded.context,
    }


def expiry(keep_alive: object, now: datetime) -> datetime:
    """When a model leaves memory: a Go duration or a number of seconds; negative is for ever, absent five minutes."""
    seconds = duration_s(keep_alive)
    return now + (_FOR_EVER if seconds < 0 else timedelta(seconds=min(seconds, _FOR_EVER.total_seconds())))


def duration_s(keep_alive: object) -> float:
    """A `keep_alive` in seconds. Raises ValueError."""
    if keep_alive is None:
        return 300.0
    if isinstance(keep_alive, int | float):
        return float(keep_alive)
    text = str(keep_alive)
    units = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
    for unit, factor in units.items():
        number = text.removesuffix(unit)
        if number != text and number.lstrip("-").replace(".", "", 1).isdigit():
            return float(number) * factor
    return float(text)


def stamp(moment: datetime) -> str:
    """A time as the server writes it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
