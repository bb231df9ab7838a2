"""A network namespace of its own in which every address there is belongs to this machine, and every packet is seen.

Run as a program: `python tests/closed_world.py LOG COMMAND...`. Whatever the command sends to any address that is no
loopback goes nowhere, and is written to LOG, a JSON object a line: protocol, destination, port, and the names in DNS
questions. The exit code is the command's; 77 when this machine makes no such namespaces.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

UNAVAILABLE = 77
SENTINEL = ("198.51.100.254", 9)
_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1
_ALL_PROTOCOLS = 0x0003


def enter() -> None:
    """Leave the machine's network for an empty one. Raises OSError where that is not allowed."""
    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_USER | _NEW_NET):
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        name = struct.pack("16sH14s", b"lo", 0, b"")
        flags = struct.unpack("16sH14s", fcntl.ioctl(control, _GET_FLAGS, name))[1]
        fcntl.ioctl(control, _SET_FLAGS, struct.pack("16sH14s", b"lo", flags | _UP, b""))
    for family in (socket.AF_INET, socket.AF_INET6):
        _everything_is_local(family)


def _everything_is_local(family: int) -> None:
    """`ip route add local default dev lo`, in netlink's words (rtnetlink(7))."""
    new_route, create_request = 24, 0x1 | 0x4 | 0x400
    local_table, boot, host_scope, local_type, out_interface = 255, 3, 254, 2, 4
    route = struct.pack("=BBBBBBBBI", family, 0, 0, 0, local_table, boot, host_scope, local_type, 0)
    attribute = struct.pack("=HHI", 8, out_interface, socket.if_nametoindex("lo"))
    body = route + attribute
    head = struct.pack("=IHHII", 16 + len(body), new_route, create_request, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        netlink.sendto(head + body, (0, 0))
        code = struct.unpack_from("=i", netlink.recv(4096), 16)[0]
    if code and not (family == socket.AF_INET6 and -code in (errno.EAFNOSUPPORT, errno.EOPNOTSUPP, errno.ENODEV)):
        raise OSError(-code, "a route for everything")


def watch(log: Path, ready: int) -> None:
    """Write down every packet to an address that is no loopback, until the one to the sentinel."""
    seen: set[str] = set()
    with (
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL_PROTOCOLS)) as sniffer,
        log.open("w") as out,
    ):
        sniffer.bind(("lo", 0))
        os.write(ready, b".")
        while True:
            packet = _read(sniffer.recv(65536))
            if packet is None:
                continue
            if (packet["to"], packet["port"]) == SENTINEL:
                return
            line = json.dumps(packet)
            if line not in seen:
                seen.add(line)
                out.write(line + "\n")


def _read(frame: bytes) -> dict[str, Any] | None:
    kind, data = struct.unpack_from("!H", frame, 12)[0], frame[14:]
    if kind == 0x0800:
        protocol, to, rest = data[9], ip_address(data[16:20]), data[(data[0] & 15) * 4 :]
    elif kind == 0x86DD:
        protocol, to, rest = data[6], ip_address(data[24:40]), data[40:]
    else:
        return None
    # What the kernel says by itself (neighbours, errors) is no word of the program's.
    if to.is_loopback or (to.is_multicast and protocol != 17) or protocol in (1, 58):
        return None
    name = {6: "tcp", 17: "udp"}.get(protocol, str(protocol))
    if protocol == 6 and not (rest[13] & 0x02 and not rest[13] & 0x10):
        return None  # the answers of the kernel to a first packet
    port = struct.unpack_from("!H", rest, 2)[0] if protocol in (6, 17) else 0
    asked = _asked(rest[8:]) if protocol == 17 and port == 53 else ""
    return {"protocol": name, "to": str(to), "port": port, "name": asked}


def _asked(question: bytes) -> str:
    labels, at = [], 12
    while at < len(question) and question[at]:
        labels.append(question[at + 1 : at + 1 + question[at]].decode("ascii", "replace"))
        at += 1 + question[at]
    return ".".join(labels)


def main() -> int:
    """Watch while the command runs."""
    log, command = Path(sys.argv[1]), sys.argv[2:]
    try:
        enter()
    except OSError as error:
        sys.stderr.write(f"no closed world here: {error}\n")
        return UNAVAILABLE
    reading, writing = os.pipe()
    watcher = os.fork()
    if not watcher:
        with suppress(BaseException):
            watch(log, writing)
        os._exit(0)
    os.read(reading, 1)
    code = subprocess.run(command, check=False).returncode
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
        last.sendto(b".", SENTINEL)
    os.waitpid(watcher, 0)
    return code


if __name__ == "__main__":
    sys.exit(main())
