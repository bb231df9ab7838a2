"""What a server's memory proves of a model while it answers, and what an answer that went wrong leaves of the proof.

Pure: the last step of an attestation (research/runtime.md 1.7, step 7), from the rows of /api/ps to a verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from b4tui.engines.attestation.ollama import Step, locality
from b4tui.engines.interface import Attestation, Proof
from b4tui.engines.names import is_row_of
from b4tui.engines.reading import plain_digest
from b4tui.events import Locality


def row_name(row: Mapping[str, Any]) -> str:
    """What a row of a list of models calls its model, "" where it says nothing readable."""
    return next((name for name in (row.get("model"), row.get("name")) if isinstance(name, str) and name), "")


def with_memory(attestation: Attestation, proof: Proof) -> Attestation:
    """The same, after its model was looked for in memory."""
    proofs = tuple(proof if old.step == Step.IN_MEMORY else old for old in attestation.proofs)
    return replace(attestation, proofs=proofs, locality=locality(proofs))


def older_version(rows: Iterable[Mapping[str, Any]], attestation: Attestation) -> str:
    """The digest of another version of the model that /api/ps lists under its name, while it does not list this one.

    Ollama goes by the file of weights: a model that was made anew on the same file answers as it was loaded, under the
    old digest, until that leaves memory (seen on 0.33.3). "" where there is none.
    """
    digests = [plain_digest(row.get("digest")) for row in rows if is_row_of(row_name(row), attestation.model)]
    others = [digest for digest in digests if digest]
    return others[0] if others and attestation.digest not in others else ""


def outdated(attestation: Attestation, older: str) -> Attestation:
    """The same, of a model that is not used as it is now: the server has it in memory as it was."""
    if attestation.locality is Locality.REMOTE:
        return attestation
    proof = Proof(
        step=Step.IN_MEMORY,
        holds=False,
        detail=f"an older version of {attestation.model} is still in the server's memory under its name "
        f"({older[:12]} instead of {attestation.digest[:12]})",
        fix=f"`ollama stop {attestation.model}` puts it out, and so does `b4tui models pin {attestation.model}`",
    )
    return replace(with_memory(attestation, proof), locality=Locality.UNATTESTED)


def caught(attestation: Attestation) -> Attestation:
    """The same, of a model whose last answer came from elsewhere."""
    proof = Proof(
        step=Step.IN_MEMORY,
        holds=False,
        detail=f"the last answer of {attestation.model} came from elsewhere and was cut off",
        fix="Choose a local model, and start Ollama with OLLAMA_NO_CLOUD=1; if you know that it is local, "
        f"`b4tui models pin {attestation.model}`",
    )
    return with_memory(attestation, proof)
