"""Where a model of an Ollama server is computed: the rules, from facts to a verdict (research/runtime.md 1.7, 1.12).

Pure. Each step is a Proof, in the order of `Step`. One that fails leaves the model unattested, or remote where the
server or the name says so. Nothing is attested while a step is open, but for the last, which needs an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from b4tui.engines.interface import Attestation, Proof
from b4tui.events import Locality

FLOOR = (0, 18, 0)  # the first version that knows `NAME:local`
FORMATS = frozenset({"gguf", "safetensors"})
REFUSED = 403
_VERSION = re.compile(r"v?(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?:\+\S*)?(-\S+)?")


class Step(StrEnum):
    """What has to hold, in the order in which it is looked at."""

    PLACE = "place"  # this machine, or one that the operator vouches for
    VERSION = "version"  # new enough to refuse what is remote
    CLOUD_OFF = "cloud off"  # the server says that it passes nothing on
    NAME = "name"  # the name asks for no cloud
    LISTED = "listed"  # the server has the model
    OWN = "own"  # and names nobody else who computes it
    FORMAT = "format"  # it is made of weights
    SIZE = "size"  # of a size that weights have
    PIN = "pin"  # and the very one that was trusted
    CANARY = "canary"  # a made-up cloud model is refused, as a server without a cloud does
    IN_MEMORY = "in memory"  # while it answers, the server has it in memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A model as the server's list has it: `size` in bytes, `remote` who computes it when the server does not."""

    digest: str
    size: int
    format: str
    remote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A model as the server shows it: who computes it when the server does not; its kind; its file of weights."""

    remote: str = ""
    architecture: str = ""
    weights: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the server is: `host:port`, whether that is this machine, and whether the operator vouches for it."""

    at: str
    loopback: bool
    pinned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a server said when it was asked.

    `version` "" and `cloud_disabled` None: it does not say. `listed` and `shown` None: it has no such model, or was not
    asked for it. `canary` is the HTTP status of that question, 0 when no answer came, None when it was not put.
    """

    version: str
    cloud_disabled: bool | None
    listed: Listed | None
    shown: Shown | None
    canary: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What is known of the model's pin: the digest that is trusted, "" for none, or why that cannot be told.

    `accepted` is when the operator said so, None for what was trusted on first use.
    """

    digest: str = ""
    accepted: datetime | None = None
    problem: str = ""


def judge(engine: str, model: str, place: Place, facts: Facts, trust: Trust, smallest: int) -> Attestation:
    """The verdict on a model. `smallest` is the fewest bytes that pass for weights."""
    proofs = (
        _place(place),
        _version(facts.version),
        _cloud_off(facts.cloud_disabled),
        Proof(step=Step.NAME, holds=True, detail=f"{model} asks for no cloud"),
        *_model(model, facts, smallest),
        _pin(model, facts.listed, trust),
        _canary(place, facts),
        _open(Step.IN_MEMORY, "looked at when the model answers"),
    )
    digest = facts.listed.digest if facts.listed else ""
    return Attestation(
        engine=engine, model=model, locality=locality(proofs), digest=digest, pinned=trust.digest, proofs=proofs
    )


def judge_cloud_name(engine: str, model: str, place: Place) -> Attestation:
    """The verdict on a name that asks for a cloud: nobody is asked."""
    fix = "Choose a local model in the role's `model`"
    name = Proof(step=Step.NAME, holds=False, detail=f"{model} is the name of a cloud model", fix=fix)
    rest = [_open(step, "not asked") for step in Step if step not in {Step.PLACE, Step.NAME}]
    proofs = (_place(place), *rest[:2], name, *rest[2:])
    return Attestation(engine=engine, model=model, locality=locality(proofs), proofs=proofs)


def locality(proofs: Iterable[Proof]) -> Locality:
    """What the steps come to."""
    found = {Step(proof.step): proof.holds for proof in proofs}
    if any(found.get(step) is False for step in (Step.NAME, Step.OWN, Step.IN_MEMORY)):
        return Locality.REMOTE
    proven = all(found.get(step) is True for step in Step if step is not Step.IN_MEMORY)
    return Locality.ATTESTED if proven else Locality.UNATTESTED


def proof_of(attestation: Attestation, step: Step) -> Proof | None:
    """This step of it."""
    return next((proof for proof in attestation.proofs if proof.step == step), None)


def worth_trusting(model: str, facts: Facts, smallest: int) -> bool:
    """Whether a model that is seen for the first time may be trusted from now on, whatever its server is like."""
    digest = facts.listed is not None and bool(facts.listed.digest)
    return digest and all(proof.holds for proof in _model(model, facts, smallest))


def knows_local(version: str) -> bool:
    """Whether a server of this version understands `NAME:local`. A pre-release of the floor does not count."""
    match = _VERSION.fullmatch(version)
    if match is None:
        return False
    number = (int(match[1]), int(match[2]), int(match[3]))
    return number > FLOOR or (number == FLOOR and not match[4])


def _open(step: Step, why: str) -> Proof:
    return Proof(step=step, holds=None, detail=why)


