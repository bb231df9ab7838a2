"""A program with an embedded engine, to be killed: `python own_engine_process.py MODEL FOLDER SOCKETS [ENDLESS]`.

Prints `answering` when an answer has begun, and then goes on answering until somebody ends it. With ENDLESS it prints
`starting` and waits for a child that never serves.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from b4tui.engines.types import Text
from tests.engines.conftest import ask
from tests.engines.own_engine import LONG, House, with_package


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def main(model: Path, folder: Path, sockets: Path, endless: bool) -> None:
    house = House(folder, sockets)
    if endless:
        house.environ = with_package(folder, house.environ, "import time\ntime.sleep(3600)")
        say("starting")
    async with house.open(model, window=4096) as engine:
        while True:
            async for event in engine.chat(ask(num_predict=LONG)):
                if isinstance(event, Text):
                    say("answering")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:] == ["endless"]))
