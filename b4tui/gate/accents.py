"""Words about secrets written with accents: `pássword`. Other words keep theirs, because languages need them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from b4tui.gate.joining import Joined
from b4tui.gate.offsets import pieced

_LATIN = (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))
_BARE = {
    code: bare for code in _LATIN if (bare := unicodedata.normalize("NFD", chr(code))[0]).isascii() and bare.isalpha()
}
_ACCENTED = re.compile(r"[\w-]{0,40}[\u00c0-\u024f\u1e00-\u1eff][\w-]{0,40}")
_TELLS = re.compile(r"(?i)pass|secret|token|key|pwd|credential|kennwort|auth|gh[pousr]_|sk-|xox")
_MARGIN = 200


def unaccented(text: str) -> Iterator[Joined]:
    """The stretches around such words, without accents."""
    if text.isascii():
        return
    done = 0
    for word in _ACCENTED.finditer(text):
        if word.start() >= done and _TELLS.search(word.group().translate(_BARE)) and not _TELLS.search(word.group()):
            start, done = word.start(), min(len(text), word.end() + _MARGIN)
            yield pieced([(text[start:done].translate(_BARE), start, done)])
