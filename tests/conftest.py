"""What tests of several packages share."""

from __future__ import annotations

import gc
import itertools
import math
import runpy
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings

from b4tui.demo.server import SimulatedOllama
from tests.own_time import own_time as own_time

BUILDER = Path(__file__).resolve().parents[2] / "shared" / "tools" / "tiny_gguf.py"
# No example fails because the machine was busy, and who runs the suite twice has run the same suite twice.
# To look for more: pytest --hypothesis-profile=default
settings.register_profile(
    "suite", max_examples=50, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")
SPECIAL_TOKENS = 9  # the last ones of the tiny model's vocabulary


def pytest_configure() -> None:
    """Collect tests, not garbage: what is loaded now stays to the end."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Look for garbage seldom: each console in a test makes so many objects that a fifth of the time went there."""
    gc.freeze()
    gc.set_threshold(50_000, 5, 5)
    gc.enable()


@pytest_asyncio.fixture
async def simulated_ollama() -> AsyncIterator[SimulatedOllama]:
    """A simulated Ollama on loopback that knows the sample hub's scripts and waits for nothing."""
    async with SimulatedOllama(speed=math.inf) as server:
        yield server


@pytest.fixture(scope="session")
def _state_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """New folders by number. `mktemp` looks at all there are for each one it makes, and there is one for every test."""
    above = tmp_path_factory.mktemp("states")
    return (above / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def _state_of_its_own(_state_folders: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes what the user has b4tui remember (pinned models)."""
    folder = next(_state_folders)
    folder.mkdir()
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GGUF file of random weights, 446 kB, that never ends an answer by itself. Skips where its builder is absent."""
    if not BUILDER.is_file():
        pytest.skip("shared/tools/tiny_gguf.py is not there to build a tiny model")
    weights = tmp_path_factory.mktemp("weights") / "tiny.gguf"
    runpy.run_path(str(BUILDER))["build"](str(weights))
    _never_ends(weights)
    return weights


def _never_ends(weights: Path) -> None:
    """Keep the random model from ending its answer or opening a tool call by chance: only num_predict ends it.

    A row of zeros gives a logit of 0, which is never among the forty highest of 277 that sampling looks at.
    """
    import gguf  # it loads numpy, which few tests need

    reader = gguf.GGUFReader(weights, "r+")
    (output,) = (tensor for tensor in reader.tensors if tensor.name == "output.weight")
    output.data[-SPECIAL_TOKENS:] = 0
    reader.data.flush()
