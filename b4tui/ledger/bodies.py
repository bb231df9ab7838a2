"""Bodies of payloads: kept apart from the record, under a key that is not in the hub, and dropped after their time.

AES-256-GCM with a fresh random nonce for each body; the ledger's id and the body's hash are bound in, so that a body
cannot be passed off as another's or moved from another ledger.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

from b4tui.ledger.types import LedgerError

KEY_BYTES = 32
_NONCE_BYTES = 12
_BOUND = b"b4tui ledger body 1\0"
_NAMED = b"b4tui ledger key name 1\0"


class BodyError(LedgerError):
    """A body cannot be kept or read; the message says why. The record itself is not touched by it."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A body as it is stored: the name of its key ("" for none), and nonce and ciphertext, or the body itself."""

    key: str
    data: bytes = field(repr=False)


class Sealer:
    """Seals bodies under one key, or leaves them open where the operator wants that (`plain`).

    Without a key and without `plain` it keeps nothing: what cannot be sealed is not written. `problem` says why there
    is no key.
    """

    def __init__(
        self, ledger: str, key: bytes | None, *, plain: bool, problem: str, random: Callable[[int], bytes]
    ) -> None:
        if key is not None and len(key) != KEY_BYTES:
            raise BodyError(f"the key of the bodies must have {KEY_BYTES} bytes")
        self._ledger = ledger
        self._key = key
        self._plain = plain
        self._problem = problem or "there is no key"
        self._random = random
        self._name = key_name(key) if key is not None else ""

    def seal(self, sha256: str, body: bytes) -> Sealed:
        """The body as it may be written. Raises BodyError where it is not what its hash says, or has no key."""
        if hashlib.sha256(body).hexdigest() != sha256:
            raise BodyError("this body is not the one its sha256 names; it was not kept")
        if self._plain:
            return Sealed("", body)
        if self._key is None:
            raise BodyError(f"the payload's body cannot be kept encrypted: {self._problem}")
        # Loaded here: it is slow to load, and most who open a ledger read no body.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = self._random(_NONCE_BYTES)
        return Sealed(self._name, nonce + AESGCM(self._key).encrypt(nonce, body, self._bound(sha256)))

    def open(self, sha256: str, sealed: Sealed) -> bytes:
        """The body. Raises BodyError in words where it cannot be read."""
        body = self._decrypt(sha256, sealed) if sealed.key else sealed.data
        if hashlib.sha256(body).hexdigest() != sha256:
            raise BodyError(f"the body {sha256[:12]} is not what was kept: it was changed in the file")
        return body

    def _decrypt(self, sha256: str, sealed: Sealed) -> bytes:
        if self._key is None:
            raise BodyError(f"the body {sha256[:12]} is encrypted and cannot be read: {self._problem}")
        if not hmac.compare_digest(sealed.key, self._name):
            raise BodyError(
                f"the body {sha256[:12]} was encrypted with another key than today's: put that one back to read it"
            )
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce, data = sealed.data[:_NONCE_BYTES], sealed.data[_NONCE_BYTES:]
        try:
            return AESGCM(self._key).decrypt(nonce, data, self._bound(sha256))
        except (InvalidTag, ValueError) as error:
            raise BodyError(f"the body {sha256[:12]} is damaged: it was changed in the file") from error

    def _bound(self, sha256: str) -> bytes:
        return _BOUND + f"{self._ledger} {sha256}".encode()


def key_name(key: bytes) -> str:
    """A name for a key that tells two apart and gives nothing of them away."""
    return hashlib.sha256(_NAMED + key).hexdigest()[:16]
