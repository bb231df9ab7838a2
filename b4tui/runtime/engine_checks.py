"""The doctor's checks of engines and of the models that roles want of them: what is there, and what is proven of it.

Engines are asked as they are: nothing is pinned, loaded or changed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass

from b4tui.config import Settings
from b4tui.engines import attestation as ollama_steps
from b4tui.engines import openai_attestation as openai_steps
from b4tui.engines.names import is_cloud_name
from b4tui.engines.ollama import OllamaEngine
from b4tui.engines.pins import PinError, Pins
from b4tui.engines.types import Attestation, Engine, EngineError, Health, ModelInfo, Proof
from b4tui.events import Locality
from b4tui.runtime.diagnosis import Check, EngineReport, RoleModel, Status
from b4tui.runtime.inventory import how_to_get
from b4tui.runtime.role_models import RolePlace, candidates, place_role

SAFE_VERSION = (0, 32, 15)  # older ones hang a request where they cannot parse a tool call (research/runtime.md 0.3)
_LEAST_FIRST = (Locality.REMOTE, Locality.UNATTESTED, Locality.ATTESTED)
_OF_THE_SERVER = frozenset(
    {
        ollama_steps.Step.PLACE,
        ollama_steps.Step.VERSION,
        ollama_steps.Step.CLOUD_OFF,
        ollama_steps.Step.CANARY,
        openai_steps.Step.ADDRESS,
        openai_steps.Step.WORD,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was learnt by asking: each engine's health, what those that answer have, and where roles' models are.

    `failures` says why an engine that is up does not say what it has; `attestations` and `contexts` (the longest a
    model can do, in tokens, 0 where not said) are by role, for the models that are there.
    """

    healths: Mapping[str, Health]
    stock: Mapping[str, tuple[ModelInfo, ...]]
    failures: Mapping[str, str]
    places: Mapping[str, RolePlace]
    attestations: Mapping[str, Attestation]
    contexts: Mapping[str, int]


async def examine_engines(
    settings: Settings, engines: Mapping[str, Engine], pins: Pins
) -> tuple[list[Check], tuple[EngineReport, ...]]:
    """Ask the engines, judge what they say, and close them."""
    try:
        seen = await _look(settings, engines)
    finally:
        for engine in engines.values():
            await engine.aclose()
    checks = [
        *_engine_checks(settings, engines, seen),
        *_proof_checks(settings, seen),
        *(check for key in settings.roles for check in _role_checks(settings, engines, key, seen)),
        _pins_check(pins),
    ]
    return checks, tuple(_report(settings, name, engine, seen) for name, engine in engines.items())


async def _look(settings: Settings, engines: Mapping[str, Engine]) -> Seen:
    healths = dict(zip(engines, await asyncio.gather(*(engine.health() for engine in engines.values())), strict=True))
    stock: dict[str, tuple[ModelInfo, ...]] = {}
    failures = {}
    for name, engine in engines.items():
        if healths[name].up:
            try:
                stock[name] = await engine.models()
            except EngineError as error:
                failures[name] = str(error)
    places = {key: place_role(settings, key, stock) for key in settings.roles}
    there = {key: (engines[place.engine], place) for key, place in places.items() if place.info is not None}
    return Seen(
        healths=healths,
        stock=stock,
        failures=failures,
        places=places,
        attestations={key: await engine.attest(place.name) for key, (engine, place) in there.items()},
        contexts={key: await _context(engine, place) for key, (engine, place) in there.items()},
    )


async def _context(engine: Engine, place: RolePlace) -> int:
    """The longest conversation a model can have, in tokens; 0 where nobody says."""
    if place.info is not None and place.info.context:
        return place.info.context
    if not isinstance(engine, OllamaEngine):
        return 0
    try:
        return (await engine.show(place.name)).context
    except EngineError:
        return 0  # the attestation says what is wrong with it


def _used(settings: Settings) -> frozenset[str]:
    """The roles that an enabled agent has."""
    return frozenset(agent.role for agent in settings.agents.values() if agent.enabled)


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
    needed = {place.engine for key, place in seen.places.items() if key in _used(settings) and place.info is None}
    for name, engine in engines.items():
        health = seen.healths[name]
        if not health.up:
            named = any(role.engine == name for key, role in settings.roles.items() if key in _used(settings))
            status = Status.FAIL if not up or named or name in needed else Status.WARN
            checks.append(Check(f"engine {name}", status, health.reason, _start_hint(engine)))
            continue
        detail = f"{engine.address}, version {health.version or 'unknown'}{', SIMULATED' if health.simulated else ''}"
        checks.append(Check(f"engine {name}", Status.OK, detail))
        if name in seen.failures:
            checks.append(Check(f"engine {name} models", Status.FAIL, seen.failures[name]))
        if engine.kind == "ollama":
            checks += [*_version(name, health.version), _cloud(settings, name, health.cloud_disabled)]
    return checks


def _how_to_set_up(name: str) -> str:
    return f"for one: `pip install 'b4tui[embedded]'`, then [engines.{name}] model_file = \"/path/to/model.gguf\""


def _start_hint(engine: Engine) -> str:
    where = f"[engines.{engine.name}] address (now {engine.address})"
    if engine.kind == "ollama":
        return f"start it (`ollama serve`), or say where it is: OLLAMA_HOST or {where}"
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
    bad = _unproven(settings)
    if disabled is None:
        fix = "upgrade Ollama, and start it with OLLAMA_NO_CLOUD=1"
        return Check(title, bad, "the server cannot say whether its cloud models are off", fix)
    told = "the server would pass requests for cloud models on to the internet"
    return Check(title, bad, told, "start it with OLLAMA_NO_CLOUD=1")


