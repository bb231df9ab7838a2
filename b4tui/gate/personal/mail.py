"""Finds addresses of electronic mail, at each `@` and where one is spelled out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from b4tui.gate.detector import Positions
from b4tui.gate.patterns import lazily
from b4tui.gate.types import Hit

_LOCAL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._%+-äöüß'")
_DOMAIN = lazily(
    r"(?:[a-z0-9äöüß](?:[a-z0-9äöüß-]{0,62}[a-z0-9äöüß])?\.){1,5}(?:[a-z]{2,18}|xn--[a-z0-9-]{2,40})(?![\w-])"
)
_NOT_A_PERSON = lazily(
    r"(?:^|.*[.@])(?:example|test|invalid|localhost)(?:\.(?:com|org|net|io|edu|local|de))?$|.*@users\.noreply\.github\.com$"
    r"|(?:git|noreply|no-reply|notifications?|actions|dependabot.*|support|info|hello|hg|svn)"
    r"@(?:github|gitlab|bitbucket|anthropic|ssh|vs-ssh|codeberg|git)\b.*|.*@(?:[0-9]x|latest|next|v[0-9]+)\."
    r"|[a-z0-9]+(?:-[a-z0-9]+)+@(?:openssh\.com|libssh\.org|tinyssh\.org|lysator\.liu\.se|ssh\.com)$"  # algorithms
)
_FILES = frozenset(
    word
    for line in (
        "png jpg jpeg gif svg webp js mjs ts tsx jsx css py md json yaml yml toml html txt sh go rs service socket",
        "timer target mount slice path device scope lock log conf cfg ini xml",
    )
    for word in line.split()
)
"""Ends that are of files and units (`icon@2x.png`, `getty@tty1.service`)."""
_SPELLED = lazily(
    r"(?<![\w.])(?P<who>[\w.+-]{2,40}) ?(?P<at>[\[({<] ?(?:at|ät|@|klammeraffe) ?[\])}>]| at | ät ) ?"
    r"(?P<where>[\w-]{2,40}(?: ?(?:[\[({<] ?(?:dot|punkt|\.) ?[\])}>]| dot | punkt |\.) ?[a-z][\w-]{1,30}){1,3})(?!\w)"
)
_BRACKETED = tuple(f"{left}{space}{word}" for left in "[({<" for space in ("", " ") for word in ("at", "ät", "@"))
_WORDS = (" dot ", " punkt ", "[dot]", "(dot)", "[punkt]", "(punkt)")


class MailDetector:
    """Mail addresses of people: none of documentation, of robots, or of a code forge's own."""

    name = "mail"
    words = frozenset(("@", *_BRACKETED, *_WORDS))

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """Hits under `email` and `email-obfuscated`."""
        for place in at["@"]:
            if place and lower[place - 1] not in " @(\n\"'/" and lower[place + 1 : place + 2].isalnum():
                hit = _mail_at(lower, place)
                if hit:
                    yield hit
        done = -1
        for start, word in at.any_of((*_BRACKETED, *_WORDS)):
            if start < done:
                continue
            match = _spelled_at(lower, start, word)
            if match and "example" not in match["where"]:
                done = match.end()
                yield Hit("email-obfuscated", *match.span(), "a mail address, spelled out")


def _spelled_at(lower: str, start: int, word: str) -> re.Match[str] | None:
    """What is spelled out around a bracketed `at`, or around an `at` before a `dot`."""
    place = start
    if word in _WORDS:
        place = max(lower.rfind(sign, max(0, start - 44), start) for sign in (" at ", " ät "))
        if place < 0:
            return None
    begin, first = place, max(0, place - 41)
    if begin and lower[begin - 1] == " ":
        begin -= 1
    while begin > first and (lower[begin - 1].isalnum() or lower[begin - 1] in "_.+-"):
        begin -= 1
    return _SPELLED.match(lower, begin)


def _mail_at(lower: str, place: int) -> Hit | None:
    begin, first = place, max(0, place - 64)
    while begin > first and (lower[begin - 1] in _LOCAL or (lower[begin - 1] > "\x7f" and lower[begin - 1].isalpha())):
        begin -= 1
    while begin < place and lower[begin] in ".'%-":
        begin += 1
    domain = _DOMAIN.match(lower, place + 1)
    if begin == place or domain is None:
        return None
    whole = lower[begin : domain.end()]
    if _NOT_A_PERSON.match(whole) or domain[0].rsplit(".", 1)[1] in _FILES or _in_an_address(lower, begin):
        return None
    return Hit("email", begin, domain.end(), "a mail address")


def _in_an_address(lower: str, begin: int) -> bool:
    """Whether it is the user of a URL."""
    return "://" in lower[max(0, begin - 3) : begin] or bool(
        re.search(r"://[^\s/]{0,60}$", lower[max(0, begin - 63) : begin])
    )
