"""What the commonest rows say in a sentence of their own, so that a line begins with what a person looks for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SILENT = frozenset({"call"})
"""Facts of these rows that a line leaves out: they tie two rows together and are in the row in full."""


def spoken(kind: str, facts: Mapping[str, Any]) -> tuple[str, frozenset[str]]:
    """The sentence, and the facts that need not be told beside it; "" where the facts are not what the kind has."""
    match kind, facts:
        case "tool_called", {"tool": str(tool), "summary": str(summary)}:
            return f"{tool} {summary}".strip(), _SILENT | {"tool", "summary"}
        case "tool_finished", {"tool": str(tool), "ok": bool(ok)}:
            summary = str(facts.get("summary") or "")
            told = f"{tool} {'done' if ok else 'failed'}{f': {summary}' if summary else ''}"
            return told, _SILENT | {"tool", "ok", "summary"}
        case "file_changed", {"path": str(path), "added": int(added), "removed": int(removed)}:
            return f"{path} +{added} -{removed}", frozenset({"path", "added", "removed"})
        case "private_read", {"source": str(source), "provenance": str(provenance)}:
            return f"{source} ({provenance})", frozenset({"source", "provenance"})
        case "tokens_counted", {"prompt_tokens": int(read), "generated_tokens": int(written)}:
            return f"{read:,} read, {written:,} written", frozenset({"prompt_tokens", "generated_tokens", "step"})
        case "egress_refused", {"how": str(how), "where": str(where)}:
            return f"the guard stopped {how} to {where}", frozenset({"how", "where"})
        case "step_started", {"step": int(step)}:
            return f"step {step}", frozenset({"step"})
    return "", frozenset()
