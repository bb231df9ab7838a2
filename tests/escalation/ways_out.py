"""Ways out of a Python process, each a function that tries one to HOST (203.0.113.7) at its own port.

Run as a program, in `closed_world`: it puts the guard in, tries them all, and prints for each whether the guard stopped
it. What then left is in the closed world's log: by port, or by the name that was looked up.
"""

from __future__ import annotations

import _socket
import asyncio
import ctypes
import ctypes.util
import ftplib
import http.client
import importlib
import importlib.abc
import json
import multiprocessing
import os
import smtplib
import socket
import ssl
import struct
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable

from b4tui.escalation.guard import EgressGuard, EgressStopped

HOST, HOST6 = "203.0.113.7", "2001:db8::7"
WAIT = 0.3
Way = Callable[[int], object]


def name_of(port: int) -> str:
    """A name that only this way looks up."""
    return f"way{port}.invalid"


def program(port: int) -> list[str]:
    """Another program that connects: a Python without our guard."""
    code = f"import socket; socket.create_connection(({HOST!r}, {port}), {WAIT})"
    return [sys.executable, "-I", "-S", "-c", code]


def _c_library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _c_connect(port: int) -> None:
    library = _c_library()
    number = library.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK, 0)
    address = struct.pack("=HH4s8s", socket.AF_INET, socket.htons(port), socket.inet_aton(HOST), b"")
    library.connect(number, address, len(address))
    os.close(number)


def _from_thread(port: int) -> None:
    raised: list[BaseException] = []

    def run() -> None:
        try:
            socket.create_connection((HOST, port), WAIT)
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    raise raised[0]


class _FromTheNet(importlib.abc.MetaPathFinder):
    def __init__(self, port: int) -> None:
        self.port = port

    def find_spec(self, name: str, *rest: object) -> None:
        if name == "a_module_from_the_net":
            urllib.request.urlopen(f"http://{HOST}:{self.port}/{name}.py", timeout=WAIT)


def _import_hook(port: int) -> None:
    finder = _FromTheNet(port)
    sys.meta_path.insert(0, finder)
    try:
        importlib.import_module("a_module_from_the_net")
    finally:
        sys.meta_path.remove(finder)


def _forked(port: int) -> None:
    child = os.fork()
    if not child:
        code = 1
        try:
            socket.create_connection((HOST, port), WAIT)
        except EgressStopped:
            code = 3
        except OSError:
            code = 4
        os._exit(code)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3:
        raise EgressStopped("in the child")


def _spawned(port: int) -> None:
    process = multiprocessing.get_context("spawn").Process(target=socket.create_connection, args=((HOST, port), WAIT))
    process.start()
    process.join()


async def _datagrams(port: int) -> None:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=(HOST, port)
    )
    transport.sendto(b"x")
    await asyncio.sleep(0)
    transport.close()


def _httpx(port: int) -> None:
    import httpx

    httpx.get(f"http://{HOST}:{port}/", timeout=WAIT, trust_env=False)


def _requests(port: int) -> None:
    import requests

    requests.get(f"http://{HOST}:{port}/", timeout=WAIT)


def _udp() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def _nonblocking(maker: Callable[..., socket.socket], family: int = socket.AF_INET) -> socket.socket:
    made = maker(family, socket.SOCK_STREAM)
    made.setblocking(False)
    return made


def _subinterpreter(port: int) -> None:
    interpreters = importlib.import_module("_xxsubinterpreters")
    code = f"import socket; s = socket.socket(); s.setblocking(False); s.connect_ex(({HOST!r}, {port}))"
    interpreters.run_string(interpreters.create(), code)


def _tls(port: int) -> None:
    ssl.create_default_context().wrap_socket(socket.socket(), server_hostname=HOST).connect((HOST, port))


