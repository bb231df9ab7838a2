"""`b4tui ledger`: the record from the command line."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from b4tui.ledger.keys import load_key
from b4tui.ledger.ledger import Ledger
from b4tui.ledger.types import NewEntry

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BODY = b'{"messages": "the exact bytes \xff\x1b[2J"}'
SHA256 = hashlib.sha256(BODY).hexdigest()


def git(folder: Path, *arguments: str) -> None:
    author = ["-c", "user.name=Amy", "-c", "user.email=amy@example.com"]
    subprocess.run(["git", *author, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def hub(tmp_path, environment):
    """A hub that is a git repository, with a ledger of five rows and one payload."""
    hub = tmp_path / "hub"
    (hub / ".beads").mkdir(parents=True)
    (hub / ".beads" / "issues.jsonl").touch()
    git(tmp_path, "init", "-q", "-b", "main", str(hub))
    (hub / ".b4tui").mkdir()
    key = load_key(Path(environment["HOME"]) / ".local" / "state" / "b4tui" / "ledger.key")
    with Ledger(hub / ".b4tui" / "ledger.db", clock=lambda: AT, key=key) as ledger:
        for number in range(1, 4):
            facts = {"title": f"bead number {number}"}
            ledger.append(
                NewEntry(kind="bead_created", at=AT + timedelta(number), actor="amy", bead=f"hub-{number}", facts=facts)
            )
        ledger.keep_body(SHA256, BODY)
        for kind, actor in (("approval_asked", "romanov"), ("payload_sent", "romanov\x1b[31m\nx")):
            facts = {"host": "api.example.com", "sha256": SHA256, "reason": "grüße"}
            ledger.append(NewEntry(kind=kind, at=AT, actor=actor, bead="hub-1", run="r-1", facts=facts))
    return hub


@pytest.fixture
def run(b4tui_here, hub):
    return lambda *arguments, **more: b4tui_here("ledger", *arguments, cwd=hub, **more)


def change(hub: Path, statement: str) -> None:
    with closing(sqlite3.connect(hub / ".b4tui" / "ledger.db", isolation_level=None)) as connection:
        (sql,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'entries_never_changed'").fetchone()
        connection.execute("DROP TRIGGER entries_never_changed")
        connection.execute("DROP TRIGGER entries_never_gone")
        connection.execute(statement)
        connection.execute(sql)


def test_the_newest_row_comes_last(run):
    answer = run("list")
    lines = answer.out.splitlines()
    assert (answer.code, answer.err, len(lines)) == (0, "", 5)
    assert "bead_created" in lines[0] and "title bead number 1" in lines[0]
    assert "approval_asked" in lines[3] and "host api.example.com" in lines[3] and "reason grüße" in lines[3]


def test_a_row_is_a_line_whatever_is_in_it(run):
    line = run("list", "--limit", "1").out
    assert line.count("\n") == 1
    assert "\x1b" not in line and "␛[31m" in line


def test_rows_can_be_chosen(run):
    assert [row["seq"] for row in json.loads(run("list", "--json").out)] == [1, 2, 3, 4, 5]
    assert [row["seq"] for row in json.loads(run("list", "--json", "--limit", "2").out)] == [4, 5]
    assert [row["seq"] for row in json.loads(run("list", "--json", "--before", "3").out)] == [1, 2]
    assert [row["seq"] for row in json.loads(run("list", "--json", "--kind", "payload_sent").out)] == [5]
    assert [row["seq"] for row in json.loads(run("list", "--json", "--bead", "hub-1").out)] == [1, 4, 5]
    assert [row["seq"] for row in json.loads(run("list", "--json", "--search", "example.com approval").out)] == [4]
    assert run("list", "--search", "nowhere").out == ""
    told = run("list", "--kind", "nothing_like_it").err
    assert told.startswith("b4tui: no row is of the kind nothing_like_it; there are ") and "payload_sent" in told
    assert run("list", "--kind", "payload_sent", "--bead", "none").err == "b4tui: no row fits\n"


def test_the_kinds_there_are_are_told_on_one_line_whatever_was_written_into_the_file(run, hub):
    change(hub, "UPDATE entries SET kind = 'a' || char(27, 10) || 'b' WHERE seq = 2")
    told = run("list", "--kind", "nothing_like_it").err
    assert "\x1b" not in told and "a␛ b" in told and told.count("\n") == 1


def test_a_row_is_shown_with_all_its_facts(run):
    out = run("show", "4").out
    for word in ("approval_asked", "romanov", "hub-1", "r-1", "2026-03-01T12:00:00", SHA256, "grüße"):
        assert word in out
    assert json.loads(run("show", "4", "--json").out)["facts"]["host"] == "api.example.com"


def test_its_payload_is_given_out_to_the_byte(hub, environment):
    command = [sys.executable, "-m", "b4tui", "ledger", "show", "4", "--body"]
    answer = subprocess.run(command, cwd=hub, env=environment, capture_output=True, check=False, timeout=60)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, BODY, b"")


def test_a_payload_that_is_gone_or_closed_is_said(run, hub, environment):
    assert "speaks of no payload" in run("show", "1", "--body").err
    key = Path(environment["HOME"]) / ".local" / "state" / "b4tui" / "ledger.key"
    key.write_text("00" * 32)
    answer = run("show", "4", "--body")
    assert answer.code == 1 and "encrypted with another key" in answer.err
    change(hub, "DELETE FROM bodies")
    assert "not kept any more" in run("show", "4", "--body").err
    assert run("show", "4").code == 0


def test_a_row_that_is_not_there_is_said(run):
    answer = run("show", "9")
    assert answer.code == 1 and "the newest is 5" in answer.err


def test_a_whole_record_is_said_to_be_whole(run):
    answer = run("verify")
    assert answer.code == 0
    assert answer.out.startswith("✓ 5 rows")
    document = json.loads(run("verify", "--json").out)
    assert (document["whole"], document["rows"], document["faults"]) == (True, 5, [])
    assert f"head 5 {document['head']['hash']}" in answer.out


def test_each_fault_is_said_and_the_exit_code_is_1(run, hub):
    change(hub, "UPDATE entries SET actor = 'nobody' WHERE seq IN (2, 4)")
    answer = run("verify")
    assert answer.code == 1
    assert answer.out.splitlines()[1:] == [
        "✗ row 2 was changed: its hash is another",
        "✗ row 4 was changed: its hash is another",
    ]
    assert answer.out.splitlines()[0] == "✗ trigger entries_never_gone is missing from the file"
    document = run("verify", "--json")
    assert document.code == 1 and len(json.loads(document.out)["faults"]) == 3


def test_a_head_in_git_fixes_the_past(run, hub):
    answer = run("head", "--write")
    assert answer.code == 0 and "commit it" in answer.out
    git(hub, "add", "ledger-head.txt")
    git(hub, "commit", "-q", "-m", "head")
    assert run("verify", "--against", "HEAD").code == 0
    assert "row 5 is the one that was noted" in run("verify", "--against", "ledger-head.txt").out
    change(hub, "DELETE FROM entries WHERE seq = 5")
    (hub / "ledger-head.txt").unlink()
    cut = run("verify", "--against", "HEAD")
    assert cut.code == 1 and "rows were cut off its end" in cut.out


@pytest.mark.parametrize("against", ["nowhere", "-x", "HEAD:../..", "README"])
def test_a_head_that_is_nowhere_is_said(run, hub, against):
    (hub / "README").write_text("no head")
    answer = run("verify", f"--against={against}")
    assert answer.code == 1 and answer.out == ""
    assert "neither a file nor a revision" in answer.err or "head --write" in answer.err


def test_the_head_of_another_ledger_is_said(run, hub):
    run("head", "--write")
    text = (hub / "ledger-head.txt").read_text()
    (hub / "ledger-head.txt").write_text("b4tui ledger " + "0" * 32 + text[45:])
    answer = run("verify", "--against", "ledger-head.txt")
    assert answer.code == 1 and "another ledger" in answer.err


def test_the_head_is_written_beside_the_board_only_when_asked(run, hub):
    head = json.loads(run("head", "--json").out)
    assert (head["head"]["seq"], head["file"]) == (5, None)
    assert not (hub / "ledger-head.txt").exists()


def test_every_row_can_be_written_out(run, hub):
    lines = run("export").out.splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [1, 2, 3, 4, 5]
    assert run("export", "rows.jsonl", "--after", "3").out == "2 rows written to rows.jsonl\n"
    assert (hub / "rows.jsonl").read_text("utf-8").splitlines() == lines[3:]
    again = run("export", "rows.jsonl")
    assert again.code == 1 and "there already" in again.err


def test_reading_changes_nothing_and_makes_nothing(run, hub, tmp_path):
    ledger = hub / ".b4tui" / "ledger.db"
    before = ledger.read_bytes()
    for words in (["list"], ["show", "1"], ["verify"], ["head"], ["export"]):
        assert run(*words).code == 0
    assert ledger.read_bytes() == before
    ledger.unlink()
    answer = run("list")
    assert answer.code == 1 and "no ledger at" in answer.err
    assert not ledger.exists()


def test_a_damaged_file_is_an_error_with_what_to_do(run, hub):
    (hub / ".b4tui" / "ledger.db").write_bytes(b"noise")
    answer = run("list")
    assert answer.code == 1 and "put a backup in its place" in answer.err


def test_a_ledger_from_elsewhere_is_taken_over_by_word(run, hub, environment):
    assert "yours already" in run("adopt", "--actor", "amy").out
    key = Path(environment["HOME"]) / ".local" / "state" / "b4tui" / "ledger.key"
    key.write_text("00" * 32)
    answer = run("adopt", "--actor", "amy")
    assert answer.code == 0 and "0 grants" in answer.out
    assert "yours already" in run("adopt", "--actor", "amy").out
    assert run("verify").code == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("show", "99999999999999999999"), 1),
        (("list", "--limit", "99999999999999999999"), 0),
        (("list", "--before", "99999999999999999999", "--search", "bead"), 0),
        (("export", "--after", "99999999999999999999"), 0),
    ],
)
def test_numbers_that_no_row_can_have_are_numbers_all_the_same(run, arguments, code):
    assert run(*arguments).code == code


def test_a_search_may_ask_for_more_rows_than_there_are(run):
    found = run("list", "--search", "bead", "--limit", "99999999999999999999", "--json").json
    assert [row["seq"] for row in found] == [1, 2, 3]


def test_an_export_that_cannot_be_finished_leaves_no_half_of_one(run, hub, tmp_path):
    change(hub, "UPDATE entries SET facts = '[' WHERE seq = 3")
    answer = run("export", str(tmp_path / "rows.jsonl"))
    assert answer.code == 1 and "row 3 cannot be read" in answer.err
    assert not (tmp_path / "rows.jsonl").exists()
