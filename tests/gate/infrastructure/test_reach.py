"""From where an address can be reached, and which addresses say nothing of anybody."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b4tui.gate.infrastructure.reach import Reach, reach_of_ipv4, reach_of_ipv6


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "172.16.0.9", "172.31.255.1", "192.168.1.1", "169.254.7.7", "100.64.0.1"]
)
def test_private(address: str) -> None:
    assert reach_of_ipv4(address) is Reach.PRIVATE


@pytest.mark.parametrize("address", ["91.12.3.43", "172.32.0.1", "192.169.0.1", "100.128.0.1", "5.9.100.77"])
def test_public(address: str) -> None:
    assert reach_of_ipv4(address) is Reach.PUBLIC


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",
        "192.0.2.9",
        "198.51.100.1",
        "203.0.113.7",
        "255.255.255.0",
        "224.0.0.1",
        "8.8.8.8",
        "169.254.169.254",
        "1.2.3.4",
        "300.1.2.3",
        "01.2.3.4",
        "1.2.3",
    ],
)
def test_what_says_nothing(address: str) -> None:
    assert reach_of_ipv4(address) is None


@settings(max_examples=50, deadline=None)
@given(st.ip_addresses(v=4))
def test_what_the_standard_library_calls_private_is_never_called_public(address: ipaddress.IPv4Address) -> None:
    assert not (address.is_private and reach_of_ipv4(str(address)) is Reach.PUBLIC)


@pytest.mark.parametrize(
    ("address", "reach"),
    [
        ("fd7b:4d8c:a6ce::828b", Reach.PRIVATE),
        ("fe80::1", Reach.PRIVATE),
        ("2a01:4f8:c17::1", Reach.PUBLIC),
        ("684d:1111:222:3333:4444:5555:6:77", Reach.PUBLIC),
        ("::1", None),
        ("::", None),
        ("2001:db8::1", None),
        ("ff02::1", None),
        ("fe80::", None),
        ("a::b1", None),
        ("10:11:12", None),
        ("::ffff:10.0.0.1", None),
    ],
)
def test_ipv6(address: str, reach: Reach | None) -> None:
    assert reach_of_ipv6(address) is reach
