"""A text as a reader takes it: nothing invisible, one form for each character, look-alikes as the letters they ape.

What ASCII says is never touched, so most texts are their own reading. Each step keeps which stretch it came from.
Sources: Unicode TR 39 (confusables), TR 15 (NFKC); research/gate.md 6.1, 7 (N24).
"""

from __future__ import annotations

import re
import unicodedata
from itertools import accumulate

from b4tui.gate.patterns import lazily
from b4tui.gate.types import UnreadableText
from b4tui.gate.views.offsets import Offsets

INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e007f\U000e0100-\U000e01ef"
)
"""Ranges of characters that show nothing and change nothing but what a search sees."""

_INVISIBLE = lazily(f"[{INVISIBLE}]+")

_MARK = lazily("[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
"""Marks on letters that no language needs once they are composed with what they can be composed with."""

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212"
_LOOK_ALIKES = {
    "АΑᎪꓮ": "A", "ВΒᏴꓐ": "B", "СϹᏟꓚ": "C", "ᎠꓓᗪⅮ": "D", "ЕΕᎬꓰ": "E", "Ϝꓝ": "F", "ԌᏀꓖ": "G", "НΗᎻꓧ": "H", "ІΙӀꓲ": "I",
    "ЈᎫꓙ": "J", "КΚᏦꓗ": "K", "ᏞꓡⅬ": "L", "МΜᎷꓟ": "M", "ΝꓠⲚ": "N", "ОΟՕꓳ": "O", "РΡᏢꓑ": "P", "Ԛ": "Q", "ᎡꓣᏒ": "R",
    "ЅՏᏚꓢ": "S", "ТΤᎢꓔ": "T", " Սꓴ".replace(" ", ""): "U", "ᏙꓦѴ": "V", "ԜᎳꓪ": "W", "ХΧꓫ": "X", "ҮΥꓬ": "Y", "ΖᏃꓜ": "Z",
    "аα": "a", "ЬᏏ": "b", "сϲ": "c", "ԁⅾ": "d", "еҽ": "e", "ɡց": "g", "һհ": "h", "іιıɩ": "i", "јϳ": "j", "κкᴋ": "k",
    "ӏⅼ": "l", "ⅿ": "m", "ոռ": "n", "оοօ": "o", "рρ": "p", "ԛզ": "q", "гᴦ": "r", "ѕꜱ": "s", "тᴛ": "t", "υʋᴜ": "u",
    "νѵᴠ": "v", "ԝѡᴡ": "w", "хχ": "x", "уүγ": "y", "ᴢ": "z", "İ": "I", "’‘‛′": "'", "“”„‟″": '"', "∕⁄": "/", "∶꞉": ":",
    "＿": "_",
}  # fmt: skip
_FOLD: dict[int, str] = str.maketrans(
    {char: plain for chars, plain in _LOOK_ALIKES.items() for char in chars} | dict.fromkeys(_DASHES, "-")
)
_ASCII = frozenset(map(chr, range(128)))
_LETTERS = frozenset(chr(code) for code, plain in _FOLD.items() if plain.isalpha())


def beyond_ascii(text: str) -> str:
    """Each character of a text that ASCII has not, once and in no order: these few are asked instead of the text."""
    return "" if text.isascii() else "".join(frozenset(text) - _ASCII)


def normalised(text: str, rare: str) -> tuple[str, tuple[Offsets, ...]]:
    """The reading of a text and its steps back, last step first; no steps where positions are as they were.

    `rare` is what it has beyond ASCII.
    """
    if not rare:
        return text, ()
    steps: list[Offsets] = []
    shown, step = _without_invisible(text, rare)
    if step is not None:
        steps.append(step)
        rare = beyond_ascii(shown)
    composed, step = _composed(shown, rare)
    if step is not None:
        steps.append(step)
        rare = beyond_ascii(composed)
    return _folded(composed, rare), tuple(reversed(steps))


def holds_look_alikes(rare: str) -> bool:
    """Whether any of these is read as a Latin letter: whole names in other scripts have such letters, too."""
    return not _LETTERS.isdisjoint(rare)


def _folded(text: str, rare: str) -> str:
    alike = [char for char in rare if ord(char) in _FOLD]
    if len(alike) > 12:
        return text.translate(_FOLD)
    for char in alike:
        text = text.replace(char, _FOLD[ord(char)])
    return text


def _without_invisible(text: str, rare: str) -> tuple[str, Offsets | None]:
    if _INVISIBLE.search(rare) is None:
        return text, None
    shown = _INVISIBLE.split(text)
    hidden = [len(run) for run in _INVISIBLE.findall(text)]
    lengths = [len(part) for part in shown]
    starts = [0, *accumulate(lengths)]
    length = starts.pop()
    origins = [0, *accumulate(part + run for part, run in zip(lengths, hidden, strict=False))]
    ends = [origin + part for origin, part in zip(origins, lengths, strict=True)]
    return "".join(shown), Offsets(starts, origins, ends, length)


def _composed(text: str, rare: str) -> tuple[str, Offsets | None]:
    marked = _MARK.search(rare) is not None
    if not marked and unicodedata.is_normalized("NFKC", text):
        return text, None
    marks = "".join(sorted(char for char in rare if _MARK.match(char)))
    unstable = "".join(sorted(char for char in rare if _is_unstable(char)))
    if not marks and not unstable:
        return text, None  # only letters that compose with each other, as Hangul's do: nothing that hides a secret
    _check_growth(text, unstable)
    clusters = [f"[^{re.escape(marks)}]?[{re.escape(marks)}]+"] if marks else []
    clusters += [f"[{re.escape(unstable)}]"] if unstable else []
    parts = re.split(f"({'|'.join(clusters)})", text)
    bare = dict.fromkeys(map(ord, marks))
    plain = {run: unicodedata.normalize("NFKC", run).translate(bare) for run in set(parts[1::2])}
    read = [*parts]
    read[1::2] = [plain[run] for run in parts[1::2]]
    starts = [0, *accumulate(map(len, read))]
    length = starts.pop()
    ends = [*accumulate(map(len, parts))]
    return "".join(read), Offsets(starts, [0, *ends[:-1]], ends, length)


def _is_unstable(char: str) -> bool:
    """Whether a character has another form that says the same; an accent on a blank does not say `blank`."""
    form = unicodedata.normalize("NFKC", char)
    return form != char and not (len(form) > 1 and form[0] == " ")


def _check_growth(text: str, unstable: str) -> None:
    """One character may stand for eighteen: a text that grows much by its composition is no text."""
    grown = sum((len(unicodedata.normalize("NFKC", char)) - 1) * text.count(char) for char in unstable)
    if grown > 2 * len(text) + 4096:
        raise UnreadableText("the text is made of characters that stand for many others; send it in plain letters")
