"""Opens what a hub needs to let something leave: record, gate, desk. What cannot be opened keeps everything here."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from b4tui.config import ConfigError, Settings
from b4tui.escalation.door.providers import open_providers
from b4tui.escalation.guard import EgressGuard
from b4tui.escalation.opening import World, open_desk
from b4tui.events import Event, now
from b4tui.gate.gate import ClosedGate, Gate
from b4tui.gate.known.gathering import gather_known
from b4tui.gate.known.known import Known
from b4tui.gate.opening import closed_gate, open_gate
from b4tui.gate.policy.public_values import add_public_value, public_values_file
from b4tui.gate.types import Finding, GateError
from b4tui.ledger.ledger import Ledger
from b4tui.ledger.opening import open_ledger
from b4tui.ledger.types import LedgerError
from b4tui.runtime.outside.outside import Opened, Outside
from b4tui.runtime.outside.recorder import Recorder
from b4tui.runtime.outside.traces import Traces
from b4tui.runtime.state import StateError, StateFolder

UNREADABLE = "(not read to its end)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where things lie that are no part of a hub; `key_path` and `public_path` are the user's own without others."""

    environ: Mapping[str, str]
    home: Path = field(default_factory=Path.home)
    guard: EgressGuard | None = None
    key_path: Path | None = None
    public_path: Path | None = None

    @property
    def public_values(self) -> Path:
        """The file with the values the operator calls public."""
        return self.public_path or public_values_file()


def outside_of(
    settings: Settings, hub: Path, state: StateFolder, around: Surroundings
) -> Callable[[Callable[[Event], None]], Outside]:
    """What makes the outside of a hub, once there is a bus to publish on. Raises nothing."""

    def make(publish: Callable[[Event], None]) -> Outside:
        ledger = _ledger(settings, state, around)
        recorder = Recorder(ledger, publish) if isinstance(ledger, Ledger) else None
        opener = _Opener(settings, hub, ledger, around, publish)
        return Outside(
            settings,
            opener.open_all,
            recorder=recorder,
            ledger_error="" if isinstance(ledger, Ledger) else ledger,
            guard=around.guard,
            traces=Traces(state.private),
            publish=publish,
        )

    return make


def _ledger(settings: Settings, state: StateFolder, around: Surroundings) -> Ledger | str:
    """The hub's ledger, or why there is none."""
    try:
        state.prepare()
        return open_ledger(state.ledger, clock=now, config=settings.ledger, key_path=around.key_path)
    except (StateError, LedgerError) as error:
        return str(error)


@dataclass(frozen=True, slots=True)
class _Opener:
    settings: Settings
    hub: Path
    ledger: Ledger | str
    around: Surroundings
    publish: Callable[[Event], None]

    def open_all(self) -> Opened:
        """Blocks: it reads rules, and files of this machine. Raises nothing that a file could be the reason of."""
        if not isinstance(self.ledger, Ledger):
            return Opened(closed=f"nothing is recorded, so nothing can leave: {self.ledger}")
        # A hub from elsewhere may bring a record with grants in it that are nobody's here.
        if self.ledger.stranger:
            return Opened(closed=self.ledger.stranger, mask=_mask(self._gate(Known.nothing())))
        if why := self._nowhere():
            return Opened(closed=why, mask=_mask(self._gate(Known.nothing())))
        gate = self._gate(self._known())
        desk = open_desk(
            self.settings,
            self.ledger,
            gate,
            reopen=lambda: self._gate(self._known()),
            remember=lambda value: add_public_value(self.around.public_values, value),
            publish=self.publish,
            world=World(
                environ=self.around.environ,
                clock=now,
                seconds=time.monotonic,
                new_id=lambda: secrets.token_hex(6),
                permit_key=secrets.token_bytes(32),
                gatekeeper=self.around.guard,
            ),
        )
        return Opened(
            desk=desk,
            mask=_mask(gate),
            providers=tuple(self.settings.escalation),
            gate_error=gate.reason if isinstance(gate, ClosedGate) else "",
        )

    def _nowhere(self) -> str:
        """Why there is no place to send to, "" where there is one."""
        if self.settings.policy.escalation.local_only:
            return "b4tui was started with --local-only: nothing can leave."
        if not self.settings.escalation:
            return "No cloud provider is configured: nothing can leave."
        try:
            open_providers(self.settings, self.around.environ)
        except ConfigError as error:
            return str(error)
        return ""

    def _known(self) -> Known:
        return gather_known(
            self.settings.gate, self.hub, self.around.environ, self.around.home, key=secrets.token_bytes(32)
        )

    def _gate(self, known: Known) -> Gate | ClosedGate:
        try:
            return open_gate(self.settings, known, public=self.around.public_values)
        except GateError as error:
            return closed_gate(str(error))


def _mask(gate: Gate | ClosedGate) -> Callable[[str], str]:
    """What hides in a text for the record whatever the gate finds in it; a text it cannot read is hidden whole."""

    def mask(text: str) -> str:
        try:
            return _masked(text, gate.scan_text(text))
        except GateError:
            return UNREADABLE

    return mask


def _masked(text: str, findings: Iterable[Finding]) -> str:
    out, reached = [], 0
    for finding in sorted(findings, key=lambda one: one.start):
        if finding.end > reached:
            out += [text[reached : max(reached, finding.start)], f"[{finding.rule}]"]
            reached = finding.end
    return "".join([*out, text[reached:]])
