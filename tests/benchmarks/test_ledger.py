"""How fast the ledger is and how much room it takes at 100,000 rows."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from b4tui.ledger.ledger import Ledger
from b4tui.ledger.types import NewEntry

ROWS = 100_000
AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MOST_BYTES_A_ROW = 800


def fact(number: int) -> NewEntry:
    return NewEntry(
        kind=("run_started", "tool_called", "tool_finished", "tokens_counted", "run_finished")[number % 5],
        at=AT,
        actor=f"agent-{number % 5}",
        bead=f"hub-{number % 997:03x}",
        run=f"20260301-{number // 40:06d}",
        facts={"tool": "bash", "call": f"call-{number}", "seconds": 0.25, "ok": True, "agent": f"agent-{number % 5}"},
    )


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with Ledger(tmp_path_factory.mktemp("ledger") / "ledger.db", clock=lambda: AT) as ledger:
        for start in range(0, ROWS, 1_000):
            with ledger.transaction(durable=False) as writing:
                for number in range(start, start + 1_000):
                    writing.append(fact(number))
        yield ledger


def test_append_to_an_empty_ledger(benchmark, tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.db", clock=lambda: AT) as ledger:
        numbers = count()
        benchmark(lambda: ledger.append(fact(next(numbers))))


def test_append_to_100_000_rows(benchmark, large: Ledger) -> None:
    numbers = count()
    benchmark(lambda: large.append(fact(next(numbers))))


def test_append_and_wait_for_the_disk(benchmark, large: Ledger) -> None:
    numbers = count()
    benchmark(lambda: large.append(fact(next(numbers)), durable=True))


def test_verify_100_000_rows(benchmark, large: Ledger) -> None:
    found = benchmark.pedantic(large.verify, rounds=2)
    assert found.rows >= ROWS and found.faults == ()
    benchmark.extra_info["rows a second"] = round(found.rows / benchmark.stats.stats.min)
    a_row = large.size / found.rows
    benchmark.extra_info["bytes a row"] = round(a_row)
    assert a_row < MOST_BYTES_A_ROW


def test_the_newest_page_of_100_000(benchmark, large: Ledger) -> None:
    assert len(benchmark(lambda: large.entries(limit=200))) == 200


def test_a_page_of_one_bead(benchmark, large: Ledger) -> None:
    assert len(benchmark(lambda: large.entries(limit=50, bead="hub-0ff"))) == 50


def test_the_first_search_makes_the_index(benchmark, large: Ledger) -> None:
    index = large.path.with_name("ledger-search.db")

    def without_index() -> None:
        for part in large.path.parent.glob("ledger-search.db*"):
            part.unlink()

    found = benchmark.pedantic(lambda: large.search("call-77777"), setup=without_index, rounds=1)
    assert len(found.entries) == 1
    benchmark.extra_info["bytes a row"] = round(index.stat().st_size / ROWS)


def test_every_other_search_uses_it(benchmark, large: Ledger) -> None:
    large.search("bash")
    assert len(benchmark(lambda: large.search("bash hub-0ff", limit=50)).entries) == 50


def test_export_100_000_rows(benchmark, large: Ledger) -> None:
    assert benchmark.pedantic(lambda: large.export(io.StringIO()), rounds=1) >= ROWS
