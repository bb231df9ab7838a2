"""A runtime in a process of its own, to be killed: HUB ADDRESS; works until idle and prints its events."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from b4tui.board.discover import open_hub
from b4tui.board.stores import open_store
from b4tui.config import load
from b4tui.engines.opening import open_engines
from b4tui.events import Event, as_json
from b4tui.runtime.runtime import Runtime


def show(event: Event) -> None:
    sys.stdout.write(json.dumps(as_json(event)) + "\n")
    sys.stdout.flush()


async def main(hub: str, address: str) -> None:
    settings = load(
        use_user_file=False,
        overrides={
            "engines": {"ollama": {"address": address, "slots": 5}},
            "policy": {"poll": {"interval_s": 0.2, "max_interval_s": 1.0, "engine_backoff_s": 0.05}},
        },
    )
    engines = open_engines(settings, {})
    runtime = Runtime(settings, open_store(open_hub(Path(hub))), engines, simulated=True)
    runtime.subscribe(show)
    await runtime.start()
    await runtime.until_idle()
    await runtime.stop("nothing is left to do")
    for engine in engines.values():
        await engine.aclose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
