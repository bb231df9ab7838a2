"""The tables of the settings: what each key means and what it may be. `config` reads and merges them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    StringConstraints,
)

# An agent's key is its name on the board, in labels and in folders.
AgentKey = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64)]


class Section(BaseModel):
    """A table of the settings: immutable, and a key it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


EngineKind = Literal["ollama", "openai", "vllm", "llama-server", "localai", "embedded"]
AUTO = "auto"


class EngineConfig(Section):
    """Where a model server is, what the operator vouches for, and how long to wait for it. Times in seconds.

    `order` ranks engines for `engine = "auto"` and for falling back (0: used only where a role names it); `slots` 0
    means as many answers at a time as the server says it can give. `models` maps a role's model to its name here.
    `model_file`, `threads`, `gpu_layers` and `cache_mib` are those of an embedded engine alone.
    """

    kind: EngineKind = "ollama"
    address: str = ""
    pinned: bool = False
    vouched: bool = False
    order: NonNegativeInt = 0
    slots: NonNegativeInt = 0
    models: dict[str, str] = {}
    key_env: str = ""
    connect_timeout_s: PositiveFloat = 5.0
    first_token_timeout_s: PositiveFloat = 600.0
    idle_timeout_s: PositiveFloat = 300.0
    model_file: str = ""
    threads: NonNegativeInt = 0
    gpu_layers: int = Field(default=0, ge=-1)
    cache_mib: NonNegativeInt = 2048


class RoleConfig(Section):
    """Which model a role uses, with its one fixed load profile (research/runtime.md 1.5). Sizes in tokens."""

    engine: str = AUTO
    model: str
    num_ctx: PositiveInt = 32768
    num_predict: PositiveInt = 8192
    temperature: float = Field(default=0.7, ge=0.0)
    think: bool | Literal["low", "medium", "high"] = False
    keep_alive: str = "30m"
    options: dict[str, Any] = {}


class AgentConfig(Section):
    """An agent's profile. `workspace` is a folder; empty means `HUB/agents/KEY`."""

    name: str
    capabilities: tuple[str, ...] = ()
    role: str = "workhorse"
    tools: tuple[str, ...] = ("read", "search", "comment", "finish")
    persona: str = "SOUL.md"
    workspace: str = ""
    enabled: bool = True


class LimitsConfig(Section):
    """What one run may use up before it is stopped."""

    steps: PositiveInt = 100
    wall_clock_s: PositiveFloat = 3600.0
    tokens: PositiveInt = 500_000
    identical_calls: PositiveInt = 3
    format_errors: PositiveInt = 3
    command_timeout_s: PositiveFloat = 120.0
    output_chars: PositiveInt = 16_000
    attempts: PositiveInt = 3


class PollConfig(Section):
    """How often an agent looks for work. Seconds."""

    interval_s: PositiveFloat = 15.0
    max_interval_s: PositiveFloat = 240.0
    empty_polls_before_backoff: PositiveInt = 3
    engine_backoff_s: PositiveFloat = 5.0


class RoutingConfig(Section):
    """Who gets what no rule fits."""

    fallback: str = "brenner"


class TelemetryConfig(Section):
    """How often the machine is measured, whether the GPU is asked, and where models lie ("": found)."""

    interval_s: PositiveFloat = 1.0
    gpu: bool = True
    model_store: str = ""


class TuiConfig(Section):
    """How the console looks."""

    theme: str = "b4-dark"
    bell: bool = True
