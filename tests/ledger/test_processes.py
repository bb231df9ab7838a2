"""Several processes write one ledger, and any of them can be killed at any instant."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from b4tui.ledger.ledger import Ledger
from tests.ledger.conftest import KEY, fact

PROGRAM = Path(__file__).with_name("ledger_process.py")
ROOT = Path(__file__).parents[2]


def start(path: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), str(path), *arguments],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_processes_and_this_one_write_one_chain(path, clock):
    # The file is not there yet: they race for making it, too.
    others = [start(path, "some", name, "120") for name in ("left", "right")]
    with Ledger(path, clock=clock, key=KEY) as ledger:
        for number in range(60):
            ledger.append(fact(number))
        for other in others:
            out, err = other.communicate(timeout=60)
            assert (out, other.returncode) == ("done\n", 0), err
        found = ledger.verify()
        assert (found.rows, found.faults) == (300, ())
        for name in ("left", "right"):
            told = [row.facts["number"] for row in ledger.entries(limit=1_000) if row.actor == name]
            assert told == list(range(120))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_killed_process_loses_nothing_it_was_told_is_recorded(path, clock, seed):
    chance = random.Random(seed)
    writers = [start(path, "for_ever", name) for name in ("left", "right")]
    said: list[int] = []
    for writer in writers:
        assert writer.stdout
        said += [int(writer.stdout.readline()) for _ in range(chance.randrange(1, 150))]
        writer.kill()
        said += [int(line) for line in writer.communicate(timeout=60)[0].splitlines() if line.strip()]
    with Ledger(path, clock=clock, key=KEY) as ledger:
        found = ledger.verify()
        assert found.faults == ()
        assert found.rows >= max(said)
        rows = {row.seq: f"{row.actor}-{row.facts['number']}" for row in ledger.entries(limit=100_000)}
        assert set(said) <= rows.keys()
        # State and record went together: no permit is spent without its row, and none has a row and is not spent.
        assert sorted(rows.values()) == sorted(name for (name,) in ledger.query("SELECT id FROM spent_permits"))
        assert ledger.append(fact(1)).seq == found.rows + 1


def test_one_killed_while_it_made_the_file_leaves_nothing_behind(path, clock):
    path.with_name("ledger.db.new").write_bytes(b"half of a database")
    path.with_name("ledger.db.new-wal").write_bytes(b"and of its log")
    with Ledger(path, clock=clock, key=KEY) as ledger:
        ledger.append(fact(1))
        assert ledger.verify().faults == ()
    assert {left.name for left in path.parent.iterdir()} == {"ledger.db", "ledger.db.lock"}
