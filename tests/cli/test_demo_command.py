"""`b4tui demo` without a terminal: it says so, works, and ends by itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from b4tui.agents.sandbox import NoSandbox, find_sandbox
from b4tui.cli.common import Place
from b4tui.cli.demo import policy_of
from b4tui.config import load
from b4tui.escalation.approvals.entries import KINDS

FAST = ("--speed", "1000")


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """Where the demo makes its hub, to see that nothing stays."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def test_its_events_come_in_order_and_it_takes_everything_away(b4tui, scratch):
    if isinstance(missing := find_sandbox(), NoSandbox):
        pytest.skip(f"no sandbox works here: {missing.reason}")
    answer = b4tui("demo", "--headless", "--json", *FAST, TMPDIR=str(scratch))
    assert (answer.code, answer.err) == (0, "")
    rows = [json.loads(line) for line in answer.out.splitlines()]
    assert all(list(row)[:2] == ["event", "at"] for row in rows)
    assert rows[0]["event"] == "runtime_started" and rows[0]["simulated"] is True
    assert rows[-1]["event"] == "runtime_stopped"
    # What is read from the record is told a moment after it was written there.
    for of_record in (True, False):
        times = [row["at"] for row in rows if (row["event"] in KINDS) is of_record]
        assert times == sorted(times) and times
    told = {(row["event"], row.get("bead")): index for index, row in reversed(list(enumerate(rows)))}
    closed = [bead for event, bead in told if event == "bead_closed"]
    assert len(closed) >= 10
    for bead in closed:
        order = ("bead_claimed", "run_started", "step_started", "tool_called", "bead_closed", "run_finished")
        assert [told[event, bead] for event in order] == sorted(told[event, bead] for event in order), bead
    assert {row["agent"] for row in rows if row["event"] == "bead_closed"} == set(rows[0]["agents"])
    assert not list(scratch.glob("b4tui-demo-*"))


@pytest.mark.parametrize("speed", ["0", "-1", "fast", "nan"])
def test_a_speed_that_is_none_is_wrong_usage(b4tui, speed):
    assert b4tui("demo", "--headless", "--speed", speed).code == 2


def test_with_local_only_it_says_of_itself_that_nothing_can_leave():
    said = policy_of(Place(local_only=True), deadline_s=20.0)
    escalation = load(use_user_file=False, overrides=said).policy.escalation
    assert (escalation.local_only, escalation.deadline_s) == (True, 20.0)
    assert not load(use_user_file=False, overrides=policy_of(Place())).policy.escalation.local_only
