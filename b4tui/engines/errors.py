"""What went wrong, sorted by what to do about it, in words that say what to do (research/runtime.md 1.11 and 1.12)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from b4tui.engines.types import Failure, FailureKind

MESSAGE_LIMIT = 400

# Checked in this order: the first kind with a matching phrase wins. Phrases are lower case.
_PHRASES: tuple[tuple[FailureKind, tuple[str, ...]], ...] = (
    (
        FailureKind.OUT_OF_MEMORY,
        (
            "out of memory",
            "out of device memory",
            "outofmemory",
            "outofdevicememory",
            "outofhostmemory",
            "cudamalloc failed",
            "hipmalloc failed",
            "failed to allocate",
            "allocation failed",
            "unable to allocate",
            "not enough memory",
            "insufficient memory",
            "requires more system memory",
        ),
    ),
    (
        FailureKind.OVERFLOW,
        (
            "exceed_context_size_error",
            "exceeds the context length",
            "longer than the context length",
            "exceeds the available context size",
        ),
    ),
    (
        FailureKind.REMOTE,
        ("cloud is disabled", "cannot run this remote model", "remote model", "ollama.com", "signin_url"),
    ),
    (
        FailureKind.TOOL_FORMAT,
        ("xml syntax error", "does not match the expected", "failed to parse tool", "error parsing tool call"),
    ),
    (
        FailureKind.CRASHED,
        (
            "unexpected eof",
            "unexpectedly stopped",
            "runner process has terminated",
            "runner process no longer running",
            "connection reset",
            "connection refused",
            "broken pipe",
        ),
    ),
    (
        FailureKind.REFUSED,
        ("does not support", "must be of type", "failed to parse grammar", "unable to load model", "pull model"),
    ),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom and what was asked, for the words of a failure. `place` is `host:port`; `local`: it is this machine."""

    engine: str
    place: str
    local: bool
    model: str = ""

    def about(self, model: str) -> Asked:
        """The same server, asked about this model."""
        return replace(self, model=plain(model, 120))


