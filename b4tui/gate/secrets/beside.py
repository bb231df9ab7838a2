"""What stands beside a name: how a value follows it in any language, and where the value ends."""

from __future__ import annotations

import re
from dataclasses import dataclass

from b4tui.gate.patterns import lazily
from b4tui.gate.secrets.between import BETWEEN
from b4tui.gate.secrets.keys import Strength, strength

_NAME = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-äöüÄÖÜßñ"
_BEFORE, _AFTER = 40, 30
"""How far from a word its name may reach, in characters."""

_BARE = lazily(r"""[^:\s"'`<>,;(){}\[\]\\|&][^\s"'`<>,;\\]{3,199}""")
_LONGEST = 400
"""Characters of a quoted value that are read."""
_SPACED = lazily(
    r"(?i)(?:^|\n)[ \t]{0,20}(?:(?:[%\#][ \t]{0,3}(?:define|global)|setx?|setenv|put|var|env|arg)[ \t]{1,4})?$"
)
_TESTS_PASS = lazily(r"(?i)(?:tests?|checks?|all|must|should|lint|build|builds|gates?|suite|ci|will|now|still|to)\s+$")
_ENDS = lazily(r"[ \t]{0,8}(?:[\r\n#]|//|/\*|$)")
_CELL_ENDS = lazily(r"[`*]{0,2}[ \t]{0,60}\|")
_IN_A_ROW = lazily(r"(?:urn:|arn:aws)[\w:./-]{0,64}$")
"""A name of parts, in the middle."""
_SEVERAL = frozenset({"passwords", "passwds", "pwds", "passphrases", "secrets", "passwörter", "kennwörter"})
"""Names of lists of secrets."""
_OF_MESSAGES = lazily(r"(?i)(?:lang|messages?|strings?|translations?|l10n|i18n|labels?)\[[\"']$")
_TAG = lazily(r"\w{1,20}:\"")
_GOES_ON = lazily(r"[ \t]{1,4}[A-Za-z]")
"""How a sentence goes on after a word in quotes."""
_COMPARED = lazily(r"""["'](?:,[ ]{1,3}|\.(?P<equals>equals(?:IgnoreCase)?|compareTo)\()$""")
_COMPARES = lazily(r"(?i)\b(?:assert|require|expect|equals?)[\w.:]{0,20}(?:\(\s{0,2}|[ ])(?:\w{1,3},\s{0,2})?$")
_LOOKED_BACK = 100
"""Characters that what is compared with a name may have."""
_FIRST_SEGMENT = lazily(r"(?:[A-Z]+(?![a-z])|[A-Z]?[a-z]+)(?=[^.]*$)")
_GIVEN = frozenset(
    {"set", "with", "add", "put", "use", "default", "my", "db", "user", "client", "api", "auth", "access"}
    | {"check", "hash", "verify", "make", "encrypt", "equals", "send", "type", "fill", "enter", "input"}
    | {"reset", "change", "update", "confirm"}
)
"""How the names of functions begin that take a secret."""
_BYTES = lazily(
    r"[ \t]{0,4}:?[:=]\s{0,3}(?:\[\]byte|bytes|byte\[\]|new byte\[\]|\[\]uint8)?\s{0,2}"
    r"(?P<list>[({\[]\s{0,3}(?:(?:0x[0-9a-fA-F]{2}|\d{1,3})\s{0,8},\s{0,8}){11})"
)


@dataclass(frozen=True, slots=True)
class Beside:
    """A name, what stands between it and a value, and where the value is."""

    begin: int
    name: str
    sign: str
    space: str | None
    passed: bool
    quote: str
    start: int
    end: int


def name_around(text: str, start: int, end: int) -> tuple[int, int]:
    """The name that a word is part of: letters, digits, and the signs of names around it."""
    before = text[max(0, start - _BEFORE) : start]
    after = text[end : end + _AFTER]
    begin = start - (len(before) - len(before.rstrip(_NAME)))
    end += len(after) - len(after.lstrip(_NAME))
    while text[end - 1] in ".-":
        end -= 1
    return begin, end


def what_follows(text: str, begin: int, end: int, name: str) -> Beside | None:
    """The value that follows a name, with what stands between; None where none does."""
    match = BETWEEN.match(text, end)
    if match is None:
        return None
    quote, start = match["quote"] or "", match.end()
    if _is_another_thing(text, begin, name, match):
        return None
    stop = _end_in_quotes(text, name, match, quote) if quote else _end_of_bare(text, begin, name, match)
    if stop is None:
        return None
    if match["tag"] and not quote and text[stop : stop + 16].lstrip().startswith(f"</{name}"[:16]):
        quote = "<"
    passed = any(map(match.group, ("call", "comma", "given", "list", "cell", "target", "returned")))
    return Beside(begin, name, match["sign"] or match["value"] or "", match["space"], passed, quote, start, stop)


