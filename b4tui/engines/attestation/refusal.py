"""What an attestation lets pass: whether a prompt may go to a model, and the words where it may not.

Pure, and the same for every kind of engine. The policy is the operator's `[policy] require_attested`; what is remote,
what changed and what is not there, no policy lets pass.
"""

from __future__ import annotations

from collections.abc import Collection

from b4tui.engines.interface import Attestation, Proof
from b4tui.engines.types import Failure, FailureKind
from b4tui.events import Locality

# Names of steps, as the kinds of engines have them.
_SAYS_ELSEWHERE = ("name", "own", "in memory", "listed")
_SAYS_ABSENT = ("listed",)
_SAYS_CHANGED = ("pin", "same")
_SAYS_OUTDATED = ("in memory",)


def refusal(attestation: Attestation, *, private: bool, require_attested: bool) -> Failure | None:
    """Why a prompt may not go to this model; None where it may.

    What is remote or not there gets nothing; a model that changed stops until the operator accepts it, and one that is
    in memory as it was until it is out of there. What is merely not proven gets what is not private, or everything
    where the policy does not ask for proof.
    """
    if attestation.failure is not None:
        return attestation.failure
    about = f"{attestation.model} on {attestation.engine}"
    if attestation.locality is Locality.REMOTE:
        why = _words(_failed(attestation, _SAYS_ELSEWHERE))
        return Failure(FailureKind.REMOTE, f"{about} is not computed here, so nothing was sent{why}")
    if not attestation.digest and (absent := _failed(attestation, _SAYS_ABSENT)):
        return Failure(FailureKind.NO_MODEL, f"{about} is not there{_words(absent)}")
    if attestation.changed:
        changed = _failed(attestation, _SAYS_CHANGED) or attestation.missing
        return Failure(
            FailureKind.UNATTESTED, f"{about} is not the one you trusted, so nothing was sent{_words(changed)}"
        )
    if (outdated := _failed(attestation, _SAYS_OUTDATED)) is not None:
        return Failure(
            FailureKind.UNATTESTED, f"{about} is not what its server would use, so nothing was sent{_words(outdated)}"
        )
    if attestation.locality is Locality.ATTESTED or not (private and require_attested):
        return None
    missing = attestation.missing or next((proof for proof in attestation.proofs if proof.holds is None), None)
    return Failure(
        FailureKind.UNATTESTED, f"it is not proven that {about} is computed here, so nothing was sent{_words(missing)}"
    )


def _failed(attestation: Attestation, steps: Collection[str]) -> Proof | None:
    return next((proof for proof in attestation.proofs if proof.step in steps and proof.holds is False), None)


def _words(proof: Proof | None) -> str:
    """What is wrong, and what to do."""
    if proof is None or not proof.detail:
        return ""
    return f": {proof.detail}. {proof.fix}".rstrip(". ")
