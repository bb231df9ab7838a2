"""What went wrong, sorted by what to do about it, in words that say what to do (research/runtime.md 1.11 and 1.12)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from b4tui.engines.causes import cause
from b4tui.engines.interface import Proof
from b4tui.engines.types import Failure, FailureKind

MESSAGE_LIMIT = 400

OLLAMA = "Ollama"


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom and what was asked, for the words of a failure.

    `place` is `host:port`; `local`: it is this machine; `server` is what the program there is called.
    """

    engine: str
    place: str
    local: bool
    model: str = ""
    server: str = OLLAMA

    @property
    def ollama(self) -> bool:
        """Whether commands and variables of Ollama are of any help."""
        return self.server == OLLAMA

    @property
    def where(self) -> str:
        """The server and its place, for a sentence."""
        return f"{self.server} at {self.place}"

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
    kind = cause(status, text)
    return Failure(kind, _words(kind, asked, status, plain(text)), status)


def unreachable(asked: Asked) -> Failure:
    """Nobody answers at the address."""
    return Failure(FailureKind.UNREACHABLE, f"{asked.server} does not answer at {asked.place}: {_start(asked)}")


def connect_timeout(asked: Asked, seconds: float) -> Failure:
    """No connection within the connect time-out."""
    words = f"no connection to {asked.where} within {seconds:g} s: {_start(asked)}"
    return Failure(FailureKind.TIMEOUT, words)


def first_token_timeout(asked: Asked, seconds: float) -> Failure:
    """Nothing of the answer within the first-token time-out."""
    return Failure(
        FailureKind.TIMEOUT,
        f"{asked.where} gave no first token of {asked.model} within {seconds:g} s: it may still be loading the model "
        f"or be busy{'; `ollama ps` shows it' if asked.ollama else ''}. "
        f"Raise engines.{asked.engine}.first_token_timeout_s if it is slow",
    )


def idle_timeout(asked: Asked, seconds: float) -> Failure:
    """Silence in the middle of an answer."""
    return Failure(
        FailureKind.TIMEOUT,
        f"{asked.where} was silent for {seconds:g} s in the middle of an answer of {asked.model}. "
        f"{'While a model writes a long tool call Ollama sends nothing: r' if asked.ollama else 'R'}"
        f"aise engines.{asked.engine}.idle_timeout_s if it is slow",
    )


def no_answer(asked: Asked, seconds: float) -> Failure:
    """A question that is answered at once by a server in order was not."""
    words = f"{asked.where} did not answer within {seconds:g} s: see its log, or start it again"
    return Failure(FailureKind.TIMEOUT, words)


def incomplete(asked: Asked) -> Failure:
    """The stream ended without `done`."""
    return Failure(
        FailureKind.INCOMPLETE,
        f"the answer of {asked.model or 'the server'} broke off: {asked.where} ended it without saying it is done. "
        "It may have been stopped, or the model repeated itself; its log says which",
    )


