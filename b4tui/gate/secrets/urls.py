"""Passwords and tokens in addresses: `scheme://user:password@host`, `https://token@host`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from b4tui.gate.detector import Positions
from b4tui.gate.patterns import lazily
from b4tui.gate.rarity import rarity
from b4tui.gate.stand_ins import stands_for_a_value
from b4tui.gate.types import Hit
from b4tui.gate.values import names_a_value

_PASSWORD = lazily(r"""://[^\s:/"'<>`]{0,80}:(?P<value>[^\s"'<>/`]{2,160})@(?P<host>[^\s"'<>/`]{1,120})""")
_TOKEN = lazily(r"""://(?P<value>[A-Za-z0-9_.~-]{20,250})(?::x-oauth-basic|:)?@[\w.-]{1,120}""")
_WITHOUT_SCHEME = lazily(r"""(?<![^"'`=\s])[\w.-]{1,40}:(?P<value>[^\s"'`:/{}%$]{3,100})$""")
"""What stands before `@tcp(host)/name`, as drivers of databases in Go take it."""
_NOBODY = lazily(
    r"(?i)(?:pass(?:word|wd|wort)?|pwd?|port|user(?:name)?|secret|token|guest|postgres|root|admin|mysql|minioadmin|neo4j|"
    r"redis|rabbitmq|mongo|test|example|changeme|foo|bar|app|hunter2|\d{2,5}|pw\d?|p(?:w|ass)?\d?|[a-z]{1,3}|xxx+|\*+|\.\.\.|api[_-]?key)$"
)
_IN_CAPITALS = lazily(r"(?:[A-Z]{2,12}_){0,3}(?:KEY|TOKEN|SECRET|PASS(?:WORD)?|ID|USER|DOMAIN|NAME|SID|HOST)$")
_NOWHERE = lazily(
    r"(?i)(?:host(?:name)?|localhost|127\.|example|server|db|postgres|redis|mysql|rabbitmq|mongo\w{0,4}|"
    r"url|your|proxy|\d{1,3}\.|::1|\[|[a-z-]{1,20}(?::|$)|[\w-]{1,30}\.(?:local|test|example))"
)


class Urls:
    """Finds credentials in addresses."""

    name = "url"
    words = frozenset({"://", "@tcp(", "@unix("})

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """Passwords first; an address without one may have a token for a user."""
        done = -1
        for start in at["://"]:
            if start < done:
                continue
            if match := _PASSWORD.match(text, start):
                done = match.end()
                if _is_password(match["value"], match["host"]):
                    yield Hit("connection-url", *match.span("value"), "a password in an address")
            elif match := _TOKEN.match(text, start):
                done = match.end()
                value = match["value"]
                bits = rarity(value)
                if bits >= 5 and not stands_for_a_value(value):
                    yield Hit("token-in-url", *match.span("value"), f"looks random: {bits:.1f} bits")
        for start, word in at.any_of(("@tcp(", "@unix(")):
            first = max(0, start - 150)
            match = _WITHOUT_SCHEME.search(text[first:start])
            if (
                match
                and not names_a_value(match["value"])
                and _is_password(match["value"], text[start + len(word) : start + len(word) + 60])
            ):
                yield Hit("connection-url", first + match.start("value"), start, "a password in an address")


def _is_password(value: str, host: str) -> bool:
    """A stand-in such as `user:pass@localhost` is no password; any word for a host of the world is."""
    if _IN_CAPITALS.match(value):
        return False  # what stands for one in a manual: `scheme://KEY:SECRET@host`
    if value.endswith("]") and value.rstrip("]").isalpha():
        return False  # of a form: `scheme://[user[:pass]]@host`
    if re.match(r"[\[{<$%*(]|x{3,}|\.{3}", value) and stands_for_a_value(value):
        return False
    if _NOBODY.match(value) and _NOWHERE.match(host):
        return False
    return not (stands_for_a_value(value) and not any(char.isdigit() for char in value))
