"""Addresses of cloud providers: https and nothing else, no user, no query, no private network."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_PATH = re.compile(r"(/[A-Za-z0-9_~:@-][A-Za-z0-9._~:@-]*)*")
_HERE = ("localhost", "localhost.localdomain")


@dataclass(frozen=True, slots=True)
class Place:
    """A host in lower case, a port, and a path without a slash at its end."""

    host: str
    port: int
    path: str


def parse_place(text: str, *, private: bool) -> Place:
    """Read an address. `private`: hosts of private networks may stand in it. Raises ValueError in words."""
    scheme, mark, rest = text.strip().partition("://")
    if not mark or scheme.lower() != "https":
        raise ValueError("a cloud provider is reached by https:// alone: write https://HOST")
    if any(sign in rest for sign in "@?#"):
        raise ValueError("no user, password, query or fragment belongs into an address: write https://HOST")
    place, slash, path = rest.partition("/")
    path = (slash + path).rstrip("/")
    if not _PATH.fullmatch(path):
        raise ValueError("its path holds what no path of an API holds")
    host, port = _host_and_port(place)
    ip = _ip(host)
    if not private and (host in _HERE or (ip is not None and not is_public(str(ip)))):
        raise ValueError(
            f"{host} is in a private network: for a server of your own there, name its authority in ca_file"
        )
    return Place(host, port, path)


def is_public(ip: str) -> bool:
    """Whether an IP address belongs to the public internet: not to a private, local, reserved or shared network."""
    address = _ip(ip)
    if isinstance(address, ipaddress.IPv6Address):
        # Addresses that carry one of IPv4 lead where that leads.
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return is_public(str(inner))
    return address is not None and address.is_global and not address.is_multicast


def _host_and_port(place: str) -> tuple[str, int]:
    """The host in lower case and the port. Raises ValueError."""
    if place.startswith("["):
        host, _, number = place[1:].partition("]")
        colon, number = number[:1], number[1:]
        if _ip(host) is None or colon not in ("", ":"):
            raise ValueError("what stands in brackets is no IPv6 address")
    else:
        host, colon, number = place.partition(":")
        if not _HOST.fullmatch(host.lower()):
            raise ValueError("it names no host: write https://HOST")
        # `127.1` and `0x7f.1` are addresses to some resolvers, and no names to anybody.
        if _ip(host) is None and re.fullmatch(r"(0x[0-9a-f]*|[0-9]+)", host.lower().rsplit(".", 1)[-1]):
            raise ValueError("its host is neither a name nor an IP address")
    if colon and not (number.isascii() and number.isdigit() and len(number) <= 5 and 0 < int(number) < 65536):
        raise ValueError("its port is no number from 1 to 65535")
    return host.lower(), int(number) if colon else 443


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text) if "%" not in text else None
    except ValueError:
        return None
