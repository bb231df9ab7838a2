"""The demo's one cloud provider: simulated, on loopback, with an authority and a key made for this run alone."""

from __future__ import annotations

import secrets
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from b4tui.demo.certificates import Authority
from b4tui.demo.cloud_server import Saying, SimulatedCloud
from b4tui.demo.script import Step

PROVIDER = "simulated-cloud"
MODEL = "cloud-large (simulated)"
PRICES = {"currency": "USD", "models": {MODEL: {"input": 3.0, "output": 15.0}}}
# Romanov's character is no secret in a demo: what it asks may be told, if the operator says so.
PROVENANCE = {"internal": ["persona:agents/romanov/*", "memory:agents/romanov/*"]}


@dataclass(frozen=True, slots=True)
class DemoCloud:
    """The running provider, and the settings by which it is reached."""

    server: SimulatedCloud
    settings: dict[str, Any]


@asynccontextmanager
async def demo_cloud(folder: Path, *, speed: float) -> AsyncIterator[DemoCloud]:
    """Start it; its certificate and its key lie in `folder`."""
    authority = Authority()
    key = secrets.token_hex(24)
    key_file = folder / "cloud.key"
    key_file.touch(mode=0o600)
    key_file.write_text(key, encoding="ascii")
    ca_file = authority.write(folder / "cloud-authority.pem")
    async with SimulatedCloud(authority.server("localhost", "127.0.0.1"), sayings(), key=key, speed=speed) as server:
        provider = {
            "kind": "anthropic",
            "address": server.address,
            "model": MODEL,
            "key_file": str(key_file),
            "ca_file": str(ca_file),
            "retention": "nothing: it is simulated, on this machine",
        }
        yield DemoCloud(
            server, {"escalation": {PROVIDER: provider}, "prices": PRICES, "gate": {"provenance": PROVENANCE}}
        )


def sayings() -> tuple[Saying, ...]:
    """What it answers, by words of the question."""
    rows = tomllib.loads((files("b4tui.demo") / "cloud_sayings.toml").read_text(encoding="utf-8"))["saying"]
    return tuple(Saying(row["has"], Step(say=row["say"].strip())) for row in rows)
