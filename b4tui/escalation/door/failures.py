"""What went wrong with a cloud provider, sorted by what to do about it, in words that say what to do.

Statuses and kinds: Anthropic's "Errors", OpenAI's "Error codes", OpenRouter's "Errors", Ollama's "Errors". The key is
never in the words, whatever the provider sent back.
"""

from __future__ import annotations

import httpx

from b4tui.engines.errors import plain
from b4tui.engines.http import BodyRefused, RedirectRefused
from b4tui.engines.types import Failure, FailureKind
from b4tui.escalation.door.providers import Provider
from b4tui.escalation.door.transport import LeadsInside
from b4tui.escalation.door.wire.answers import Said

_SAID_LIMIT = 240
_NO_CREDIT = ("insufficient_quota", "insufficient credit", "credit balance", "billing", "payment required")
_TOO_LONG = (
    "context_length_exceeded",
    "maximum context length",
    "context window",
    "prompt is too long",
    "request_too_large",
    "exceeds the maximum number of tokens",
)
_BUSY_KINDS = ("overloaded", "rate_limit", "resource_exhausted", "unavailable")
_REFUSED_KINDS = ("invalid_request", "authentication", "permission", "invalid_argument")


def by_status(provider: Provider, status: int, said: Said) -> Failure:
    """The provider's HTTP status and the error in the body with it."""
    kind = _kind(status, said)
    return Failure(kind, _words(kind, provider, status, _quoted(provider, said.text or f"HTTP {status}")), status)


def in_stream(provider: Provider, said: Said) -> Failure:
    """An error in the middle of an answer that began well."""
    lowered = said.kind.casefold()
    if said.status is not None:
        kind = _kind(said.status, said)
    elif _has(f"{lowered} {said.text.casefold()}", _NO_CREDIT) or _has(lowered, _REFUSED_KINDS):
        kind = FailureKind.REFUSED
    elif _has(lowered, _BUSY_KINDS):
        kind = FailureKind.BUSY
    else:
        kind = FailureKind.CRASHED
    return Failure(kind, _words(kind, provider, said.status, _quoted(provider, said.text or "no reason")), said.status)


def by_transport(provider: Provider, error: Exception) -> Failure:
    """What an error of the network, or of an answer that is none, means."""
    place = provider.destination.host
    section = f"escalation.{provider.name}"
    match error:
        case RedirectRefused():
            words = (
                f"{place} redirects elsewhere ({error.status}), and payloads do not follow: write the API's own "
                f"address into {section}.address, and its path into {section}.path"
            )
            return Failure(FailureKind.PROTOCOL, words, error.status)
        case BodyRefused():
            return garbage(provider, str(error))
        case LeadsInside():
            return _astray(provider)
        case httpx.ConnectTimeout():
            seconds = provider.connect_timeout_s
            return Failure(FailureKind.TIMEOUT, f"no connection to {place} within {seconds:g} s; nothing was sent")
        case httpx.ConnectError():
            return Failure(FailureKind.UNREACHABLE, f"{place} cannot be reached, so nothing was sent: {_reach(error)}")
        case httpx.RemoteProtocolError() if not _broke_off(str(error)):
            return garbage(provider, "no valid HTTP")
        case _:
            return incomplete(provider)


def _reach(error: Exception) -> str:
    """Why nobody was reached, and what to do."""
    words = plain(str(error), 200)
    if "certificate" in words.casefold() or "hostname" in words.casefold():
        return f"its certificate is not to be trusted ({words}). Somebody may be listening in; do not go around it"
    return f"{words or 'no connection'}. Check the network of this machine and the address"


def first_token_timeout(provider: Provider) -> Failure:
    """Nothing of the answer within the first-token time-out."""
    return Failure(
        FailureKind.TIMEOUT,
        f"{provider.destination.host} gave no first token of {plain(provider.destination.model, 120)} within "
        f"{provider.first_token_timeout_s:g} s; raise escalation.{provider.name}.first_token_timeout_s if it is slow",
    )


def idle_timeout(provider: Provider) -> Failure:
    """Silence in the middle of an answer."""
    return Failure(
        FailureKind.TIMEOUT,
        f"{provider.destination.host} was silent for {provider.idle_timeout_s:g} s in the middle of an answer; "
        f"raise escalation.{provider.name}.idle_timeout_s if it is slow",
    )