def plain(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """A server's words on one line: no control, format or private characters, cut to `limit`."""
    kept = "".join(char if char.isprintable() else " " for char in text[: limit * 4])
    line = " ".join(kept.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def server_failure(asked: Asked, status: int | None, text: str) -> Failure:
    """The server's own error. `status` is the HTTP status, None for an error line in the middle of a stream."""
    kind = _kind(status, text)
    return Failure(kind, _words(kind, asked, status, plain(text)), status)


def unreachable(asked: Asked) -> Failure:
    """Nobody answers at the address."""
    return Failure(FailureKind.UNREACHABLE, f"Ollama does not answer at {asked.place}: {_start(asked)}")


def connect_timeout(asked: Asked, seconds: float) -> Failure:
    """No connection within the connect time-out."""
    words = f"no connection to Ollama at {asked.place} within {seconds:g} s: {_start(asked)}"
    return Failure(FailureKind.TIMEOUT, words)


def first_token_timeout(asked: Asked, seconds: float) -> Failure:
    """Nothing of the answer within the first-token time-out."""
    return Failure(
        FailureKind.TIMEOUT,
        f"Ollama at {asked.place} gave no first token of {asked.model} within {seconds:g} s: it may still be loading "
        f"the model or be busy; `ollama ps` shows it. Raise engines.{asked.engine}.first_token_timeout_s if it is slow",
    )


def idle_timeout(asked: Asked, seconds: float) -> Failure:
    """Silence in the middle of an answer."""
    return Failure(
        FailureKind.TIMEOUT,
        f"Ollama at {asked.place} was silent for {seconds:g} s in the middle of an answer of {asked.model}. While a "
        "model writes a long tool call Ollama sends nothing: "
        f"raise engines.{asked.engine}.idle_timeout_s if it is slow",
    )


def no_answer(asked: Asked, seconds: float) -> Failure:
    """A question that is answered at once by a server in order was not."""
    words = f"Ollama at {asked.place} did not answer within {seconds:g} s: see its log, or start it again"
    return Failure(FailureKind.TIMEOUT, words)


def incomplete(asked: Asked) -> Failure:
    """The stream ended without `done`."""
    return Failure(
        FailureKind.INCOMPLETE,
        f"the answer of {asked.model or 'the server'} broke off: Ollama at {asked.place} ended it without saying it is "
        "done. It may have been stopped, or the model repeated itself; its log says which",
    )


def protocol(asked: Asked, what: str, status: int | None = None) -> Failure:
    """What came back is not Ollama's protocol; `what` says what it is instead."""
    return Failure(
        FailureKind.PROTOCOL,
        f"what answers at {asked.place} does not speak Ollama's protocol ({plain(what)}): "
        f"check engines.{asked.engine}.address or OLLAMA_HOST",
        status,
    )


def redirected(asked: Asked, status: int) -> Failure:
    """A redirect is refused: it would carry the prompt to a place nobody checked."""
    return Failure(
        FailureKind.PROTOCOL,
        f"{asked.place} redirects elsewhere ({status}), and prompts do not follow: "
        f"write the server's own address into engines.{asked.engine}.address",
        status,
    )


def cloud_name(asked: Asked) -> Failure:
    """The model's name alone says that it is not computed here; nothing was sent."""
    return Failure(
        FailureKind.REMOTE,
        f"{plain(asked.model)} is the name of a cloud model, so nothing was sent: "
        "choose a local model in the role's `model`",
    )


def remote_model(asked: Asked, said: str) -> Failure:
    """The server says of the model that it is computed elsewhere; no prompt was sent."""
    return Failure(
        FailureKind.REMOTE,
        f"{asked.model} is not computed by Ollama at {asked.place} but by {plain(said, 120)}, so no prompt was sent: "
        "choose a local model, and start Ollama with OLLAMA_NO_CLOUD=1",
    )


def remote_chunk(asked: Asked, said: str) -> Failure:
    """A part of the answer says that it was computed elsewhere."""
    return Failure(
        FailureKind.REMOTE,
        f"{asked.model} is not computed by Ollama at {asked.place}: its answer names {plain(said, 120)}. "
        "The answer was cut off; choose a local model, and start Ollama with OLLAMA_NO_CLOUD=1",
    )


def bad_call(asked: Asked, what: str) -> Failure:
    """The server passed on a tool call that cannot be read."""
    return Failure(FailureKind.TOOL_FORMAT, f"{asked.model} wrote {plain(what)}: ask again with other sampling")


def package_unusable(asked: Asked, what: str) -> Failure:
    """The `ollama` package cannot be loaded, so models cannot be managed; chats do without it."""
    return Failure(
        FailureKind.REFUSED,
        f"the models of Ollama at {asked.place} cannot be managed, because the package `ollama` does not load here "
        f"({plain(what)}): mend OLLAMA_HOST and ALL_PROXY, HTTP_PROXY, HTTPS_PROXY in the environment",
    )


def bad_request(asked: Asked, what: str) -> Failure:
    """The request cannot be written as JSON, so nothing was sent."""
    return Failure(
        FailureKind.REFUSED,
        f"the request to {asked.model} cannot be written as JSON ({plain(what)}), so nothing was sent: "
        "check the role's `options`",
    )


def _kind(status: int | None, text: str) -> FailureKind:
    lowered = text.casefold()
    for kind, phrases in _PHRASES:
        if any(phrase in lowered for phrase in phrases):
            return kind
    if status is None:
        return FailureKind.CRASHED
    if status == 404:
        return FailureKind.NO_MODEL if "model" in lowered else FailureKind.PROTOCOL
    if status in {429, 503}:
        return FailureKind.BUSY
    if status in {405, 501} or status < 400:
        return FailureKind.PROTOCOL
    return FailureKind.REFUSED if status < 500 else FailureKind.CRASHED


def _words(kind: FailureKind, asked: Asked, status: int | None, text: str) -> str:
    said = text or (f"HTTP {status}" if status is not None else "no reason")
    model = asked.model or "the model"
    role = "in its role"
    words = {
        FailureKind.OUT_OF_MEMORY: f"{model} does not fit into memory: lower num_ctx {role}, choose a smaller model, "
        f"or free memory (`ollama ps`, `ollama stop NAME`). Ollama says: {said}",
        FailureKind.OVERFLOW: f"the prompt is too long for {model}: raise num_ctx {role} or give it less. "
        f"Ollama says: {said}",
        FailureKind.REMOTE: f"{model} is not computed on this server, so the answer was refused: choose a local model "
        f"{role}. Ollama says: {said}",
        FailureKind.TOOL_FORMAT: f"{model} wrote a tool call that Ollama could not read, and its text is lost: "
        f"ask again with other sampling. Ollama says: {said}",
        FailureKind.CRASHED: f"Ollama at {asked.place} failed while {model} was at work; its log says why. "
        f"Ollama says: {said}",
        FailureKind.NO_MODEL: f"Ollama at {asked.place} has no model {model}: run `ollama pull {model}`, "
        "or name another one in b4tui.toml ([roles.NAME] model)",
        FailureKind.BUSY: f"Ollama at {asked.place} is busy: it will be asked again later. It says: {said}",
    }
    if kind is FailureKind.PROTOCOL:
        return protocol(asked, f"HTTP {status}: {text}" if text else f"HTTP {status}").message
    if kind is FailureKind.REFUSED:
        return f"Ollama at {asked.place} refused the request{_advice(text)}. It says: {said}"
    return words[kind]


def _advice(text: str) -> str:
    lowered = text.casefold()
    if "does not support thinking" in lowered:
        return ": this model cannot think; set think = false in its role"
    if "does not support tools" in lowered:
        return ": this model cannot call tools; choose another in the role's `model`"
    if "must be of type" in lowered:
        return ": an option of the role has the wrong type; mend the role's `options`"
    if "pull model" in lowered:
        return ": it cannot fetch this model; check the name, and that the server may reach its registry"
    if "unable to load model" in lowered:
        return ": its file cannot be loaded; `ollama rm` it and pull it again"
    return ""


def _start(asked: Asked) -> str:
    if asked.local:
        return "start it with `ollama serve`"
    return f"start it there, or mend engines.{asked.engine}.address"
