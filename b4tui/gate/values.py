"""Whether a value beside a telling name is a secret, or a placeholder, reference, code (research/gate.md 6.3)."""

from __future__ import annotations

import re

from b4tui.gate.patterns import lazily
from b4tui.gate.rarity import rarity
from b4tui.gate.stand_ins import is_empty, only_speaks_of_one, stands_for_a_value

LONGEST = 200
"""Characters that are looked at."""

LONG = 14
"""Characters from which a plain word is rather several, as people choose them."""
PLAIN, PLAIN_AND_LONG = 4.4, 4.1
"""Bits from which plain words in quotes are a password; most single words have fewer."""
ALONE = 3.9
"""Bits from which a plain word is a password where name and value are all there is on the line."""
IN_A_SETTING = 3.3
"""Bits from which it is one in a line of an environment file or of properties, where no name of a variable stands."""
READ_LIKE_WORDS, READ_LIKE_WORDS_IF_LONG = 4.8, 5.0
"""Bits that the letters of most names have at most, and those of a row drawn by lot hardly ever, of a long one less."""
READ_LIKE_NOTHING = 6.5
"""Bits of a short string of letters and digits that is no name with a number."""
SURELY_MADE = 5.2
"""Bits that hardly a word has, and hardly a row of letters drawn by lot has not."""

