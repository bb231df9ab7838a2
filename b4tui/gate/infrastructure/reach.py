"""From where an address can be reached, and whether that says anything about the operator (research/gate.md 6.1).

Documentation ranges (RFC 5737, 3849, 9637), loopback, masks, multicast and the resolvers everybody uses say nothing.
"""

from __future__ import annotations

import ipaddress
from enum import StrEnum


class Reach(StrEnum):
    """Who can reach an address that says something."""

    PRIVATE = "private"
    PUBLIC = "public"


_WELL_KNOWN = frozenset(
    (
        "1.2.3.4",
        "5.6.7.8",
        "8.8.8.8",
        "8.8.4.4",
        "1.1.1.1",
        "1.0.0.1",
        "9.9.9.9",
        "149.112.112.112",
        "208.67.222.222",
        "208.67.220.220",
    )
)
_METADATA = "169.254.169.254"
"""The metadata service of the clouds: the same address on every machine."""
WHOLE_RANGES = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10")
"""The private ranges as a whole, which RFC 1918, 3927 and 6598 name: everybody's, and so nobody's."""
_DOCUMENTATION = ((192, 0, 2), (198, 51, 100), (203, 0, 113))
_DOCUMENTATION_6 = (ipaddress.IPv6Network("2001:db8::/32"), ipaddress.IPv6Network("3fff::/20"))
_LOCAL_6 = ipaddress.IPv6Network("fc00::/7")
_GROUPS = 4
"""Groups that make an address even outside the ranges in use; with fewer it may be code (`a::b1`)."""
_GLOBAL_6 = ipaddress.IPv6Network("2000::/3")


def reach_of_ipv4(address: str) -> Reach | None:
    """The reach of a dotted address; None for one that is none, or that says nothing."""
    parts = address.split(".")
    if len(parts) != 4 or any(len(part) > 1 and part[0] == "0" for part in parts):
        return None
    octets = tuple(int(part) for part in parts)
    if any(octet > 255 for octet in octets):
        return None
    if octets[0] in (0, 127) or octets[0] >= 224 or octets[:3] in _DOCUMENTATION:
        return None
    if address in _WELL_KNOWN or address == _METADATA:
        return None
    return Reach.PRIVATE if _is_private(octets) else Reach.PUBLIC


def _is_private(octets: tuple[int, ...]) -> bool:
    """RFC 1918, link-local, shared space of providers (RFC 6598), IETF assignments and benchmarks (RFC 6890)."""
    first, second, third, _ = octets
    return (
        first == 10
        or (first == 172 and 16 <= second <= 31)
        or (first == 192 and second == 168)
        or (first == 169 and second == 254)
        or (first == 100 and 64 <= second <= 127)
        or (first == 192 and second == 0 and third == 0)
        or (first == 198 and second in (18, 19))
    )


def reach_of_ipv6(address: str) -> Reach | None:
    """The reach of an address in colons, without zone or prefix length; None as for the other kind.

    One that holds a dotted address says nothing by itself: that address is found in it.
    """
    try:
        parsed = ipaddress.IPv6Address(address)
    except ValueError:
        return None
    if "." in address or parsed.is_loopback or parsed.is_unspecified or parsed.is_multicast:
        return None
    if any(parsed in network for network in _DOCUMENTATION_6):
        return None
    groups = sum(1 for group in address.split(":") if group)
    if groups < 2:
        return None  # the name of a range
    if parsed.is_link_local or parsed in _LOCAL_6:
        return Reach.PRIVATE
    if max(map(len, address.split(":"))) < 2:
        return None  # letters between colons, as programs list their options
    return Reach.PUBLIC if (parsed in _GLOBAL_6 or groups >= _GROUPS) and parsed.is_global else None
