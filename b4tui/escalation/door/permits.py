"""One-use tokens that let exactly these bytes go to exactly this place (research/gate.md 7.2; cases N01 to N07).

A permit is sealed with a key of this process alone, so that none can be made up or altered, and none outlives it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from b4tui.escalation.types import Destination, Payload

LONGEST = timedelta(seconds=120)
"""No permit is good for longer, whatever was asked for."""


class PermitFault(StrEnum):
    """Why a permit is not honoured."""

    MISSING = "missing"  # nobody asked for one
    FORGED = "forged"  # not sealed here
    USED = "used"  # used, withdrawn, or from another life of this process
    OTHER_BYTES = "other_bytes"
    OTHER_DESTINATION = "other_destination"
    OTHER_RULES = "other_rules"
    EXPIRED = "expired"


class PermitRefused(Exception):
    """A permit does not cover what was to be sent; nothing was. The words say what to do, and never quote a body."""

    def __init__(self, fault: PermitFault, words: str) -> None:
        super().__init__(words)
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """The right to send one body to one place once, until its end. Whoever holds it can do no more than that."""

    nonce: str
    approval: str
    destination: Destination
    sha256: str
    rules_sha256: str
    gate_version: int
    issued: datetime
    until: datetime
    seal: bytes = field(repr=False)


class PermitOffice:
    """Issues permits and takes them back, each once. One for a process; nothing of it is stored.

    `key` are at least 32 random bytes; `clock` gives aware datetimes; `nonces` gives texts that never repeat.
    """

    def __init__(self, key: bytes, clock: Callable[[], datetime], nonces: Callable[[], str]) -> None:
        if len(key) < 32:
            raise ValueError("the key of permits has at least 32 bytes")
        self._key = key
        self._clock = clock
        self._nonces = nonces
        self._live: dict[str, Permit] = {}

    def issue(self, payload: Payload, approval: str, until: datetime) -> Permit:
        """A permit for this payload, good until `until` or for 120 s, whichever is sooner.

        Raises PermitRefused for a payload whose hash is not its body's, and for an end that is past.
        """
        now = self._clock()
        if sha256_of(payload.body) != payload.sha256:
            raise _refused(PermitFault.OTHER_BYTES)
        if until <= now:
            raise _refused(PermitFault.EXPIRED)
        permit = Permit(
            nonce=self._nonces(),
            approval=approval,
            destination=payload.destination,
            sha256=payload.sha256,
            rules_sha256=payload.rules_sha256,
            gate_version=payload.gate_version,
            issued=now,
            until=min(until, now + LONGEST),
            seal=b"",
        )
        if permit.nonce in self._live:
            raise ValueError("a nonce came twice")
        sealed = replace(permit, seal=self._seal(permit))
        self._forget_ended(now)
        self._live[permit.nonce] = sealed
        return sealed

    def consume(
        self, permit: Permit | None, destination: Destination, body: bytes, rules_sha256: str, now: datetime
    ) -> None:
        """Take the permit for sending `body` to `destination`; from here on it is used, whatever comes next.

        Raises PermitRefused. A genuine permit that is refused is used up as well: what was tried with it was not
        what was approved.
        """
        if permit is None:
            raise _refused(PermitFault.MISSING)
        if not hmac.compare_digest(permit.seal, self._seal(permit)):
            raise _refused(PermitFault.FORGED)
        if self._live.pop(permit.nonce, None) is None:
            raise _refused(PermitFault.USED)
        # A clock that was set back would make a permit last longer.
        if not permit.issued <= now < permit.until:
            raise _refused(PermitFault.EXPIRED)
        if destination != permit.destination:
            raise _refused(PermitFault.OTHER_DESTINATION)
        if sha256_of(body) != permit.sha256:
            raise _refused(PermitFault.OTHER_BYTES)
        if rules_sha256 != permit.rules_sha256:
            raise _refused(PermitFault.OTHER_RULES)

    def withdraw(self, approval: str) -> int:
        """Take back what this approval yielded and nobody used yet; how many that were."""
        taken = [nonce for nonce, permit in self._live.items() if permit.approval == approval]
        for nonce in taken:
            del self._live[nonce]
        return len(taken)

    @property
    def live(self) -> int:
        """How many permits could still be used."""
        now = self._clock()
        return sum(1 for permit in self._live.values() if now < permit.until)

    def _seal(self, permit: Permit) -> bytes:
        """HMAC-SHA256 over every field, each with its length, so that no field can borrow from its neighbour."""
        place = permit.destination
        fields = (
            "b4tui permit 1",
            place.provider,
            place.host,
            str(place.port),
            place.path,
            place.model,
            permit.sha256,
            permit.rules_sha256,
            str(permit.gate_version),
            permit.issued.isoformat(),
            permit.until.isoformat(),
            permit.nonce,
            permit.approval,
        )
        mac = hmac.new(self._key, digestmod=hashlib.sha256)
        for text in fields:
            data = text.encode("utf-8", "surrogatepass")
            mac.update(len(data).to_bytes(8, "big") + data)
        return mac.digest()

    def _forget_ended(self, now: datetime) -> None:
        self._live = {nonce: permit for nonce, permit in self._live.items() if now < permit.until}


def sha256_of(body: bytes) -> str:
    """SHA-256 of a body, in hex."""
    return hashlib.sha256(body).hexdigest()


_WORDS = {
    PermitFault.MISSING: "nothing leaves without a permit: have the payload approved",
    PermitFault.FORGED: "the permit was not issued here: have the payload approved again",
    PermitFault.USED: "the permit was used or withdrawn, and a permit is good once: have the payload approved again",
    PermitFault.OTHER_BYTES: "these are not the bytes that were approved: have them approved as they are now",
    PermitFault.OTHER_DESTINATION: "this is not the destination that was approved: have it approved for this one",
    PermitFault.OTHER_RULES: "the gate's rules have changed since the payload was judged: have it judged and approved "
    "again",
    PermitFault.EXPIRED: "the permit has ended: have the payload approved again",
}


def _refused(fault: PermitFault) -> PermitRefused:
    return PermitRefused(fault, f"nothing was sent: {_WORDS[fault]}")
