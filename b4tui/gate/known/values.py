"""Secrets in the formats in which machines keep them. Pure functions from a text to names and values.

One reader serves INI, YAML, TOML, JSON and shell alike: what is looked for is a name, a sign and a value on one line.
A fault in a file costs the line it is on, never the file.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from urllib.parse import unquote

from b4tui.gate.known.secret_names import names_a_password, names_a_secret, worth_keeping
from b4tui.gate.patterns import lazily

Named = tuple[str, str]

_PAIR = lazily(
    r"""(?m)(?:^|[\s,{;(])["']?(?:export\s+)?(?P<name>[A-Za-z_/][\w./:-]{0,120}?)["']?[^\S\n]{0,8}[:=][^\S\n]{0,8}
    (?:"(?P<double>(?:[^"\\\n]|\\.){0,16384})"|'(?P<single>[^'\n]{0,16384})'|(?P<bare>[^\s"',;{}\[\]#][^\s,;{}]{0,16384}))""",
    re.VERBOSE,
)
_LINE = lazily(
    r"(?m)^\s{0,40}(?:export\s{1,4})?(?P<name>[A-Za-z_][\w.-]{0,120})[^\S\n]{0,8}[:=][^\S\n]{0,8}(?P<value>[^\s\"'\[{][^\n]{0,16384})$"
)
_WITHIN = lazily(r"([A-Za-z_]\w{2,60})=(.+)")
_ONE_WORD = lazily(r"[^\s,;{}]*")
_URL_LOGIN = lazily(r"[a-z][a-z0-9+.-]{1,20}://[^\s:/@\"']{0,256}:(?P<password>[^\s@/\"']{3,512})@")
_PEM = lazily(r"-----BEGIN ([A-Z0-9 ]{0,40})PRIVATE KEY-----(?P<body>[^-]{40,40000})-----END")
_AGE = lazily(r"AGE-SECRET-KEY-1[0-9A-Z]{50,70}")
_NETRC = lazily(r"\bpassword\s+(?:\"(?P<quoted>[^\"\n]+)\"|(?P<bare>\S+))")
_ESCAPED = lazily(r"\\([nrt\"\\/])")
_PIECE = 24
_SSH_MAGIC = b"openssh-key-v1\0"


def assignments(text: str) -> Iterator[Named]:
    """Every name and value of a text, quotes and escapes taken off; a bare value also as the rest of its line."""
    for match in _PAIR.finditer(text):
        value = match["double"] if match["double"] is not None else match["single"]
        if value is None:
            value = match["bare"]
        elif match["double"] is not None:
            value = _ESCAPED.sub(lambda one: {"n": "\n", "r": "\r", "t": "\t"}.get(one[1], one[1]), value)
        yield match["name"], value
        if inner := _WITHIN.match(value):  # `//host/:_authToken=…`, `env: NAME=…`
            yield inner[1], inner[2]
    for match in _LINE.finditer(text):
        value = match["value"].partition(" #")[0].rstrip(" \t\r,;")
        if not _ONE_WORD.fullmatch(value):
            yield match["name"], value


def secrets_in(text: str) -> Iterator[Named]:
    """The secrets among a text's assignments, with the names they go by; logins within URLs; keys in PEM."""
    for name, value in assignments(text):
        yield from secrets_of(name, value)
    yield from url_logins(text)


def secrets_of(name: str, value: str) -> Iterator[Named]:
    """What is secret of one named value: the value itself, or the fields of JSON within it."""
    last = re.split(r"[/:]", name)[-1] or name
    if value.lstrip().startswith("{"):
        for inner, found in secrets_in(value):
            yield f"{name} ({inner})", found
    elif names_a_secret(last) and "-----BEGIN" not in value and worth_keeping(value, made_up=names_a_password(last)):
        yield name, value


def url_logins(text: str) -> Iterator[Named]:
    """Passwords in URLs, as they stand there and unquoted."""
    for match in _URL_LOGIN.finditer(text):
        for password in dict.fromkeys((match["password"], unquote(match["password"]))):
            if worth_keeping(password, made_up=True):
                yield "a URL", password


def netrc_passwords(text: str) -> Iterator[Named]:
    """Passwords of a `.netrc`."""
    for match in _NETRC.finditer(text):
        value = match["quoted"] or match["bare"]
        if worth_keeping(value, made_up=True):
            yield "a password", value


def pgpass_passwords(text: str) -> Iterator[Named]:
    """Passwords of a `.pgpass`: the fifth field of each line; colons in it are escaped."""
    for line in text.splitlines():
        fields = re.split(r"(?<!\\):", line, maxsplit=4)
        if len(fields) == 5 and not line.startswith("#"):
            value = fields[4].replace("\\:", ":").replace("\\\\", "\\")
            if worth_keeping(value, made_up=True):
                yield "a password", value


def docker_logins(text: str) -> Iterator[Named]:
    """Logins of a docker `config.json`: what stands there, and the password in it."""
    for name, value in assignments(text):
        if name in ("auth", "identitytoken", "registrytoken") and worth_keeping(value):
            yield name, value
            password = _base64(value).decode("utf-8", "replace").partition(":")[2] if name == "auth" else ""
            if worth_keeping(password, made_up=True):
                yield "a password", password


def key_pieces(text: str, public: str = "") -> Iterator[Named]:
    """The bodies of private keys in pieces, so that a part of a key is known too. `public` holds what is not secret."""
    for match in _PEM.finditer(text.replace("\\n", "\n")):
        body = "".join(line for line in match["body"].split() if ":" not in line and not line.endswith(","))
        start = _private_from(_base64(body))
        for at in range(start, len(body) - _PIECE + 1, _PIECE):
            piece = body[at : at + _PIECE]
            if len(set(piece)) >= 8 and piece not in public:
                yield "a private key", piece
    for age in _AGE.finditer(text):
        yield "an age key", age.group()


def kube_keys(text: str) -> Iterator[Named]:
    """Private keys that a kubeconfig holds in base64: their own bodies, and the base64 in pieces."""
    for name, value in assignments(text):
        if name == "client-key-data":
            decoded = _base64(value).decode("ascii", "replace")
            yield from key_pieces(decoded)
            for at in range(_PIECE * 4, len(value) - _PIECE + 1, _PIECE):
                yield "a private key", value[at : at + _PIECE]


def _private_from(data: bytes) -> int:
    """The character of a key's base64 where what is private begins: OpenSSH keys hold the public key first."""
    if not data.startswith(_SSH_MAGIC):
        return _PIECE
    at = len(_SSH_MAGIC)
    for _ in range(3):  # cipher, the way of making a key from a passphrase, its options
        at += 4 + int.from_bytes(data[at : at + 4], "big")
    at += 4  # how many keys
    at += 4 + int.from_bytes(data[at : at + 4], "big")
    return -(-at // 3) * 4


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=False)
    except (ValueError, binascii.Error):
        return b""
