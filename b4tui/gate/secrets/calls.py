"""Passwords that functions are given by place, without a name: `login("a", "x")`, `new PDO(dsn, "a", "x")`.

What the function is called says which of its arguments is the password.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from b4tui.gate.detector import Positions
from b4tui.gate.patterns import lazily
from b4tui.gate.secrets.standing import PASSED
from b4tui.gate.types import Hit
from b4tui.gate.values import as_password

_TEXT = r"""@?(?:"[^"\n]{0,120}"|'[^'\n]{0,120}')"""
_ANY = rf"""(?:{_TEXT}|[\w.:$\[\]>-]{{1,60}})"""
_VALUE = r"""[bu@]?(?P<quote>["'])(?P<value>[^"'\n]{4,120})(?P=quote)"""
_NEXT = r"\s{0,20},\s{0,20}"
_FIRST = lazily(rf"\(\s{{0,20}}{_VALUE}")
_SECOND = lazily(rf"\(\s{{0,20}}{_ANY}{_NEXT}{_VALUE}\s{{0,20}}[),.]")
_SECOND_OF_TEXTS = lazily(rf"\(\s{{0,20}}{_TEXT}{_NEXT}{_VALUE}\s{{0,20}}[),]")
_THIRD = lazily(rf"\(\s{{0,20}}{_ANY}{_NEXT}{_ANY}{_NEXT}{_VALUE}\s{{0,20}}[),]")

_CALLS: Mapping[str, re.Pattern[str]] = {
    **dict.fromkeys(
        (
            "hash::make",
            "bcrypt",
            "bcrypt.hash",
            "bcrypt.hashsync",
            "passwordencoder.encode",
            "generate_password_hash",
            "password_hash",
            "bcrypt.hashpw",
            "bcrypt::password.create",
        ),
        _FIRST,
    ),
    **dict.fromkeys(
        (
            "networkcredential",
            "passwordauthentication",
            "setbasicauth",
            "basicauth",
            "basic_auth",
            "basic_authorize",
            "url.userpassword",
            "usernamepasswordcredentials",
            "usernamepasswordcredential",
            "usernamepasswordauthenticationtoken",
            "simple_bind_s",
        ),
        _SECOND,
    ),
    **dict.fromkeys(("login", "logon", "signin", "auth=", "auth ="), _SECOND_OF_TEXTS),
    **dict.fromkeys(
        (
            "getconnection",
            "mysqli_connect",
            "mysql_connect",
            "mysqli",
            "pdo",
            "mysqldb.connect",
            "pymysql.connect",
            "ftp_login",
            "plainauth",
            "create_user",
            "create_superuser",
            "signinwithemailandpassword",
            "createuserwithemailandpassword",
        ),
        _THIRD,
    ),
}


class Calls:
    """Finds passwords by their place among the arguments of functions that take one."""

    name = "call"
    words = frozenset(f"{called}(" for called in _CALLS)

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """One finding for each call that is given a password in quotes."""
        done = -1
        for start, word in at.any_of(self.words):
            match = _CALLS[word[:-1]].match(text, start + len(word) - 1) if start >= done else None
            if match is None or text[max(0, start - 2) : start].rstrip().endswith("|"):
                continue  # nothing, or a filter, which is given what stands before it
            done = match.end()
            if as_password(match["value"], quoted=True, plain_from=PASSED):
                yield Hit("called-with-password", *match.span("value"), f"is given to {word.strip(' (=')}")
