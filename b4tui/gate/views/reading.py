"""Bytes that came out of an encoding, read as text: packed, in UTF-16, in UTF-8, or as the words in binary."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator

from b4tui.gate.pacing import Tick, untimed
from b4tui.gate.patterns import lazily
from b4tui.gate.types import UnreadableText

_WORDS = re.compile(rb"[\x20-\x7e\t\r\n]{16,}")
_UNSHOWN_BYTE = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_UNSHOWN = lazily(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class Budget:
    """How much more may be unfolded from a text, in bytes. Spending more than is left raises `UnreadableText`.

    `tick` is called now and then by whoever unfolds.
    """

    def __init__(self, size: int, tick: Tick = untimed) -> None:
        self.left = size
        self.tick = tick

    def spend(self, size: int) -> None:
        """Take `size` off what is left."""
        self.left -= size
        if self.left < 0:
            raise UnreadableText("it unfolds to far more than it is; send what it holds instead, or less of it")


def read(data: bytes, budget: Budget) -> tuple[tuple[str, ...], str] | None:
    """The text in some bytes and the names of the steps to it; None where there is none.

    Raises UnreadableText for what unpacks to more than the budget.
    """
    if data.isascii() and data[:3] != b"BZh" and not _UNSHOWN_BYTE.search(data):
        return (), data.decode("ascii")
    steps: tuple[str, ...] = ()
    for _ in range(3):
        unpacked = _unpacked(data, budget)
        if unpacked is None:
            break
        name, data = unpacked
        steps = (*steps, name)
    text = _utf16(data)
    if text is not None:
        return (*steps, "utf-16"), text
    text = _utf8(data)
    if text is not None:
        return steps, text
    words = _WORDS.findall(data)
    if words:
        return (*steps, "binary"), b"\n".join(words).decode("ascii")
    return None


def _unpacked(data: bytes, budget: Budget) -> tuple[str, bytes] | None:
    for name, opener in _openers(data):
        out = _unpack(opener, data, budget)
        if out:
            return name, out
    return None


def _openers(data: bytes) -> Iterator[tuple[str, Callable[[bytes, int], bytes]]]:
    """Who might unpack the bytes, by how they begin."""
    if data[:2] == b"\x1f\x8b":
        yield "gzip", lambda packed, most: zlib.decompressobj(31).decompress(packed, most)
    elif data[:1] == b"\x78" and len(data) > 8 and int.from_bytes(data[:2], "big") % 31 == 0:
        yield "zlib", lambda packed, most: zlib.decompressobj(15).decompress(packed, most)
    elif data[:3] == b"BZh":
        import bz2  # rarely needed, and not free to load

        yield "bzip2", lambda packed, most: bz2.BZ2Decompressor().decompress(packed, most)
    elif data[:6] == b"\xfd7zXZ\x00":
        import lzma

        yield "xz", lambda packed, most: lzma.LZMADecompressor().decompress(packed, most)


def _unpack(opener: Callable[[bytes, int], bytes], data: bytes, budget: Budget) -> bytes:
    try:
        out = opener(data, budget.left + 1)
    except Exception:  # each library fails in its own way, and all mean: not packed so
        return b""
    budget.spend(len(out))
    return out


def _utf16(data: bytes) -> str | None:
    """Text in UTF-16 of mostly Western letters: every other byte is zero."""
    if len(data) < 8 or len(data) % 2 or data.count(0) < len(data) // 3:
        return None
    order = "utf-16-le" if data[1::2].count(0) >= data[::2].count(0) else "utf-16-be"
    try:
        text = data.decode(order).lstrip("\ufeff")
    except UnicodeDecodeError:
        return None
    return text if _shown(text) else None


def _utf8(data: bytes) -> str | None:
    if data.isascii():
        text = data.decode("ascii")
    else:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            return None
    return text if _shown(text) else None


def _shown(text: str) -> bool:
    """Whether it is text: hardly anything in it is a control character."""
    unshown = len(_UNSHOWN.findall(text))
    return bool(text) and unshown * 20 <= len(text)
