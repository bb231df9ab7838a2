"""Ids for tool calls that came without one."""

from __future__ import annotations

import uuid


def new_call_id() -> str:
    """An id no other call of any run has: the factory that is used unless a test hands in another."""
    return f"call_{uuid.uuid4().hex[:16]}"
