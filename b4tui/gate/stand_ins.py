"""What stands for a value beside a telling name, and is none itself: placeholders, references, templates."""

from __future__ import annotations

from b4tui.gate.patterns import lazily

_TELLING = 80
"""Characters in which a placeholder says that it is one."""

_WORDS_THAT_STAND_FOR_VALUES = (
    "todo|tbd|fixme|none|null|nil|true|false|undefined|nan|string|str|int|integer|bool|boolean|object|function|float|"
    "number|required|optional|enabled|disabled|default|yes|no|on|off|empty|unset|masked|hidden|tests?[0-9]?|"
    "testing|foo|bar|abcdef(?:gh)?|auto|bcrypt|scrypt|argon2(?:i?d|i)?|guest|wrong(?:.?pass(?:word)?)?|zaporka|credenziali|"
    "baz|foobar|abcd?|values?|text|n/a|self|this|args?|kwargs|params?|config|settings|env|environ|"
    "environment|options?|"
    "data|result|response|request|user|username|login|auth|basic|bearer|digest|file|path|url|uri|header|json|yaml|"
    "input|output|hash|bytes|byte|password|passwords|passwd|pass|passphrase|secret|secrets|token|tokens|api.?key|"
    "access.?key|private.?key|public.?key|secret.?key|key|keys|credentials?|creds|unknown|invalid|missing|any|all|"
    "prompt|stdin|keyring|vault|plain|plaintext|clear|encrypted|username.password|email|mail|name|dev|prod|staging|"
    "local|localhost|docker|internal|external|private|public|private.?token|access.?token|auth.?token|session|cookie|"
    "somefakekey|passwort|kennwort|geheim|const|var|let|new|return|async|await|static|final|readonly|jwt|"
    "oauth2?|void|mixed|"
    "iterable|callable|never|always|on.create|automatic|heslo|kode(?:ord)?|parole?|parola|has[łl]o|senha|"
    "contrase[ñn]a|"
    "wachtwoord|adgangskode|salasana|[şs]ifre|l[öo]senord|passord|jelsz[óo]|lozinka|geslo|pasahitza|slapta[žz]odis"
)
_PLACEHOLDER = lazily(
    rf"(?i)(?:{_WORDS_THAT_STAND_FOR_VALUES})\??$"
    r"|[\W_]+$"
    r"|(?:user(?:.?name)?|me|foo|x+|tests?|name|login):(?:pass(?:word|wd)?|pwd?|bar|y+|secret|ing)$"
    r"|\*?u?int(?:8|16|32|64)(?:_t)?$|float(?:32|64)$|(?:(?:hmac|scram|pbkdf2)[-_])?(?:utf|sha|md|aes|rsa|"
    r"[hre]s|pbkdf|bcrypt)[-_]?\d{1,4}(?:-?\d{1,3})?(?:[-_](?:crypt|hmac|plus|cbc|gcm|ctr|ecb|ofb|cfb))?$"
    r"|(?:list|dict|map|array|set|option(?:al)?|vec)[\[<(].*$|(?:required|nullable|optional|sometimes|"
    r"string|bail)[|,;].*$"
    r"|x{3,}[x\W_]*$|x{3}[_-].*$|.*[_-]x{3}\d?$|(.)\1*$"
    r"|[0-9]{1,3}(?:_[0-9]{3}){0,4}$|\([a-z]{2,8}\)$|(?-i:[a-z]{3,12}=)$|sha\d{1,3}with\w{2,20}$"
    r"|(?:val(?:ue)?|key|item|field|param|arg|elem|node|foo|bar|baz)(?:[_-]?\d{1,2}){1,4}$"
)
_STANDS_FOR = lazily(
    r"(?i)example|redacted|fake|dummy|change.?(?:me|it|this)|replace.?(?:me|this|with)|placeholder|to.?be.?filled|"
    r"your[-_ .]|^your|<your|my[-_ ]?user(?:name)?$|aabbccddee|00112233|insert.{0,12}here|enter.{0,12}here|x{6}|"
    r"\*{3}|\.{3}|_removed$|sample|(?:some|any|the)[-_](?:secret|password|token|key)|xxxx|not.?a.?real|lorem|"
    r"a1b2c3|1a2b3c|abc123|"
    r"0123456789|goes.?here|^abcdef\d|abcdefghij|(\w)\1{7}(?=.{0,24}$)|todo|mot.?de.?passe|"
    r"^(?:dein|ihr|euer|hier|votre|tu|sua|seu)[-_ ]|hier.{0,12}(?:eintragen|einsetzen|eingeben)|"
    r"[-_](?:here|goes)\b"
)
_SPOKEN_OF = lazily(
    r"(?i)my[-_ ]?(?:[a-z]{2,12}[-_])?(?:secret|password|passwd|token|key|api)|"
    r"^(?:test|demo)[-_]?(?:pass\w*|pw|user|secret|token|key)|"
    r"super.?secret|^secret[-_]?\w{0,10}$"
)
"""Words for a secret that stand for one, unless somebody made a password of them."""
_MADE_OF_THEM = lazily(r"(?i)[a-z_.-]{4,30}(?:\d{2,}[!@#$%&*?]{0,3}|[!@#$%&*?]{1,3}\d{1,8}|\d[!@#$%&*?]{1,3})$")
_LONG_FOR_A_STAND_IN = 28
"""Characters from which words for a secret are a key that somebody wrote: signing takes so many."""
_REFERENCE = lazily(
    r"\$\{[\w.:/@%*#!?+= \[\]()$-]{1,80}\}|%\{[\w.: -]{1,80}\}|"
    r"\$\([^()]{1,80}|\{\{[^{}]{0,80}\}\}|<[^<>]{1,60}>|\[[A-Za-z _-]{2,40}\]$|"
    r"%\([A-Za-z_]\w{0,40}\)s|#\{[^{}]{1,60}\}|^%[A-Za-z_]\w{1,40}%$|^%[sdvq]$|^%[a-z_]{4,40}$|"
    r"^\$[A-Za-z_]\w{0,60}(?:\$?$|[\[\])}.:/\"']|->|-$)|^\$[A-Za-z_-]{2,60}$|^\$[.(]|^[#$]\{|^<%|\$env:|^@[\w-]+@$|"
    r"^(?:\$(?:[A-Za-z_]{1,60}|[A-Z][A-Z0-9_]{0,60})){2,4}$|[-_/:.]\$[A-Z][A-Z0-9_]{2,40}$|^#{1,3}[A-Z_]{3,40}#{1,3}$|"
    r"^__\w{1,40}__$|\{\d{0,2}(?::[^{}]{1,8})?\}|^%~\w|\(\?[:=!<P]|\[\^?[a-zA-Z0-9]-[a-zA-Z0-9]|"
    r"\\[dws][+*{]|^#[0-9a-fA-F]{3,8}$|^\s{0,3}[+.,&]\s|"
    r"^\+[\w.()$]{1,60}\+$|\{[A-Za-z_$#][\w.:\[\]-]{1,60}\}|^%env\([\w:.%-]{1,60}\)%$|^\*[A-Za-z_-]{2,40}\*$|@[A-Z_]{3,40}@|^\[%\w{2,10}:|^\$2[aby]\$\d\d\$$|\.\$[\d$]$|^\w{2,40}\(\)$|\{\$[\w.:>()-]{1,60}\}|^@\{|^[\])]\s|"
    r"^\{\s{0,3}\\{0,2}[\"']\w|/%[sdv]|%[sdv]/|^\\f[IBRP]|"
    r"^=>\s|\}\{[A-Za-z_]\w{0,40}[.:}]|^[a-z]\}\{|^\*\*[A-Z]+\*\*$|^\w{1,3}\$\{[A-Za-z_]|^\{\s|^\{%\s|^\{[a-z]\w*\.|"
    r"^\[\w+\]\[|^<\?(?:php|xml|=)|^#[a-z]{2,30}[_-][A-Za-z_-]{2,40}$|^%s|^%[iwIWqQ][\[({]|^--[a-z]{3,20}(?:[\]=-]|$)|^_[A-Z][A-Z_]{2,40}_$|^\$\$?\."
)


def stands_for_a_value(value: str) -> bool:
    """Whether the text is a placeholder or points to where the value is, and is none itself."""
    return is_empty(value) or _SPOKEN_OF.search(value[:_TELLING]) is not None


def is_empty(value: str) -> bool:
    """As above, whatever else it says: no words for a secret that somebody could have made a password of."""
    head = value[:_TELLING]
    return bool(_PLACEHOLDER.match(head) or _STANDS_FOR.search(head) or _REFERENCE.search(head))


def only_speaks_of_one(value: str) -> bool:
    """Whether it is made of words for a secret, and nobody made a password of them."""
    return bool(_SPOKEN_OF.search(value)) and not (_MADE_OF_THEM.match(value) or len(value) >= _LONG_FOR_A_STAND_IN)
