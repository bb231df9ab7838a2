"""A request as it goes to an Ollama server: under which name, and for how long its model is to stay."""

from __future__ import annotations

import re
from dataclasses import replace

from b4tui.engines.attestation.ollama import Step, proof_of
from b4tui.engines.interface import Attestation
from b4tui.engines.names import local_name
from b4tui.engines.types import ChatRequest
from b4tui.events import Locality

LONG_ENOUGH_TO_BE_SEEN = "10s"
_LEAVES_AT_ONCE = re.compile(r"[+-]?0+(\.0*)?([a-zµ]{1,2})?|\+?[0-9.]+(ns|us|µs|ms)")


def to_be_seen(attestation: Attestation) -> bool:
    """Whether an attested model was not found in memory yet (research/runtime.md 1.7, step 7)."""
    seen = proof_of(attestation, Step.IN_MEMORY)
    return attestation.locality is Locality.ATTESTED and seen is not None and seen.holds is None


def as_sent(request: ChatRequest, attestation: Attestation) -> ChatRequest:
    """The request under the name that no remote model answers to, where the server knows such names.

    A model that would leave memory at once stays for a moment where it is to be seen there.
    """
    version = proof_of(attestation, Step.VERSION)
    if version is not None and version.holds:
        request = replace(request, model=local_name(request.model))
    if to_be_seen(attestation) and _LEAVES_AT_ONCE.fullmatch(request.keep_alive.strip()):
        request = replace(request, keep_alive=LONG_ENOUGH_TO_BE_SEEN)
    return request