def protocol(asked: Asked, what: str, status: int | None = None) -> Failure:
    """What came back is not the server's protocol; `what` says what it is instead."""
    return Failure(
        FailureKind.PROTOCOL,
        f"what answers at {asked.place} does not speak {asked.server}'s protocol ({plain(what)}): "
        f"check engines.{asked.engine}.address{' or OLLAMA_HOST' if asked.ollama else ''}",
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


def astray(asked: Asked, peer: str) -> Failure:
    """`localhost` is another machine by the resolver's word; nothing was sent there."""
    return Failure(
        FailureKind.REFUSED,
        f"localhost leads to {plain(peer, 60)} here, which is not this machine, so nothing was sent: write 127.0.0.1 "
        f"into engines.{asked.engine}.address, and mend /etc/hosts",
    )


def cloud_name(asked: Asked) -> Failure:
    """The model's name alone says that it is not computed here; nothing was sent."""
    return Failure(
        FailureKind.REMOTE,
        f"{plain(asked.model)} is the name of a cloud model, so nothing was sent: "
        "choose a local model in the role's `model`",
    )


def remote_chunk(asked: Asked, said: str) -> Failure:
    """A part of the answer says that it was computed elsewhere."""
    return Failure(
        FailureKind.REMOTE,
        f"{asked.model} is not computed by {asked.where}: its answer names {plain(said, 120)}. "
        f"The answer was cut off; choose a local model{_no_cloud(asked)}",
    )


def unseen_model(asked: Asked, said: str) -> Failure:
    """An answer comes from a model that the server does not have in memory, so somebody else computes it."""
    return Failure(
        FailureKind.REMOTE,
        f"{asked.model} answers, but {asked.where} does not compute it ({plain(said, 200)}). "
        f"The answer was cut off; choose a local model{_no_cloud(asked)}",
    )


def outdated_model(asked: Asked, said: str) -> Failure:
    """An older version of the model is in memory under its name, and is what answers."""
    return Failure(
        FailureKind.UNATTESTED,
        f"{asked.model} was made anew, and {asked.where} still has an older version of it in memory, which is what "
        f"answers ({plain(said, 200)}). Nothing more is sent to it; `ollama stop {asked.model}` puts it out, and so "
        f"does `b4tui models pin {asked.model}`",
    )


def other_model(asked: Asked, said: str) -> Failure:
    """An answer comes from another model than was asked; the server does not look at the name."""
    return Failure(
        FailureKind.NO_MODEL,
        f"{asked.where} now answers with {plain(said, 120)} instead of {asked.model}, so the answer was cut off: "
        f"start it with {asked.model} again, or name its model in the role's `model`",
    )


def unattested(asked: Asked, missing: Proof) -> Failure:
    """What would prove that the model is computed here does not hold; nothing was sent."""
    return Failure(
        FailureKind.UNATTESTED,
        f"it is not proven that {asked.model} is computed by {asked.where}, so nothing was sent: {missing.detail}"
        + (f". {missing.fix}" if missing.fix else ""),
    )


def replaced(asked: Asked) -> Failure:
    """Another model took its place between the proof and the prompt; nothing was sent."""
    return Failure(
        FailureKind.BUSY,
        f"{asked.where} changed what it serves as {asked.model} just now, so nothing was sent: it is looked at anew",
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


def _words(kind: FailureKind, asked: Asked, status: int | None, text: str) -> str:
    said = f"{asked.server} says: " + (text or (f"HTTP {status}" if status is not None else "no reason"))
    model = asked.model or "the model"
    role = "in its role"
    free = " (`ollama ps`, `ollama stop NAME`)" if asked.ollama else ""
    words = {
        FailureKind.OUT_OF_MEMORY: f"{model} does not fit into memory: lower num_ctx {role}, choose a smaller model, "
        f"or free memory{free}. {said}",
        FailureKind.GPU: f"the GPU of {asked.where} failed while {model} was at work: see `b4tui gpu` and the driver's "
        f"log, and start the server again. {said}",
        FailureKind.OVERFLOW: f"the prompt is too long for {model}: {_longer(asked)} or give it less. {said}",
        FailureKind.REMOTE: f"{model} is not computed on this server, so the answer was refused: choose a local model "
        f"{role}. {said}",
        FailureKind.TOOL_FORMAT: f"{model} wrote a tool call that {asked.server} could not read, and its text is lost: "
        f"ask again with other sampling. {said}",
        FailureKind.CRASHED: f"{asked.where} failed while {model} was at work; its log says why. {said}",
        FailureKind.NO_MODEL: _no_model(asked, model),
        FailureKind.BUSY: f"{asked.where} is busy: it will be asked again later. {said}",
    }
    if kind is FailureKind.PROTOCOL:
        return protocol(asked, f"HTTP {status}: {text}" if text else f"HTTP {status}").message
    if kind is FailureKind.REFUSED:
        return f"{asked.where} refused the request{_advice(asked, text)}. {said}"
    return words[kind]


def _no_model(asked: Asked, model: str) -> str:
    get = f"run `ollama pull {model}`" if asked.ollama else f"give its name there in engines.{asked.engine}.models"
    return f"{asked.where} has no model {model}: {get}, or name another one in b4tui.toml ([roles.NAME] model)"


def _longer(asked: Asked) -> str:
    return "raise num_ctx in its role" if asked.ollama else f"start {asked.server} with a longer context"


def _no_cloud(asked: Asked) -> str:
    return ", and start Ollama with OLLAMA_NO_CLOUD=1" if asked.ollama else ""


def _advice(asked: Asked, text: str) -> str:
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
        return f": its file cannot be loaded; {'`ollama rm` it and pull it again' if asked.ollama else 'get it again'}"
    if not asked.ollama:
        return _openai_advice(asked, lowered)
    return ""


def _openai_advice(asked: Asked, lowered: str) -> str:
    if "unauthorized" in lowered or "api key" in lowered:
        return f": it wants an API key; name the variable that holds it in engines.{asked.engine}.key_env"
    if "tool-call-parser" in lowered or "enable-auto-tool-choice" in lowered:
        return ": start vLLM with --enable-auto-tool-choice and the --tool-call-parser of the model"
    if "max_model_len" in lowered:
        return ": lower num_predict in its role"
    return ""


def _start(asked: Asked) -> str:
    if asked.local and asked.ollama:
        return "start it with `OLLAMA_NO_CLOUD=1 ollama serve`"
    if asked.local:
        return f"start it, or mend engines.{asked.engine}.address"
    return f"start it there, or mend engines.{asked.engine}.address"
