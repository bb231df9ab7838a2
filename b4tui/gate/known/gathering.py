"""Gather what this machine knows: read its files once, keep hashes of secrets and names of hosts and people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from b4tui.gate.known.authors import authors, remotes
from b4tui.gate.known.hosts import (
    hosts_file,
    known_hosts,
    kube_servers,
    remote_hosts,
    ssh_config_hosts,
    ssh_settings,
    zones_of,
)
from b4tui.gate.known.known import Known
from b4tui.gate.known.names import Names
from b4tui.gate.known.people import authors_of, people_listed
from b4tui.gate.known.reading import Reader
from b4tui.gate.known.secret_places import kube_files, secrets_here
from b4tui.gate.known.sought import PersonWord, PrivateHost
from b4tui.gate.known.vault import Vault
from b4tui.outward_sections import GateConfig


def gather_known(
    config: GateConfig,
    hub: Path | None,
    environ: Mapping[str, str],
    home: Path,
    key: bytes,
    hosts_at: Path = Path("/etc/hosts"),
) -> Known:
    """Read what this machine knows. `key` seals the hashes of its secrets; it is made for this process.

    Never raises for a file that is broken, missing or not to be read; it says so in `warnings`.
    """
    warnings: list[str] = []
    reader = Reader(hub, warnings.append)
    vault = Vault(secrets_here(config.secrets_from, environ, home, hub, reader), key)
    names = Names(
        _hosts(config, hub, environ, home, hosts_at, reader),
        _people(config, hub, environ, home, reader),
    )
    return Known(vault, names, tuple(dict.fromkeys(warnings)))


def _hosts(
    config: GateConfig, hub: Path | None, environ: Mapping[str, str], home: Path, hosts_at: Path, reader: Reader
) -> Iterator[PrivateHost]:
    yield from zones_of(config.domains, "gate.domains")
    sources = config.hosts_from
    if "ssh" in sources:
        for text in _ssh_configs(home, reader):
            yield from ssh_config_hosts(text)
        for name in ("known_hosts", "known_hosts2"):
            yield from known_hosts(reader.text(home / ".ssh" / name))
    if "hosts" in sources:
        yield from hosts_file(reader.text(hosts_at))
    if "kube" in sources:
        for path in kube_files(environ, home):
            yield from kube_servers(reader.text(path))
    if "git" in sources and hub is not None:
        yield from remote_hosts(remotes(hub, environ, reader.warn))


def _ssh_configs(home: Path, reader: Reader) -> Iterator[str]:
    """The ssh configuration, and the files of the same folder that it includes."""
    folder = home / ".ssh"
    text = reader.text(folder / "config")
    yield text
    for key, values in ssh_settings(text):
        for value in values if key == "include" else ():
            pattern = value.removeprefix("~/.ssh/")
            if not pattern.startswith(("/", "~")) and ".." not in pattern:
                yield from map(reader.text, reader.files(folder, pattern))


def _people(
    config: GateConfig, hub: Path | None, environ: Mapping[str, str], home: Path, reader: Reader
) -> Iterator[PersonWord]:
    if config.people_file:
        yield from _listed(config.people_file, home, reader)
    if config.people_from_git and hub is not None:
        yield from authors_of(authors(hub, environ, reader.warn))


def _listed(name: str, home: Path, reader: Reader) -> Iterator[PersonWord]:
    path = home / name.removeprefix("~/") if name.startswith("~/") else Path(name)
    text = reader.text(path)
    if not text.strip():
        reader.warn(f"gate.people_file {path.name} holds nobody, or is not there; see `people_file` in the settings")
    yield from people_listed(text)
