"""What a name says about the value beside it: `db_password` holds a secret, `password_file` and `keyboard` do not.

A name is read by its segments (`dbPassword` is db, password), so that a word counts as a word
(research/gate.md 6.3).
"""

from __future__ import annotations

from enum import StrEnum

from b4tui.gate.patterns import lazily
from b4tui.gate.rulebook.wording import word_set


class Strength(StrEnum):
    """How surely a name means a secret."""

    STRONG = "strong"  # password, secret, private key: whatever stands there
    WEAK = "weak"  # token, key, client id: what stands there has to look like one


STRONG_WORDS = word_set(
    "password passwords passwd passwds pass passphrase passcode passwort passworter kennwort pwd pwds pw pswd",
    "psswd paswd passw psw psk paasword pword passwrd masterauth secret secrete credential credentials cred creds pin",
    "zugangsdaten kundenkennwort motdepasse mdp contrasena contraseña senha wachtwoord hasło haslo geheim geheimnis",
    "heslo salasana lösenord losenord adgangskode passord şifre sifre jelszo jelszó parolchiave",
    "пароль 密码 密碼 パスワード 비밀번호 pepper",
)
WEAK_WORDS = word_set(
    "token tok tokn key keys auth hmac jwt sid dsn webhook cookie session bearer nkey otp totp seed apikey pkey",
    "secrets authorization salt schlüssel schluessel zugangscode clave chave parola",
)
INSIDE = (
    "password",
    "passwd",
    "passwort",
    "kennwort",
    "passphrase",
    "secret",
    "credential",
    "mot_de_passe",
    "motdepasse",
    "mot de passe",
)
"""Strong words that count even where nothing sets them apart (`dbpassword`)."""
AT_THE_END = ("pass", "pwd", "pswd", "passw", "pw")
WEAK_INSIDE = ("token", "apikey", "schlüssel", "schluessel")
WEAK_AT_THE_END = ("key", "auth", "pat", "jwt")

CODES = tuple(f"{kind}{sign}code" for kind in ("access", "recovery", "activation", "backup") for sign in ("", "_", "-"))
"""Codes that let in who has them."""
PATTERN_OF_IDS = lazily(
    r"(?i)(?:client|app|application|access[_.-]?key|access|consumer|secret|(?:aws|secret)[_.-]?key)[_.\- ]?"
    r"(?:id|ident|identifier)$"
)
STRONG_KEYS = word_set(
    "private priv master encryption encrypt signing secret decrypt crypto hmac aes rsa",
)
"""Before `key`: a key of these kinds is always secret."""
HARMLESS_KEYS = word_set(
    "public pub cache sort sorting primary foreign partition range hot short keyboard object translation i18n",
    "l10n idempotency project issue row column lookup unique composite property map dict hash shard routing",
    "group locale label message config setting registry dedup order search index event answer arrow function fn",
    "modifier nav enter escape tab delete backspace host known any press bind metric tag limit result results",
    "output input protobuf s3 more idempotence natural surrogate business dictionary alt ctrl meta shift cmd",
)
"""Before `key`: a key of these kinds opens nothing."""
HARMLESS_TOKENS = word_set(
    "next page pagination continuation lock update change idempotency marker cursor sync pad eos bos unk mask",
    "stop start end special input output max num cancel cancellation csrf xsrf prompt completion first last",
    "current resume clientrequest current previous prev peek lookahead separator delimiter",
)
"""Before `token`: a place in a list, a piece of text, a mark against doing a thing twice."""
TAILS = word_set(
    "value val values str string secret data prod production dev live test staging default env base64 b64 hex",
    "enc encoded raw plain v code one two new old main primary secondary backup a b c x secure wrap for",
)
"""After a weak word: what does not change what it promises (`api_key_prod`; `keyFunction` is another thing)."""
NOT_THESE = word_set(
    "passes passed passing passive passenger bypass compass surpass trespass encompass passthrough passthru",
    "tokens tokenizer tokenize tokenized tokenization keyword keywords keyboard keymap keymaps keybinding",
    "keybindings keyup keydown keypress keyframe keyframes keystroke keyring keystore keyspace keynote author",
    "authors authority authored secretary monkey turkey hotkey hockey jockey donkey whiskey pinned pinning pins",
    "sessions kwargs pubkey subsession sidebar passport keygen public csrf xsrf sitekey placeholder",
    "secretsmanager secretmanager valkey",
)
ENDINGS = word_set(
    "name names file files filename path paths url urls uri uris type types field fields length len size policy",
    "policies expiry expires expire expiration expired ttl count counts limit limits usage header headers",
    "prefix prefixes suffix suffixes pattern regex regexp label labels hint hints method methods provider",
    "providers algorithm alg format mode enabled required error errors message messages msg id ids ref refs",
    "index idx manager dir directory endpoint env var version status class description desc title text",
    "placeholder form page view kind scope scopes source list rotation strength max min budget budgets window",
    "usages used per cost price rate column columns link button icon visible visibility toggle help info test",
    "tests check checks checker validator validation validate valid invalid reset changed exists missing needed",
    "optional only handler callback factory helper util utils module interface schema model table store storage",
    "vault engine backend hash hashes digest fingerprint checksum sha sha256 sum at date time timestamp timeout",
    "interval attempt attempts retries age location position pair event logger arn attachment association",
    "authorization role input output selector property properties prop attribute attr scheme",
    "mechanism",
    "authentication encoder environment environments region cancel submit user username group owner uuid guid success",
)
FIRM_ENDINGS = word_set(
    "file files filename path paths url urls uri name policy field length hint error message expiry expires",
    "expiration expired label placeholder hash type regex pattern prompt min max ref id manager reset column",
    "env digest input selector property prop scheme method algorithm format mode status version count strength",
    "mechanism",
    "rules requirements authentication encoder alg encryption environment title subject class css icon button",
    "cancel success submit at within time timestamp date timeout interval attempts connector provider driver uuid guid",
)
"""The endings that no password is named by either (`password_hash` has its own rule)."""

