"""A b4tui that asks with its desk and waits for the operator; run by path, to be killed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.escalation.at_the_desk import settings_for, sit_down


async def main(path: str, address: str, ca_file: str) -> None:
    """Ask, say so, and wait."""
    here = sit_down(Path(path), settings_for(address, Path(ca_file)))
    asking = here.ask(run="run-killed")
    await asking.question()
    say("asked")
    await asking.task


def say(line: str) -> None:
    """One line to whoever started this."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
