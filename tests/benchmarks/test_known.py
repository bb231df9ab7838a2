"""How fast a text is searched for what this machine knows, and that no text makes it slow."""

from __future__ import annotations

import random
import string
import time
from pathlib import Path

import pytest

import b4tui
from b4tui.gate.known.names import Names
from b4tui.gate.known.sought import PersonWord, PrivateHost
from b4tui.gate.known.vault import KnownValue, Vault

pytestmark = pytest.mark.benchmark(timer=time.process_time)  # of one core, whatever else the machine does

LEAST_MB_PER_S = 20.0
WORST_S = 1.0  # for a megabyte
SOURCE = random.Random(1)


def made(length: int) -> str:
    return "".join(SOURCE.choices(string.ascii_letters + string.digits, k=length))


TOKENS = [KnownValue(made(SOURCE.choice([20, 36, 40, 64])), f"environment KEY_{at}") for at in range(80)]
WEAK = [KnownValue(word, "environment PASSWORD") for word in ("Ofenrohr7", "Sommer2024!", "p@s5:w0rd")]
VAULT = Vault([*TOKENS, *WEAK], b"key")
NAMES = Names(
    [PrivateHost(f"node{at}.firma.de", "ssh config") for at in range(200)]
    + [PrivateHost(word, "ssh config", word=True) for word in ("web", "zeus")],
    [PersonWord("name", f"{made(6)} {made(8)}", "the people file") for _ in range(200)]
    + [PersonWord("name", "Bo Li", "the people file"), PersonWord("phone", "05550142", "the people file")],
)


@pytest.fixture(scope="module")
def text() -> str:
    """A megabyte of our own code."""
    files = sorted(Path(b4tui.__file__).parent.rglob("*.py"))
    return "".join(file.read_text() for file in files)[:1_000_000]


def test_known_secrets(benchmark, text: str) -> None:
    assert benchmark(lambda: list(VAULT.find(text))) == []
    assert len(text.encode()) / 1e6 / benchmark.stats.stats.min >= LEAST_MB_PER_S


def test_known_hosts_and_people(benchmark, text: str) -> None:
    lower = text.lower()
    assert benchmark(lambda: list(NAMES.find(lower))) == []
    assert len(text.encode()) / 1e6 / benchmark.stats.stats.min >= LEAST_MB_PER_S


@pytest.mark.parametrize(
    "piece",
    [
        TOKENS[0].value,
        TOKENS[0].value[:-1] + "!",
        "Ofenrohr7 ",
        "Ofenrohr7",
        "bo li ",
        "li ",
        "1 2 3 4 ",
        "a",
        "node1.",
        "web ",
        "//zeus/",
        "host zeus zeus ",
        "ssh web ",
    ],
)
def test_no_text_takes_long(benchmark, piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    benchmark.pedantic(lambda: (list(VAULT.find(text)), list(NAMES.find(text.lower()))), rounds=2)
    assert benchmark.stats.stats.min <= WORST_S