def _is_another_thing(text: str, begin: int, name: str, match: re.Match[str]) -> bool:
    """Whether what stands around a name says that no value of it follows."""
    before, quote, sign = text[begin - 1 : begin], match["quote"] or "", (match["sign"] or "").strip()
    if before == ":" and _IN_A_ROW.search(text, max(0, begin - 70), begin):
        return True  # a part of a name
    if before in ("=", "<") and sign.strip("=:? \t").isidentifier():
        return True  # a value itself, or an element, and another name after it
    if text[begin - 2 : begin] == "::" or _OF_MESSAGES.search(text[max(0, begin - 20) : begin]):
        return True  # the name of a kind of thing, or of words on a screen
    if text[max(0, begin - 2) : begin] == ",$":
        return True  # two variables in one string, as libtool compares them
    if len(quote) == 3 and sign == ":" and text[match.start() : match.start() + 2] == "):":
        return True  # what is said about a function
    if match["outer"] and before not in ("=", "'", '"'):
        return True
    if match["space"]:
        return not _may_stand_after_a_space(text, begin, name, match["space"], quote)
    if match["call"]:
        return not _sets(name)
    if match["comma"]:
        if before == "/" and text[begin - 2 : begin - 1].isalnum():
            return True  # the end of a path
        return not (match["outer"] or _is_a_pair(text, begin, text[match.start() : match.start("comma")]))
    return bool(match["list"]) and name.lower().rsplit("_", 1)[-1] not in _SEVERAL


def _end_in_quotes(text: str, name: str, match: re.Match[str], quote: str) -> int | None:
    """Where a value in quotes ends; None where it is none."""
    start = match.end()
    if _ends_a_string(text, start, quote):
        return None
    stop = _end_of_quoted(text, start, quote)
    if "`" in quote and (" " in text[start:stop] or _TAG.match(text, start)):
        return None  # a command, or what Go says about a field
    return None if match["space"] and not name.startswith("-") and _goes_on(text, start, stop) else stop


def _end_of_bare(text: str, begin: int, name: str, match: re.Match[str]) -> int | None:
    """Where a value without quotes ends; None where it is none."""
    start, sign = match.end(), (match["sign"] or "").strip()
    bare = _BARE.match(text, start)
    if bare is None or (text[start] == "?" and text[begin - 2 : begin] == "${"):
        return None  # nothing, or what a shell says where a variable is not set
    stop = bare.end()
    if match["cell"] and "|" in text[start:stop]:
        stop = text.index("|", start)
    if (text[stop - 1] == "-" and text[stop : stop + 1] == ">") or (
        match["sign"] == "->" and start == match.start() + 2
    ):
        return None  # a step to a part of something
    if sign in ("==", "===", "!=", "!==") and text[start:stop].rstrip("):;").isidentifier():
        return None  # two things are compared
    if match["space"] and not name.startswith("-") and not _ENDS.match(text, stop):
        return None
    if match["pair"] and text[stop : stop + 2] != "</":
        return None
    if match["cell"] and not (strength(name) is Strength.STRONG and _is_a_cell(text, start, stop)):
        return None
    if match["tag"]:
        after = text[stop : stop + 16].lstrip()
        if text[begin - 2 : begin - 1] in _BEFORE_A_STAND_IN and text[begin - 1] == "<" and after[:2] != "</":
            return None
        if (after and not after.startswith("<")) or text[start] == "#":
            return None
    return stop


_BEFORE_A_STAND_IN = ("=", ":", "/", "@")
"""Before `<password>` where it stands for one and begins no element."""
_MORE_FOLLOW = lazily(r"""\w{1,40}["'],\s{1,20}["'][^"'\n]{0,60}["'],\s{1,20}["']""")
_GIVEN_PAIRS = ("Map.of(", "buildConfigField", "resValue")
"""What is given names and values in turn, or a kind before them."""
_QUOTES = ('"', "'", "`")
_AFTER_A_STRING = frozenset(" \t+,;)&|]}=?:<>")


def _ends_a_string(text: str, start: int, quote: str) -> bool:
    """Whether what looks like a quote before a value is an empty string, or the end of one."""
    signs = quote.lstrip("\\")
    if len(quote) == 1:
        return text[start] in " +.,;)&" and _is_open(text, start - 1, quote) if start < len(text) else False
    if len(signs) != 2 or quote[0] == "<":
        return False
    if len(quote) > 2:
        return True  # the first is written in the string that the second ends
    if signs[0] != signs[1]:
        return text[start : start + 1] in (" ", "\t", "+", ".", ",", ";", ")", "&")
    if text[start : start + 1] in _AFTER_A_STRING:
        return True
    end = text.find(quote[0], start, start + _LONGEST)
    return end < 0 or text[end : end + 2] != signs or "\n" in text[start:end]


def _is_open(text: str, place: int, quote: str) -> bool:
    """Whether a quote that stands here ends a string, as far as its line shows."""
    first = max(0, place - _LONGEST)
    return text.count(quote, text.rfind("\n", first, place) + 1 or first, place) % 2 == 1


