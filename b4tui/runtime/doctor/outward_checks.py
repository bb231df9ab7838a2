"""The doctor's checks of what stands between this machine and a cloud: guard, gate, providers, record."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path

from b4tui.board.model import Hub
from b4tui.config import ConfigError, Settings
from b4tui.escalation.door.providers import open_providers
from b4tui.escalation.guard import EgressGuard
from b4tui.events import now
from b4tui.gate.known.gathering import gather_known
from b4tui.gate.opening import open_gate
from b4tui.gate.types import GateError
from b4tui.ledger.opening import open_ledger
from b4tui.ledger.types import LedgerError
from b4tui.runtime.doctor.diagnosis import Check, Status
from b4tui.runtime.state import StateFolder


def guard_check(guard: EgressGuard | None) -> Check:
    """Whether the guard stands in this process."""
    if guard is not None and guard.installed:
        return Check("egress guard", Status.OK, "only loopback and pinned engines can be reached")
    return Check("egress guard", Status.WARN, "it does not stand", "start it as `b4tui` or `python -m b4tui`")


def gate_checks(settings: Settings, hub: Hub | None, environ: Mapping[str, str], home: Path) -> list[Check]:
    """Whether the rules can be read, what is switched off, and what of this machine could not be looked into."""
    known = gather_known(settings.gate, hub.root if hub else None, environ, home, key=secrets.token_bytes(32))
    try:
        gate = open_gate(settings, known)
    except GateError as error:
        return [Check("gate", Status.FAIL, str(error), "until then nothing can leave")]
    checks = [Check("gate", Status.OK, f"{len(tuple(gate.rules))} rules, {gate.rules_sha256[:12]}")]
    if off := settings.gate.unsafe_disable:
        checks.append(
            Check("gate rules", Status.WARN, f"switched off: {', '.join(off)}", "empty `unsafe_disable` in [gate]")
        )
    if known.warnings:
        told = f"{known.warnings[0]}{f' (and {len(known.warnings) - 1} more)' if len(known.warnings) > 1 else ''}"
        checks.append(Check("known things", Status.WARN, told, "what it holds is not recognised by its value"))
    return checks


def provider_check(settings: Settings, environ: Mapping[str, str]) -> Check:
    """Whether what is configured could be sent to; nobody is asked."""
    if settings.policy.escalation.local_only:
        return Check("escalation", Status.OK, "local only: nothing can leave")
    if not settings.escalation:
        return Check("escalation", Status.ABSENT, "no cloud provider is configured: nothing can leave")
    try:
        providers = open_providers(settings, environ)
    except ConfigError as error:
        return Check("escalation", Status.FAIL, str(error), "until then nothing can leave")
    places = ", ".join(f"{name} ({one.destination.host}, {one.destination.model})" for name, one in providers.items())
    return Check("escalation", Status.OK, f"by your approval alone: {places}")


def ledger_check(settings: Settings, hub: Hub | None) -> Check:
    """Whether the hub's record can be read, and how long its chain is; `b4tui ledger verify` goes through all of it."""
    path = StateFolder(hub).ledger if hub is not None else None
    if path is None or not path.exists():
        return Check("ledger", Status.ABSENT, "nothing was recorded on a hub here yet")
    try:
        with open_ledger(path, clock=now, config=settings.ledger, readonly=True) as ledger:
            head, stranger = ledger.head(), ledger.stranger
    except LedgerError as error:
        return Check("ledger", Status.FAIL, str(error), "until then nothing can leave")
    if stranger:
        return Check("ledger", Status.WARN, stranger, "`b4tui ledger --help` says what to do")
    return Check("ledger", Status.OK, f"{head.seq:,} entries; `b4tui ledger verify` goes through them")
