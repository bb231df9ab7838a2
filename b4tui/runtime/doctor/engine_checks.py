"""The doctor's checks of engines: which are there, what is proven of them, and its report on each."""

from __future__ import annotations

import re
from collections.abc import Mapping

from b4tui.config import Settings
from b4tui.engines.attestation import ollama as ollama_steps
from b4tui.engines.attestation.pins import PinError, Pins
from b4tui.engines.interface import Engine, Health, Proof
from b4tui.events import Locality
from b4tui.runtime.doctor.diagnosis import Check, EngineReport, RoleModel, Status
from b4tui.runtime.doctor.engines_seen import Seen, look
from b4tui.runtime.doctor.model_checks import OF_THE_SERVER, profile_checks, role_checks, unproven, used_roles

SAFE_VERSION = (0, 32, 15)  # older ones hang a request where they cannot parse a tool call (research/runtime.md 0.3)
_LEAST_FIRST = (Locality.REMOTE, Locality.UNATTESTED, Locality.ATTESTED)


async def examine_engines(
    settings: Settings, engines: Mapping[str, Engine], pins: Pins
) -> tuple[list[Check], tuple[EngineReport, ...]]:
    """Ask the engines, judge what they say, and close them."""
    try:
        seen = await look(settings, engines)
    finally:
        for engine in engines.values():
            await engine.aclose()
    checks = [
        *_engine_checks(settings, engines, seen),
        *_proof_checks(settings, seen),
        *(check for key in settings.roles for check in role_checks(settings, engines, key, seen)),
        *profile_checks(settings),
        _pins_check(pins),
    ]
    return checks, tuple(_report(settings, name, engine, seen) for name, engine in engines.items())


def _engine_checks(settings: Settings, engines: Mapping[str, Engine], seen: Seen) -> list[Check]:
    """Whether each engine is there and answers; one that is down is a failure only where its work stands still."""
    checks = []
    for name, config in settings.engines.items():
        if name not in engines:
            checks.append(
                Check(f"engine {name}", Status.ABSENT, f"no {config.kind} engine is set up", _how_to_set_up(name))
            )
    up = [name for name in engines if name in seen.stock]
    if not up:
        told = "no engine answers, so no agent can work" if engines else "no engine is set up, so no agent can work"
        fix = "start one (`OLLAMA_NO_CLOUD=1 ollama serve`), or give [engines.embedded] a model_file"
        checks.append(Check("engines", Status.FAIL, told, fix))
    needed = {place.engine for key, place in seen.places.items() if key in used_roles(settings) and place.info is None}
    for name, engine in engines.items():
        health = seen.healths[name]
        if not health.up:
            named = any(role.engine == name for key, role in settings.roles.items() if key in used_roles(settings))
            status = Status.FAIL if not up or named or name in needed else Status.WARN
            checks.append(Check(f"engine {name}", status, health.reason, _start_hint(engine)))
            continue
        checks.append(Check(f"engine {name}", Status.OK, _as_it_is(engine, health)))
        if name in seen.failures:
            checks.append(Check(f"engine {name} models", Status.FAIL, seen.failures[name]))
        if engine.kind == "ollama":
            checks += [*_version(name, health.version), _cloud(settings, name, health.cloud_disabled)]
    return checks


def _as_it_is(engine: Engine, health: Health) -> str:
    simulated = "SIMULATED" if health.simulated else ""
    parts = (engine.address, f"version {health.version or 'unknown'}", simulated, health.reason)
    return ", ".join(part for part in parts if part)


def _how_to_set_up(name: str) -> str:
    return f"for one: `pip install 'b4tui[embedded]'`, then [engines.{name}] model_file = \"/path/to/model.gguf\""


def _start_hint(engine: Engine) -> str:
    where = f"[engines.{engine.name}] address (now {engine.address})"
    if engine.kind == "embedded":
        return f"install it with `pip install 'b4tui[embedded]'`, or mend [engines.{engine.name}] model_file"
    if engine.kind == "ollama":
        return f"start it (`OLLAMA_NO_CLOUD=1 ollama serve`), or say where it is: OLLAMA_HOST or {where}"
    return f"start it, or say where it is: {where}"


def _version(name: str, version: str) -> list[Check]:
    number = re.match(r"v?(\d{1,6})\.(\d{1,6})\.(\d{1,6})", version)
    if number is None or tuple(map(int, number.groups())) >= SAFE_VERSION:
        return []
    safe = ".".join(map(str, SAFE_VERSION))
    told = f"version {version} hangs where it cannot read a model's tool call, until the time-out"
    return [Check(f"engine {name} version", Status.WARN, told, f"upgrade Ollama to {safe} or newer")]


def _cloud(settings: Settings, name: str, disabled: bool | None) -> Check:
    title = f"engine {name} {ollama_steps.Step.CLOUD_OFF}"
    if disabled:
        return Check(title, Status.OK, "the server says that its cloud models are off")
    bad = unproven(settings)
    if disabled is None:
        fix = "upgrade Ollama, and start it with OLLAMA_NO_CLOUD=1"
        return Check(title, bad, "the server cannot say whether its cloud models are off", fix)
    told = "the server would pass requests for cloud models on to the internet"
    return Check(title, bad, told, "start it with OLLAMA_NO_CLOUD=1")


def _proof_checks(settings: Settings, seen: Seen) -> list[Check]:
    """What does not hold of a server as a whole, once for each engine; its cloud has a check of its own."""
    found: dict[tuple[str, str], Proof] = {}
    for key, attestation in seen.attestations.items():
        for proof in attestation.proofs:
            whole = proof.step in OF_THE_SERVER and proof.step != ollama_steps.Step.CLOUD_OFF
            if whole and proof.holds is False:
                found.setdefault((seen.places[key].engine, proof.step), proof)
    return [
        Check(f"engine {name} {step}", unproven(settings), proof.detail, proof.fix)
        for (name, step), proof in found.items()
    ]


def _pins_check(pins: Pins) -> Check:
    try:
        count = len(pins.all())
    except PinError as error:
        return Check("pins", Status.FAIL, str(error), "until then no model is trusted")
    return Check("pins", Status.OK, f"{count} model{'' if count == 1 else 's'} pinned")


def _report(settings: Settings, name: str, engine: Engine, seen: Seen) -> EngineReport:
    roles = [key for key, place in seen.places.items() if place.engine == name]
    counted = [
        seen.locality(key, settings.roles[key].model)
        for key in roles
        if key in used_roles(settings) and seen.places[key].info
    ]
    return EngineReport(
        name=name,
        kind=engine.kind,
        address=engine.address,
        version=seen.healths[name].version,
        locality=min(counted, key=_LEAST_FIRST.index, default=Locality.UNATTESTED),
        models=tuple(
            RoleModel(key, settings.roles[key].model, seen.digest(key), seen.locality(key, settings.roles[key].model))
            for key in roles
        ),
    )
