"""A real ledger in a real file, and a clock that counts seconds."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from b4tui.ledger.ledger import Ledger
from b4tui.ledger.types import NewEntry

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KEY = bytes(range(32))


class Clock:
    """Each look is a second later."""

    def __init__(self) -> None:
        self.seconds = 0

    def __call__(self) -> datetime:
        self.seconds += 1
        return START + timedelta(seconds=self.seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path: Path, clock: Clock) -> Iterator[Ledger]:
    with Ledger(path, clock=clock, key=KEY) as opened:
        yield opened


def fact(number: int = 1, **more: object) -> NewEntry:
    """A fact to record."""
    return NewEntry(
        kind="run_started",
        at=START + timedelta(seconds=number),
        actor="codemonkey",
        bead=f"hub-{number % 3}",
        run=f"run-{number}",
        facts={"number": number, **more},
    )


def fill(ledger: Ledger, rows: int) -> None:
    """Record so many facts, in one go."""
    with ledger.transaction(durable=False) as writing:
        for number in range(1, rows + 1):
            writing.append(fact(number))


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@pytest.fixture
def meddle(path: Path) -> Callable[..., None]:
    """Change the file as somebody would who has it, the triggers and the ledger's own rules notwithstanding."""

    def run(*statements: str, keep_triggers: bool = True) -> None:
        connection = sqlite3.connect(path, isolation_level=None)
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for _, sql in triggers if keep_triggers else ():
            connection.execute(sql)
        connection.close()

    return run
