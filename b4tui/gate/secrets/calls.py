"""Passwords and keys that functions are given by place, without a name: `login("a", "x")`, `jwt.sign(claims, "x")`.

What the function is called says which of its arguments is the secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from b4tui.gate.detector import Positions
from b4tui.gate.patterns import lazily
from b4tui.gate.secrets.standing import PASSED
from b4tui.gate.types import Hit
from b4tui.gate.values import ALONE, as_password

_TEXT = r"""@?(?:"[^"\n]{0,120}"|'[^'\n]{0,120}'|`[^`\n]{0,120}`)(?:\.[a-z]\w{1,20}\(\))?"""
_NAME = r"""[\w.:$@\[\]>-]{1,60}"""
_ANY = rf"""(?:{_TEXT}|\{{[^{{}}]{{0,160}}\}}|{_NAME}(?:\([^()\n]{{0,80}}\))?)"""
_MADE = r"""(?:(?:\[\]byte|(?:new\s|[\w.:]{1,30}\.)?(?:[gG]etBytes|from|encode|parse|String))\(\s{0,3}|&)?"""
"""What makes bytes of a text, around it: `[]byte("x")`, `Encoding.UTF8.GetBytes("x")`."""
_VALUE = rf"""{_MADE}[bBu@N]?(?P<quote>["'`])(?P<value>(?:(?!(?P=quote))[^\n]){{4,120}})(?P=quote)"""
_NEXT = r"\s{0,20},\s{0,20}"
_MORE = r"(?:\.to_string|\.into|\.encode|\.getBytes|\.toCharArray|\.toByteArray)?"
_END = rf"{_MORE}\s{{0,20}}[(),.;|]"
_FIRST = lazily(rf"\(\s{{0,20}}{_VALUE}")
_FIRST_AND_MORE = lazily(rf"\(\s{{0,20}}{_VALUE}{_MORE}(?:\([^()\n]{{0,40}}\))?\)?{_NEXT}")
_SECOND = lazily(rf"\(\s{{0,20}}{_ANY}{_NEXT}{_VALUE}{_END}")
_SECOND_OF_TEXTS = lazily(rf"\(\s{{0,20}}{_TEXT}{_NEXT}{_VALUE}{_END}")
_SECOND_AS_CHARS = lazily(rf"\(\s{{0,20}}{_ANY}{_NEXT}{_VALUE}\.toCharArray\(")
_THIRD = lazily(rf"\(\s{{0,20}}{_ANY}{_NEXT}{_ANY}{_NEXT}{_VALUE}{_END}")
_THIRD_OF_TEXTS = lazily(rf"\(\s{{0,20}}{_TEXT}{_NEXT}{_TEXT}{_NEXT}{_VALUE}{_END}")
_FOURTH_OF_TEXTS = lazily(rf"\(\s{{0,20}}{_TEXT}{_NEXT}{_TEXT}{_NEXT}{_TEXT}{_NEXT}{_VALUE}{_END}")

_PLACES: Sequence[tuple[re.Pattern[str], str]] = (
    # Makers of hashes and keys, and what holds nothing but a secret.
    (
        _FIRST,
        "hash::make bcrypt bcrypt.hash bcrypt.hashsync passwordencoder.encode passwordencoder().encode encoder().encode"
        " generate_password_hash password_hash password_verify bcrypt.hashpw bcrypt::password.create"
        " bcrypt.generatefrompassword pbekeyspec secretkeyspec hmacshakeyfor hmac256 hmac384 hmac512 setsigningkey"
        " symmetricsecuritykey newcookiestore signedstring newcipher fernet cookieparser",
    ),
    (_FIRST_AND_MORE, "hmac.new aes.new rfc2898derivebytes bcrypt.compare"),
    # A name, a message or the claims first, then what proves or signs them.
    (
        _SECOND,
        "networkcredential passwordauthentication setbasicauth basicauth basic_auth basic_authorize httpbasic"
        " usernamepasswordcredentials usernamepasswordcredential usernamepasswordauthenticationtoken"
        " usernamepasswordtoken simple_bind_s url.userpassword createasync check_password_hash"
        " signwith jwt.sign jwt.verify jwt.encode jwt.decode createhmac createcipher createcipheriv createdecipher"
        " createdecipheriv aes.encrypt aes.decrypt des.encrypt des.decrypt hmacsha256 hmacsha512 hmacsha1"
        " hmac.hexdigest hmac.digest hmac.new",
    ),
    (
        _SECOND_OF_TEXTS,
        "login logon signin auth= log_in login_as .authenticate auth().basic .basic oracle.connect oracledb.connect",
    ),
    (_SECOND_AS_CHARS, ".load"),
    (
        _THIRD,
        "getconnection mysqli_connect mysql_connect mysqli pdo mysqldb.connect pymysql.connect ftp_login plainauth"
        " create_user create_superuser signinwithemailandpassword createuserwithemailandpassword dbi->connect"
        " sequelize ldap_bind openssl_encrypt openssl_decrypt hash_hmac",
    ),
    (_THIRD_OF_TEXTS, "ftp ftp_tls"),
    (_FOURTH_OF_TEXTS, "credentials ->credentials"),
)
_AUTH = "auth ="
_CIPHERS = frozenset(
    f"{name}(" for name in ("secretkeyspec", "aes.new", "newcipher", "createcipheriv", "createdecipheriv")
)
_KEY_LENGTHS = (16, 24, 32)
"""Characters of the keys of AES."""
_VARIABLE = lazily(r"[${<]")


def _by_word() -> Mapping[str, tuple[re.Pattern[str], ...]]:
    """The patterns to try after each name with its parenthesis."""
    table: dict[str, tuple[re.Pattern[str], ...]] = {
        f"{_AUTH}(": (_SECOND_OF_TEXTS,),
        f"{_AUTH} (": (_SECOND_OF_TEXTS,),
    }
    for pattern, names in _PLACES:
        for name in names.split():
            table[f"{name}("] = (*table.get(f"{name}(", ()), pattern)
    return table


_CALLS = _by_word()


class Calls:
    """Finds secrets by their place among the arguments of functions that take one."""

    name = "call"
    words = frozenset(_CALLS)

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """One finding for each call that is given a secret in quotes."""
        done = -1
        for start, word in at.any_of(self.words):
            if start < done or text[max(0, start - 2) : start].rstrip().endswith("|"):
                continue  # a filter, which is given what stands before it
            for pattern in _CALLS[word]:
                match = pattern.match(text, start + len(word) - 1)
                if match is not None and _is_secret(match["value"], word, pattern):
                    done = match.end()
                    yield Hit("called-with-password", *match.span("value"), f"is given to {word.strip(' (=')}")
                    break


def _is_secret(value: str, word: str, pattern: re.Pattern[str]) -> bool:
    """Whether it is one: a cipher takes whatever has the length of its keys, what signs or hashes any word."""
    if word in _CIPHERS and len(value) in _KEY_LENGTHS and not _VARIABLE.search(value):
        return True
    plain_from = ALONE if pattern is _THIRD else PASSED if pattern is _SECOND_OF_TEXTS else None
    return as_password(value, quoted=True, plain_from=plain_from) is not None
