"""Twenty ways out of the process and more: which the guard stops, and which only the operating system can."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.closed_world import UNAVAILABLE
from tests.escalation.ways_out import HOST, LEAVES, STOPPED, name_of

TESTS = Path(__file__).resolve().parents[1]
PAGE = TESTS.parent / "docs" / "egress.md"


@dataclass(frozen=True)
class Tried:
    """What came of all the ways: the guard's word for each, what it recorded, and the packets that left."""

    answers: dict[str, dict[str, Any]]
    recorded: list[str]
    packets: list[dict[str, Any]]

    def left(self, way: str) -> bool:
        port = self.answers[way]["port"]
        return any(packet["port"] == port or f"way{port}." in packet["name"] for packet in self.packets)


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Tried:
    log = tmp_path_factory.mktemp("world") / "packets"
    command = [
        sys.executable,
        str(TESTS / "closed_world.py"),
        str(log),
        sys.executable,
        "-m",
        "tests.escalation.ways_out",
    ]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=TESTS.parent)
    if answer.returncode == UNAVAILABLE:
        pytest.skip(f"this machine makes no network namespaces: {answer.stderr.strip()}")
    said = json.loads(answer.stdout)
    packets = [json.loads(line) for line in log.read_text().splitlines()]
    return Tried(said["answers"], said["recorded"], packets)


def test_there_are_more_than_twenty() -> None:
    assert len(STOPPED) >= 20


@pytest.mark.parametrize("way", STOPPED)
def test_the_guard_stops(tried: Tried, way: str) -> None:
    assert tried.answers[way]["outcome"] == "stopped"
    assert not tried.left(way)


@pytest.mark.parametrize("way", LEAVES)
def test_only_the_operating_system_stops(tried: Tried, way: str) -> None:
    """What is written of the guard's limits is so: if one of these were stopped, the page would be wrong."""
    assert tried.answers[way]["outcome"] != "stopped"
    seen = any(packet["port"] == 53 for packet in tried.packets)
    assert tried.left(way) or (("name" in way or "look-up" in way) and not seen)


def test_nothing_else_left(tried: Tried) -> None:
    ports = {tried.answers[way]["port"] for way in LEAVES}
    names = {name_of(port) for port in ports}
    strange = [
        packet
        for packet in tried.packets
        if not (packet["to"] == HOST and packet["port"] in ports) and not any(name in packet["name"] for name in names)
    ]
    assert not strange


def test_what_was_stopped_is_recorded(tried: Tried) -> None:
    # A forked process has the record in its own memory, and two have no port of their own.
    for way in STOPPED.keys() - {"a forked process", "the name of an address", "listening without an address"}:
        port = tried.answers[way]["port"]
        assert any(re.search(rf"\b(way)?{port}\b", where) for where in tried.recorded)


@pytest.mark.parametrize("way", [*STOPPED, *LEAVES])
def test_the_page_names_it(way: str) -> None:
    text = PAGE.read_text()
    stopped, leaves = text.split("## What it cannot stop")
    assert f"| {way} |" in (stopped if way in STOPPED else leaves)
