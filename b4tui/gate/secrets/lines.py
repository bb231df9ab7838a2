"""Passwords in lines of configuration whose words have their places: `username a password 0 x`, `rootpw --plaintext x`.

Routers, installers and servers read such lines; nothing but blanks stands between a name and its value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from b4tui.gate.detector import Positions
from b4tui.gate.patterns import lazily
from b4tui.gate.types import Hit
from b4tui.gate.values import ALONE, as_password

_BLANKS = r"[ \t]{1,8}"
_KIND = rf"(?:[0-9]{_BLANKS})?"
"""How the value is written: 0 is plain, 5 and above are hashes, 7 is hidden from glances."""
_VALUE = r"""["']?(?P<value>[^\s"']{4,120})["']?[ \t]{0,8}(?:$|[\r\n#;!])"""

_LINES: Mapping[str, re.Pattern[str]] = {
    "username ": lazily(
        rf"username{_BLANKS}(?!and\b|or\b)\S{{1,60}}(?:{_BLANKS}\w+{_BLANKS}\d+)?{_BLANKS}(?:password|secret){_BLANKS}{_KIND}{_VALUE}"
    ),
    **dict.fromkeys(
        ("enable secret ", "enable password "),
        lazily(rf"enable{_BLANKS}\w{{6,8}}{_BLANKS}(?:level{_BLANKS}\d+{_BLANKS})?{_KIND}{_VALUE}"),
    ),
    **dict.fromkeys(
        ("radius-server ", "tacacs-server "),
        lazily(rf"\w{{6,7}}-server{_BLANKS}(?:host{_BLANKS}\S{{1,60}}{_BLANKS})?key{_BLANKS}{_KIND}{_VALUE}"),
    ),
    "neighbor ": lazily(rf"neighbor{_BLANKS}\S{{1,60}}{_BLANKS}password{_BLANKS}{_KIND}{_VALUE}"),
    **dict.fromkeys(
        ("/root-password", "/user-password"),
        lazily(rf"/\w{{4}}-password(?:-again)?{_BLANKS}password{_BLANKS}{_VALUE}"),
    ),
    "rootpw ": lazily(rf"rootpw{_BLANKS}--(?:plaintext|iscrypted){_BLANKS}{_VALUE}"),
    "chpasswd:": lazily(
        rf"chpasswd:\s{{1,20}}(?:expire:[^\n]{{1,10}}\n\s{{1,20}})?list:[ \t]{{0,4}}\|?\n\s{{1,20}}"
        rf"(?:-[ ])?[\w.-]{{1,40}}:{_VALUE}"
    ),
}


class Lines:
    """Finds passwords in lines of configuration."""

    name = "line"
    words = frozenset(_LINES)

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """One finding for each line that has a password."""
        for start, word in at.any_of(self.words):
            match = _LINES[word].match(text, start)
            if match is not None and as_password(match["value"], quoted=False, plain_from=ALONE):
                yield Hit("configured-password", *match.span("value"), "has the place of a password in its line")
