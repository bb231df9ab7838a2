"""Commands, paths and addresses whose content is private whatever it looks like (research/gate.md 0.3)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import pairwise
from urllib.parse import parse_qsl, urlsplit

from b4tui.gate.patterns import lazily

_WORDS_ANYWHERE = (
    "kubectl oc aws gcloud az doctl hcloud vault bw rbw gopass keepassxc-cli secret-tool printenv kubectx kubens helm "
    "k9s argocd flux terraform tofu sops age gpg gpg2 ssh-add ssh-keygen ssh-agent sshpass keyctl security mail mutt "
    "neomutt himalaya notmuch khal khard vdirsyncer gcalcli abook git-credential journalctl last lastlog getent "
    "nmcli wg ip ifconfig hostname docker-credential-desktop"
)
ANYWHERE = frozenset(_WORDS_ANYWHERE.split())
"""Programs whose output is private; their names mean nothing else, so they count wherever they stand."""
_WORDS_FIRST = "env set export declare typeset ssh scp sftp pass op who w id history docker podman compgen"
FIRST = frozenset(_WORDS_FIRST.split())
"""Programs with names that are words too: they count only where a command begins."""
_PAIRS = frozenset({("gh", "auth"), ("glab", "auth"), ("git", "credential"), ("git", "config"), ("git", "remote")})
_WRAPPER_WORDS = "sudo doas nohup time exec command builtin xargs nice stdbuf do then else if while until ! watch"
_WRAPPERS = frozenset(_WRAPPER_WORDS.split())

_NAMES = (
    ".env .env.* *.env .envrc kubeconfig* *.kubeconfig *.pem *.key *.p12 *.pfx *.jks *.keystore *.kdbx *.gpg *.asc "
    "*.age id_rsa* id_dsa* id_ecdsa* id_ed25519* .netrc _netrc .pgpass .my.cnf .npmrc .pypirc .git-credentials "
    ".htpasswd .vault-token *history .*_history shadow gshadow environ credentials credentials.* *.tfstate *.tfstate.* "
    "*.tfvars secrets.* *.mbox *.eml *.ics *.vcf authorized_keys known_hosts memory.md soul.md .dockerconfigjson"
)
_FILES = tuple(_NAMES.split())
_CLOSED_WORDS = ".ssh .gnupg .aws .azure .kube .docker .config .password-store .age .mozilla maildir keyrings"
_CLOSED = frozenset(_CLOSED_WORDS.split())
"""Folders of which everything is private."""
_TOPIC_WORDS = "mail contacts calendar calendars memory secrets"
_TOPICS = frozenset(_TOPIC_WORDS.split())
"""Folders that hold private things, or a program's modules about such things."""
_CODE = (
    ".py",
    ".go",
    ".rs",
    ".js",
    ".ts",
    ".tsx",
    ".jsx",
    ".java",
    ".kt",
    ".c",
    ".h",
    ".cc",
    ".cpp",
    ".rb",
    ".php",
    ".cs",
)
_OPEN = (".env.example", ".env.sample", ".env.template", ".env.dist", "*.pub")

_COMMAND_ENDS = lazily(r"[;&|\n`(){}]+")
_SPLIT = lazily(r"[\s\"'=<>,:]+")
_QUOTES = str.maketrans("", "", "'\"\\")
_PATTERN = lazily(r"[*?\[]")
_EXAMPLES = tuple(name.replace("*", "x") for name in _FILES) + tuple(_CLOSED)
"""Names of private files and folders, as a shell pattern may lead to them."""
_ASSIGNMENT = lazily(r"\w+=")
_HOME_ZONES = (".local", ".lan", ".internal", ".intern", ".corp", ".home", ".home.arpa", ".localdomain", ".private")
_TELLING = lazily(r"(?i)token|key|secret|sig|passw|auth|session|code")


def private_path(path: str) -> bool:
    """Whether a path leads to what is private: keys, environment files, cluster access, mail, memory."""
    parts = [part for part in path.strip().lower().split("/") if part not in ("", ".")]
    if not parts:
        return False
    if any(fnmatchcase(parts[-1], pattern) for pattern in _OPEN):
        return False
    name, folders = parts[-1], frozenset(parts)
    if not folders.isdisjoint(_CLOSED) or any(fnmatchcase(name, pattern) for pattern in _FILES):
        return True
    if name.startswith("id_") and "." not in name:  # a key of ssh
        return True
    return not folders.isdisjoint(_TOPICS) and not name.endswith(_CODE)


def private_command(command: str) -> bool:
    """Whether a shell command may show what is private: by the programs it runs and the paths it names."""
    for words in _commands(command):
        names = [word.rpartition("/")[2] for word in words]
        if not ANYWHERE.isdisjoint(names) or (names and names[0] in FIRST):
            return True
        if any(pair in _PAIRS for pair in pairwise(names)):
            return True
    # A shell takes quotes and backslashes out of the middle of words, and fills patterns in.
    texts = (command, command.translate(_QUOTES))
    paths = {path for text in texts for path in _SPLIT.split(text) if path}
    return any(private_path(path) or _may_become_private(path) for path in paths)


def _may_become_private(word: str) -> bool:
    """Whether a shell pattern is for private files; what begins with a star is for all, and says nothing."""
    name = word.lower().rpartition("/")[2]
    return _PATTERN.search(name) is not None and name[0] != "*" and any(fnmatchcase(one, name) for one in _EXAMPLES)


def _commands(command: str) -> Iterator[list[str]]:
    """The words of each simple command in a command line, without assignments and programs that run another."""
    for piece in _COMMAND_ENDS.split(command):
        words = [word.strip("\"'$\\") for word in piece.split()]
        while words and (words[0] in _WRAPPERS or _ASSIGNMENT.match(words[0]) or _runs_another(words)):
            words = words[1:]
        if words and words[0].rpartition("/")[2] in ("sh", "bash", "zsh", "dash") and "-c" in words:
            words = words[words.index("-c") + 1 :]
        yield words


def _runs_another(words: list[str]) -> bool:
    """`env NAME=value program` runs a program; `env` alone shows the environment."""
    rest = [word for word in words[1:] if not _ASSIGNMENT.match(word) and not word.startswith("-")]
    return words[0].rpartition("/")[2] == "env" and bool(rest)


def private_url(url: str) -> bool:
    """Whether a page is not everybody's: within the operator's network, or behind a login or token in its address."""
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return True
    if parts.scheme not in ("http", "https") or parts.username or parts.password or not host:
        return True
    if any(_TELLING.search(name) for name, _ in parse_qsl(parts.query)):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(_HOME_ZONES)
