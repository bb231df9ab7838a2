"""Ids of new beads (research/beads.md 2.5): a short hash under the board's prefix, or a number under a parent."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime

from b4tui.board.store import Refused

MAX_DEPTH = 3  # dots in an id
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_BYTES = {3: 2, 4: 3, 5: 4, 6: 4, 7: 5, 8: 5}  # bytes of the hash used for each length
_NONCES = 10
_COLLISION = 0.25  # the probability of any collision on the board at which ids grow longer


def new_id(prefix: str, taken: Collection[str], *, title: str, description: str, creator: str, at: datetime) -> str:
    """A free id `prefix-hash`. `taken` holds every id of the board, deleted beads included."""
    top_level = sum(1 for bead_id in taken if "." not in bead_id)
    nanoseconds = int(at.timestamp()) * 1_000_000_000 + at.microsecond * 1000
    for length in range(_shortest(top_level), max(_BYTES) + 1):
        for nonce in range(_NONCES):
            source = f"{title}|{description}|{creator}|{nanoseconds}|{nonce}"
            digest = hashlib.sha256(source.encode("utf-8", "replace")).digest()
            bead_id = f"{prefix}-{_base36(digest[: _BYTES[length]], length)}"
            if bead_id not in taken:
                return bead_id
    raise Refused(f"no free id was found under the prefix {prefix}; try again")


def child_id(parent: str, taken: Iterable[str], max_depth: int = MAX_DEPTH) -> str:
    """The next `parent.N`; numbers of deleted children are not used again. Raises Refused beyond `max_depth`."""
    if parent.count(".") >= max_depth:
        raise Refused(f"{parent} is already {max_depth} levels deep; make the new bead a child of a higher one")
    start = f"{parent}."
    numbers = (bead_id.removeprefix(start) for bead_id in taken if bead_id.startswith(start))
    used = [int(number) for number in numbers if number.isascii() and number.isdigit()]
    return f"{start}{max(used, default=0) + 1}"


def prefix_of(ids: Iterable[str], configured: str, fallback: str) -> str:
    """The board's prefix: as configured, else the one most beads have, else made from `fallback`.

    A prefix may hold dashes itself, so an id is cut at its last one.
    """
    if configured.strip():
        return configured.strip().removesuffix("-")
    found = Counter(root[0] for bead_id in ids if (root := bead_id.partition(".")[0].rpartition("-"))[0])
    if found:
        return found.most_common(1)[0][0]
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in fallback.lower())
    return plain.strip("-") or "bead"


def _shortest(count: int) -> int:
    """The shortest hash that keeps the board's collision probability low for this many beads."""
    for length in sorted(_BYTES):
        if 1 - math.exp(-(count**2) / (2 * 36**length)) <= _COLLISION:
            return length
    return max(_BYTES)


def _base36(data: bytes, length: int) -> str:
    number = int.from_bytes(data, "big")
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits.rjust(length, "0")[-length:]