ASKED = word_set("ask asks has is needs show hide dummy existing fa")
"""Before a word for a secret: whether there is one, and what to do about it (`--ask-vault-pass FILE`)."""
_A_COUNTRY = lazily(r"[a-z]{2,3}_(?:[A-Z][a-z]{3}_)?PW$")
"""A language as it is spoken in Palau."""
_A_FILE = lazily(r"\.(?:rs|py|go|jsx?|tsx?|java|kt|rb|php|cs?|h|cpp|md|rst|txt|toml|ya?ml|html?|css|sh|xml)$")
SHOWN = word_set("label labels placeholder tooltip apihelp")
"""Anywhere in a name: what it names is shown on a screen (`botpasswords-label-delete`)."""

SEGMENT = lazily(
    r"[A-ZÄÖÜ]+(?![a-zäöüß])|[A-ZÄÖÜ]?[a-zäöüßłñ]+|\d+|[\u0400-\u04ff]+|[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]+"
)
WORDS = frozenset(
    {*STRONG_WORDS, *WEAK_WORDS, "clientid", "client_id", "client-id", "client id", "appid", "app_id", "app-id"}
    | {"accessid", "access_id", "access-id", "_pat", "-pat", "passin", "passout", "mot de passe", *CODES}
)
"""The literals that a name with a meaning holds."""


def strength(name: str) -> Strength | None:
    """What the name promises of the value beside it; None for nothing."""
    segments = [segment.lower() for segment in SEGMENT.findall(name)]
    if not segments:
        return None
    found = _of_segments(segments, name.lower())
    if _A_FILE.search(name) or ("publickey" in (whole := name.lower().replace("_", "")) and "private" not in whole):
        return None
    if {"type", "kind"} & set(segments[1:-1]):
        return None  # a name for one kind of many: `SECRET_TYPE_OPAQUE`
    if segments[-1] == "pw" and _A_COUNTRY.match(name):
        return None
    if found is None or segments[:2] == ["from", "secret"] or segments[0] in ASKED or not SHOWN.isdisjoint(segments):
        return None
    last = segments[-1] if not segments[-1].isdigit() or len(segments) == 1 else segments[-2]
    if last in (FIRM_ENDINGS if _is_password(segments) else ENDINGS) and not PATTERN_OF_IDS.search(name):
        return None
    return found


def is_known_harmless(name: str) -> bool:
    """Whether the name has a word of secrets in it and yet promises none: `nextToken`, `cache_key`, `caseId`."""
    if strength(name) is not None:
        return False
    segments = [segment.lower() for segment in SEGMENT.findall(name)]
    if not segments:
        return False
    return segments[-1] in ("id", "ids") or (any(map(_is_weak, segments)) and not _is_of(segments))


def _is_of(segments: list[str]) -> bool:
    """Whether words that tell whose it is come after a token or a key: `token_bot`, `API_KEY_MAIL`."""
    words = [place for place, part in enumerate(segments) if part in ("token", "apikey", "key") or "token" in part]
    if not words or any(part in ENDINGS or part in NOT_THESE for part in segments[words[-1] + 1 :]):
        return False
    before = segments[words[-1] - 1] if words[-1] else ""
    if segments[words[-1]] == "key" and before not in ("api", "access"):
        return False
    return words[-1] < len(segments) - 1 and before not in HARMLESS_TOKENS


def _is_password(segments: list[str]) -> bool:
    return any(part.startswith("pass") or part in ("pwd", "pw", "kennwort", "secret") for part in segments)


def _of_segments(segments: list[str], whole: str) -> Strength | None:
    strong = any(part in STRONG_WORDS for part in segments) or any(word in whole for word in INSIDE)
    if any(part in NOT_THESE for part in segments) and not any(
        part in ("password", "secret", "passwd", "token", "pwd", "pass") for part in segments
    ):
        return None
    if strong or _ends(segments, AT_THE_END, 14):
        return Strength.STRONG
    weak = False
    last = _last_of_meaning(segments)
    for place, part in enumerate(segments):
        before = segments[place - 1] if place else ""
        if part in ("key", "keys"):
            if before in HARMLESS_KEYS:
                continue
            if before in STRONG_KEYS:
                return Strength.STRONG
        elif part == "token" and before in HARMLESS_TOKENS:
            continue
        if place >= last and _is_weak(part):
            weak = True
    return Strength.WEAK if weak or PATTERN_OF_IDS.search(whole) or whole.endswith(CODES) else None


def _last_of_meaning(segments: list[str]) -> int:
    """The place of the last part that is no tail and no number; 0 where all are."""
    return next((place for place in range(len(segments) - 1, 0, -1) if not _is_tail(segments[place])), 0)


def _is_tail(part: str) -> bool:
    return part in TAILS or part.isdigit()


def _is_weak(part: str) -> bool:
    if part in WEAK_WORDS or any(word in part for word in WEAK_INSIDE):
        return part not in NOT_THESE and not part.startswith(("csrf", "xsrf"))
    return len(part) <= 14 and part.endswith(WEAK_AT_THE_END) and part not in NOT_THESE


def _ends(segments: list[str], words: tuple[str, ...], longest: int) -> bool:
    return any(
        len(part) <= longest and part.endswith(words) and part not in words and part not in NOT_THESE
        for part in segments
    )
