"""Examples of rules are templates: no file holds anything that looks like a real credential.

`{alnum:36}` becomes 36 letters and digits, the same for one seed. Braces with a name that is not here stay as written,
so JSON needs no escapes; `{name:arg}` with an unknown name is a mistake.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable, Mapping
from types import MappingProxyType

from b4tui.gate.patterns import lazily
from b4tui.gate.personal.making import MAKERS as PERSONAL
from b4tui.gate.types import GateError

Maker = Callable[[random.Random, str], str]

_SLOT = lazily(r"\{([a-z][a-z0-9]{1,19})(?::([A-Za-z0-9_.-]{1,20}))?\}")


def expand(template: str, seed: int = 0) -> str:
    """The template with every `{name:arg}` filled in. Raises GateError for a name nobody makes."""
    source = random.Random(f"{seed}:{template}")

    def fill(match: re.Match[str]) -> str:
        maker = MAKERS.get(match[1])
        if maker is None:
            if match[2] is None:
                return match[0]
            raise GateError(f"an example asks for {match[0]}, which nobody makes; see gate/examples.py")
        return maker(source, match[2] or "")

    return _SLOT.sub(fill, template)


def _of(alphabet: str) -> Maker:
    """So many characters of an alphabet, a digit and every case that the alphabet has among them."""
    kinds = [
        kind for kind in (string.digits, string.ascii_uppercase, string.ascii_lowercase) if set(kind) & set(alphabet)
    ]

    def make(source: random.Random, arg: str) -> str:
        length = int(arg)
        made = [source.choice(alphabet) for _ in range(length)]
        for place, kind in zip(source.sample(range(length), min(length, len(kinds))), kinds, strict=False):
            made[place] = source.choice(sorted(set(kind) & set(alphabet)))
        return "".join(made)

    return make


_WORDS = tuple(
    word
    for line in (
        "river lamp stone cloud paper green silver window garden market yellow simple copper forest winter travel",
        "animal bridge castle doctor engine flower guitar hammer island jacket kitten ladder magnet napkin orange",
    )
    for word in line.split()
)


def _words(source: random.Random, arg: str) -> str:
    return " ".join(source.choice(_WORDS) for _ in range(int(arg)))


def _uuid(source: random.Random, _arg: str) -> str:
    digits = _of("0123456789abcdef")(source, "32")
    return "-".join((digits[:8], digits[8:12], "4" + digits[13:16], "a" + digits[17:20], digits[20:]))


def _fold64(source: random.Random, arg: str) -> str:
    """So many lines of base64, 64 characters each."""
    return "\n".join(_BASE64(source, "64") for _ in range(int(arg)))


def _hexpairs(source: random.Random, arg: str) -> str:
    """So many bytes as openssl prints them: pairs of digits with colons, fifteen a line."""
    pairs = [f"{source.randrange(256):02x}" for _ in range(int(arg))]
    return ":\n    ".join(":".join(pairs[at : at + 15]) for at in range(0, len(pairs), 15))


def _password(source: random.Random, arg: str) -> str:
    """What a person might choose: letters, digits, a sign."""
    length = int(arg)
    return _of(string.ascii_letters + string.digits)(source, str(length - 1)) + source.choice("!#+-%")


def _crowd(_source: random.Random, arg: str) -> str:
    """A word so many times: `{crowd:500.token}`."""
    times, _, word = arg.partition(".")
    return f"{word} " * int(times)


_BASE64 = _of(string.ascii_letters + string.digits + "+/")

MAKERS: Mapping[str, Maker] = MappingProxyType(
    {
        "alnum": _of(string.ascii_letters + string.digits),
        "alpha": _of(string.ascii_letters),
        "lower": _of(string.ascii_lowercase),
        "loweralnum": _of(string.ascii_lowercase + string.digits),
        "upper": _of(string.ascii_uppercase),
        "upperalnum": _of(string.ascii_uppercase + string.digits),
        "base32": _of(string.ascii_uppercase + "234567"),
        "digits": _of(string.digits),
        "hex": _of("0123456789abcdef"),
        "hexpairs": _hexpairs,
        "upperhex": _of("0123456789ABCDEF"),
        "b64": _BASE64,
        "b64url": _of(string.ascii_letters + string.digits + "-_"),
        "fold64": _fold64,
        "uuid": _uuid,
        "words": _words,
        "password": _password,
        "crowd": _crowd,
        **PERSONAL,
    }
)
"""What can be made, by the names that examples use."""