def _is_a_pair(text: str, begin: int, closing: str) -> bool:
    """Whether a name in quotes and a value make a pair, as in `put("password", "x")`, and are not two of many names."""
    before = text[max(0, begin - 3) : begin].rstrip("\"'`\\")
    before = before.rstrip(" ") if before.endswith("( ") else before
    if text[begin - 1 : begin] == "=":
        return False  # it is a value itself
    if closing.startswith("()"):
        return _COMPARES.search(text[max(0, begin - 40) : begin]) is not None
    if closing == ")" or (closing[:1] in _QUOTES and text[begin - 1 : begin] == " "):
        return False  # the last argument of another call, or the last word of a string
    if before.rstrip().endswith(","):
        first = text[max(0, begin - 12) : begin].rstrip("\"'`\\ \t")[:-1]
        if any(text.rfind(called, max(0, begin - _LOOKED_BACK * 2), begin) >= 0 for called in _GIVEN_PAIRS):
            return True
        return first.rstrip()[-1:].isalnum()  # a thing without quotes is none of the names
    if before[-1:] in ("[", "{") and _MORE_FOLLOW.match(text, begin) is not None:
        return False  # the first of many words
    return before[-1:] in ("(", "[", "{", ":", "") or text[begin - 1 : begin] not in ("'", '"', "`")


def _goes_on(text: str, start: int, stop: int) -> bool:
    """Whether a sentence goes on after words in quotes; with letters and digits in it, they are no words of it."""
    value = text[start:stop]
    told = any(map(str.isdigit, value)) and any(map(str.isalpha, value)) and " " not in value
    return not told and _GOES_ON.match(text, stop + 1) is not None


def _is_a_cell(text: str, start: int, stop: int) -> bool:
    """Whether what stands here is one word and all that is in its cell, and no range of numbers."""
    return _CELL_ENDS.match(text, stop) is not None and any(map(str.isalpha, text[start:stop]))


def _sets(name: str) -> bool:
    """Whether a function of this name is given the secret: `password("x")`, `setToken("x")`, not `getPassword("x")`."""
    if name.endswith("UserPassword"):
        return False  # the user comes first
    first = _FIRST_SEGMENT.search(name) if "keyring" not in name else None  # it is given a service's name first
    return first is not None and (first[0].lower() in _GIVEN or strength(first[0]) is not None)


def _end_of_quoted(text: str, start: int, quote: str) -> int:
    """Where what is in quotes ends: at the quote that ends it, or the line, or after so many characters."""
    closing = {"<![CDATA[": "]]>", "&quot;": "&quot;", "&#34;": "&#34;", "&#39;": "&#39;"}.get(quote, quote[-1])
    limit = min(len(text), start + _LONGEST)
    stop = text.find(closing, start, limit)
    line = text.find("\n", start, limit)
    stop = min(place for place in (stop, line, limit) if place >= 0)
    while stop > start and text[stop - 1] == "\\":
        stop -= 1
    return stop


def compared_before(text: str, begin: int) -> tuple[int, int] | None:
    """Where a quoted value is that is compared with the name after it: `"x" == password`, `equal("x", me.password)`."""
    if text[max(0, begin - 4) : begin].rstrip(" ").endswith(("',", '",', "s(", "e(", "o(")):
        match = _COMPARED.search(text, max(0, begin - 22), begin)
        if match is not None:
            stop = match.start()
            start = text.rfind(text[stop], max(0, stop - _LOOKED_BACK), stop) + 1
            if start and (match["equals"] or _COMPARES.search(text, max(0, start - 40), start - 1)):
                return start, stop
    head = text[max(0, begin - 8) : begin].rstrip(" \t")
    bare = head.rstrip("=!")
    if not 2 <= len(head) - len(bare) <= 3:
        return None
    end = begin - (len(text[max(0, begin - 8) : begin]) - len(bare.rstrip(" \t")))
    quote = text[end - 1 : end]
    if quote not in ("'", '"', "`"):
        return None
    start = text.rfind(quote, max(0, end - 200), end - 1) + 1
    return (start, end - 1) if start and "\n" not in text[start:end] else None


def _may_stand_after_a_space(text: str, begin: int, name: str, space: str, quote: str) -> bool:
    """With nothing but a space between: options (`--token x`), definitions, quoted words after a name."""
    if space.strip():
        return True
    if name.startswith("-"):
        return begin == 0 or text[begin - 1].isspace() or text[begin - 1] in "\"'`[("
    if quote or "\t" in space:
        return (
            begin == 0
            or text[begin - 1].isspace()
            or (text[begin - 1] in _QUOTES and text[begin - 1] != quote)
            or (text[begin - 1] == ":" and text[begin - 2 : begin - 1] != ":")
        )
    return _SPACED.search(text[max(0, begin - 40) : begin]) is not None


def is_about_tests(text: str, found: Beside, value: str) -> bool:
    """`tests pass: "make check"` is the commonest false alarm in what agents write."""
    before = text[max(0, found.begin - 12) : found.begin]
    return " " in value or "`" in found.quote or bool(_TESTS_PASS.search(before))


def bytes_beside(text: str, end: int) -> tuple[int, int] | None:
    """Where a list of a dozen and more bytes follows a name that ends here."""
    match = _BYTES.match(text, end)
    return (match.start("list"), match.end()) if match else None