def _place(place: Place) -> Proof:
    if place.loopback:
        return Proof(step=Step.PLACE, holds=True, detail=f"{place.at} is this machine")
    if place.pinned:
        return Proof(step=Step.PLACE, holds=True, detail=f"{place.at} is a machine that you vouch for")
    fix = "If the server there is yours, write pinned = true beside its address in your own settings"
    return Proof(step=Step.PLACE, holds=False, detail=f"{place.at} is not this machine", fix=fix)


def _version(version: str) -> Proof:
    floor = ".".join(str(part) for part in FLOOR)
    if knows_local(version):
        return Proof(step=Step.VERSION, holds=True, detail=f"version {version}")
    detail = f"its version is {version}, older than {floor}" if version else "it does not say its version"
    return Proof(step=Step.VERSION, holds=False, detail=detail, fix=f"Upgrade Ollama to {floor} or newer")


def _cloud_off(disabled: bool | None) -> Proof:
    if disabled:
        return Proof(step=Step.CLOUD_OFF, holds=True, detail="it says that its cloud is off")
    if disabled is None:
        fix = "Upgrade Ollama, and start it with OLLAMA_NO_CLOUD=1"
        return Proof(step=Step.CLOUD_OFF, holds=False, detail="it cannot say whether its cloud is off", fix=fix)
    fix = "Start it with its cloud off: `OLLAMA_NO_CLOUD=1 ollama serve`"
    return Proof(step=Step.CLOUD_OFF, holds=False, detail="it would pass prompts for cloud models on", fix=fix)


def _model(model: str, facts: Facts, smallest: int) -> tuple[Proof, ...]:
    """What is said of the model alone: listed, own, format, size."""
    listed = facts.listed
    remote = (listed.remote if listed else "") or (facts.shown.remote if facts.shown else "")
    local = "Choose a local model, and start Ollama with OLLAMA_NO_CLOUD=1"
    if remote:
        own = Proof(step=Step.OWN, holds=False, detail=remote, fix=local)
    elif facts.shown is None:
        own = _open(Step.OWN, "not asked")
    else:
        own = Proof(step=Step.OWN, holds=True, detail="it names nobody else who computes the model")
    if listed is None:
        fix = f"`ollama pull {model}`, or name another model in the role's settings"
        absent = Proof(step=Step.LISTED, holds=False, detail=f"its list of models has no {model}", fix=fix)
        return absent, own, _open(Step.FORMAT, "not listed"), _open(Step.SIZE, "not listed")
    return Proof(step=Step.LISTED, holds=True, detail="it has the model"), own, _format(listed), _size(listed, smallest)


def _format(listed: Listed) -> Proof:
    if listed.format.casefold() in FORMATS:
        return Proof(step=Step.FORMAT, holds=True, detail=f"format {listed.format}")
    detail = f"its format is {listed.format!r}, not that of weights" if listed.format else "it has no format of weights"
    return Proof(step=Step.FORMAT, holds=False, detail=f"of the model: {detail}", fix="Pull the model anew")


def _size(listed: Listed, smallest: int) -> Proof:
    if listed.size >= smallest:
        return Proof(step=Step.SIZE, holds=True, detail=f"{listed.size} bytes")
    detail = f"the model has {listed.size} bytes, fewer than weights have ({smallest})"
    fix = "Pull the model anew; lower policy.smallest_model_bytes only for a model that is really so small"
    return Proof(step=Step.SIZE, holds=False, detail=detail, fix=fix)


def _pin(model: str, listed: Listed | None, trust: Trust) -> Proof:
    if trust.problem:
        return Proof(step=Step.PIN, holds=False, detail=f"whether it is the trusted model is unknown: {trust.problem}")
    if listed is None:
        return _open(Step.PIN, "not listed")
    if not listed.digest:
        detail = "the server gives the model no digest to know it by"
        return Proof(step=Step.PIN, holds=False, detail=detail, fix="Upgrade Ollama")
    if not trust.digest:
        return _open(Step.PIN, "not trusted yet")
    if listed.digest == trust.digest:
        return Proof(step=Step.PIN, holds=True, detail=f"digest {listed.digest[:12]}, as it was trusted")
    return Proof(
        step=Step.PIN,
        holds=False,
        detail=f"the model changed: its digest is {listed.digest[:12]}, and {trust.digest[:12]} was trusted",
        fix=f"Look at it with `b4tui models check {model}`, then accept it with `b4tui models pin {model}`",
    )


def _canary(place: Place, facts: Facts) -> Proof:
    if not facts.cloud_disabled:
        return _open(Step.CANARY, "only a server that says its cloud is off may be asked for a cloud model")
    if facts.canary is None:
        return _open(Step.CANARY, "not asked")
    if facts.canary == REFUSED:
        return Proof(step=Step.CANARY, holds=True, detail="it refused a made-up cloud model")
    answer = f"with HTTP {facts.canary}" if facts.canary else "with silence"
    detail = f"it says that its cloud is off, but met a made-up cloud model {answer} instead of {REFUSED}"
    fix = f"Do not trust it: see what answers at {place.at}, and install Ollama anew"
    return Proof(step=Step.CANARY, holds=False, detail=detail, fix=fix)
