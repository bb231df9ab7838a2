"""The egress guard: nothing in this process reaches another machine but pinned engines and what a live permit opened.

An audit hook (PEP 578) on connecting, sending, binding and looking up names, put in before anything else is imported.
It stops mistakes and libraries that phone home; it is no jail: code in this process that calls the C library itself,
or starts another program, passes it by. README says what else stands in the way there.
"""

from __future__ import annotations

import functools
import socket
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, NoReturn

REMEMBERED = 200
_LABEL_CHARS, _LABELS = 12, 6
LOOKED_UP_S = 60.0
_ADDRESSED = frozenset({"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"})
_FORWARD = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})
_NAMED = _FORWARD | {"socket.gethostbyaddr", "socket.getnameinfo"}
_WATCHED = _ADDRESSED | _NAMED
_HOME_NAMES = frozenset({"", "localhost", "localhost.localdomain", "localhost4", "localhost6", "ip6-localhost"})
# What stays within this machine's kernel by its nature.
_LOCAL_FAMILIES = frozenset(
    getattr(socket, name) for name in ("AF_UNIX", "AF_NETLINK", "AF_ALG") if hasattr(socket, name)
)
_INTERNET = frozenset({socket.AF_INET, socket.AF_INET6})
_TOLD_WHERE = {"connect": -1, "connect_ex": -1, "sendto": -1, "bind": -1, "sendmsg": 3}
"""Methods of sockets that take an address, and which of their arguments it is."""


class EgressStopped(PermissionError):
    """Something tried to reach a place that nobody approved. Libraries see a refused connection."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was stopped: the audited call, and where it led."""

    how: str
    where: str


