"""Loading a board and judging what is ready.

Goals: 150 ms for 10,000 beads, 1.5 s for 100,000, and well under 60 MB for 10,000.

Run with `pytest tests/benchmarks/test_board_load.py`; it is no part of the tests, whose machines are shared.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from b4tui.board.discover import open_hub
from b4tui.board.lint import lint
from b4tui.board.model import BoardState, Readiness
from b4tui.board.reader import read_state
from b4tui.board.rules import judge

NOW = 1_800_000_000.0
GOALS = {10_000: 0.150, 100_000: 1.5}  # seconds
GOAL_MEGABYTES = 60

MEASURE = """
import sys
from pathlib import Path
from b4tui.board.discover import open_hub
from b4tui.board.reader import read_state
from b4tui.board.rules import judge
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
hub = open_hub(Path(sys.argv[1]))
before = resident()
state = read_state(hub)
found = judge(state, 1.8e9)
print((resident() - before) / 1e6)
"""


@pytest.fixture(scope="module")
def generated() -> ModuleType:
    """The generator of boards beside this file."""
    spec = importlib.util.spec_from_file_location("generated_boards", Path(__file__).with_name("boards.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("size", GOALS)
def test_load_and_ready(benchmark: BenchmarkFixture, generated: ModuleType, tmp_path: Path, size: int) -> None:
    generated.make_hub(tmp_path, size)
    hub = open_hub(tmp_path)

    made: list[tuple[BoardState, Readiness]] = []

    def load_and_judge() -> None:
        state = read_state(hub)
        made.append((state, judge(state, NOW)))

    # The board of the round before is dropped outside the measured time.
    benchmark.pedantic(load_and_judge, setup=made.clear, rounds=5, warmup_rounds=1)
    benchmark.extra_info["goal_s"] = GOALS[size]
    state, found = made[-1]
    assert len(state.beads) == size
    assert found.ready
    assert found.blocked


def test_lint_of_ten_thousand(benchmark: BenchmarkFixture, generated: ModuleType, tmp_path: Path) -> None:
    generated.make_hub(tmp_path, 10_000)
    state = read_state(open_hub(tmp_path))
    assert isinstance(benchmark.pedantic(lint, (state,), rounds=3), tuple)


def test_memory_of_ten_thousand(generated: ModuleType, tmp_path: Path) -> None:
    generated.make_hub(tmp_path, 10_000)
    command = [sys.executable, "-c", MEASURE, str(tmp_path)]
    megabytes = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert megabytes < GOAL_MEGABYTES
