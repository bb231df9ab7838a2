"""What a GGUF file says of its model before its weights begin. Pure; the bytes may be anybody's.

Layout (GGUF versions 2 and 3, little endian): magic, version, number of tensors, number of pairs, then the pairs: a
key, a type, a value. Strings have their length before them, arrays a type and a count.
"""

from __future__ import annotations

import struct

MAGIC = b"GGUF"
HEAD_BYTES = 64 * 1024  # general facts come first; lists of tokens, which are longer, after them
_LONGEST_CONTEXT = 2**31
_STRING, _ARRAY = 8, 9
_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}


def trained_context(head: bytes) -> int:
    """The window a model was trained for, in tokens; 0 where the beginning of the file does not say. Never raises."""
    reader = _Reader(head)
    architecture, contexts = "", dict[str, int]()
    try:
        version, pairs = reader.start()
        for _ in range(pairs if version in {2, 3} else 0):
            key, value = reader.pair()
            if key == "general.architecture" and isinstance(value, str):
                architecture = value
            elif key.endswith(".context_length") and isinstance(value, int):
                contexts[key] = value
            if (found := contexts.get(f"{architecture}.context_length", 0)) > 0:
                return min(found, _LONGEST_CONTEXT)
    except _EndOfHead:
        pass
    return 0


class _EndOfHead(Exception):
    """The bytes end, or make no sense, before what was looked for."""


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def start(self) -> tuple[int, int]:
        """The version, and how many pairs there are."""
        if self._take(len(MAGIC)) != MAGIC:
            raise _EndOfHead
        version, _, pairs = self._number("I"), self._number("Q"), self._number("Q")
        return int(version), int(pairs)

    def pair(self) -> tuple[str, str | float | None]:
        """A key, and its value where that is no array."""
        key = self._string()
        return key, self._value(int(self._number("I")))

    def _value(self, kind: int) -> str | float | None:
        if kind == _STRING:
            return self._string()
        if kind == _ARRAY:
            self._skip_array()
            return None
        if kind not in _NUMBERS:
            raise _EndOfHead
        return self._number(_NUMBERS[kind])

    def _skip_array(self) -> None:
        kind, count = int(self._number("I")), int(self._number("Q"))
        if kind in _NUMBERS:
            self._take(count * struct.calcsize(f"<{_NUMBERS[kind]}"))
        elif kind == _STRING:
            for _ in range(count):
                self._take(int(self._number("Q")))
        else:
            raise _EndOfHead  # arrays of arrays are in no model

    def _string(self) -> str:
        return self._take(int(self._number("Q"))).decode("utf-8", "replace")

    def _number(self, form: str) -> float:
        (value,) = struct.unpack(f"<{form}", self._take(struct.calcsize(f"<{form}")))
        number: float = value
        return number

    def _take(self, count: int) -> bytes:
        part = self._data[self._at : self._at + count]
        if len(part) < count:
            raise _EndOfHead
        self._at += count
        return part
