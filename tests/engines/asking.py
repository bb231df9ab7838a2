"""Servers that are honest but for what a test says, an engine that asks them, and what they heard."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from b4tui.config import EngineConfig, PolicyConfig
from b4tui.engines.attestation.pins import Pins
from b4tui.engines.attestation.questions import CANARY
from b4tui.engines.ollama.engine import OllamaEngine
from b4tui.engines.types import Failure, Message, Role
from b4tui.provenance import Provenance
from tests.engines.conftest import (
    HONEST,
    TAGS,
    Connection,
    Script,
    ScriptedServer,
    answers,
    ask,
    done,
    lines,
    said,
    scripted,
)

NOW = datetime(2026, 8, 21, tzinfo=UTC)
QUESTIONS = ["version", "status", "tags", "show", "show"]
REFUSED = lines({"error": "ollama cloud is disabled: remote model details are unavailable"}, status=403)


def server_that(**paths: Script) -> Script:
    """An honest server, but for the answers to these paths (`tags=...` is /api/tags)."""

    async def script(connection: Connection) -> None:
        path = connection.request.path
        chosen = paths.get(path.removeprefix("/api/")) or HONEST.get(path) or lines(said("a"), done())
        await chosen(connection)

    return script


def shows(reply: object, status: int = 200) -> Script:
    """What is said of the model; the canary is refused."""

    async def script(connection: Connection) -> None:
        canary = connection.request.json["model"] == CANARY
        await (REFUSED if canary else lines(reply, status=status))(connection)

    return script


PUBLIC = ask(messages=(Message(Role.USER, "hello", provenance=Provenance.PUBLIC),))
CLOUD_ON = server_that(status=lines({"cloud": {"disabled": False}}))
PS = lines({"models": [{"model": "tiny:latest", "digest": TAGS[0]["digest"], "size": 5, "size_vram": 0}]})


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def engine_at(
    server: ScriptedServer, folder: Path, *, clock: Clock | None = None, slots: int = 0, **policy: object
) -> OllamaEngine:
    config = EngineConfig(address=server.address, slots=slots, first_token_timeout_s=20, idle_timeout_s=20)
    return OllamaEngine(
        "here",
        config,
        {},
        pins=Pins(folder / "pins.json"),
        policy=PolicyConfig.model_validate(policy),
        clock=clock or Clock(),
        now=lambda: NOW,
    )


def paths(server: ScriptedServer) -> list[str]:
    return [request.path.removeprefix("/api/") for request in server.requests]


async def refused(script: Script, folder: Path) -> Failure:
    """The failure of a chat that never got as far as sending its prompt."""
    async with scripted(script, local=False) as server:
        (event,) = await answers(engine_at(server, folder))
    assert isinstance(event, Failure)
    assert "chat" not in paths(server)
    assert not any(b"hello" in request.body for request in server.requests)
    return event