def total_timeout(provider: Provider) -> Failure:
    """An answer that goes on and on."""
    return Failure(
        FailureKind.TIMEOUT,
        f"{provider.destination.host} was not done within {provider.total_timeout_s:g} s, so its answer was given up "
        f"and nothing of it is used; raise escalation.{provider.name}.total_timeout_s if answers may take longer",
    )


def incomplete(provider: Provider, reason: str = "") -> Failure:
    """The answer ended without saying that it is whole."""
    said = f" (“{_quoted(provider, reason)}”)" if reason else ""
    words = f"the answer of {provider.destination.host} broke off{said}; nothing of it is used"
    return Failure(FailureKind.INCOMPLETE, words)


def garbage(provider: Provider, what: str) -> Failure:
    """What came back is not the provider's protocol."""
    return Failure(
        FailureKind.PROTOCOL,
        f"what {provider.destination.host} answers is not its API ({_quoted(provider, what)}): check kind, address and "
        f"path of [escalation.{provider.name}]",
    )


def bad_call(provider: Provider, what: str) -> Failure:
    """The model's tool call cannot be read."""
    return Failure(FailureKind.TOOL_FORMAT, f"{plain(provider.destination.model, 120)} wrote {_quoted(provider, what)}")


def declined(provider: Provider, text: str) -> Failure:
    """The model, or a filter before it, will not answer."""
    said = f": “{_quoted(provider, text)}”" if text else ""
    words = f"{plain(provider.destination.model, 120)} declined to answer{said}. Ask otherwise, or do it locally"
    return Failure(FailureKind.REFUSED, words)


def not_sent(words: str) -> Failure:
    """The door did not open; the words are its own."""
    return Failure(FailureKind.REFUSED, words)


def _astray(provider: Provider) -> Failure:
    """The provider's name leads into a private network."""
    return Failure(
        FailureKind.REFUSED,
        f"{provider.destination.host} leads into a private network here, so nothing was sent: mend the name service, "
        f"or name the server's own authority in escalation.{provider.name}.ca_file",
    )


def _kind(status: int, said: Said) -> FailureKind:
    text = f"{said.kind} {said.text}".casefold()
    if status == 402 or _has(text, _NO_CREDIT):
        return FailureKind.REFUSED
    if status == 413 or (status in {400, 422} and _has(text, _TOO_LONG)):
        return FailureKind.OVERFLOW
    if status == 404:
        return FailureKind.NO_MODEL
    if status in {408, 504}:
        return FailureKind.TIMEOUT
    if status in {429, 503, 529}:
        return FailureKind.BUSY
    if status in {405, 501} or status < 400:
        return FailureKind.PROTOCOL
    return FailureKind.REFUSED if status < 500 else FailureKind.CRASHED


def _words(kind: FailureKind, provider: Provider, status: int | None, said: str) -> str:
    place, model = provider.destination.host, plain(provider.destination.model, 120)
    section = f"escalation.{provider.name}"
    quoted = f"It says: {said}"
    if (kind is FailureKind.REFUSED and _has(said.casefold(), _NO_CREDIT)) or status == 402:
        return f"there is no credit left at {place}: add some there. {quoted}"
    if status == 401:
        return (
            f"{place} does not take the API key: put the right one where {section}.key_env or key_file says. {quoted}"
        )
    if status == 403:
        return f"{place} does not let this key do that: see what the key may do there. {quoted}"
    words = {
        FailureKind.OVERFLOW: f"the payload is too long for {model}: give it less. {quoted}",
        FailureKind.NO_MODEL: f"{place} has no model {model}, or no API at this path: mend {section}.model or "
        f"{section}.path. {quoted}",
        FailureKind.BUSY: f"{place} is busy or limits how much is asked of it: try again later. {quoted}",
        FailureKind.TIMEOUT: f"{place} took too long: try again later. {quoted}",
        FailureKind.CRASHED: f"{place} failed: try again later. {quoted}",
        FailureKind.PROTOCOL: f"what answers at {place} is not its API: check kind, address and path of [{section}]. "
        f"{quoted}",
    }
    return words.get(kind, f"{place} refused the payload. {quoted}")


def _quoted(provider: Provider, text: str) -> str:
    """A provider's words, on one line and without the key."""
    return plain(provider.key.scrubbed(text), _SAID_LIMIT)


def _has(text: str, phrases: tuple[str, ...]) -> bool:
    return any(phrase in text for phrase in phrases)


def _broke_off(message: str) -> bool:
    """httpx has one error for a peer that went away and for one that talks nonsense; only the words differ."""
    return any(words in message for words in ("disconnected", "peer closed", "incomplete"))
