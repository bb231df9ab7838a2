"""What an OpenAI-compatible server says of its models, and the identity made of that.

Pure. Shapes: research/vllm.md 2; llama-server's `meta` and `/props` as its version 0.6.0 serves them; `/system` of
LocalAI as its documentation has it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from b4tui.engines.errors import plain
from b4tui.engines.openai.flavors import Flavor

_CLOUD_BACKEND = "cloud-proxy"  # LocalAI's own word for a model that it passes on (research/runtime.md 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModel:
    """One model as the server lists it. Sizes in bytes, `context` in tokens, 0 and "" where it does not say; of
    what lies on the GPU only LocalAI speaks, and `vram` is None with the others.

    `identity` is a sha256 over what stays the same as long as the model does. `twins` are other names in the list for
    the same model. `loaded` is None where the server does
    not tell models in memory from others; `remote` where it says that it passes prompts on.
    """

    name: str
    identity: str
    aliases: frozenset[str] = frozenset()
    twins: frozenset[str] = frozenset()
    context: int = 0
    size: int = 0
    vram: int | None = None
    parameters: str = ""
    quantization: str = ""
    weights: str = ""
    loaded: bool | None = None
    remote: bool = False

    def is_called(self, name: str) -> bool:
        """Whether this is the model that the server means by a name."""
        return name == self.name or name in self.aliases

    def may_sign(self, name: str) -> bool:
        """Whether an answer of this model may bear a name: vLLM puts the first of a model's names on every answer."""
        return self.is_called(name) or name in self.twins


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a server said of itself at one moment. `slots` is None where it does not say."""

    flavor: Flavor
    models: tuple[ServedModel, ...]
    version: str = ""
    slots: int | None = None
    simulated: bool = False

    def find(self, name: str) -> ServedModel | None:
        """The model that goes by a name."""
        return next((model for model in self.models if model.is_called(name)), None)


def read_served(
    flavor: Flavor,
    rows: Iterable[Mapping[str, Any]],
    *,
    version: str = "",
    props: Mapping[str, Any],
    system: Mapping[str, Any],
    simulated: bool = False,
) -> Served:
    """Everything a server says, read. `rows` are those of /v1/models; {} for what it does not serve."""
    version = version or _text(props.get("build_info"))
    loaded = _loaded_rows(system)
    named = [row for row in rows if _text(row.get("id"))]
    return Served(
        flavor=flavor,
        # /props speaks of one model, and does not say which where the server has several.
        models=tuple(
            replace(_model(row, version, props if len(named) == 1 else {}, loaded), twins=_twins(row, named))
            for row in named
        ),
        version=plain(version, 40),
        slots=_count(props.get("total_slots")) or None,
        simulated=simulated,
    )


def _model(
    row: Mapping[str, Any], version: str, props: Mapping[str, Any], loaded: Mapping[str, Mapping[str, Any]] | None
) -> ServedModel:
    name = _text(row.get("id"))
    meta, defaults = _mapping(row.get("meta")), _mapping(props.get("default_generation_settings"))
    running = (loaded or {}).get(name)
    aliases = row.get("aliases")
    return ServedModel(
        name=plain(name, 200),
        identity=identity(row, version, props),
        aliases=frozenset(alias for alias in aliases if isinstance(alias, str))
        if isinstance(aliases, list)
        else frozenset(),
        context=_count(row.get("max_model_len")) or _count(meta.get("n_ctx")) or _count(defaults.get("n_ctx")),
        size=_count(meta.get("size")),
        vram=_count(running["size_vram"]) if running and "size_vram" in running else None,
        parameters=_billions(_count(meta.get("n_params"))),
        quantization=plain(_text(meta.get("ftype")), 40),
        weights=_text(props.get("model_path")),
        loaded=None if loaded is None else running is not None,
        remote=_text((running or {}).get("backend")) == _CLOUD_BACKEND,
    )


def identity(row: Mapping[str, Any], version: str, props: Mapping[str, Any]) -> str:
    """A sha256 in hex over the facts of a model that the server repeats at every start: see the keys below.

    It is no digest of the weights, which these servers do not serve: it changes when another model, another file,
    another template or another version of the server answers under the same name.
    """
    meta = _mapping(row.get("meta"))
    facts = {
        "id": row.get("id"),
        "owned_by": row.get("owned_by"),
        "root": row.get("root"),
        "parent": row.get("parent"),
        "max_model_len": row.get("max_model_len"),
        "meta": {key: meta.get(key) for key in ("n_vocab", "n_ctx_train", "n_embd", "n_params", "size", "ftype")},
        "model_path": props.get("model_path"),
        "chat_template": props.get("chat_template"),
        "version": version,
    }
    text = json.dumps(facts, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _twins(row: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The names of a row's model: vLLM has a row for each name, with the same root, and so for each adapter."""

    def model(row: Mapping[str, Any]) -> tuple[str, str]:
        return _text(row.get("root")), _text(row.get("parent"))

    return frozenset(_text(other.get("id")) for other in rows if _text(row.get("root")) and model(other) == model(row))


def _loaded_rows(system: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]] | None:
    rows = system.get("loaded_models")
    if not isinstance(rows, list):
        return None
    return {_text(row.get("id")): row for row in rows if isinstance(row, dict)}


def _billions(count: int) -> str:
    return f"{count / 1e9:.1f}B" if count >= 10**8 else f"{count / 1e6:.1f}M" if count else ""


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else 0


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
