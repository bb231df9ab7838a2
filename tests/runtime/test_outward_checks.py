"""The doctor looks at what stands between this machine and a cloud."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from b4tui.board.discover import open_hub
from b4tui.config import Settings, load
from b4tui.escalation.guard import EgressGuard
from b4tui.events import now
from b4tui.ledger.opening import open_ledger
from b4tui.ledger.types import NewEntry
from b4tui.runtime.doctor.diagnosis import Status
from b4tui.runtime.doctor.outward_checks import gate_checks, guard_check, ledger_check, provider_check
from b4tui.runtime.state import StateFolder
from tests.runtime.conftest import make_hub, row

CLOUD = {"kind": "openai", "address": "https://api.cloud.example", "model": "large", "key_env": "CLOUD_KEY"}


def settings(**overrides: Any) -> Settings:
    return load(use_user_file=False, overrides=overrides)


def test_a_guard_that_does_not_stand_is_a_warning() -> None:
    assert guard_check(None).status is Status.WARN
    assert guard_check(EgressGuard()).status is Status.WARN


class TestTheGate:
    def test_its_rules_are_counted_and_named_by_their_hash(self, tmp_path: Path) -> None:
        [check] = gate_checks(settings(), None, {}, tmp_path)
        assert check.status is Status.OK and "rules" in check.detail

    def test_a_rule_that_is_switched_off_is_shown(self, tmp_path: Path) -> None:
        checks = gate_checks(settings(gate={"unsafe_disable": ["github-token"]}), None, {}, tmp_path)
        assert [check.status for check in checks] == [Status.OK, Status.WARN]
        assert "github-token" in checks[1].detail

    def test_own_rules_that_cannot_be_read_are_a_failure(self, tmp_path: Path) -> None:
        [check] = gate_checks(settings(gate={"rules_file": str(tmp_path / "none.toml")}), None, {}, tmp_path)
        assert check.status is Status.FAIL and "none.toml" in check.detail


class TestProviders:
    def test_none_is_nothing_to_mend(self) -> None:
        assert provider_check(settings(), {}).status is Status.ABSENT

    def test_one_without_its_key_is_a_failure(self) -> None:
        check = provider_check(settings(escalation={"far": CLOUD}), {})
        assert check.status is Status.FAIL and "CLOUD_KEY" in check.detail

    def test_one_that_could_be_used_is_named_with_its_host(self) -> None:
        check = provider_check(settings(escalation={"far": CLOUD}), {"CLOUD_KEY": "k" * 20})
        assert check.status is Status.OK and "api.cloud.example" in check.detail and "k" * 20 not in check.detail

    def test_local_only_wins(self) -> None:
        local = {"policy": {"escalation": {"local_only": True}}}
        assert "nothing can leave" in provider_check(settings(escalation={"far": CLOUD}, **local), {}).detail


class TestTheLedger:
    def test_none_yet(self, tmp_path: Path) -> None:
        hub = open_hub(make_hub(tmp_path / "hub", [row("x-1", "t")]))
        assert ledger_check(settings(), hub).status is Status.ABSENT
        assert ledger_check(settings(), None).status is Status.ABSENT

    def test_its_length(self, tmp_path: Path) -> None:
        hub = open_hub(make_hub(tmp_path / "hub", [row("x-1", "t")]))
        state = StateFolder(hub)
        state.prepare()
        with open_ledger(state.ledger, clock=now, config=settings().ledger) as ledger:
            ledger.append(NewEntry(kind="warned", at=now()))
        check = ledger_check(settings(), hub)
        assert check.status is Status.OK and "entries" in check.detail

    @pytest.mark.parametrize("content", [b"", b"not a database at all", b"SQLite format 3\0" + b"\xff" * 200])
    def test_a_file_that_is_none_is_said_and_left_alone(self, tmp_path: Path, content: bytes) -> None:
        hub = open_hub(make_hub(tmp_path / "hub", [row("x-1", "t")]))
        state = StateFolder(hub)
        state.prepare()
        state.ledger.write_bytes(content)
        check = ledger_check(settings(), hub)
        assert check.status is Status.FAIL or not content
        assert state.ledger.read_bytes() == content
