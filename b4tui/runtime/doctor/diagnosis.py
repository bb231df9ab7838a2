"""What the doctor says: checks, and a report on each engine. The shape is fixed (design section 6)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How a check ended. `absent` is a part that is not there and need not be."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Check:
    """One check; `fix` says what to do, empty where nothing is to be done."""

    name: str
    status: Status
    detail: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class RoleModel:
    """The model of a role on an engine; `digest` "" where the engine does not have it. `locality` as it is proven."""

    role: str
    name: str
    digest: str
    locality: str


@dataclass(frozen=True, slots=True)
class EngineReport:
    """An engine and the models that roles want of it. `locality` is the least of those that agents use."""

    name: str
    kind: str
    address: str
    version: str
    locality: str
    models: tuple[RoleModel, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The doctor's whole answer."""

    checks: tuple[Check, ...]
    engines: tuple[EngineReport, ...]

    @property
    def failed(self) -> bool:
        """Whether any check failed."""
        return any(check.status is Status.FAIL for check in self.checks)
