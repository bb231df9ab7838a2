"""What was found in texts that are looked at again with every turn: the persona, the memory, the turns before."""

from __future__ import annotations

import threading
from collections import OrderedDict

from b4tui.gate.types import Finding

Found = tuple[Finding, ...] | str
"""The findings of a text, or why it is not read."""

_EMPTY, _EACH = 200, 600
"""Bytes that an entry takes, and each finding of it, roughly."""


class ScanCache:
    """Findings by the hash of what they were found in and by what; the longest unused go first. Safe among threads."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._held = 0
        self._found: OrderedDict[bytes, Found] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Bytes it holds, roughly."""
        return self._held

    def get(self, key: bytes) -> Found | None:
        """What is known under the key; None where nothing is."""
        with self._lock:
            found = self._found.get(key)
            if found is not None:
                self._found.move_to_end(key)
            return found

    def put(self, key: bytes, found: Found) -> None:
        """Keep what was found."""
        with self._lock:
            if key in self._found:
                return
            self._found[key] = found
            self._held += _weight(found)
            while self._held > self._most and self._found:
                _, dropped = self._found.popitem(last=False)
                self._held -= _weight(dropped)


def _weight(found: Found) -> int:
    return _EMPTY + (0 if isinstance(found, str) else _EACH * len(found))
