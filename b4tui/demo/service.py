"""The endpoints of Ollama's native API, answered from scripts (research/runtime.md 1.2 to 1.12)."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from b4tui.demo import answer, catalog
from b4tui.demo.answer import Turn
from b4tui.demo.catalog import Loaded, SimulatedModel
from b4tui.demo.chat import ChatRefused, Prompt, read_prompt
from b4tui.demo.faults import Fault, FaultKind
from b4tui.demo.pace import LOAD_SECONDS, Pace, Stopwatch
from b4tui.demo.script import Scripts
from b4tui.demo.shelf import Shelf
from b4tui.demo.wire import Reply

VERSION = "0.33.3"
Endpoint = Callable[[Mapping[str, Any], Reply, Fault | None], Awaitable[None]]


class Service:
    """One simulated model server: its models (on its `shelf`), which of them are loaded, and its answers."""

    def __init__(self, scripts: Scripts, models: Iterable[SimulatedModel], pace: Pace) -> None:
        self._scripts = scripts
        self._models = {model.name: model for model in models}
        self.shelf = Shelf(self._models, pace)
        self._pace = pace
        self._loaded: dict[str, Loaded] = {}
        self._answers = 0

    def endpoint(self, method: str, path: str) -> Endpoint | None:
        """Who answers a request; HEAD is answered as GET without a body."""
        reads: dict[str, Endpoint] = {
            "/": self._root,
            "/api/version": self._version,
            "/api/status": self._status,
            "/api/tags": self._tags,
            "/api/ps": self._ps,
        }
        asks: dict[str, Endpoint] = {
            "/api/show": self._show,
            "/api/pull": self.shelf.pull,
            "/api/copy": self.shelf.copy,
            "/api/chat": self._chat,
        }
        drops: dict[str, Endpoint] = {"/api/delete": self.shelf.delete}
        by_method = {"GET": reads, "HEAD": reads, "POST": asks, "DELETE": drops}
        return by_method.get(method, {}).get(path)

    def forget_loaded(self) -> None:
        """Memory after the server died: empty."""
        self._loaded.clear()

    async def _root(self, body: Mapping[str, Any], reply: Reply, fault: Fault | None) -> None:
        await reply.whole(200, "Ollama is running")

    async def _version(self, body: Mapping[str, Any], reply: Reply, fault: Fault | None) -> None:
        await reply.whole(200, {"version": VERSION, "simulated": True})

    async def _status(self, body: Mapping[str, Any], reply: Reply, fault: Fault | None) -> None:
        await reply.whole(200, {"cloud": {"disabled": True, "source": "env"}})

    async def _tags(self, body: Mapping[str, Any], reply: Reply, fault: Fault | None) -> None:
        remote = _remote(fault)
        rows = [catalog.tag_row(model, remote=remote) for model in self._models.values()]
        await reply.whole(200, {"models": rows})

    async def _ps(self, body: Mapping[str, Any], reply: Reply, fault: Fault | None) -> None:
        now = datetime.now(UTC)
        self._loaded = {name: loaded for name, loaded in self._loaded.items() if loaded.expires_at > now}
        await reply.whole(200, {"models": [catalog.loaded_row(loaded) for loaded in self._loaded.values()]})

    async def _show(self, body: Mapping[str, Any], reply: Reply, fault: Fault | None) -> None:
        name = str(body.get("model") or body.get("name") or "")
        if catalog.asks_for_cloud(name):
            await reply.error(403, "ollama cloud is disabled: remote model details are unavailable")
            return
        model = self._models.get(catalog.plain_name(name))
        if model is None:
            await reply.error(404, f"model '{name}' not found")
            return
        await reply.whole(200, catalog.show_row(model, remote=_remote(fault)))

    async def _chat(self, body: Mapping[str, Any], reply: Reply, fault: Fault | None) -> None:
        name = str(body.get("model") or "")
        watch = Stopwatch()
        try:
            model = self._chosen(name)
            prompt = read_prompt(body, name=name, thinks="thinking" in model.capabilities)
            expires_at = catalog.expiry(body.get("keep_alive"), datetime.now(UTC))
        except ChatRefused as error:
            await reply.error(error.status, str(error))
            return
        except ValueError as error:
            await reply.error(400, f"invalid keep_alive: {error}")
            return
        if not prompt.messages:
            await self._load_only(model, prompt, expires_at, reply)
            return
        load_ns = await self._load(model, prompt.num_ctx, expires_at)
        step = self._scripts.answer(prompt.messages, model.name)
        await answer.send(Turn(model, prompt, step, self._call_stem(), self._pace, watch, load_ns, fault), reply)
        self._loaded[model.name] = Loaded(model, prompt.num_ctx, expires_at)

    def _call_stem(self) -> str:
        """What the ids of one answer's calls begin with."""
        self._answers += 1
        return hashlib.sha256(str(self._answers).encode()).hexdigest()[:7]

    def _chosen(self, name: str) -> SimulatedModel:
        if not name:
            raise ChatRefused(400, "model is required")
        if catalog.asks_for_cloud(name):
            raise ChatRefused(403, "ollama cloud is disabled: remote model is unavailable")
        model = self._models.get(catalog.plain_name(name))
        if model is None:
            raise ChatRefused(404, f"model '{name}' not found")
        return model

    async def _load(self, model: SimulatedModel, num_ctx: int, expires_at: datetime) -> int:
        """Have the model in memory with this context, and say how long that took in nanoseconds."""
        watch = Stopwatch()
        loaded = self._loaded.get(model.name)
        if loaded is None or loaded.context != num_ctx or loaded.expires_at <= datetime.now(UTC):
            await self._pace.seconds(LOAD_SECONDS)
            self._loaded[model.name] = Loaded(model, num_ctx, expires_at)
        return watch.lap()

    async def _load_only(self, model: SimulatedModel, prompt: Prompt, expires_at: datetime, reply: Reply) -> None:
        """No messages: load the model, or with a keep_alive of 0 put it out of memory."""
        reason = "load" if expires_at > datetime.now(UTC) else "unload"
        if reason == "load":
            await self._load(model, prompt.num_ctx, expires_at)
        else:
            self._loaded.pop(model.name, None)
        now = catalog.stamp(datetime.now(UTC))
        message = {"role": "assistant", "content": ""}
        await reply.whole(
            200, {"model": model.name, "created_at": now, "message": message, "done": True, "done_reason": reason}
        )


def _remote(fault: Fault | None) -> bool:
    return fault is not None and fault.kind is FaultKind.REMOTE_MODEL
