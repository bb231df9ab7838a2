"""Which kind of failure a server's own error is, told by its HTTP status and words (research/runtime.md 1.11, 1.12).

The words are those of llama.cpp, CUDA, HIP, Vulkan and the servers around them, so they hold for every engine.
"""

from __future__ import annotations

from b4tui.engines.types import FailureKind

# Checked in this order: the first kind with a matching phrase wins. Phrases are lower case.
_PHRASES: tuple[tuple[FailureKind, tuple[str, ...]], ...] = (
    # A registry that cannot be reached is no server that crashed, whatever the network's words are.
    (FailureKind.REFUSED, ("pull model",)),
    (
        FailureKind.GPU,
        ("no cuda-capable device", "gpu is lost", "fallen off the bus", "device lost", "devicelost", "no hip-capable"),
    ),
    (
        FailureKind.OUT_OF_MEMORY,
        (
            "out of memory",
            "out of device memory",
            "outofmemory",
            "outofdevicememory",
            "outofhostmemory",
            "cudamalloc failed",
            "hipmalloc failed",
            "failed to allocate",
            "allocation failed",
            "unable to allocate",
            "not enough memory",
            "insufficient memory",
            "requires more system memory",
        ),
    ),
    # What CUDA and HIP call an error of theirs is the memory's first (above), else the card's.
    (FailureKind.GPU, ("cuda error", "hip error", "rocm error", "cuda driver version is insufficient")),
    (
        FailureKind.OVERFLOW,
        (
            "exceed_context_size_error",
            "exceeds the context length",
            "longer than the context length",
            "exceeds the available context size",
            "maximum context length",
        ),
    ),
    (
        FailureKind.REMOTE,
        ("cloud is disabled", "cannot run this remote model", "remote model", "ollama.com", "signin_url"),
    ),
    (
        FailureKind.TOOL_FORMAT,
        ("xml syntax error", "does not match the expected", "failed to parse tool", "error parsing tool call"),
    ),
    (
        FailureKind.CRASHED,
        (
            "unexpected eof",
            "unexpectedly stopped",
            "runner process has terminated",
            "runner process no longer running",
            "connection reset",
            "connection refused",
            "broken pipe",
        ),
    ),
    (
        FailureKind.REFUSED,
        ("does not support", "must be of type", "failed to parse grammar", "unable to load model"),
    ),
)


def cause(status: int | None, text: str) -> FailureKind:
    """The kind of a server's error. `status` is the HTTP status, None for an error within a stream that began well."""
    lowered = text.casefold()
    for kind, phrases in _PHRASES:
        if any(phrase in lowered for phrase in phrases):
            return kind
    if status is None:
        return FailureKind.CRASHED
    if status == 404:
        return FailureKind.NO_MODEL if "model" in lowered else FailureKind.PROTOCOL
    if status in {429, 503}:
        return FailureKind.BUSY
    if status in {405, 501} or status < 400:
        return FailureKind.PROTOCOL
    return FailureKind.REFUSED if status < 500 else FailureKind.CRASHED
