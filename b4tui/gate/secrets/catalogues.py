"""What programs show on a screen, in any language, beside the name of a field: `passwordNew=New password`.

Files of translations name thousands of such texts, and the table of rarity knows two languages only. What tells a
text from a password is that it is made of words, that the word for a password is among them, or that the lines
around it are texts too.
"""

from __future__ import annotations

from b4tui.gate.patterns import lazily

_FORMS = lazily(r"%(?:\d\$)?[+#]?[sdvqfx@]\b|\{\d?\}|</?[a-z]{1,8}[ >/]|&[a-z]{2,6};|\$\d\b")
"""What a program puts values into, and how it sets text."""
_SPEAKS = lazily(
    r"(?i)\b(?:passwords?|passwort\w{0,2}|kennwort\w{0,2}|wachtwoord\w{0,3}|(?:kode|lösen|pass)ord\w{0,4}|"
    r"adgangskod\w{0,4}|salasan\w{1,6}|jelsz\w{1,6}|parol[aeiouy]?|hes(?:l[oaeu]|el)|has(?:ł|l)[oaeu]|gesl[oaeu]|"
    r"lozink\w{1,3}|slaptažod\w{0,6}|senhas?|contrase(?:ñ|n)as?|mots? de passe|[şs]ifre\w{0,6}|kata sandi|mật khẩu)\b"
)
"""The word for a password, in languages whose forms of words differ."""
_WORD = lazily(r"[¡¿(\[\"'„“«]{0,2}[^\W\d_]+(?:['’`-][^\W\d_]+){0,3}['’`]?[.,:;!?)\]\"'”“»…]{0,3}$")
_LINE = lazily(
    r"""[ \t]{0,20}(?P<name>["']?[\w./ -]{2,100}["']?)\s{0,3}(?:=>|[:=])\s{0,3}(?P<value>[^\s=:].{0,300})$"""
)
_TEXTS = lazily(r"""["']?[^\W\d_][^\W\d_'’,.-]*(?: [^\s=:/\\]+){2,}""")
_SHOWN = lazily(r"(?:field|text|notice|error|button|msg|message|lbl|mail_body|setting)_")
"""How the names of texts begin."""
_LONGEST = 300
"""Characters of a line that is looked at."""
_REST = lazily(r"[ \t]{1,2}[^\W\d_][^\n]{0,600}(?=\r?\n|$)")
"""How a text without quotes goes on to the end of its line."""


def is_a_text(text: str, name: str, start: int, stop: int, *, quoted: bool) -> bool:
    """Whether what stands at a place is words for people: by itself, its name, or, if plain, by the lines around it."""
    value = text[start:stop].strip()
    if not quoted and (rest := _REST.match(text, stop)):
        value += rest[0].rstrip()
    if " " in value:
        return _is_a_sentence(value)
    if any(map(str.isdigit, value)) or not value[:1].isupper() or not value[1:].islower():
        return False
    return _SHOWN.match(name) is not None or _is_among_texts(text, start, stop)


def _is_a_sentence(value: str) -> bool:
    if _FORMS.search(value):
        return True
    words = value.split()
    plain = [word for word in words if _WORD.match(word)]
    if len(plain) < len(words):
        return len(words) >= 5 and len(plain) >= 0.75 * len(words)
    if _SPEAKS.search(value):
        return True
    begins = (
        value[-1] != "!" and words[0][:1].isupper() and all(word[:1].islower() or word.isupper() for word in words[1:])
    )
    return begins or (len(words) >= 3 and min(map(len, words)) <= 2)


def _is_among_texts(text: str, start: int, stop: int) -> bool:
    """Whether both lines next to this one, or the only one there is, give a name a text of several words."""
    first = text.rfind("\n", max(0, start - _LONGEST), start)
    last = text.find("\n", stop, stop + _LONGEST)
    lines = []
    if first > 0:
        lines.append(text[max(text.rfind("\n", max(0, first - _LONGEST), first) + 1, first - _LONGEST) : first])
    if last >= 0:
        end = text.find("\n", last + 1, last + 1 + _LONGEST)
        lines.append(text[last + 1 : end if end >= 0 else last + 1 + _LONGEST])
    lines = [line for line in lines if line.strip(" \t\r{}[](),;")]
    return bool(lines) and all((told := _LINE.match(line)) and _TEXTS.match(told["value"]) for line in lines)
