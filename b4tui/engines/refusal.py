"""What an attestation lets pass: whether a prompt may go to a model, and the words where it may not.

Pure. The policy is the operator's `[policy] require_attested`; what is remote, and what changed, no policy lets pass.
"""

from __future__ import annotations

from b4tui.engines import errors
from b4tui.engines.attestation import Step, proof_of
from b4tui.engines.types import Attestation, Failure, Proof
from b4tui.events import Locality


def refusal(asked: errors.Asked, attestation: Attestation, *, private: bool, require_attested: bool) -> Failure | None:
    """Why a prompt may not go to this model; None where it may.

    What is remote gets nothing, and a model that changed stops until the operator accepts it. What is merely not proven
    gets what is not private, or everything where the policy does not ask for proof.
    """
    if attestation.failure is not None:
        return attestation.failure
    if attestation.locality is Locality.REMOTE:
        return _remote(asked, attestation)
    pin = proof_of(attestation, Step.PIN)
    if attestation.changed and pin is not None:
        return errors.unattested(asked, pin)
    if attestation.locality is not Locality.ATTESTED and private and require_attested:
        return errors.unattested(asked, attestation.missing or _first_open(attestation))
    return None


def _remote(asked: errors.Asked, attestation: Attestation) -> Failure:
    own, memory = proof_of(attestation, Step.OWN), proof_of(attestation, Step.IN_MEMORY)
    if own is not None and own.holds is False:
        return errors.remote_model(asked, own.detail)
    if memory is not None and memory.holds is False:
        return errors.caught_before(asked, memory)
    return errors.cloud_name(asked)


def _first_open(attestation: Attestation) -> Proof:
    unknown = Proof(step=Step.PLACE, holds=None, detail="nothing is known of it")
    return next((proof for proof in attestation.proofs if proof.holds is None), unknown)
