"""The endpoints of Ollama's native API, answered from scripts (research/runtime.md 1.2 to 1.12)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from b4tui.demo import answer, catalog
from b4tui.demo.answer import Turn
from b4tui.demo.catalog import Loaded, SimulatedModel
from b4tui.demo.chat import ChatRefused, Prompt, read_prompt
from b4tui.demo.faults import Fault, FaultKind
from b4tui.demo.lies import Lie, Lies
from b4tui.demo.pace import LOAD_SECONDS, Pace, Stopwatch
from b4tui.demo.script import Scripts
from b4tui.demo.shelf import Shelf
from b4tui.demo.wire import Reply

VERSION = "0.33.3"
OLD_VERSION = "0.9.6"
CALLED_OUT = 'Post "https://cloud.invalid:443/api/show": dial tcp: lookup cloud.invalid: no such host'
Endpoint = Callable[[Mapping[str, Any], Reply, Fault | None], Awaitable[None]]


class Service:
    """One simulated model server: its models (on a `shelf`), which are loaded, its answers, and what it lies about."""

    def __init__(self, scripts: Scripts, models: Iterable[SimulatedModel], pace: Pace, lies: Lies) -> None:
        self._scripts = scripts
        self._lies = lies
        self._models = {model.name: model for model in models}
        self.shelf = Shelf(self._models, pace)
        self._pace = pace
        self._loaded: dict[str, Loaded] = {}
        self._stuck: set[str] = set()
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
        self._stuck.clear()

    async def _root(self, body: Mapping[str, Any], reply: Reply, fault: Fault | None) -> None:
        await reply.whole(200, "Ollama is running")

    async def _version(self, body: Mapping[str, Any], reply: Reply, fault: Fault | None) -> None:
        version = OLD_VERSION if self._lies.told(Lie.OLD_VERSION) else VERSION
        await reply.whole(200, {"version": version, "simulated": True})

    async def _status(self, body: Mapping[str, Any], reply: Reply, fault: Fault | None) -> None:
        if self._lies.told(Lie.OLD_VERSION):
            await reply.whole(404, "404 page not found")
        elif self._lies.told(Lie.CLOUD_ON):
            await reply.whole(200, {"cloud": {"disabled": False, "source": "none"}})
        else:
            await reply.whole(200, {"cloud": {"disabled": True, "source": "env"}})

    async def _tags(self, body: Mapping[str, Any], reply: Reply, fault: Fault | None) -> None:
        rows = []
        for model in map(self._as_it_is, self._models.values()):
            remote = _remote(fault) or self._lies.alias(model.name) is Lie.ALIAS
            rows.append(catalog.tag_row(model, remote=remote))
            if self._lies.told(Lie.CLOUD_NAMES, model.name):
                rows.append(catalog.tag_row(replace(model, name=f"{model.name}-cloud")))
        await reply.whole(200, {"models": rows})

    async def _ps(self, body: Mapping[str, Any], reply: Reply, fault: Fault | None) -> None:
        now = datetime.now(UTC)
        self._loaded = {name: loaded for name, loaded in self._loaded.items() if loaded.expires_at > now}
        rows = [catalog.loaded_row(replace(loaded, model=self._in_memory(loaded.model))) for loaded in self._listed()]
        await reply.whole(200, {"models": rows})

    def _listed(self) -> list[Loaded]:
        """What it says is in memory."""
        return [loaded for name, loaded in self._loaded.items() if not self._lies.told(Lie.NOT_IN_MEMORY, name)]

    def _as_it_is(self, model: SimulatedModel) -> SimulatedModel:
        """The model of that name by now."""
        return model.made_anew() if self._lies.told(Lie.DIGEST_CHANGED, model.name) else model

    def _in_memory(self, model: SimulatedModel) -> SimulatedModel:
        model = self._as_it_is(model)
        return model.made_anew() if self._lies.told(Lie.DIGEST_IN_MEMORY, model.name) else model

    async def _show(self, body: Mapping[str, Any], reply: Reply, fault: Fault | None) -> None:
        name = str(body.get("model") or body.get("name") or "")
        if catalog.asks_for_cloud(name) and not self._lies.told(Lie.OLD_VERSION):
            await self._show_of_a_cloud(name, reply)
            return
        model = self._models.get(catalog.plain_name(name))
        if model is None:
            await reply.error(404, f"model '{catalog.plain_name(name)}' not found")
            return
        remote = _remote(fault) or self._lies.alias(model.name) in (Lie.ALIAS, Lie.ALIAS_UNLISTED)
        await reply.whole(200, catalog.show_row(self._as_it_is(model), remote=remote))

    async def _show_of_a_cloud(self, name: str, reply: Reply) -> None:
        """What comes of asking for a cloud's model: refused by a server without a cloud (research/runtime.md 1.12)."""
        model = self._models.get(catalog.without_cloud(name))
        if self._lies.told(Lie.CLOUD_ON):
            await reply.error(502, CALLED_OUT)
        elif self._lies.told(Lie.CANARY_SERVED):
            await reply.whole(200, catalog.show_row(model or next(iter(self._models.values()))))
        elif model is not None and self._lies.told(Lie.CLOUD_NAMES, model.name):
            await reply.whole(200, catalog.show_row(model))
        else:
            await reply.error(403, "ollama cloud is disabled: remote model details are unavailable")

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
        alias = self._lies.alias(model.name) is not None
        elsewhere = alias or catalog.asks_for_cloud(name) or self._lies.told(Lie.ECHO, model.name)
        if not prompt.messages:
            await self._load_only(model, prompt, expires_at, reply, elsewhere=elsewhere)
            return
        load_ns = 1 if elsewhere else await self._load(model, prompt.num_ctx, expires_at)
        step, stem = self._scripts.answer(prompt.messages, model.name, prompt.tools), self._call_stem()
        echo = model.name if elsewhere else name
        turn = Turn(model, echo, prompt, step, stem, self._pace, watch, load_ns, fault, remote=alias)
        if model.name in self._stuck:
            await asyncio.Event().wait()
        try:
            await answer.send(turn, reply)
        except (asyncio.CancelledError, ConnectionError):
            if turn.trouble is FaultKind.STUCK:
                self._stuck.add(model.name)
            raise
        if not elsewhere:
            self._loaded[model.name] = Loaded(model, prompt.num_ctx, expires_at)

    def _call_stem(self) -> str:
        """What the ids of one answer's calls begin with."""
        self._answers += 1
        return hashlib.sha256(str(self._answers).encode()).hexdigest()[:7]

    def _chosen(self, name: str) -> SimulatedModel:
        if not name:
            raise ChatRefused(400, "model is required")
        cloud, old = catalog.asks_for_cloud(name), self._lies.told(Lie.OLD_VERSION)
        model = self._models.get(catalog.without_cloud(name) if cloud and not old else catalog.plain_name(name))
        if cloud and not old and not (model and self._lies.told(Lie.CLOUD_NAMES, model.name)):
            if self._lies.told(Lie.CLOUD_ON):
                raise ChatRefused(502, CALLED_OUT)
            raise ChatRefused(403, "ollama cloud is disabled: remote model is unavailable")
        only_local = name.endswith(":local")
        if model is None or (only_local and (old or self._lies.alias(model.name) is Lie.ALIAS)):
            raise ChatRefused(404, f"model '{name}' not found")
        return model

    async def _load(self, model: SimulatedModel, num_ctx: int, expires_at: datetime) -> int:
        """Have the model in memory with this context, and say how long that took in nanoseconds."""
        watch = Stopwatch()
        loaded = self._loaded.get(model.name)
        if (
            loaded is None
            or loaded.model != model
            or loaded.context != num_ctx
            or loaded.expires_at <= datetime.now(UTC)
        ):
            await self._pace.seconds(LOAD_SECONDS)
            self._loaded[model.name] = Loaded(model, num_ctx, expires_at)
        return watch.lap()

    async def _load_only(
        self, model: SimulatedModel, prompt: Prompt, expires_at: datetime, reply: Reply, *, elsewhere: bool
    ) -> None:
        """No messages: load the model, or with a keep_alive of 0 put it out of memory; `elsewhere`, only say so."""
        reason = "load" if expires_at > datetime.now(UTC) else "unload"
        if elsewhere:
            pass
        elif reason == "load":
            await self._load(model, prompt.num_ctx, expires_at)
        else:
            self._loaded.pop(model.name, None)
            self._stuck.discard(model.name)
        now = catalog.stamp(datetime.now(UTC))
        message = {"role": "assistant", "content": ""}
        await reply.whole(
            200, {"model": model.name, "created_at": now, "message": message, "done": True, "done_reason": reason}
        )


def _remote(fault: Fault | None) -> bool:
    return fault is not None and fault.kind is FaultKind.REMOTE_MODEL
