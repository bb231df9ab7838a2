"""The approval dialog in a real terminal, over a real desk: type-ahead, paste, clicks, resizing, two consoles."""

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from b4tui.escalation.approvals.store import ApprovalStore
from b4tui.escalation.types import Approval, ApprovalState
from b4tui.events import now
from b4tui.ledger.ledger import Ledger
from b4tui.outward_sections import EscalationPolicy, PricesConfig
from tests.escalation.approving import BODY, an_approval
from tests.terminal import Terminal

PROGRAM = Path(__file__).with_name("approval_console.py")
ROOT = Path(__file__).resolve().parents[2]
PATH = os.pathsep.join((str(ROOT), str(ROOT / "tests" / "tui")))
READY = "A approves"
FOCUS_OUT, FOCUS_IN = "\x1b[O", "\x1b[I"


class Hub:
    """A ledger with one question in it, and the terminals that look at it."""

    def __init__(self, ledger: Path) -> None:
        self.path = ledger
        self.ledger = Ledger(ledger, clock=now, plain_bodies=True)
        self.store = ApprovalStore(self.ledger, EscalationPolicy(), PricesConfig())
        asked = now()
        self.question = self.store.ask(an_approval(asked_at=asked, deadline=asked + timedelta(days=365)), BODY, asked)
        self.terminals: list[Terminal] = []

    def console(self, name: str, busy_s: float = 0.0) -> Terminal:
        opened = Terminal(str(PROGRAM), str(self.path), name, str(busy_s), width=120, height=30, path=PATH)
        self.terminals.append(opened)
        return opened

    @property
    def approval(self) -> Approval:
        return self.store.get(self.question.id)

    def close(self) -> None:
        for terminal in self.terminals:
            terminal.close()
        self.ledger.close()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    made = Hub(tmp_path / "ledger.db")
    yield made
    made.close()


def click_on(screen: Terminal, column: int, row: int) -> None:
    """A press and a release, as a terminal reports them (SGR)."""
    screen.type(f"\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m")


def test_no_hasty_key_paste_click_or_change_of_size_decides(hub: Hub) -> None:
    screen = hub.console("ops@tty1", busy_s=0.4)
    screen.read_until("1 approval")
    screen.type("a")
    screen.read_until("APPROVALS 1")
    screen.type("\rAAA\r\rd")  # typed ahead while the loop is held up
    screen.read_until(READY)
    assert hub.approval.state is ApprovalState.PENDING

    screen.type("\x1b[200~A\rd\ry\r\x1b[201~A\r")  # pasted, and what was typed right after it
    screen.read_until("pasted")
    screen.read_until(READY)
    assert hub.approval.state is ApprovalState.PENDING

    screen.type(f"{FOCUS_OUT}{FOCUS_IN}")  # the click that brings the terminal to the front
    click_on(screen, 20, 29)
    screen.read_until("came to the front")
    screen.read_until(READY)
    assert hub.approval.state is ApprovalState.PENDING

    screen.resize(124, 32)
    screen.read_until("another size")
    screen.type("A\r")
    screen.read_until(READY)
    assert hub.approval.state is ApprovalState.PENDING

    screen.type("A")
    screen.read_until("approved")
    assert hub.approval.state is ApprovalState.APPROVED
    assert hub.approval.decided_by == "ops@tty1"
    assert not re.search(rb"\x1b\]52", screen.written)


def test_of_two_consoles_on_one_hub_one_decides_and_the_other_is_told(hub: Hub) -> None:
    first, second = hub.console("ops@tty1"), hub.console("ops@tty2")
    for screen in (first, second):
        screen.read_until("1 approval")
        screen.type("a")
        screen.read_until("APPROVALS 1")
        screen.type("\r")
    for screen in (first, second):
        screen.read_until(READY)
    first.type("\r")  # the focus is on Deny
    second.read_until("denied by ops@tty1")
    second.type("A")
    second.type("\x1b")
    second.read_until("APPROVALS")
    assert hub.approval.state is ApprovalState.DENIED
    assert hub.approval.decided_by == "ops@tty1"
    assert [entry.kind for entry in hub.ledger.entries()] == ["approval_asked", "approval_changed"]
