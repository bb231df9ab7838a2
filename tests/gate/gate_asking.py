"""What tests ask the gate: payloads of public parts for a category that may leave, so that only findings decide."""

from __future__ import annotations

import json
from collections.abc import Sequence

from b4tui.gate.gate import Gate
from b4tui.gate.types import Circumstances, Judgement, NamedPart
from b4tui.provenance import Part, Provenance, Source, SourceKind

RESEARCH = Circumstances(category="deep_research", may_escalate=frozenset({"deep_research"}))


def part(text: str, name: str = "web", provenance: Provenance = Provenance.PUBLIC) -> NamedPart:
    return NamedPart(name, Part(text, Source(SourceKind.WEB, "https://example.com"), provenance))


def body_of(*texts: str) -> bytes:
    """The request as a provider would be sent it."""
    messages = [{"role": "user", "content": text} for text in texts]
    row = {"model": "some-model", "max_tokens": 4096, "stream": True, "messages": messages}
    return json.dumps(row, ensure_ascii=True, separators=(",", ":")).encode()


def ask(gate: Gate, *texts: str) -> Judgement:
    parts: Sequence[NamedPart] = [part(text, f"part {number}") for number, text in enumerate(texts)]
    return gate.judge(parts, body_of(*texts), RESEARCH)