class EgressGuard:
    """The rules of one process. Make it, `install` it once, tell it of pinned engines, then `seal` it.

    Safe to call from any thread. Nothing here can be taken back: an audit hook stays until the process ends.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pinned: frozenset[tuple[str, int]] = frozenset()
        self._addresses: dict[str, tuple[float, frozenset[str]]] = {}
        self._open: Counter[tuple[str, int]] = Counter()
        self._lock = threading.Lock()
        self._stopped: deque[Attempt] = deque(maxlen=REMEMBERED)
        self._sealed = False
        self._asking = threading.local()
        self.count = 0
        self.installed = False

    def install(self) -> None:
        """Put the hook in; a second call does nothing."""
        if not self.installed:
            self.installed = True
            sys.addaudithook(self.check)
            for method, place in _TOLD_WHERE.items():
                self._ask_before(method, functools.partial(self._name_first, place))
            self._ask_before("listen", self._not_everywhere)

    def _ask_before(self, method: str, question: Callable[[socket.socket, tuple[Any, ...]], None]) -> None:
        """Close a gap of the hook's: ask before a method of Python's sockets does what no audit event comes before."""
        inner = getattr(socket.socket, method)

        @functools.wraps(inner)
        def asked(sock: socket.socket, *args: Any) -> Any:
            if sock.family in _INTERNET:
                question(sock, args)
            return inner(sock, *args)

        setattr(socket.socket, method, asked)

    def _name_first(self, place: int, sock: socket.socket, args: tuple[Any, ...]) -> None:
        """A socket that is given a name looks it up before it says so, and a name that is looked up has left."""
        address = args[place] if args and place < len(args) else None
        host = address[0] if isinstance(address, tuple) and address else None
        if isinstance(host, str | bytes | bytearray) and not self._may_look_up(host):
            self._stop("socket.getaddrinfo", _shown(_plain(_said(host))))

    def _not_everywhere(self, sock: socket.socket, args: tuple[Any, ...]) -> None:
        """A socket that was bound to nothing listens on every address."""
        host, port = sock.getsockname()[:2]
        if not _is_home(_plain(host)):
            self._stop("socket.listen", f"{host}:{port} (to be reached from elsewhere)")

    def pin(self, host: str, port: int) -> None:
        """An engine at this address is the operator's own. Raises EgressStopped once the guard is sealed."""
        with self._lock:
            if self._sealed:
                raise EgressStopped(f"the guard is sealed: {host}:{port} cannot be pinned any more; start b4tui anew")
            self._pinned |= {(_plain(host), port)}

    def seal(self) -> None:
        """No engine is pinned from now on."""
        self._sealed = True

    @contextmanager
    def opening(self, host: str, port: int) -> Iterator[None]:
        """While a live permit is being used: this name may be looked up, and this address connected to."""
        place = (_plain(host), port)
        with self._lock:
            self._open[place] += 1
        try:
            yield
        finally:
            with self._lock:
                self._open[place] -= 1
                if not self._open[place]:
                    del self._open[place]

    def connecting(self, ip: str, port: int) -> AbstractContextManager[None]:
        """While a live permit is being used: this address of the name that it opened may be connected to."""
        return self.opening(ip, port)

    def attempts(self) -> tuple[Attempt, ...]:
        """What was stopped since the last call, oldest first; at most the last two hundred."""
        found = []
        while self._stopped:
            found.append(self._stopped.popleft())
        return tuple(found)

    def check(self, event: str, args: tuple[object, ...]) -> None:
        """Judge an audit event, as the hook does. Raises EgressStopped."""
        if event not in _WATCHED:
            return
        if event in _NAMED:
            host = args[0] if args else None
            # Who asks for the name of an address tells a name server the address.
            allowed = self._may_look_up(host) and (event in _FORWARD or _is_home(_plain(_said(_host_of(host)))))
            where = _shown(_plain(_said(_host_of(host))))
        else:
            allowed, where = self._may_reach(event, args)
        if not allowed:
            self._stop(event, where)

    def _stop(self, event: str, where: str) -> NoReturn:
        self.count += 1
        self._stopped.append(Attempt(event, where))
        raise EgressStopped(f"b4tui's guard stopped {event} to {where}: nothing leaves but approved payloads")

    def _may_look_up(self, host: object) -> bool:
        host = _host_of(host)
        if host is None:
            return True
        name = _plain(_said(host))
        if name in _HOME_NAMES or _is_address(name):
            return True
        with self._lock:
            return any(name == place for place, _ in (*self._pinned, *self._open))

    def _may_reach(self, event: str, args: tuple[object, ...]) -> tuple[bool, str]:
        sock, address = (args[0], args[1]) if len(args) > 1 else (None, None)
        family = getattr(sock, "family", None)
        if family in _LOCAL_FAMILIES:
            return True, ""
        if event == "socket.sendmsg" and address is None:
            return True, ""  # on a connected socket, and the connecting was looked at
        if family not in _INTERNET or not isinstance(address, tuple) or len(address) < 2:
            return False, f"an address of family {getattr(family, 'name', family)}"
        host, port = _plain(_said(address[0])), address[1]
        where = f"{_shown(host)}:{port}"
        if _is_home(host):
            return True, where
        if event == "socket.bind":
            return False, f"{where} (to be reached from elsewhere)"
        return isinstance(port, int) and self._is_open(host, port), where

    def _is_open(self, host: str, port: int) -> bool:
        with self._lock:
            if (host, port) in self._open or (host, port) in self._pinned:
                return True
            names = [name for name, at in self._pinned if at == port and not _is_address(name)]
        return any(host in self._looked_up(name) for name in names)

    def _looked_up(self, name: str) -> frozenset[str]:
        """The addresses of a pinned engine's name, asked for at most once a minute."""
        asked, known = self._addresses.get(name, (0.0, frozenset()))
        if known and self._clock() - asked < LOOKED_UP_S:
            return known
        if getattr(self._asking, "now", False):
            return known
        self._asking.now = True
        try:
            rows = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
            known = frozenset(_plain(str(row[4][0])) for row in rows)
        except OSError:
            known = frozenset()
        finally:
            self._asking.now = False
        self._addresses[name] = (self._clock(), known)
        return known


def _host_of(asked: object) -> object:
    """What a look-up is about: `getnameinfo` asks for the name of an address, which is a pair."""
    return (asked[0] if asked else None) if isinstance(asked, tuple) else asked


def _shown(host: str) -> str:
    """A host for a person and the record, long labels shortened: what somebody wants to get out may stand in them."""
    labels = [label if len(label) <= _LABEL_CHARS else f"{label[:2]}…({len(label)})" for label in host.split(".")]
    return ".".join(labels if len(labels) <= _LABELS else ["…", *labels[-_LABELS:]])


def _said(value: object) -> str:
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode("utf-8", "backslashreplace")
    return str(value)


def _plain(host: str) -> str:
    """A host as it is compared: lower case, without the root's dot, and an IPv6 address without brackets or interface.

    Nothing else is taken off: a resolver would ask for the whole of it.
    """
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    address = bare.partition("%")[0]
    return address.casefold() if ":" in address and _is_address(address) else host.removesuffix(".").casefold()


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_home(host: str) -> bool:
    if host in _HOME_NAMES - {""}:
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
