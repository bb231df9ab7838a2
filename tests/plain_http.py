"""What a test's HTTP client is made with that talks to a server of this machine, in the clear."""

from __future__ import annotations

from typing import Any

# No proxy; and to get ready for TLS, which nobody speaks here, would take a client twenty milliseconds.
PLAIN: dict[str, Any] = {"trust_env": False, "verify": False}
