"""The world of `b4tui demo`: a sample hub in a temporary folder, a simulated model server, settings that join them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from b4tui.config import Settings, load
from b4tui.demo.catalog import MODELS, SimulatedModel, plain_name
from b4tui.demo.cloud import PROVIDER, demo_cloud
from b4tui.demo.cloud_server import SimulatedCloud
from b4tui.demo.hub import make_hub
from b4tui.demo.script import Script
from b4tui.demo.server import SimulatedOllama
from b4tui.engines.attestation.pins import Pins
from b4tui.escalation.guard import EgressGuard
from b4tui.runtime.outside.opening import Surroundings

ENGINE = "ollama"
SLOTS = 3
POLL = {"interval_s": 0.5, "max_interval_s": 4.0, "engine_backoff_s": 0.5}


@dataclass(frozen=True, slots=True)
class DemoWorld:
    """Everything that a runtime needs for the demo; it exists as long as `demo_world` is open.

    `pins` lie beside the hub, and so does what `around` names: what the demo's models are trusted as, and what is kept
    or called public in it, is nobody's business but its own.
    """

    hub: Path
    server: SimulatedOllama
    settings: Settings
    pins: Pins
    around: Surroundings
    cloud: SimulatedCloud | None = None


@asynccontextmanager
async def demo_world(
    *,
    speed: float = 1.0,
    scripts: tuple[Script, ...] | None = None,
    overrides: Mapping[str, Any] | None = None,
    now: datetime | None = None,
    cloud: bool = False,
    guard: EgressGuard | None = None,
) -> AsyncIterator[DemoWorld]:
    """Make hub, server and settings; take all of them away at the end. With `cloud` a simulated provider is there too.

    Whatever the environment says, the operator's own settings file is not read, and the simulated engine is the only
    one. `overrides` are further settings, as for `config.load`. Raises ConfigError, ValueError for a speed that is
    none.
    """
    wanted = load(use_user_file=False, overrides=overrides)
    models = _models(wanted)
    with tempfile.TemporaryDirectory(prefix="b4tui-demo-", ignore_cleanup_errors=True) as folder:
        hub = await asyncio.to_thread(make_hub, Path(folder) / "hub", now=now or datetime.now(UTC))
        async with AsyncExitStack() as stack:
            server = await stack.enter_async_context(SimulatedOllama(scripts, speed=speed, models=models))
            outside = await stack.enter_async_context(demo_cloud(Path(folder), speed=speed)) if cloud else None
            wanted_too = {**(outside.settings if outside else {}), **(overrides or {})}
            joined = load(use_user_file=False, overrides=_joined(server.address, wanted_too))
            settings = joined.model_copy(
                update={
                    "engines": {ENGINE: joined.engines[ENGINE]},
                    # Whatever the environment says: the demo knows no other provider than its own.
                    "escalation": {key: one for key, one in joined.escalation.items() if outside and key == PROVIDER},
                }
            )
            pins = Pins(Path(folder) / "pins.json")
            around = Surroundings(
                environ={},
                home=Path(folder),
                guard=guard,
                key_path=Path(folder) / "ledger.key",
                public_path=Path(folder) / "public.toml",
            )
            yield DemoWorld(hub, server, settings, pins, around, outside.server if outside else None)


def _models(settings: Settings) -> tuple[SimulatedModel, ...]:
    """The server's usual models, and any other that the settings ask for."""
    known = {model.name: model for model in MODELS}
    for role in settings.roles.values():
        name = plain_name(role.model)
        known.setdefault(
            name, SimulatedModel(name, "simulated", "0B", "Q4_K_M", 1_000_000_000, 40_960, ("completion", "tools"))
        )
    return tuple(known.values())


def _joined(address: str, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The overrides, with the engine at the server's address and short waits."""
    engines = {ENGINE: {"kind": "ollama", "address": address, "order": 1, "slots": SLOTS}}
    policy = dict(overrides.get("policy") or {})
    return {**overrides, "engines": engines, "policy": {**policy, "poll": {**POLL, **dict(policy.get("poll") or {})}}}
