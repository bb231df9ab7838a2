"""Words about secrets written with accents: `pássword`. Other words keep theirs, because languages need them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from b4tui.gate.pacing import Tick, paced, untimed
from b4tui.gate.patterns import lazily
from b4tui.gate.views.joining import Joined
from b4tui.gate.views.offsets import pieced

_LATIN = (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))
_BARE = {
    code: bare for code in _LATIN if (bare := unicodedata.normalize("NFD", chr(code))[0]).isascii() and bare.isalpha()
}
_ACCENT = lazily(r"[\u00c0-\u024f\u1e00-\u1eff]")
_WORD_BEFORE = lazily(r"[\w-]{1,40}$")
_WORD_AFTER = lazily(r"[\w-]{1,40}")
_TELLS = lazily(r"(?i)pass|secret|token|key|pwd|credential|kennwort|auth|gh[pousr]_|sk-|xox")
_MARGIN = 200


def unaccented(text: str, tick: Tick = untimed) -> Iterator[Joined]:
    """The stretches around such words, without accents."""
    if text.isascii():
        return
    read = done = 0
    for accent in paced(_ACCENT.finditer(text), tick):  # a search for whole words would try every letter of every word
        if accent.start() < read:
            continue
        before = _WORD_BEFORE.search(text[max(0, accent.start() - 40) : accent.start()])
        start = accent.start() - (len(before.group()) if before else 0)
        after = _WORD_AFTER.match(text, accent.start())
        read = after.end() if after else accent.end()
        word = text[start:read]
        if start >= done and _TELLS.search(word.translate(_BARE)) and not _TELLS.search(word):
            done = min(len(text), read + _MARGIN)
            yield pieced([(text[start:done].translate(_BARE), start, done)])
