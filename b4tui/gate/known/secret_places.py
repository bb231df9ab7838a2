"""Where a machine keeps secrets, and how they are read there (research/gate.md 6.4)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from b4tui.gate.known.reading import Reader
from b4tui.gate.known.values import (
    Named,
    docker_logins,
    key_pieces,
    kube_keys,
    netrc_passwords,
    pgpass_passwords,
    secrets_in,
    secrets_of,
    url_logins,
)
from b4tui.gate.known.vault import KnownValue

_TOKEN_FILES = (".vault-token", ".cache/huggingface/token", ".huggingface/token")
"""Files whose whole text is one token."""

_CLOUD_FILES = (
    ".aws/credentials",
    ".azure/accessTokens.json",
    ".azure/msal_token_cache.json",
    ".cargo/credentials.toml",
    ".config/doctl/config.yaml",
    ".config/gcloud/application_default_credentials.json",
    ".config/gh/hosts.yml",
    ".config/glab-cli/config.yml",
    ".config/hcloud/cli.toml",
    ".config/pip/pip.conf",
    ".config/rclone/rclone.conf",
    ".git-credentials",
    ".my.cnf",
    ".npmrc",
    ".pypirc",
    ".terraform.d/credentials.tfrc.json",
)
_NO_DOTENV = (".example", ".sample", ".template", ".dist")
_KEY_FOLDERS = (".ssh", ".config/sops/age", ".config/age", ".age")


def secrets_here(
    sources: Iterable[str], environ: Mapping[str, str], home: Path, hub: Path | None, reader: Reader
) -> Iterator[KnownValue]:
    """All secrets found in the sources (names of `gate.secrets_from`). Never raises for what a file holds."""
    ordinary = {environ.get(name, "") for name in ("USER", "LOGNAME", "HOSTNAME", "HOME", "SHELL")} | {home.name}
    places: Mapping[str, Callable[[], Iterator[KnownValue]]] = {
        "environment": lambda: _environment(environ),
        "netrc": lambda: _file(home / ".netrc", netrc_passwords, reader),
        "dotenv": lambda: _dotenv(home, hub, reader),
        "kube": lambda: _kube(environ, home, reader),
        "cloud": lambda: _cloud(environ, home, reader),
        "docker": lambda: _file(_docker(environ, home), docker_logins, reader),
        "keys": lambda: _keys(home, reader),
    }
    for source in dict.fromkeys(sources):
        for known in places[source]():
            if known.value not in ordinary:
                yield known


def _environment(environ: Mapping[str, str]) -> Iterator[KnownValue]:
    for name, value in sorted(environ.items()):
        for _, found in (*secrets_of(name, value), *url_logins(value)):
            yield KnownValue(found, f"environment {name}")
        for _, piece in key_pieces(value):
            yield KnownValue(piece, f"environment {name}", thorough=False)


def _file(path: Path, read: Callable[[str], Iterable[Named]], reader: Reader) -> Iterator[KnownValue]:
    for name, value in read(reader.text(path)):
        yield KnownValue(value, f"{_called(path)}, {name}")


def _called(path: Path) -> str:
    """A file as a finding calls it: `.aws/credentials`, `.netrc`."""
    folder = path.parent.name
    return f"{folder}/{path.name}" if folder.startswith(".") else path.name


def _dotenv(home: Path, hub: Path | None, reader: Reader) -> Iterator[KnownValue]:
    for folder in (home, *((hub,) if hub else ())):
        for path in (*reader.files(folder, ".env"), *reader.files(folder, ".env.*"), *reader.files(folder, "*.env")):
            if not path.name.endswith(_NO_DOTENV):
                yield from _settings(path, reader)


def _kube(environ: Mapping[str, str], home: Path, reader: Reader) -> Iterator[KnownValue]:
    for path in kube_files(environ, home):
        yield from _file(path, secrets_in, reader)
        for name, piece in kube_keys(reader.text(path)):
            yield KnownValue(piece, f"{_called(path)}, {name}", thorough=False)


def kube_files(environ: Mapping[str, str], home: Path) -> list[Path]:
    """The kubeconfig files in force: those of KUBECONFIG, else the usual one."""
    named = [Path(name).expanduser() for name in environ.get("KUBECONFIG", "").split(os.pathsep) if name]
    return named or [home / ".kube" / "config"]


def _cloud(environ: Mapping[str, str], home: Path, reader: Reader) -> Iterator[KnownValue]:
    named = (environ.get("AWS_SHARED_CREDENTIALS_FILE", ""), environ.get("GOOGLE_APPLICATION_CREDENTIALS", ""))
    for path in (*(home / name for name in _CLOUD_FILES), *(Path(name).expanduser() for name in named if name)):
        yield from _settings(path, reader)
    yield from _file(home / ".pgpass", pgpass_passwords, reader)
    for name in _TOKEN_FILES:
        yield from _file(home / name, _whole_token, reader)


def _whole_token(text: str) -> Iterator[Named]:
    return secrets_of("token", text.strip())


def _settings(path: Path, reader: Reader) -> Iterator[KnownValue]:
    """The secrets of a settings file, and the keys in it."""
    text = reader.text(path)
    for name, value in secrets_in(text):
        yield KnownValue(value, f"{_called(path)}, {name}")
    for name, piece in key_pieces(text):
        yield KnownValue(piece, f"{_called(path)}, {name}", thorough=False)


def _docker(environ: Mapping[str, str], home: Path) -> Path:
    folder = environ.get("DOCKER_CONFIG", "")
    return (Path(folder).expanduser() if folder else home / ".docker") / "config.json"


def _keys(home: Path, reader: Reader) -> Iterator[KnownValue]:
    """Private keys of ssh and age, by the pieces of their bodies."""
    for folder in _KEY_FOLDERS:
        public = "\n".join(reader.text(path) for path in reader.files(home / folder, "*.pub"))
        for path in reader.files(home / folder, "*"):
            if path.suffix == ".pub" or path.name.startswith(("known_hosts", "config", "authorized_keys")):
                continue
            if path.is_file():
                for name, piece in key_pieces(reader.text(path), public):
                    yield KnownValue(piece, f"{_called(path)}, {name}", thorough=False)
