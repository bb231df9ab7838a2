"""Which rows of digits are telephone numbers: German, North American, international, and any that are called so."""

from __future__ import annotations

import re

from b4tui.gate.patterns import lazily

_INTERNATIONAL = lazily(
    r"(?<![\w.+])(?:\(?\+|00)(?:\([1-9][0-9]{0,2}\)|[1-9][0-9]{0,2}\)?)[ ./-]{0,2}(?:\(0?[0-9]{1,4}\)[ ./-]{0,2})?"
    r"[0-9](?:[ ./()-]{0,2}[0-9]){5,12}(?![\w])"
)
_AMERICAN = lazily(
    r"(?<![\w.\-/:+])(?:\+?1[ .-]?)?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .-])[0-9]{3}[ .-][0-9]{4}"
    r"(?:[ ]?(?:x|ext\.?)[ ]?[0-9]{1,5})?(?![\w-]|\.[0-9])"
)
_GERMAN = lazily(
    r"(?<![\w.+/-])(?:\(0[1-9][0-9]{1,4}\)[ /-]{0,2}|0[1-9][0-9]{1,4}(?:[ ]?[/-][ ]?|[ ]))"
    r"[0-9]{2,9}(?:[ -]?[0-9]{1,4}){0,3}(?![\w]|\.[0-9])"
)
_FRENCH = lazily(r"(?<![\w.+/-])0[1-9](?:[ .-]?[0-9]{2}){4}(?![\w-]|[ .][0-9])")
_MOBILE = lazily(r"(?<![\w.-])0(?:1[5-7][0-9]|[579][0-9]{2})[0-9]{7}(?![\w-]|\.[0-9])")
"""Eleven digits without a space: German, British, Turkish and Philippine mobiles."""
_CALLED = lazily(
    r"(?<![\w./])(?<![a-z0-9]-)\+?\(?\+?[0-9](?:[ ()/.-]{0,3}[0-9]){5,14}"
    r"(?:[ ]?(?:x|ext\.?)[ ]?[0-9]{1,6})?(?![\w]|:\w)"
)
_BEFORE = lazily(
    r"(?:\b(?:tel(?!net)|telefon|telefonnummer|telephone|téléphone|teléfono|telefono|telefone|tél|phones?|phone_?number|mobiles?"
    r"|mobil|mobilnummer|mobiltelefon|handy|handynummer|fax|faxnummer|call|called|calling|rufnummer|anrufen|rückruf|cell"
    r"|cellphone|durchwahl|reach(?: (?:me|us|him|her|them))?(?: at| on)?|answering|dial|sms|whatsapp|messages to"
    r"|registered|contact|desk|hotline|puhelin|celular|móvil|movil|telefoon|kontakt|my number|us number|cn number"
    r"|number is)|phone|telefon|mobile|fax)[^\d\n]{0,25}$"
)
_AFTER = lazily(r"[ \t-]{0,2}(?:\(?(?:office|mobile|mobil|fax|cell|phone|home|work|privat|dienstlich|tel)\b)")
_DATE = lazily(
    r"(?:19|20)[0-9]{2}[-/ ](?:19|20)[0-9]{2}(?![0-9])|(?:19|20)[0-9]{2}[-./ ]?[01][0-9][-./ ]?[0-3][0-9]"
    r"|[0-3]?[0-9][./-][01]?[0-9][./-](?:19|20)?[0-9]{2}(?![0-9])"
)
_DATE_AT_END = lazily(r"[0-9]{2}[-/][0-9]{2}$|^0[0-9]{3}-(?:19|20)[0-9]{2}$")
_MODES = lazily(r"0[0-9]{3}(?:[/ -]0[0-9]{3})+")
"""Rights of files, characters of a table."""
_DECIMAL = lazily(r"\+[0-9]+\.[0-9]+")
_ZIP = lazily(r"[0-9]{5}-[0-9]{4}")
_STATE = lazily(r"\b[A-Z]{2}[\s#*/;-]{1,5}$")
_COUNTRY = lazily(r",?\s{1,4}(?:U\.?S\.?A?\b|United States)")
_IN_A_ROW = lazily(r"(?:[0-9]{3}|\b[0-9a-fA-F]{2} {1,2}[0-9a-fA-F]{2}) {1,2}$")
"""A group of digits before: what follows is the rest of an account's number, or bytes in a dump."""
_BYTES = lazily(r"(?: {1,2}[0-9a-fA-F]{2}){2}\b")
_OF_FILMS = lazily(r"1?(?:[2-9][0-9]{2})?55501[0-9]{2}$")
"""Numbers that nobody has, kept for stories (North American Numbering Plan)."""
_OF_A_LIST = lazily(r"(?:cve|ghsa|rfc|rhsa|dsa|usn|issn)-$")
"""Before the number of an entry in a public list."""
_FEWEST, _MOST = 7, 15
"""Digits of a number anybody can call (ITU-T E.164); the fewest are local ones."""


