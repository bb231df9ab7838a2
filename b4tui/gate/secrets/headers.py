"""Credentials in headers of HTTP: `Authorization: Bearer x`, `X-Api-Key: x`, however a program writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from b4tui.gate.detector import Positions
from b4tui.gate.patterns import lazily
from b4tui.gate.rarity import rarity
from b4tui.gate.rulebook.validators import basic_credentials, varied
from b4tui.gate.stand_ins import stands_for_a_value
from b4tui.gate.types import Hit
from b4tui.gate.values import is_made_of_words

_SCHEMES = r"(?:bearer|basic|token|apikey|api-token|digest|negotiate|key|splunk|ssws|genie|bot|oauth)"
_SIGNS = r"""["'`]{0,2}[\])]?\s{0,3}(?:[:=,]|=>)\s{0,3}\[?(?:f|b|r)?["'`]?\s{0,2}"""
_VALUE = r"""(?:["'`]\s{0,3}[+.,]\s{0,3}["'`])?["'`]?(?P<value>[A-Za-z0-9._~+/=:-]{8,4000})"""
_HEADER = lazily(rf"(?i)authorization{_SIGNS}(?:(?P<scheme>{_SCHEMES})(?:\s{{1,3}}|[:=]))?{_VALUE}")
_SCHEME = lazily(rf"(?i)(?P<scheme>bearer|basic)(?:\s{{1,3}}|:\s{{0,2}}|%20){_VALUE}")
_OWN = lazily(
    rf"(?i)(?:x-(?:api-key|auth-token|auth-key|access-token|api-token|secret|vault-token|gitlab-token|jfrog-art-api|token|"
    rf"amz-security-token|app-token|functions-key)|private-token|api-key|ocp-apim-subscription-key|job-token|deploy-token)"
    rf"{_SIGNS}{_VALUE}"
)
_OWN_WORDS = frozenset(
    {"x-api-key", "x-auth-token", "x-auth-key", "x-access-token", "x-api-token", "x-secret", "x-vault-token"}
    | {"x-gitlab-token", "x-jfrog-art-api", "x-token", "x-amz-security-token", "x-app-token", "x-functions-key"}
    | {"private-token", "ocp-apim-subscription-key", "job-token", "deploy-token"}
)


class Headers:
    """Finds what stands in headers that let somebody in."""

    name = "header"
    words = _OWN_WORDS | {"authorization", "bearer", "basic"}

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """One finding for each header."""
        done = -1
        for start, word in at.any_of(self.words):
            if start < done or (start and text[start - 1].isalnum()):
                continue
            pattern = _HEADER if word == "authorization" else _SCHEME if word in ("bearer", "basic") else _OWN
            match = pattern.match(text, start)
            if match is None:
                continue
            done = match.end()
            scheme = (match.groupdict().get("scheme") or "").lower()
            if why := _why(match["value"], scheme):
                yield Hit("authorization-header", *match.span("value"), why)


def _why(value: str, scheme: str) -> str | None:
    if scheme == "basic":
        return "a name and a password in base64" if basic_credentials(value) else None
    if value.startswith("AWS4-HMAC"):
        return None  # how a request is signed
    if len(value) < 12 or stands_for_a_value(value) or not varied(value):
        return None
    bits = rarity(value[:200])
    if bits < 6.0 and is_made_of_words(value[:200]):
        return None
    digit = any("0" <= char <= "9" for char in value)
    if (bits >= 4.4 and digit) or bits >= 5.2 or _is_hex(value):
        return f"looks random: {bits:.1f} bits"
    return None


def _is_hex(value: str) -> bool:
    return len(value) >= 20 and re.fullmatch(r"[0-9a-fA-F-]{20,128}", value) is not None
