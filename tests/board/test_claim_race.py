"""Whoever claims at the same time, on one machine exactly one wins."""

from __future__ import annotations

import json
import os
import threading

import pytest

from b4tui.board.store import ClaimLost

PROCESSES = 8
ROUNDS = 20


def board() -> bytes:
    row = {"title": "t", "status": "open", "priority": 2, "issue_type": "task", "updated_at": "2026-01-01T00:00:00Z"}
    return b"".join(json.dumps({"id": f"hub-{number:02}", **row}).encode() + b"\n" for number in range(ROUNDS))


def claim_all(hub, actor: str) -> list[str]:
    store = hub.store(lock_timeout_s=60)
    won = []
    for number in range(ROUNDS):
        try:
            won.append(store.claim(f"hub-{number:02}", actor).id)
        except ClaimLost as lost:
            assert "held by" in str(lost)
    return won


def check(hub, winners: dict[str, list[str]]) -> None:
    claimed = sorted(bead for won in winners.values() for bead in won)
    assert claimed == [f"hub-{number:02}" for number in range(ROUNDS)], "every bead has exactly one winner"
    beads = hub.store().load().beads
    assert all(beads[bead].assignee == actor for actor, won in winners.items() for bead in won)
    assert hub.committed() == hub.file.read_bytes()
    assert sorted(hub.subjects()[:-2]) == [f"hub-{number:02}: claim" for number in range(ROUNDS)]


def test_between_processes(classic_hub, tmp_path) -> None:
    classic_hub.put(board())
    gate_out, gate_in = os.pipe()
    children = []
    for number in range(PROCESSES):
        child = os.fork()
        if child == 0:
            try:
                os.close(gate_in)
                os.read(gate_out, 1)  # returns for all at once, when the parent closes its end
                won = claim_all(classic_hub, f"agent-{number}")
                (tmp_path / f"won-{number}").write_text(json.dumps(won))
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
    os.close(gate_in)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert codes == [0] * PROCESSES
    check(classic_hub, {f"agent-{n}": json.loads((tmp_path / f"won-{n}").read_text()) for n in range(PROCESSES)})


@pytest.mark.parametrize("shared", [True, False], ids=["one store", "a store each"])
def test_between_threads_that_use_one_name(classic_hub, shared: bool) -> None:
    classic_hub.put(board())
    one = classic_hub.store(lock_timeout_s=60)
    wins: list[str] = []

    def work() -> None:
        store = one if shared else classic_hub.store(lock_timeout_s=60)
        for number in range(ROUNDS):
            try:
                wins.append(store.claim(f"hub-{number:02}", "Amy").id)
            except ClaimLost:
                continue

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(classic_hub, {"Amy": wins})
