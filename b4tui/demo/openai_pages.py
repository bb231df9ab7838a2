"""What the simulated vLLM and llama-server say besides answers: models, themselves, load, and errors.

Pure. Shapes: research/vllm.md 2 and 4; llama-server's as its version 0.6.0 sends them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from b4tui.demo.catalog import SimulatedModel

VLLM_VERSION = "0.32.0"
LLAMA_BUILD = "b11434-simulated"


class Plays(StrEnum):
    """Which server is simulated."""

    VLLM = "vllm"
    LLAMA_SERVER = "llama-server"


class Refused(Exception):
    """The server will not answer; `body` is what it sends instead."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body


@dataclass(slots=True)
class Load:
    """What the server counts since it started. Tokens; `running` and `waiting` are requests now."""

    running: int = 0
    waiting: int = 0
    prompt: int = 0
    cached: int = 0
    generated: int = 0


def error(plays: Plays, status: int, message: str, kind: str, **more: object) -> Refused:
    """An error in the server's own shape; `more` are fields that only it has."""
    body: dict[str, Any] = {"message": message, "type": kind, "code": status}
    return Refused(status, {"error": {**body, "param": None, **more} if plays is Plays.VLLM else {**body, **more}})


def no_such_page(plays: Plays) -> Refused:
    """A path that the server does not know."""
    if plays is Plays.VLLM:
        return Refused(404, {"detail": "Not Found"})
    return error(plays, 404, "File Not Found", "not_found_error")


def wrong_key(plays: Plays) -> Refused:
    """A request without the key, or with another."""
    if plays is Plays.VLLM:
        return Refused(401, {"error": "Unauthorized"})
    return error(plays, 401, "Invalid API Key", "authentication_error")


def busy(plays: Plays) -> Refused:
    """More requests than the server takes."""
    message = "The engine is currently busy and cannot accept new requests. Please try again later."
    return error(plays, 503, message, "Service Unavailable")


def loading(plays: Plays) -> Refused:
    """The model is not in memory yet."""
    return error(plays, 503, "Loading model", "unavailable_error")


def no_model(name: str, served: str) -> Refused:
    """vLLM alone looks at the name; an empty one it takes."""
    message = f"The model `{name}` does not exist. Valid aliases: {served}."
    return error(Plays.VLLM, 404, message, "NotFoundError", param="model")


def overflow(plays: Plays, tokens: int, context: int) -> Refused:
    """The prompt alone is longer than the context."""
    if plays is Plays.VLLM:
        message = (
            f"This model's maximum context length is {context} tokens. However, your prompt contains at least "
            f"{context + 1} input tokens. Please reduce the length of the input prompt."
        )
        return error(plays, 400, message, "BadRequestError", param="input_tokens")
    message = f"request ({tokens} tokens) exceeds the available context size ({context} tokens), try increasing it"
    return error(plays, 400, message, "exceed_context_size_error", n_prompt_tokens=tokens, n_ctx=context)


def models(plays: Plays, model: SimulatedModel, context: int, now: int) -> dict[str, Any]:
    """The page /v1/models."""
    row: dict[str, Any] = {"id": model.name, "object": "model", "created": now}
    if plays is Plays.VLLM:
        row |= {"owned_by": "vllm", "root": model.weights, "parent": None, "max_model_len": context, "permission": []}
    else:
        meta = {"n_ctx": context, "n_ctx_train": model.train_context, "size": model.size, "ftype": model.quantization}
        row |= {"owned_by": "llamacpp", "aliases": [model.name], "meta": meta}
    return {"object": "list", "data": [row]}


def props(model: SimulatedModel, context: int, slots: int) -> dict[str, Any]:
    """llama-server's page /props."""
    return {
        "default_generation_settings": {"n_ctx": context},
        "total_slots": slots,
        "model_alias": model.name,
        "model_path": model.weights,
        "chat_template": "{{ messages }}",
        "build_info": LLAMA_BUILD,
    }


def metrics(plays: Plays, model: SimulatedModel, load: Load) -> str:
    """The page /metrics."""
    if plays is Plays.LLAMA_SERVER:
        figures = {
            "prompt_tokens_total": load.prompt - load.cached,
            "prompt_tokens_cached_total": load.cached,
            "tokens_predicted_total": load.generated,
            "requests_processing": load.running,
            "requests_deferred": load.waiting,
        }
        return "".join(f"# TYPE llamacpp:{name} counter\nllamacpp:{name} {value}\n" for name, value in figures.items())
    figures = {
        "num_requests_running": load.running,
        "num_requests_waiting": load.waiting,
        "prefix_cache_queries_total": load.prompt,
        "prefix_cache_hits_total": load.cached,
        "prompt_tokens_total": load.prompt,
        "generation_tokens_total": load.generated,
    }
    labels = f'{{engine="0",model_name="{model.name}"}}'
    return "".join(f"# TYPE vllm:{name} gauge\nvllm:{name}{labels} {value:.1f}\n" for name, value in figures.items())