def _unproven(settings: Settings) -> Status:
    """How bad it is that something is not proven to be local."""
    return Status.FAIL if settings.policy.require_attested else Status.WARN


def _proof_checks(settings: Settings, seen: Seen) -> list[Check]:
    """What does not hold of a server as a whole, once for each engine; its cloud has a check of its own."""
    found: dict[tuple[str, str], Proof] = {}
    for key, attestation in seen.attestations.items():
        for proof in attestation.proofs:
            whole = proof.step in _OF_THE_SERVER and proof.step != ollama_steps.Step.CLOUD_OFF
            if whole and proof.holds is False:
                found.setdefault((seen.places[key].engine, proof.step), proof)
    return [
        Check(f"engine {name} {step}", _unproven(settings), proof.detail, proof.fix)
        for (name, step), proof in found.items()
    ]


def _role_checks(settings: Settings, engines: Mapping[str, Engine], key: str, seen: Seen) -> list[Check]:
    place, used = seen.places[key], key in _used(settings)
    model = settings.roles[key].model
    info, attestation = place.info, seen.attestations.get(key)
    title = f"model {key}"
    remote = attestation is not None and attestation.locality is Locality.REMOTE
    if is_cloud_name(model) or remote or (info is not None and info.remote):
        fix = f"choose a local model in [roles.{key}] model"
        return [Check(title, Status.FAIL, f"{model} is not computed on this machine", fix)]
    if info is None or attestation is None:
        return _absent(settings, engines, key, seen, used=used)
    proven = attestation.locality is Locality.ATTESTED
    bad = _unproven(settings) if used else Status.WARN
    facts = (info.name, info.parameters, info.quantization.replace("unknown", ""), _size(info.size), place.engine)
    words = ", ".join(text for text in (*facts, attestation.locality) if text)
    if attestation.failure is not None:
        return [Check(title, Status.FAIL if used else Status.WARN, f"{words}: {attestation.failure.message}")]
    missing = attestation.missing
    checks = [Check(title, Status.OK if proven else bad, words, missing.fix if missing and not proven else "")]
    for proof in attestation.proofs:
        if proof.holds is False and proof.step not in _OF_THE_SERVER:
            stopped = Status.FAIL if used and attestation.changed else bad
            checks.append(Check(f"{title} {proof.step}", stopped, proof.detail, proof.fix))
    return checks + _context_check(settings, key, seen.contexts[key])


def _absent(settings: Settings, engines: Mapping[str, Engine], key: str, seen: Seen, *, used: bool) -> list[Check]:
    """The role's model is nowhere; where its engines are down, their own checks say so."""
    role, title = settings.roles[key], f"model {key}"
    able = {name: engines[name].kind for name in candidates(settings, role) if name in engines}
    if not any(name in seen.stock for name in able):
        return []
    if not used:
        return [Check(title, Status.ABSENT, f"{role.model} is not on the engine; no agent uses this role")]
    fix = f"{how_to_get(role.model, able)}, or name another in [roles.{key}] model"
    return [Check(title, Status.FAIL, f"{role.model} is not on the engine", fix)]


def _context_check(settings: Settings, key: str, context: int) -> list[Check]:
    wanted = settings.roles[key].num_ctx
    if not context or wanted <= context:
        return []
    told = f"the role asks for a context of {wanted} tokens, and the model has {context}"
    return [Check(f"model {key} context", Status.WARN, told, f"[roles.{key}] num_ctx = {context}")]


def _pins_check(pins: Pins) -> Check:
    try:
        count = len(pins.all())
    except PinError as error:
        return Check("pins", Status.FAIL, str(error), "until then no model is trusted")
    return Check("pins", Status.OK, f"{count} model{'' if count == 1 else 's'} pinned")


def _size(number: int) -> str:
    """Bytes for a person; "" where the server does not say."""
    if not number:
        return ""
    return f"{number / 1e9:.1f} GB" if number >= 1e8 else f"{number / 1e6:.1f} MB"


def _report(settings: Settings, name: str, engine: Engine, seen: Seen) -> EngineReport:
    roles = [key for key, place in seen.places.items() if place.engine == name]
    counted = [_locality(settings, key, seen) for key in roles if key in _used(settings) and seen.places[key].info]
    return EngineReport(
        name=name,
        kind=engine.kind,
        address=engine.address,
        version=seen.healths[name].version,
        locality=min(counted, key=_LEAST_FIRST.index, default=Locality.UNATTESTED),
        models=tuple(
            RoleModel(key, settings.roles[key].model, _digest(key, seen), _locality(settings, key, seen))
            for key in roles
        ),
    )


def _digest(key: str, seen: Seen) -> str:
    attestation, info = seen.attestations.get(key), seen.places[key].info
    return (attestation.digest if attestation else "") or (info.digest if info else "")


def _locality(settings: Settings, key: str, seen: Seen) -> Locality:
    attestation, info = seen.attestations.get(key), seen.places[key].info
    if is_cloud_name(settings.roles[key].model) or (info is not None and info.remote):
        return Locality.REMOTE
    return attestation.locality if attestation is not None else Locality.UNATTESTED
