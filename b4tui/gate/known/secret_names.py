"""What names a secret, and which values are worth looking for (research/gate.md 6.3, 6.4)."""

from __future__ import annotations

import re

from b4tui.gate.patterns import lazily
from b4tui.gate.rarity import rarity

LEAST = 6
"""Characters of the shortest value that is kept: a shorter one stands in too many innocent texts."""
MOST = 16_384

_SEGMENT = lazily(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_STRONG = _words("password passwd passphrase passcode pass pwd pw pswd passwort kennwort secret secrets mnemonic seed")
_WEAK = _words(
    "token tokens key apikey credential credentials creds cred auth authtoken cookie dsn jwt bearer webhook pat sas "
    "hmac license licence accesskey secretkey privatekey apitoken accesstoken authorization"
)
_NOT_LAST = _words(
    "file files path dir directory url uri name names type length len size ttl expiry expires expiration expire count "
    "limit header headers prefix suffix format algorithm algo alg method provider mode enabled disabled policy version "
    "user username host hostname port region endpoint sock socket pid agent fingerprint env var command cmd helper "
    "program scope scopes audience issuer realm domain alias title label labels hint usage location store backend "
    "server service timeout interval retries"
)
_MADE_UP = ("password", "passwd", "passphrase", "sshpass")  # PGPASSWORD
_ENDS = (*_MADE_UP, "secret", "token", "apikey")
_NOT_WITHIN = _words("public pub gpg xauthority keyboard keymap primary foreign sort")

_PLAIN = lazily(
    r"(?ix)true|false|none|null|nil|yes|no|on|off|auto|default|undefined|enabled|disabled|required|optional"
    r"|change.?(?:me|it|this)|replace.?me|password|passwort|secret|token|credentials?|anonymous|bearer|basic|example"
    r"|dummy|placeholder|redacted|unset|empty|admin|administrator|root|guest|user|username|localhost|keychain|keyring"
    r"|oauth2?|openid|python[23]|sha-?\d+|hs256|rs256|es256|md5|base64|utf-?8|ipv[46]|amd64|arm64|x86_64|aarch64"
    r"|ed25519|aes-?\d+(?:-\w+)?|osxkeychain|ssh-agent|(?:your|my)[\W_].*|[x*._\-]+"
)
_TEMPLATE = lazily(r"[<\[{%$]|.*(?:\$\{|\{\{|\$\()|(?:op|vault|ref|secretref|keyring|env|file|awssm)[+:]")
_PATH = lazily(r"(?:~|\.{1,2})?/|[A-Za-z]:[\\/]|[a-z][a-z0-9+.-]*://")
_IN_ORDER = "01234567890123456789 abcdefghijklmnopqrstuvwxyz 0123456789abcdefghijklmnopqrstuvwxyz qwertyuiop qwertzuiop"
_COUNTED = lazily(r"(?i)(?:abc|abcd|abcdef|qwerty|qwertz|test|foo|bar)[\W_]?[123456]{0,6}")
_LOCALE = lazily(r"[a-z]{2}_[A-Z]{2}(?:\.[\w-]+)?")
_FIGURES = lazily(r"v?\d[\d.,:/_+\-TZ ]*[a-z]{0,3}")
_WORDY = lazily(r"[^\W\d_]+(?:[ ._\-/][^\W\d_]+)*")


def names_a_secret(name: str) -> bool:
    """Whether what is called so is usually a secret: `ANTHROPIC_API_KEY`, `db.password`, `_authToken`."""
    segments = [segment.lower() for segment in _SEGMENT.findall(name)]
    if not segments or _NOT_WITHIN.intersection(segments) or segments[-1] in _NOT_LAST:
        return False
    return not _STRONG.isdisjoint(segments) or not _WEAK.isdisjoint(segments) or segments[-1].endswith(_ENDS)


def names_a_password(name: str) -> bool:
    """Whether it is something that a person makes up: then words of a language are a password too."""
    segments = [segment.lower() for segment in _SEGMENT.findall(name)]
    return not _STRONG.isdisjoint(segments) or any(segment.endswith(_MADE_UP) for segment in segments)


def worth_keeping(value: str, *, made_up: bool = False) -> bool:
    """Whether a value can be told from innocent text: no word, number, path, version or stand-in.

    `made_up`: a person chose it, so that a phrase of several words counts.
    """
    if not LEAST <= len(value) <= MOST or len(set(value)) < 4:
        return False
    if _PLAIN.fullmatch(value) or _TEMPLATE.match(value) or _PATH.match(value) or _LOCALE.fullmatch(value):
        return False
    if value.lower() in _IN_ORDER or _COUNTED.fullmatch(value):
        return False
    if _FIGURES.fullmatch(value):
        return value.isdecimal() and len(value) >= 10 and len(set(value)) >= 5
    if _WORDY.fullmatch(value):
        words = re.split(r"[ ._\-/]", value)
        if len(words) >= 3 and len(value) >= 16 and made_up:
            return True
        return len(max(words, key=len)) >= 8 and rarity(max(words, key=len)) >= _RARE
    return True


_RARE = 5.2
"""Bits a character from which letters alone are no word; English text has about 3.5 (research/gate.md 4.3)."""