_AROUND = lazily(
    r"(?i)^\{(?:noop|plain|clear(?:text)?|s?sha\d{0,3}|s?md5|bcrypt|crypt|pbkdf2)\}|(?:\{(?:enter|tab)\}|\\[rn])$"
)
"""What is no part of a password: how it is kept, the key that is struck after it."""
_ESCAPED = lazily(r"\\u((?!00[0-7])[0-9a-fA-F]{4})")
_POINTS_ELSEWHERE = lazily(
    r"(?i)[a-z][a-z0-9+.-]{1,20}://|[\w-]{2,40}/\[\d?\](?:/|$)|[a-z]:(?:\\|/[a-z])|\\[nrt]|\\?(?:[a-z]\w{1,40}\\{1,2}){2,6}[a-z]\w{1,40}(?:::class)?$|(?:[\w.-]{1,40}:)?/(?:dev|etc|home|mnt|opt|proc|run|srv|sys|tmp|usr|var)/|\[[\w-]{1,30}[~|^$*]?=|"
    r"(?:localhost|[\w-]+(?:\.[\w-]+)+):\d{2,5}(?:/\S*)?$|\.[a-z]{2,12}$|\w{1,40}(?:\.\w{1,40}){1,4}\{$|(?:[a-z]{1,20})?v\d(?:(?:alpha|beta)\d)?\.[a-z]\w{2,80}$|"
    r"[\w./$-]+\.(?:[choa]|l?[oa]|so|py|js|ts|go|rb|java|php|sh|pl|txt|md|json|ya?ml|xml|pem|crt|cer|key|pub|conf|cfg|"
    r"ini|properties|jks|p12|pfx|log|html?|css|png|svg|sql|exe|dll|bat|ps1|tmpl|erb)$|[\w/-]{1,60}\.(?:php|aspx?|jsp|html?)\?|!!\w{1,60}\??\.|(?:urn|arn|classpath|vault|ref\+\w+|op|env|keyring|ssm|sops|awssm):|"
    r"ENC[\[(]|\{cipher\}|[\w./:-]{1,120}@sha256:|!vault|ssh-(?:rsa|ed25519|dss)|ecdsa-sha2|AAAA(?:B3NzaC1yc2|C3NzaC1lZDI1|E2VjZHNhLX|B3NzaC1kc3)|/?dev/null\b|(?-i:[a-z0-9]+:[A-Z][a-z]+[A-Z][A-Za-z]{2,40}$|(?:IDX|FK|PK|UQ|REL)_\w{4,60}$)|(?:org|com|io|net|dev|javax?|jakarta)(?:\.[a-z]\w*){2,8}\.?$|(?:\.{1,2}|~)/|[@&][A-Za-z_]\w*$|\*{1,2}[A-Za-z_]{3,40}$|@[a-z][\w-]{0,40}/[A-Za-z][\w./-]{1,60}(?::[A-Za-z][\w-]*)?$|//[a-z|]|(?:mysql|pgsql|sqlite|odbc|oci|sqlsrv|dblib):[a-z]{2,20}=|[*&]{1,2}[A-Za-z_]\w*\.[A-Za-z_]\w*$|"
    r"!{0,2}(?:os|process|self|this|settings|config|secrets|vars?|env|ctx|req|request|data|local|module|params|props|state|args|options|opts|cfg|conf|app|window|"
    r"system|Deno|Bun|System|import|github|inputs|steps|needs|runner|matrix)\.[#$]?[A-Za-z_]"
)
_IDENTIFIER = lazily(r"[!&*~]{0,2}[A-Za-z_][A-Za-z_]*(?:(?:[.:\[]|->|::)+[A-Za-z_]\w*\]?)*[.:;)]*$")
_DOTTED = lazily(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$")
_CONSTANT = lazily(r"_{0,2}[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+_{0,2}$")
_CALL = lazily(
    r"[A-Za-z_&*!$][\w.:>\-]{0,80}(?:[?!]?\(|\[(?:[\w\"'`]|$)|\{[\w\"'}]|[!=]=.)|\w+::|new\s|\(|\w+->|\w+\[|.{0,40}=>|lambda\b|[\w.]+\?\.|"
    r"--?[A-Za-z][A-Za-z-]+$|(?:[A-Z][a-z]+-)+[A-Z][A-Za-z]+$|[\w.]{0,80}\[[-:\d]|\w{1,60}\?\?$|[a-z]\w{0,40}_\d{1,2}\.[A-Za-z_$]|[\w.]{0,30}\)[\w.,;()]{0,40}$"
)
_KEBAB = lazily(r"_?[a-z]+(?:[._-][a-z]+)+$")
_NAMES_ONE = lazily(
    r"(?i)(?:[a-z0-9]+[._-]){0,3}(?:pass(?:word|wort|wd|phrase)?|kennwort|pwd|secret|token|credentials?)(?:[._-][a-z]+){0,2}$|"
    r"(?:[a-z0-9]+_){1,6}(?:keys?|salt)(?:_[a-z]+){0,2}$|(?:[a-z]{2,12}\d?_){1,3}pw$|pw_[a-z]{2,12}$|(?:[a-z0-9]+-){1,5}(?:tls|certs?|ca|creds|auth|keys?|user)$|"
    r"(?-i:[A-Z][A-Za-z0-9]{2,40}(?:Creds|Credentials)$|[a-z]+(?:64)?(?:[A-Z][a-z]+){0,4}(?:Pass(?:word)?|Pwd|Secret|Token|Key|Creds)$)"
)
_PHRASE = lazily(r"[a-zäöüß]{3,12}(?:-[a-zäöüß]{3,12}){3,7}$")
"""Words joined as people are told to choose passwords; with fewer it is rather a name."""
_NO_NAME = 6
"""Strokes between words that no name has."""
_KEBAB_WORDS = lazily(
    r"(?<![a-z])(?:name|pass(?:word|wd)?|secret|key|token|ref|auth|user|my|some|the|test|new|old|field|input|reset|"
    r"change|confirm|login|config|cred(?:ential)?|admin|app|db|service|client|access|api|root|prod|dev)s?(?![a-z])"
)
_SPEAKS_OF_ONE = lazily(r"(?i)\b(?:pass(?:word|wort|phrase|wd)s?|kennwort|secrets?|tokens?|keys?|credentials?)\b")
_BEING_CHANGED = ("new_", "old_", "current_", "confirm_")
"""How variables begin that hold a password for a while."""
_OPENS = {")": "(", "]": "[", "}": "{"}
_HUMP = lazily(r"[a-z][A-Z]")
_STEPS = lazily(r"[!&*~]{0,2}[A-Za-z_]\w*(?:\[-?\d*\])?(?:\.[A-Za-z_]\w*(?:\[-?\d*\])?)+$")
_SEGMENTS = lazily(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_TERMS = lazily(
    r"(?i)oauth2|ipv[46]|k8s|x509|base64|sha(?:1|256|512)|md5|pbkdf2|x25519|ikev[12]|(?:ms)?chapv2|secp256r1|ml(?:kem|dsa)\d{2,4}|utf8|http2|jose4j|log4j|slf4j"
)
"""Words that have digits in them."""
_PLAIN = lazily(r"[\w./-]+")
_HEX = lazily(r"[0-9a-fA-F]+$")
_UUID = lazily(r"(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$")
_PATH = lazily(r"/[\w.@~-]{1,30}$|/?(?:[\w.@~-]{1,40}/)+[\w.@~-]{0,60}(?::r[ow])?$|/[a-z]+/[\w./-]{1,60}:/")
_VERSIONED = lazily(
    r"(?i)[\^~<>=]{0,2}v?\d+(?:\.\d+)+[\w.-]{0,20}(?:\s{0,2}[|,]{1,2}\s{0,2}[\^~<>=!]{0,2}v?\d+(?:\.[\d*x]+){0,3}){0,5}$|\d{4}-\d\d-\d\d|\d+\.[a-z_]{3,20}$|0x[0-9a-f]{1,16}[ul]{0,3}$|\d+(?:[iu](?:8|16|32|64|128|size)|f32|f64)$"
)


def names_a_value(value: str) -> bool:
    """Whether the text is a path, a constant, an attribute or a name, and the value is where it points."""
    if _POINTS_ELSEWHERE.match(value) or _NAMES_ONE.match(value):
        return True
    return _is_constant(value) or _is_path(value)


def as_password(value: str, *, quoted: bool, plain_from: float | None = None) -> str | None:
    """Why what stands beside `password`, `secret` and their like is one; None where it is not.

    A plain word is one from so many bits on; without quotes it has to stand alone on its line, or it is a variable.
    """
    value = _AROUND.sub("", _unescaped(value[:LONGEST].strip()))
    if not quoted:
        value = _bare(value)
    if len(value) < 4 or is_empty(value) or _POINTS_ELSEWHERE.match(value) or _is_constant(value):
        return None
    if only_speaks_of_one(value):
        return None
    if _VERSIONED.match(value) or _is_path(value) or _is_told_in_words(value):
        return None
    if _NAMES_ONE.match(value) and (plain_from != IN_A_SETTING or value.startswith(_BEING_CHANGED)):
        return None
    if quoted:
        return _quoted_password(value, plain_from or (PLAIN if len(value) < LONG else PLAIN_AND_LONG))
    return _bare_password(value, plain_from)


def _unescaped(value: str) -> str:
    """The value with letters beyond ASCII as they are, not as `\\u00f1`; what else is escaped, decoding finds."""
    return _ESCAPED.sub(lambda escape: chr(int(escape[1], 16)), value) if "\\u" in value else value


def _bare(value: str) -> str:
    """A value without quotes, and without the signs of the sentence or the code around it."""
    value = value.rstrip(".,;:{")
    while value[-1:] in _OPENS and value.count(value[-1]) > value.count(_OPENS[value[-1]]):
        value = value[:-1].rstrip(".,;:{")
    return value


def _is_told_in_words(value: str) -> bool:
    """Whether it speaks of the secret instead of being one (`new password`), or is a message in another alphabet."""
    if (" " in value and _SPEAKS_OF_ONE.search(value)) or value.endswith(":"):
        return True
    return _is_in_another_alphabet(value)


def _is_in_another_alphabet(value: str) -> bool:
    if value.isascii():
        return False
    letters = any(char > "\x7f" and char.isalpha() for char in value) and not any(map(str.isdigit, value))
    return letters or sum(char > "\x7f" for char in value) * 2 >= len(value)


def _quoted_password(value: str, plain_from: float) -> str | None:
    bits = rarity(value.replace(" ", ""))
    if " " in value and (bits < 4.2 or (value.count(" ") >= 3 and bits < 4.6)):
        return None
    letter, digit, mixed, sign = _kinds(value)
    if not (letter or digit) or (bits < 3.6 and not digit):
        return None
    if _DOTTED.match(value) and (is_made_of_words(value) if digit else bits < SURELY_MADE):
        return None
    if mixed and not (digit or sign) and bits < 5.0 and len(_SEGMENTS.findall(value)) > 1 and is_made_of_words(value):
        return None
    if _KEBAB.match(value) and bits < SURELY_MADE and not _is_a_sentence(value):
        return None
    if bits > plain_from or digit or sign or _PHRASE.match(value) or (mixed and rarity(value.lower()) > plain_from):
        return _told(bits)
    return None


def _is_a_sentence(value: str) -> bool:
    """Whether so many words are joined that it is no name; a phrase of few holds no words of names."""
    strokes = value.count("-")
    return strokes >= _NO_NAME or (strokes >= 2 and not _KEBAB_WORDS.search(value))


def _bare_password(value: str, plain_from: float | None) -> str | None:
    letter, digit, _, sign = _kinds(value)
    if value.isdigit():
        alone = plain_from in (ALONE, IN_A_SETTING) and 5 <= len(value) <= 12
        shown = plain_from is not None and 6 <= len(value) <= 9
        return "digits beside a telling name" if (alone or shown) and len(set(value)) > 2 else None
    if _CALL.match(value) or (_DOTTED.match(value) and (not digit or is_made_of_words(value))):
        return None
    bits = rarity(value)
    alone = plain_from is not None
    if not alone and _KEBAB.match(value) and bits < SURELY_MADE:
        return None
    plain = plain_from is not None and 4 <= len(value) <= 40 and "." not in value and bits > plain_from
    if _IDENTIFIER.match(value) and (not plain or (_HUMP.search(value) and _is_a_variable(value, plain_from))):
        return None
    if alone and _KEBAB.match(value) and _is_a_sentence(value):
        return _told(bits)
    if plain or (letter and (digit or sign)) or bits > 4.8 or (bits > 3.9 and len(value) >= 5):
        return _told(bits)
    return None


def as_token(value: str, *, quoted: bool) -> str | None:
    """Why what stands beside `token`, `key`, `client_id` and their like is a secret; None where it is not."""
    value = _unescaped(value[:LONGEST].strip())
    if not quoted:
        value = _bare(value)
    if (
        len(value) < (7 if quoted else 10)
        or stands_for_a_value(value)
        or _POINTS_ELSEWHERE.match(value)
        or _is_constant(value)
    ):
        return None
    if " " in value or "@tcp(" in value or _VERSIONED.match(value) or _is_path(value):
        return None
    if not quoted and _CALL.match(value):
        return None
    if _is_in_another_alphabet(value):
        return None
    if _UUID.match(value) or _is_digits(value):
        if len(set(value.lower())) < 6:
            return None  # `333333CC-3C33-...`: an id to show what one looks like
        return "an id or digits beside a telling name"
    letter, digit, mixed, _ = _kinds(value)
    if not letter or _STEPS.match(value):
        return None
    bits = rarity(value)
    if len(value) < 10 and (bits < READ_LIKE_NOTHING or not digit):
        return None
    if bits < 6.0 and (is_made_of_words(value) or (not digit and _KEBAB.match(value))):
        return None
    if bits < 6.0 and not digit and (_DOTTED.match(value) or (_IDENTIFIER.match(value) and not quoted)):
        return None
    if bits >= 4.9 and (digit or mixed or bits >= 6.0 or _has_many_signs(value)):
        return _told(bits)
    return _told(bits) if len(value) >= 16 and bits >= 4.6 and digit else None


def is_made_of_words(value: str) -> bool:
    """Whether its segments are long, or its letters read like words, as in names: `S3AccessPointRole`, `V1betaRule`."""
    segments = _SEGMENTS.findall(_TERMS.sub("Term", value))
    if not segments:
        return False
    length = sum(map(len, segments))
    if length >= 3.5 * len(segments):
        return True
    letters = "".join(segment for segment in segments if not segment[0].isdigit())
    most = READ_LIKE_WORDS if length < LONG else READ_LIKE_WORDS_IF_LONG
    return len(letters) >= max(6, 0.75 * length) and rarity(letters.lower()) < most


def _is_constant(value: str) -> bool:
    """Whether it is the name of a constant; the parts of one are words."""
    if _CONSTANT.match(value) is None:
        return False
    return rarity(value.lower()) < SURELY_MADE or _NAMES_ONE.match(value) is not None


def _is_a_variable(value: str, plain_from: float | None) -> bool:
    """Whether letters with a hump are a name; a short one is where others stand beside it, between commas."""
    return _reads_like_a_name(value) or (len(value) < 8 and (plain_from or 0) > SURELY_MADE)


def _reads_like_a_name(value: str) -> bool:
    """Whether letters with humps are words in a row; drawn by lot, their letters do not follow each other so."""
    return is_made_of_words(value) and rarity(value.lower()) < SURELY_MADE


def _is_digits(value: str) -> bool:
    """Whether the longest part is hexadecimal, or letters and many digits without order: no rarity shows in digits."""
    part = max(re.split(r"[^A-Za-z0-9]", value), key=len)
    if len(part) < 16 or len(set(part.lower())) < 6:
        return False
    if _HEX.match(part):
        sorts = part.translate(_SORTS)
        return len(part) >= 20 or 3 <= sorts.count("d") <= len(part) - 3
    return len(part) >= 32 and part.translate(_SORTS).count("d") >= 6


def _has_many_signs(value: str) -> bool:
    return len(_PLAIN.sub("", value)) >= 4


def _is_path(value: str) -> bool:
    """A path of words; base64 has slashes too, but then what is between them looks random."""
    if "/" not in value or not _PATH.match(value):
        return False
    if len(value) < 20 or "." in value or rarity(value.replace("/", "")) < 5.3:
        return True
    return is_made_of_words(value)


_SORTS = str.maketrans(
    {
        chr(code): "d" if chr(code).isdigit() else "u" if chr(code).isupper() else "l" if chr(code).islower() else "s"
        for code in range(128)
    }
    | dict.fromkeys("_-./ ", "-")
)


def _kinds(value: str) -> tuple[bool, bool, bool, bool]:
    """Whether there are letters, digits, both cases, and signs other than those of names."""
    sorts = value.translate(_SORTS)
    upper, lower = "u" in sorts, "l" in sorts
    sign = "s" in sorts
    letter = upper or lower
    if not value.isascii():
        sign = sign or any(not char.isalnum() for char in value if not char.isascii())
        letter = letter or any(char.isalpha() for char in value)
    return letter, "d" in sorts, upper and lower, sign


def _told(bits: float) -> str:
    return f"stands beside a telling name ({bits:.1f} bits)"
