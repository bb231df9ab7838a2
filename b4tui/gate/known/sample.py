"""A machine that is made up: what the examples of the rules in `rules/known.toml` are tried on."""

from __future__ import annotations

from b4tui.gate.known.known import Known
from b4tui.gate.known.names import Names
from b4tui.gate.known.sought import PersonWord, PrivateHost
from b4tui.gate.known.vault import KnownValue, Vault


def sample_known(key: bytes = b"an example") -> Known:
    """Knows one secret, three hosts and one person."""
    origin = "the example"
    people = (("name", "Ada Musterfrau"), ("mail", "a.muster@post.example"), ("phone", "05550142"))
    return Known(
        Vault([KnownValue("Wind+Regen_1742", "environment APP_PASSWORD")], key),
        Names(
            [
                PrivateHost("ofen7", origin),
                PrivateHost("backofen", origin, word=True),
                PrivateHost("werkstatt.example.de", origin, zone=True),
            ],
            [PersonWord(kind, text, origin) for kind, text in people],
        ),
    )
