"""Private keys: in their armour however it is quoted, by the first bytes of their body, and bodies without either."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from b4tui.gate.detector import Positions
from b4tui.gate.patterns import lazily
from b4tui.gate.types import Hit

_ARMOUR = lazily(r"-----BEGIN[ A-Z0-9_-]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_BODY = 6000
"""Characters after the first line that are read."""
_ENOUGH = 56
"""Characters of base64 that make a body; an Ed25519 key in PKCS 8 has 64, an example with dots has none."""
_BASE64_RUN = lazily(r"[A-Za-z0-9+/]{16,}")
_BODY_STARTS = lazily(
    r"b3BlbnNzaC1rZXktdjEA[A-Za-z0-9+/\s]{20,200}|MI[IG][A-Za-z0-9+/]{2,6}(?:IBADANBgkqhkiG9w0BAQEFAASC|IBAAKC?[A-Q]|"
    r"AgEAMBMGByqGSM49AgEG|CAQEE)[A-Za-z0-9+/]{20,200}|MC4CAQAwBQYDK2Vw[A-Za-z0-9+/]{20,200}|MHcCAQEEI[A-Za-z0-9+/]{20,200}"
)
_WORDS = {
    "b3blbnnzac1rzxktdjea": 0,
    "ibadanbgkqhkig9w0baqefaasc": 10,
    "ibaakc": 10,
    "ageambmgbyqgsm49ageg": 10,
    "mc4caqawbqydk2vw": 0,
    "mhccaqeei": 0,
}
"""Where each of these stands in what begins a body: so many characters after its beginning, at most."""


class PrivateKeys:
    """Finds private keys by what introduces them."""

    name = "private-key"
    words = frozenset({"private key", "putty-user-key-file", *_WORDS})

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """Armoured keys that have a body, and bodies that begin as those of keys do."""
        done = -1
        for start in at["private key"]:
            match = _ARMOUR.search(text, max(done, start - 60, 0), start + 40)
            if match and match.end() > done:
                done = match.end()
                if end := _end_of_body(text, match.end()):
                    yield Hit(self.name, match.start(), end, "a private key")
        for start in at["putty-user-key-file"]:
            if lazily(r"PuTTY-User-Key-File-\d:").match(text, start):
                yield Hit(self.name, start, min(len(text), start + 24), "a private key of PuTTY")
        for word, back in _WORDS.items():
            done = -1
            for start in at[word]:
                match = _BODY_STARTS.search(text, max(done, start - back, 0), start + 240) if start >= done else None
                if match and match.start() <= start:
                    done = match.end()
                    yield Hit(self.name, *match.span(), "the body of a private key")


def _end_of_body(text: str, start: int) -> int | None:
    """Where the key's body ends; None where there is none to speak of."""
    end = text.find("-----", start, start + _BODY)  # its own end, or another key's beginning
    stop = end if end >= 0 else min(len(text), start + _BODY)
    body = sum(len(run) for run in _BASE64_RUN.findall(text, start, stop))
    return stop if body >= _ENOUGH else None


class OpaqueBlocks:
    """Finds three and more lines of base64 that are not said to be a certificate, a public key, a picture."""

    name = "opaque-block"
    words: frozenset[str] = frozenset()

    _LINE = lazily(r"[ \t>|\"'+#*/-]{0,12}([A-Za-z0-9+/]{60,76})(?:\\n|[\"',+ \t\r\\])*$")
    _LONGEST = 100
    _EXPLAINED = lazily(
        r"CERTIFICATE|PUBLIC KEY|SIGNATURE|data:image|MESSAGE|data:font|data:application|ssh-rsa|BEGIN PGP|"
        r"[cC]ertificate|application/pkix|Content-Transfer|base64,|encryptedData|BEGIN CMS|PKCS7|BEGIN AGE|ciphertext"
    )

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """Blocks of such lines; any other line ends a block."""
        begin = place = lines = 0
        for line in text.split("\n"):
            match = self._LINE.match(line) if 60 <= len(line) <= self._LONGEST else None
            if match and (lines or _mixed(match[1])):
                begin = begin if lines else place
                lines += 1
            elif lines:
                if lines >= 3:
                    yield from self._told(text, begin, place - 1)
                lines = 0
            place += len(line) + 1
        if lines >= 3:
            yield from self._told(text, begin, len(text))

    def _told(self, text: str, begin: int, end: int) -> Iterator[Hit]:
        if not self._EXPLAINED.search(text, max(0, begin - 160), begin) and not _is_text(text[begin:end]):
            yield Hit(self.name, begin, end, "lines of base64 that nothing explains")


def _mixed(line: str) -> bool:
    return line != line.lower() and line != line.upper() and any(char.isdigit() for char in line)


def _is_text(block: str) -> bool:
    """Whether it decodes to what can be read: then the decoded text is judged, and this is no key."""
    told = "".join(_BASE64_RUN.findall(block))[:800]
    octets = base64.b64decode(told[: len(told) // 4 * 4])
    return sum(32 <= octet < 127 or octet in (9, 10, 13) for octet in octets) >= 0.75 * len(octets)
