"""Cloud providers as the settings name them, checked as a whole before any is used. None are there by default."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from b4tui.config import ConfigError, Settings
from b4tui.escalation.door.keys import ApiKey, find_key
from b4tui.escalation.door.places import Place, parse_place
from b4tui.escalation.types import Destination
from b4tui.outward_sections import EscalationConfig

_NAME_LIMIT = 200


class Api(StrEnum):
    """The form of a provider's API."""

    ANTHROPIC = "anthropic"  # Messages
    OPENAI = "openai"  # chat completions, and whatever speaks them: OpenRouter, vLLM elsewhere, Gemini
    OLLAMA = "ollama"  # Ollama's own /api/chat


# The usual path of each form, and those of hosts that serve it elsewhere (their API references, "Base URL").
_PATHS = {Api.ANTHROPIC: "/v1/messages", Api.OPENAI: "/v1/chat/completions", Api.OLLAMA: "/api/chat"}
_PATHS_OF_HOSTS = {
    (Api.OPENAI, "openrouter.ai"): "/api/v1/chat/completions",
    (Api.OPENAI, "generativelanguage.googleapis.com"): "/v1beta/openai/chat/completions",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One provider that payloads may go to. Times in seconds, `max_tokens` bounds one answer.

    `private`: the operator named an authority of their own, so that the host may be in a private network.
    """

    name: str
    api: Api
    destination: Destination
    key: ApiKey = field(repr=False, compare=False)
    trust: ssl.SSLContext = field(repr=False, compare=False)
    private: bool = False
    max_tokens: int = 4096
    retention: str = ""
    connect_timeout_s: float = 10.0
    first_token_timeout_s: float = 120.0
    idle_timeout_s: float = 60.0
    total_timeout_s: float = 600.0


def open_providers(settings: Settings, environ: Mapping[str, str]) -> Mapping[str, Provider]:
    """The providers of `[escalation.NAME]` in their order; none at all with `local_only`, which reads no key either.

    Raises ConfigError with the table, the key and what would be right.
    """
    if settings.policy.escalation.local_only:
        return {}
    return {name: open_provider(name, config, environ) for name, config in settings.escalation.items()}


def open_provider(name: str, config: EscalationConfig, environ: Mapping[str, str]) -> Provider:
    """One provider. Raises ConfigError."""
    api = Api(config.kind)
    private = bool(config.ca_file)
    try:
        place = parse_place(config.address, private=private)
        path = _path(api, place, config.path)
    except ValueError as error:
        raise ConfigError(f"escalation.{name}.address: {error}") from None
    if not config.model.strip() or len(config.model) > _NAME_LIMIT or not config.model.isprintable():
        raise ConfigError(f"escalation.{name}.model: give the name the provider has for it")
    return Provider(
        name=name,
        api=api,
        destination=Destination(provider=name, host=place.host, port=place.port, path=path, model=config.model),
        key=find_key(name, config.key_env, config.key_file, environ),
        trust=_trust(f"escalation.{name}.ca_file", config.ca_file),
        private=private,
        max_tokens=config.max_tokens,
        retention=config.retention,
        connect_timeout_s=config.connect_timeout_s,
        first_token_timeout_s=config.first_token_timeout_s,
        idle_timeout_s=config.idle_timeout_s,
        total_timeout_s=config.total_timeout_s,
    )


def _path(api: Api, place: Place, given: str) -> str:
    """The whole path: what `path` says, else the usual one below the path of the address. Raises ValueError.

    People write the address as the provider's pages give it, with `/v1` or without.
    """
    if given:
        if place.path:
            raise ValueError(f"with `path` set, leave {place.path} out of the address")
        return parse_place(f"https://{place.host}{given}", private=True).path
    usual = _PATHS_OF_HOSTS.get((api, place.host), _PATHS[api])
    if usual.startswith(f"{place.path}/"):
        return usual
    version = "/v1"
    base = place.path.removesuffix(version) if usual.startswith(f"{version}/") else place.path
    return base + usual


def _trust(source: str, ca_file: str) -> ssl.SSLContext:
    """Whom to believe: the authorities of the system, or those of `ca_file` alone. Raises ConfigError.

    Made by hand: `ssl.create_default_context` would write the session's keys where SSLKEYLOGFILE says.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    paths = ssl.get_default_verify_paths()
    if ca_file:
        try:
            context.load_verify_locations(cafile=Path(ca_file).expanduser())
        except OSError as error:
            what = "it holds no certificate in PEM form" if isinstance(error, ssl.SSLError) else error.strerror
            raise ConfigError(f"{source}: {ca_file} cannot be used ({what})") from None
        except (RuntimeError, ValueError):
            raise ConfigError(f"{source}: {ca_file} is no path of a file here") from None
        return context
    # The paths built into OpenSSL, not those of SSL_CERT_FILE: whom to trust is no matter of the environment.
    file = paths.openssl_cafile if Path(paths.openssl_cafile).is_file() else None
    folder = paths.openssl_capath if Path(paths.openssl_capath).is_dir() else None
    if file is None and folder is None:
        raise ConfigError(f"{source}: this Python finds no authorities of the system: name a file of them here")
    context.load_verify_locations(cafile=file, capath=folder)
    return context
