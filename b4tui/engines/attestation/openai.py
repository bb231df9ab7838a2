"""Where a model of an OpenAI-compatible server is computed, as far as that can be proven: not far.

Such a server says nothing of where it computes, and nothing it said could be checked. So a model is attested by the
operator's word alone, given three times over: the address is pinned, the server is vouched for, and the model is pinned
and is the same still (research/runtime.md 2). Trust on first use is not enough. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from b4tui.engines.attestation.pins import Pin, PinnedBy
from b4tui.engines.interface import Attestation, Proof
from b4tui.engines.names import is_cloud_name
from b4tui.engines.openai.models import Served, ServedModel
from b4tui.events import Locality


class Step(StrEnum):
    """What has to hold, in the order in which it is looked at."""

    NAME = "name"  # the name asks for no cloud
    ADDRESS = "address"  # the operator pinned it, even where it is this machine
    WORD = "word"  # the operator vouches for what is computed there
    LISTED = "listed"  # the server has the model, and does not say that it passes it on
    PIN = "pin"  # the operator pinned it
    SAME = "same"  # and it is the very one still


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What the operator said of an engine, and of one model: `pin`, or why the pins cannot be read."""

    engine: str
    place: str
    address_pinned: bool
    vouched: bool
    pin: Pin | None = None
    pins_unreadable: str = ""


def attest_by_name(word: Word, model: str, served_name: str) -> Attestation | None:
    """The answer where a name alone gives it, before the server is asked; None where it does not."""
    for name in (model, served_name):
        if is_cloud_name(name):
            proof = Proof(
                step=Step.NAME,
                holds=False,
                detail=f"{name} is the name of a cloud model",
                fix="Choose a local model in the role's `model`",
            )
            return Attestation(engine=word.engine, model=model, locality=Locality.REMOTE, proofs=(proof,))
    return None


def attest(word: Word, model: str, served_name: str, served: Served) -> Attestation:
    """What is known of a model, by what the operator and the server said."""
    found = served.find(served_name)
    pin = word.pin if word.pin is not None and word.pin.by is PinnedBy.OPERATOR else None
    proofs = (
        Proof(step=Step.NAME, holds=True, detail=f"{model} asks for no cloud"),
        _address(word),
        _vouched(word, served),
        _listed(word, model, served_name, found),
        _pinned(word, model, pin),
        _same(word, model, pin, found),
    )
    remote = found is not None and found.remote
    attested = not remote and all(proof.holds for proof in proofs)
    return Attestation(
        engine=word.engine,
        model=model,
        locality=Locality.REMOTE if remote else Locality.ATTESTED if attested else Locality.UNATTESTED,
        digest=found.identity if found else "",
        pinned=pin.digest if pin else "",
        proofs=proofs,
    )


def _address(word: Word) -> Proof:
    return Proof(
        step=Step.ADDRESS,
        holds=word.address_pinned,
        detail=f"{word.place} is {'pinned' if word.address_pinned else 'not pinned'} in the settings",
        fix="" if word.address_pinned else f"If the server is yours, write pinned = true into [engines.{word.engine}]",
    )


def _vouched(word: Word, served: Served) -> Proof:
    hides = served.flavor.aliases_hide_models
    doubt = (
        f"; a model of {served.flavor.server} may be an alias of one in a cloud, and it does not say" if hides else ""
    )
    said = f"you vouch for what {word.engine} computes" if word.vouched else f"nobody vouches for {word.engine}"
    return Proof(
        step=Step.WORD,
        holds=word.vouched,
        detail=said + doubt,
        fix=""
        if word.vouched
        else f"If you know that it computes its models itself, write vouched = true into [engines.{word.engine}]",
    )


def _listed(word: Word, model: str, served_name: str, found: ServedModel | None) -> Proof:
    if found is None:
        return Proof(
            step=Step.LISTED,
            holds=False,
            detail=f"the server has no model {served_name}",
            fix=f"Say in [engines.{word.engine}] models what it is called there, or choose another model for the role",
        )
    if found.remote:
        return Proof(
            step=Step.LISTED,
            holds=False,
            detail=f"the server says that it passes {model} on to a cloud",
            fix="Choose a local model in the role's `model`",
        )
    return Proof(step=Step.LISTED, holds=True, detail=f"the server has {found.name}")


def _pinned(word: Word, model: str, pin: Pin | None) -> Proof:
    if pin is not None:
        return Proof(step=Step.PIN, holds=True, detail=f"you pinned {model} on {pin.at:%Y-%m-%d}")
    return Proof(
        step=Step.PIN,
        holds=False,
        detail=word.pins_unreadable or f"you have not pinned {model}",
        fix="" if word.pins_unreadable else f"`b4tui models pin {model} --engine {word.engine}`",
    )


def _same(word: Word, model: str, pin: Pin | None, found: ServedModel | None) -> Proof:
    if pin is None or found is None:
        return Proof(step=Step.SAME, holds=None)
    if pin.digest == found.identity:
        return Proof(step=Step.SAME, holds=True, detail="it is as you pinned it")
    return Proof(
        step=Step.SAME,
        holds=False,
        detail=f"{model} is no longer what you pinned: {found.identity[:12]} instead of {pin.digest[:12]}",
        fix=f"`b4tui models check {model} --engine {word.engine}`, then "
        f"`b4tui models pin {model} --engine {word.engine}`",
    )
