"""Names of the operator's own machines, out of the files that hold them. Pure functions from texts to names.

What everybody knows is not private: public forges, localhost, the names and addresses that documentation uses.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from b4tui.gate.known.sought import PrivateHost
from b4tui.gate.patterns import lazily

_PUBLIC = (
    "github.com githubusercontent.com gitlab.com bitbucket.org codeberg.org sr.ht gitea.com notabug.org launchpad.net "
    "sourceforge.net savannah.gnu.org kernel.org debian.org gnome.org kde.org freedesktop.org archlinux.org "
    "huggingface.co dev.azure.com visualstudio.com heroku.com gitee.com pagure.io fedoraproject.org opensuse.org "
    "golang.org google.com "
    "googlesource.com googleapis.com amazonaws.com microsoft.com apple.com radicle.xyz disroot.org framagit.org "
    "tangled.sh tangled.org example.com example.org example.net example"
)
PUBLIC = frozenset(_PUBLIC.split())
"""Domains whose own names say nothing of the operator."""
_PUBLIC_LABELS = frozenset(label for domain in PUBLIC for label in domain.split(".") if len(label) > 3)
_LEAST_WORD = 2
_SHARED = ("amazonaws.com", "googleapis.com")  # a long name under these is somebody's own

_EVERYWHERE = lazily(
    r"localhost(?:\d*|\.localdomain\d*)|localdomain\d*|ip6-\w+|broadcasthost|[\w.-]+\.internal\.docker"
    r"|(?:host|gateway|kubernetes)\.docker\.internal|host\.containers\.internal|.*\.(?:test|invalid|localhost)"
)
_NAME = lazily(r"(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_-]{1,63}){0,10}")
_SCP = lazily(r"^(?:[^@/\s]+@)?([\w.-]+):(?!//)")


def private_name(name: str) -> str:
    """The name as it is looked for anywhere, lower case; "" where it is public, or may be an ordinary word.

    A name without a dot counts when it holds a digit or a hyphen: `web` and `build` stand in every text.
    """
    name = _cleaned(name)
    if (address := _address(name)) is not None:
        # Private addresses have a rule of their own, which the operator may weigh.
        return name if address.is_global else ""
    return name if _somebodys(name) and ("." in name or _telling(name)) else ""


def plain_word(name: str) -> str:
    """The name, lower case, where it is one word such as `buildbox` or `x1`: looked for where a text means a host.

    "" for what everybody has, and for the short names of public places (`Host github`).
    """
    name = _cleaned(name)
    plain = "." not in name and len(name) >= _LEAST_WORD and not _telling(name) and name not in _PUBLIC_LABELS
    return name if plain and _somebodys(name) else ""


def _cleaned(name: str) -> str:
    return name.strip().rstrip(".").lower()


def _somebodys(name: str) -> bool:
    """Whether it is a name at all, and not one that everybody has."""
    if not _NAME.fullmatch(name) or _EVERYWHERE.fullmatch(name):
        return False
    return not name.replace(".", "").isdigit() and not _public(name)


def _telling(name: str) -> bool:
    """Whether a name without a dot is unlike words: it has a digit or a hyphen."""
    return len(name) >= 4 and re.search(r"[a-z].*[\d-]|\d.*[a-z]", name) is not None


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return None


def _public(name: str) -> bool:
    labels = name.split(".")
    if any(name.endswith(f".{domain}") for domain in _SHARED) and len(labels) > 3:
        return False
    return any(".".join(labels[at:]) in PUBLIC for at in range(len(labels)))


def hosts_of(names: Iterable[str], origin: str) -> Iterator[PrivateHost]:
    """The private ones of some names."""
    for name in names:
        if private := private_name(name):
            yield PrivateHost(private, origin)
        elif word := plain_word(name):
            yield PrivateHost(word, origin, word=True)


def zones_of(names: Iterable[str], origin: str) -> Iterator[PrivateHost]:
    """Domains all of whose names are private; what the operator names is not doubted."""
    for name in names:
        if zone := name.strip().strip("*.").lower():
            yield PrivateHost(zone, origin, zone=True)


def ssh_config_hosts(text: str) -> Iterator[PrivateHost]:
    """Aliases, real names and jump hosts of an ssh configuration; `*.zone` makes a zone."""
    origin = "ssh config"
    for key, values in ssh_settings(text):
        if key == "host":
            for alias in values:
                if re.fullmatch(r"\*\.[\w-]+(?:\.[\w-]+)+", alias) and private_name(alias[2:]):
                    yield from zones_of([alias], origin)
                elif not re.search(r"[*?!]", alias):
                    yield from hosts_of([alias], origin)
        elif key == "hostname":
            yield from hosts_of((value for value in values if "%" not in value), origin)
        elif key == "proxyjump":
            jumps = ",".join(values).split(",")
            yield from hosts_of((_bare(jump.removeprefix("ssh://")) for jump in jumps), origin)


def ssh_settings(text: str) -> Iterator[tuple[str, list[str]]]:
    """Keyword, in lower case, and arguments of each line of an ssh configuration."""
    for line in text.splitlines():
        words = re.split(r"[\s=]+", line.strip())
        if len(words) > 1 and not words[0].startswith("#"):
            yield words[0].lower(), [word.strip('"') for word in words[1:]]


def known_hosts(text: str) -> Iterator[PrivateHost]:
    """The plain names of a `known_hosts`; hashed ones cannot be told."""
    for line in text.splitlines():
        words = line.split()
        if len(words) < 3 or line.startswith("#"):
            continue
        names = words[1] if words[0].startswith("@") else words[0]
        if not names.startswith("|"):
            plain = [name for name in names.split(",") if not re.search(r"[*?!]", name)]
            yield from hosts_of((_bare(name) for name in plain), "known_hosts")


def hosts_file(text: str) -> Iterator[PrivateHost]:
    """Names of a hosts file, but for those that are only blocked there or stand for this machine's loopback."""
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if len(words) < 2:
            continue
        address = _address(words[0].partition("%")[0])
        own = words[0] == "127.0.1.1"  # Debian's own name of the machine
        if address is None or ((address.is_loopback or address.is_unspecified or address.is_multicast) and not own):
            continue
        yield from hosts_of(words, "the hosts file")


def kube_servers(text: str) -> Iterator[PrivateHost]:
    """Hosts of a kubeconfig's clusters."""
    for match in re.finditer(r"[\"']?server[\"']?\s*:\s*[\"']?(https?://[^\s\"',}]+)", text):
        yield from hosts_of([url_host(match[1])], "kubeconfig")


def remote_hosts(urls: Iterable[str]) -> Iterator[PrivateHost]:
    """Hosts of git remotes, in either way of writing them."""
    yield from hosts_of((url_host(url) for url in urls), "git remote")


def url_host(url: str) -> str:
    """The host of a URL or of git's short form `user@host:path`; "" where there is none."""
    if match := _SCP.match(url):
        return match[1]
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _bare(name: str) -> str:
    """A host without user, brackets and port."""
    name = name.rpartition("@")[2]
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0] if name.count(":") == 1 else name