def phone_in(text: str, lower: str, start: int, end: int) -> tuple[int, int] | None:
    """The first telephone number in a stretch around a run of digits; None where there is none."""
    called: bool | None = None
    for shape in (_INTERNATIONAL, _AMERICAN, _GERMAN, _FRENCH, _MOBILE, _CALLED):
        match = shape.search(text, start, end)
        if match is None:
            continue
        digits = re.sub(r"[^0-9]", "", re.split(r"x|ext", match[0])[0])
        if not _FEWEST <= len(digits.removeprefix("00")) <= _MOST or len(set(digits)) < 3:
            continue
        if _OF_A_LIST.search(lower[max(0, match.start() - 6) : match.start()]):
            continue
        if len(digits) <= 8 and _OF_FILMS.match(digits):
            continue  # without an area it is nobody's, whatever it is called
        if called is None or shape is _CALLED:
            called = _is_called_so(lower, match.start(), match.end())
        if called or (not _is_in_order(digits) and _speaks_for_itself(shape, match[0], digits, text, match.start())):
            if shape is _CALLED and (".." in match[0] or _DATE.match(match[0]) or _MODES.fullmatch(match[0])):
                continue
            return match.span()
    return None


def _is_called_so(lower: str, start: int, end: int) -> bool:
    return bool(_BEFORE.search(lower[max(0, start - 48) : start]) or _AFTER.match(lower, end))


def _speaks_for_itself(shape: re.Pattern[str], written: str, digits: str, text: str, start: int) -> bool:
    """Whether a number is one without anything that says so."""
    if _OF_FILMS.match(digits):
        return False
    if "+" not in written and (_IN_A_ROW.search(text[max(0, start - 8) : start]) or _is_bytes(written, text, start)):
        return False
    if shape is _INTERNATIONAL:
        if "+" not in written:
            return len(digits) >= 12 and written != digits and not _MODES.fullmatch(written)
        if _DATE.match(written[1:]) or _DECIMAL.fullmatch(written):
            return False
        at_line_start = "\n" in (text if start == 0 else text[start - 1])  # a line that a diff added
        return len(digits) >= 8 and not (at_line_start and written[1:].isdigit())
    if shape is _AMERICAN:
        return not _DATE.match(written)
    if shape is _GERMAN:
        return (
            len(digits) >= 8
            and not _DATE_AT_END.search(written)
            and not _MODES.fullmatch(written)
            and not _is_zip(written, text, start)
        )
    if shape is _FRENCH:
        return len(set(written) - set("0123456789")) == 1 and not _DATE.match(written)
    return shape is _MOBILE


def _is_zip(written: str, text: str, start: int) -> bool:
    """Whether a state stands before five digits and four, or the country after them."""
    if not _ZIP.fullmatch(written):
        return False
    return bool(_STATE.search(text[max(0, start - 8) : start]) or _COUNTRY.match(text, start + len(written)))


def _is_bytes(written: str, text: str, start: int) -> bool:
    """Whether pairs of digits go on as pairs of hexadecimal ones."""
    last = written.rpartition(" ")[2]
    return len(last) == 2 and last != written and bool(_BYTES.match(text, start + len(written)))


def _is_in_order(digits: str) -> bool:
    """Whether it ends with the digits in their order: a number to show the form."""
    return digits[-8:] in "01234567890123456789"
