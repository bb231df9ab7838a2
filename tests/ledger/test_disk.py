"""A full disk, a folder that cannot be written: nothing is half recorded, and it is said in words."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from b4tui.ledger.ledger import Ledger
from b4tui.ledger.types import LedgerError
from tests.ledger.conftest import KEY, fact, fill
from tests.ledger.test_processes import ROOT, start

AS_ANYBODY = """
import os, sys
from pathlib import Path
from b4tui.events import now
from b4tui.ledger.ledger import Ledger
from b4tui.ledger.types import LedgerError, NewEntry
if os.geteuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)  # root may write everywhere
path = Path(sys.argv[1])
try:
    with Ledger(path, clock=now) as ledger:
        ledger.append(NewEntry(kind="x", at=now()))
    print("written")
except LedgerError as error:
    print("refused:", error)
if path.exists():
    with Ledger(path, clock=now, readonly=True) as ledger:
        print("rows", len(ledger.entries()), ledger.verify().faults, len(ledger.search("codemonkey").entries))
"""


def test_a_disk_that_is_full_is_said_and_once_there_is_room_the_chain_goes_on(path, clock):
    out, err = start(path, "until_full", "amy", "300000").communicate(timeout=60)
    *_, last, full, more = out.splitlines()
    assert full.startswith("full: ") and "nothing was recorded" in full, err
    assert int(more) == int(last) + 1
    with Ledger(path, clock=clock, key=KEY) as ledger:
        found = ledger.verify()
        assert (found.rows, found.faults) == (int(more), ())


def test_a_full_disk_in_the_middle_of_a_transaction_undoes_all_of_it(ledger):
    fill(ledger, 3)
    (pages,) = ledger.query("PRAGMA page_count")[0]
    with ledger.transaction() as writing:
        writing.query(f"PRAGMA max_page_count = {pages + 4}")
    with pytest.raises(LedgerError, match="disk is full, nothing was recorded"), ledger.transaction() as writing:
        writing.execute("INSERT INTO spent_permits VALUES ('p1', '', '')")
        for number in range(100):
            writing.append(fact(number, text="x" * 1_000))
    assert ledger.query("SELECT * FROM spent_permits") == []
    assert ledger.append(fact(4)).seq == 4
    assert ledger.verify().faults == ()


def run_as_anybody(path: Path) -> list[str]:
    answer = subprocess.run(
        [sys.executable, "-c", AS_ANYBODY, str(path)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.splitlines()


@pytest.fixture
def closed_folder():
    """A folder that anybody may look into and nobody may write, root aside."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield folder
        folder.chmod(0o755)


def test_a_folder_that_cannot_be_written_is_said(closed_folder):
    closed_folder.chmod(0o555)
    (line,) = run_as_anybody(closed_folder / "ledger.db")
    assert line.startswith("refused: ") and "make its folder yours" in line


def test_a_ledger_in_a_folder_that_cannot_be_written_can_still_be_read(closed_folder, clock):
    path = closed_folder / "ledger.db"
    with Ledger(path, clock=clock, key=KEY) as ledger:
        fill(ledger, 5)
    for part in closed_folder.iterdir():
        part.chmod(0o444)
    closed_folder.chmod(0o555)
    refused, read = run_as_anybody(path)
    assert refused.startswith("refused: "), refused
    assert read == "rows 5 () 5"


def test_a_folder_that_is_not_there_is_said(tmp_path, clock):
    with pytest.raises(LedgerError, match="No such file"):
        Ledger(tmp_path / "nowhere" / "ledger.db", clock=clock)


def test_what_lies_in_the_file_can_be_measured(ledger, path):
    fill(ledger, 50)
    assert ledger.size >= path.stat().st_size > 0
