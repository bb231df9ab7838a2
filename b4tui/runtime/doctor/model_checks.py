"""The doctor's checks of the models that roles want: are they there, what is proven of them, what can they do."""

from __future__ import annotations

from collections.abc import Mapping

from b4tui.config import Settings
from b4tui.engines.attestation import ollama as ollama_steps
from b4tui.engines.attestation import openai as openai_steps
from b4tui.engines.dispatch.profile import conflicts
from b4tui.engines.dispatch.roles import candidates
from b4tui.engines.interface import Engine
from b4tui.events import Locality
from b4tui.runtime.doctor.diagnosis import Check, Status
from b4tui.runtime.doctor.engines_seen import Seen
from b4tui.runtime.inventory import how_to_get

OF_THE_SERVER = frozenset(
    {
        ollama_steps.Step.PLACE,
        ollama_steps.Step.VERSION,
        ollama_steps.Step.CLOUD_OFF,
        ollama_steps.Step.CANARY,
        openai_steps.Step.ADDRESS,
        openai_steps.Step.WORD,
    }
)
"""Steps of an attestation that hold or fail for a server as a whole."""


def used_roles(settings: Settings) -> frozenset[str]:
    """The roles that an enabled agent has."""
    return frozenset(agent.role for agent in settings.agents.values() if agent.enabled)


def unproven(settings: Settings) -> Status:
    """How bad it is that something is not proven to be local."""
    return Status.FAIL if settings.policy.require_attested else Status.WARN


def role_checks(settings: Settings, engines: Mapping[str, Engine], key: str, seen: Seen) -> list[Check]:
    """The checks of one role's model."""
    place, used = seen.places[key], key in used_roles(settings)
    model = settings.roles[key].model
    info, attestation = place.info, seen.attestations.get(key)
    title = f"model {key}"
    if seen.locality(key, model) is Locality.REMOTE:
        fix = f"choose a local model in [roles.{key}] model"
        return [Check(title, Status.FAIL, f"{model} is not computed on this machine", fix)]
    if info is None or attestation is None:
        return _absent(settings, engines, key, seen, used=used)
    proven = attestation.locality is Locality.ATTESTED
    bad = unproven(settings) if used else Status.WARN
    facts = (info.name, info.parameters, info.quantization.replace("unknown", ""), _size(info.size), place.engine)
    words = ", ".join(text for text in (*facts, attestation.locality) if text)
    if attestation.failure is not None:
        return [Check(title, Status.FAIL if used else Status.WARN, f"{words}: {attestation.failure.message}")]
    missing = attestation.missing
    checks = [Check(title, Status.OK if proven else bad, words, missing.fix if missing and not proven else "")]
    for proof in attestation.proofs:
        if proof.holds is False and proof.step not in OF_THE_SERVER:
            stopped = Status.FAIL if used and attestation.changed else bad
            checks.append(Check(f"{title} {proof.step}", stopped, proof.detail, proof.fix))
    return checks + _context_check(settings, key, seen.contexts[key])


def _absent(settings: Settings, engines: Mapping[str, Engine], key: str, seen: Seen, *, used: bool) -> list[Check]:
    """The role's model is nowhere; where its engines are down, their own checks say so."""
    role, title = settings.roles[key], f"model {key}"
    able = {name: engines[name].kind for name in candidates(settings, engines, role)}
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


def profile_checks(settings: Settings) -> list[Check]:
    """Roles that share a model and would load it differently: each change of the two would load it anew."""
    return [
        Check(
            f"model {found.role} profile",
            Status.WARN,
            f"{found.model} is loaded as [roles.{found.leader}] has it: two ways would cost a load at each change",
            f"give [roles.{found.role}] the num_ctx and load options of [roles.{found.leader}]",
        )
        for found in conflicts(settings)
    ]


def _size(number: int) -> str:
    """Bytes for a person; "" where the server does not say."""
    if not number:
        return ""
    return f"{number / 1e9:.1f} GB" if number >= 1e8 else f"{number / 1e6:.1f} MB"
