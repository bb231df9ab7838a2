"""A record of an afternoon for layout tests: a real ledger, with an escalation from question to answer in it."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path

from frozen_world import NOW

from b4tui.ledger.ledger import Ledger
from b4tui.ledger.types import NewEntry

KEY = bytes(range(32))
BODY = json.dumps(
    {
        "model": "large-1",
        "messages": [
            {"role": "system", "content": "You compare papers.\nBe brief."},
            {"role": "user", "content": "KV cache quantisation on 24 GB cards: what is lost at 4 bits?"},
        ],
    },
    separators=(",", ":"),
).encode()
SHA256 = hashlib.sha256(BODY).hexdigest()
HOST = "api.example.com"


def _entry(ago_s: float, what: str, actor: str, bead: str = "", run: str = "", /, **facts: object) -> NewEntry:
    return NewEntry(kind=what, at=NOW - timedelta(seconds=ago_s), actor=actor, bead=bead, run=run, facts=facts)


def _work(bead: str, agent: str, ago: float) -> list[NewEntry]:
    run = f"run-{bead}"
    return [
        _entry(ago, "bead_routed", agent, bead, agent=agent, category="code_generation", reason="title says script"),
        _entry(ago - 1, "bead_claimed", agent, bead, agent=agent),
        _entry(ago - 2, "run_started", agent, bead, run, agent=agent, engine="ollama", model="qwen3-coder-next"),
        _entry(ago - 9, "tool_finished", agent, bead, run, agent=agent, tool="bash", ok=True, seconds=2.1),
        _entry(ago - 30, "file_changed", agent, bead, run, agent=agent, path="site.yml", added=31, removed=0),
        _entry(ago - 60, "run_finished", agent, bead, run, agent=agent, outcome="finished", reason="done", steps=6),
    ]


def _asked(approval: str, bead: str, ago: float, **more: object) -> NewEntry:
    about = {"approval": approval, "agent": "romanov", "host": HOST, "sha256": SHA256, "size": len(BODY)}
    reason = "The comparison needs more context than the local model has."
    return _entry(ago, "approval_asked", "romanov", bead, f"run-{bead}", **about, risk="medium", reason=reason, **more)


def _changed(approval: str, bead: str, ago: float, actor: str, change: str, state: str, **more: object) -> NewEntry:
    about = {"approval": approval, "agent": "romanov", "host": HOST, "sha256": SHA256}
    told = {**about, "change": change, "state": state, **more}
    return _entry(ago, "approval_changed", actor, bead, f"run-{bead}", **told)


ENTRIES = (
    _entry(7_200, "runtime_started", "", hub="beads-hub", agents=["codemonkey", "pltops", "romanov"]),
    *_work("hub-77c", "pltops", 7_000),
    *_work("hub-52b", "codemonkey", 6_000),
    _asked("ap-1", "hub-d42", 3_000),
    _changed("ap-1", "hub-d42", 2_900, "goern", "deny", "denied", reason="Ask the local one first.", waited_s=100.0),
    _entry(2_899, "escalation_refused", "policy", "hub-d42", "run-hub-d42", kind="denied", reason="Ask the local one."),
    _asked("ap-2", "hub-d42", 1_900),
    _changed("ap-2", "hub-d42", 1_800, "clock", "expire", "expired", reason="nobody decided in time"),
    _asked("ap-3", "hub-d42", 900, findings=[{"rule": "host-inner", "class": "infrastructure", "preview": "••••"}]),
    _changed("ap-3", "hub-d42", 860, "goern", "approve", "approved", waited_s=40.2, evidence={"seen_share": 1.0}),
    _entry(
        856, "payload_sent", "romanov", "hub-d42", "run-hub-d42", approval="ap-3", agent="romanov", host=HOST,
        sha256=SHA256, bytes_out=len(BODY), model="large-1",
    ),
    _entry(
        840, "escalation_answered", "romanov", "hub-d42", "run-hub-d42", approval="ap-3", agent="romanov", host=HOST,
        sha256=SHA256, bytes_out=len(BODY), bytes_in=9_120, seconds=15.9, status=200,
    ),
    _entry(700, "egress_refused", "", how="socket.connect", where="203.0.113.7:443"),
    _entry(600, "grant_changed", "goern", grant="g-1", revoked=False, sentence="romanov may send up to 4,096 bytes"),
    *_work("hub-0fa", "codemonkey", 500),
    _entry(20, "warned", "", reason="The GPU cannot be read any more."),
)  # fmt: skip


def frozen_ledger(folder: Path, more: int = 0) -> Ledger:
    """The record in a file of its own; `more` plain rows before it."""
    ledger = Ledger(folder / "ledger.db", clock=lambda: NOW, key=KEY, random=lambda count: bytes(count))
    with ledger.transaction(durable=False) as writing:
        for number in range(more):
            writing.append(_entry(90_000 - number / 10, "tool_called", "brew", f"hub-{number % 97}", tool="read"))
        for entry in ENTRIES:
            writing.append(entry)
        writing.keep_body(SHA256, BODY)
    return ledger
