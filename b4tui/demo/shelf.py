"""The simulated server's disk: models are pulled onto it in layers, get second names, and are taken off.

What a pull brings comes from a simulated registry: the models the server began with, and those published since.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import replace
from typing import Any

from b4tui.demo import catalog
from b4tui.demo.catalog import SimulatedModel
from b4tui.demo.faults import Fault, FaultKind
from b4tui.demo.pace import Pace
from b4tui.demo.wire import Reply

_PARTS = 5  # a layer's bytes are reported after each fifth of them
_PART_SECONDS = 0.2
_SMALL_LAYERS = (("license", 11_338), ("template", 1_723), ("parameters", 120))


class Shelf:
    """The models on disk (`models`, shared with the service), and the registry that a pull asks."""

    def __init__(self, models: MutableMapping[str, SimulatedModel], pace: Pace) -> None:
        self._models = models
        self._registry = dict(models)
        self._pace = pace
        self._arrived: dict[str, int] = {}

    def publish(self, model: SimulatedModel) -> None:
        """Have the registry give this model to whoever pulls its name from now on."""
        self._registry[model.name] = model

    async def pull(self, body: Mapping[str, Any], reply: Reply, fault: Fault | None) -> None:
        """POST /api/pull: layer by layer; bytes that arrived stay, so that a pull that was cut off goes on."""
        name = _name(body)
        if not name or catalog.asks_for_cloud(name):
            await reply.error(400, "invalid model name")
            return
        model = self._registry.get(catalog.plain_name(name)) or SimulatedModel(
            catalog.plain_name(name), "qwen3", "2.0B", "Q4_K_M", 1_359_293_444, 40_960, ("completion", "tools")
        )
        reply.begin()
        for count, row in enumerate(self._steps(model)):
            if fault is not None and count == fault.after and await _strike(fault.kind, reply):
                return
            if "completed" in row:
                await self._pace.seconds(_PART_SECONDS)
            await reply.line(row)
        self._models[model.name] = model
        await reply.end()

    async def copy(self, body: Mapping[str, Any], reply: Reply, fault: Fault | None) -> None:
        """POST /api/copy: a second name for the same bytes."""
        source = str(body.get("source") or "")
        model = self._models.get(catalog.plain_name(source))
        if model is None:
            await reply.error(404, f'model "{source}" not found')
            return
        name = catalog.plain_name(str(body.get("destination") or ""))
        self._models[name] = replace(model, name=name, origin=model.origin or model.name)
        await reply.whole(200, "")

    async def delete(self, body: Mapping[str, Any], reply: Reply, fault: Fault | None) -> None:
        """DELETE /api/delete."""
        if self._models.pop(catalog.plain_name(_name(body)), None) is None:
            await reply.error(404, f"model '{_name(body)}' not found")
            return
        await reply.whole(200, "")

    def _steps(self, model: SimulatedModel) -> Iterator[Mapping[str, Any]]:
        yield {"status": "pulling manifest"}
        small = ((f"{model.digest} {word}", size) for word, size in _SMALL_LAYERS)
        for key, total in ((f"{model.digest} model", model.size), *small):
            yield from self._layer(hashlib.sha256(key.encode()).hexdigest(), total)
        for status in ("verifying sha256 digest", "writing manifest", "success"):
            yield {"status": status}

    def _layer(self, digest: str, total: int) -> Iterator[Mapping[str, Any]]:
        row = {"status": f"pulling {digest[:12]}", "digest": f"sha256:{digest}", "total": total}
        yield row
        for part in range(_PARTS + 1):
            reached = total * part // _PARTS
            if reached < self._arrived.get(digest, 0):
                continue
            yield {**row, "completed": reached}
            self._arrived[digest] = reached


async def _strike(kind: FaultKind, reply: Reply) -> bool:
    """Do what goes wrong in the middle of a pull; True when nothing can follow."""
    if kind is FaultKind.CUT:
        reply.cut()
    elif kind is FaultKind.ERROR_LINE:
        await reply.line({"error": "max retries exceeded: the registry does not answer"})
        await reply.end()
    elif kind is FaultKind.NO_DONE:
        await reply.end()
    elif kind is FaultKind.HANG:
        await asyncio.Event().wait()
    return kind in (FaultKind.CUT, FaultKind.ERROR_LINE, FaultKind.NO_DONE)


def _name(body: Mapping[str, Any]) -> str:
    return str(body.get("model") or body.get("name") or "")
