"""Where a model server is, and whether prompts may be sent there.

Shapes of an address are those Ollama itself reads from OLLAMA_HOST: `host`, `host:port`, `:port`, `scheme://host`,
IPv6 with or without brackets. Nothing here asks a name server: only what is this machine by its very form is local.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass

from b4tui.config import ConfigError, EngineConfig

DEFAULT_PORT = 11434
DEFAULT_ADDRESS = f"http://127.0.0.1:{DEFAULT_PORT}"
CLOUD_HOSTS = frozenset(
    {
        "ollama.com",
        "ollama.ai",
        "openai.com",
        "anthropic.com",
        "openrouter.ai",
        "googleapis.com",
        "mistral.ai",
        "groq.com",
        "deepseek.com",
        "together.ai",
        "together.xyz",
        "fireworks.ai",
        "huggingface.co",
        "x.ai",
    }
)
_PORTS = {"vllm": 8000, "openai": 8000, "llama-server": 8080, "localai": 8080}  # what each listens on by itself
_SCHEME_PORTS = {"http": 80, "https": 443}
_HOST_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?")
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*")


class AddressError(ConfigError):
    """An address cannot be used; the message says where it came from and what to write instead."""


@dataclass(frozen=True, slots=True)
class Address:
    """A server's base URL without a slash at its end. `loopback`: it is this machine."""

    scheme: str
    host: str
    port: int
    path: str
    loopback: bool

    @property
    def url(self) -> str:
        """The base URL."""
        return f"{self.scheme}://{self.place}{self.path}"

    @property
    def place(self) -> str:
        """`host:port`, for a sentence."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def engine_address(name: str, config: EngineConfig, environ: Mapping[str, str]) -> Address:
    """The address of `[engines.NAME]`. For Ollama: its own, else OLLAMA_HOST, else this machine's port 11434.

    A server of another kind has no usual place, so that its address must be given. `pinned` is the operator's word for
    the address that stands beside it, and not for whatever a variable says on another day.

    Raises AddressError when it cannot be read, is not this machine and not pinned, or belongs to a cloud.
    """
    source, text = f"engines.{name}.address", config.address
    port = _PORTS.get(config.kind, DEFAULT_PORT)
    example = f"http://127.0.0.1:{port}"
    if not text.strip() and config.kind in _PORTS:
        raise AddressError(f"{source} is empty: write where the server listens, like {example}")
    if not text.strip():
        source, text = "OLLAMA_HOST", environ.get("OLLAMA_HOST", "")
    try:
        address = parse_address(text, port)
    except ValueError as error:
        raise AddressError(f"{source} = {text!r}: {error}. Write it like {example}") from error
    if _is_cloud(address.host):
        raise AddressError(
            f"{source}: {address.host} is a cloud service; an engine is a server of your own. "
            f"Write its address, like {example}"
        )
    if not address.loopback and not (config.pinned and source != "OLLAMA_HOST"):
        raise AddressError(
            f"{source}: {address.place} is not this machine, so prompts would leave it. If the server there is yours, "
            f'write both address = "{address.url}" and pinned = true into [engines.{name}] of your own settings'
        )
    return address


def pinned_places(engines: Mapping[str, EngineConfig]) -> tuple[tuple[str, int], ...]:
    """Host and port of every engine on another machine that the operator pinned; unreadable ones are left out."""
    found = []
    for name, config in engines.items():
        if not config.pinned or not config.address.strip():
            continue
        try:
            address = engine_address(name, config, {})
        except AddressError:
            continue  # whoever opens this engine is told
        if not address.loopback:
            found.append((address.host, address.port))
    return tuple(found)


def parse_address(text: str, default_port: int = DEFAULT_PORT) -> Address:
    """Read an address as Ollama does; "" is this machine. Raises ValueError with the reason in words."""
    cleaned = text.strip().strip("\"'").strip()
    scheme, mark, rest = cleaned.partition("://")
    if mark:
        scheme = scheme.lower()
        if scheme not in _SCHEME_PORTS:
            raise ValueError(f"{scheme}:// is not a way to reach a model server; use http:// or https://")
        port = _SCHEME_PORTS[scheme]
    else:
        scheme, rest, port = "http", cleaned, default_port
    if any(mark in rest for mark in "@?#"):
        raise ValueError("an address holds no user, password, query or fragment")
    place, slash, path = rest.partition("/")
    path = (slash + path).rstrip("/")
    if not _PATH.fullmatch(path):
        raise ValueError(f"the path {path!r} cannot be read")
    if path.rsplit("/", 1)[-1] in {"v1", "api"}:
        raise ValueError(f"leave out {path}: the address is the server's root")
    host, port = _host_and_port(place, port)
    host, loopback = _this_machine(host)
    return Address(scheme, host, port, path, loopback)


def is_this_machine(ip: str) -> bool:
    """Whether an IP address leads nowhere but here."""
    try:
        return _this_machine(ip)[1] and _ip(ip) is not None
    except ValueError:
        return False


def _host_and_port(place: str, port: int) -> tuple[str, int]:
    bare = place.removeprefix("[").removesuffix("]")
    if bare.count(":") > 1 and _ip(bare) is not None:
        return bare, port
    host, colon, number = place.rpartition(":")
    if not colon:
        host = place
    else:
        if not (number.isascii() and number.isdigit() and len(number) <= 5 and 0 < int(number) <= 65535):
            raise ValueError(f"{number!r} is not a port")
        port = int(number)
    return host.removeprefix("[").removesuffix("]"), port


def _this_machine(host: str) -> tuple[str, bool]:
    """The host to connect to, and whether it is this machine. A server that listens everywhere listens here too."""
    host = host.rstrip(".").lower()
    if not host:
        return "127.0.0.1", True
    ip = _ip(host)
    if ip is None:
        if not _HOST_NAME.fullmatch(host):
            raise ValueError(f"{host!r} is not a host")
        return host, host == "localhost"
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if ip.is_unspecified:
        return ("127.0.0.1" if ip.version == 4 else "::1"), True
    return str(ip), ip.is_loopback


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text) if "%" not in text else None
    except ValueError:
        return None


def _is_cloud(host: str) -> bool:
    return any(host == cloud or host.endswith(f".{cloud}") for cloud in CLOUD_HOSTS)