STOPPED: dict[str, Way] = {
    "socket.create_connection": lambda port: socket.create_connection((HOST, port), WAIT),
    "socket.connect_ex": lambda port: _nonblocking(socket.socket).connect_ex((HOST, port)),
    "socket over IPv6": lambda port: _nonblocking(socket.socket, socket.AF_INET6).connect((HOST6, port)),
    "the C module's own socket": lambda port: _nonblocking(_socket.socket).connect((HOST, port)),
    "UDP sendto": lambda port: _udp().sendto(b"x", (HOST, port)),
    "UDP sendmsg": lambda port: _udp().sendmsg([b"x"], [], 0, (HOST, port)),
    "UDP connect and send": lambda port: _udp().connect((HOST, port)),
    "a raw socket": lambda port: socket.socket(socket.AF_INET, socket.SOCK_RAW, 253).sendto(b"x", (HOST, port)),
    "TLS": _tls,
    "asyncio streams": lambda port: asyncio.run(asyncio.wait_for(asyncio.open_connection(HOST, port), WAIT)),
    "asyncio datagrams": lambda port: asyncio.run(_datagrams(port)),
    "http.client": lambda port: http.client.HTTPConnection(HOST, port, timeout=WAIT).request("GET", "/"),
    "urllib": lambda port: urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
        f"http://{HOST}:{port}/", timeout=WAIT
    ),
    "requests": _requests,
    "httpx": _httpx,
    "smtplib": lambda port: smtplib.SMTP(HOST, port, timeout=WAIT),
    "ftplib": lambda port: ftplib.FTP().connect(HOST, port, WAIT),
    "a thread": _from_thread,
    "a forked process": _forked,
    "an import hook": _import_hook,
    "a proxy from the environment": lambda port: urllib.request.build_opener(
        urllib.request.ProxyHandler({"http": f"http://{HOST}:{port}"})
    ).open("http://127.0.0.1:9/", timeout=WAIT),
    "a name looked up": lambda port: socket.getaddrinfo(name_of(port), 80),
    "gethostbyname": lambda port: socket.gethostbyname(name_of(port)),
    "the name of an address": lambda port: socket.gethostbyaddr(HOST),
    "a name given to connect": lambda port: socket.socket().connect((name_of(port), port)),
    "a name given to sendto": lambda port: _udp().sendto(b"x", (name_of(port), port)),
    "a name given to sendmsg": lambda port: _udp().sendmsg([b"x"], [], 0, (name_of(port), port)),
    "a name as a bytearray": lambda port: socket.socket().connect((bytearray(name_of(port).encode()), port)),
    "a name below localhost": lambda port: socket.getaddrinfo(f"way{port}.localhost", 80),
    "listening for others": lambda port: socket.socket().bind(("0.0.0.0", port)),
    "listening without an address": lambda port: socket.socket().listen(),
}
"""What the guard stops."""

LEAVES: dict[str, Way] = {
    "ctypes and the C library": _c_connect,
    "the C library's look-up": lambda port: _c_library().getaddrinfo(
        name_of(port).encode(), b"80", None, ctypes.byref(ctypes.c_void_p())
    ),
    "a name given to the C module's socket": lambda port: _socket.socket().connect((name_of(port), port)),
    "another program": lambda port: subprocess.run(program(port), stderr=subprocess.DEVNULL, check=False),
    "a spawned worker": _spawned,
    "os.posix_spawn": lambda port: os.waitpid(os.posix_spawn(sys.executable, program(port), os.environ), 0),
    "a sub-interpreter": _subinterpreter,
}
"""What only the operating system can stop: a sandbox, a network namespace, a firewall."""


def main() -> None:
    """Try them all and say what the guard did."""
    guard = EgressGuard()
    guard.install()
    ways = {**STOPPED, **LEAVES}
    answers = {}
    for port, (name, way) in enumerate(ways.items(), 4001):
        outcome = "done"
        try:
            way(port)
        except EgressStopped:
            outcome = "stopped"
        except BaseException as error:
            outcome = "stopped" if _by_guard(error) else f"{type(error).__name__}"
        answers[name] = {"port": port, "outcome": outcome}
    sys.stdout.write(json.dumps({"answers": answers, "recorded": [attempt.where for attempt in guard.attempts()]}))
    sys.stdout.flush()
    os._exit(0)


def _by_guard(error: BaseException) -> bool:
    """Libraries wrap what stopped them."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        if isinstance(current, EgressStopped) or "b4tui's guard stopped" in str(current):
            return True
        current = current.__cause__ or current.__context__
    return False


if __name__ == "__main__":
    main()
