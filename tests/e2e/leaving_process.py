"""Romanov asks a cloud provider that is not on loopback, with the guard in place: run in a closed world with a folder.

Prints as JSON what was approved, what the guard stopped before and after it, and what reached the provider.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from b4tui.demo.cloud import PROVIDER
from b4tui.demo.run import demo_world
from b4tui.escalation.guard import EgressGuard, EgressStopped
from tests.e2e.far_cloud import ADDRESS, PORT
from tests.e2e.test_leaving import CLEAN, QUIET, romanov

GUARD = EgressGuard()


def tries_alone() -> bool:
    """Whether the guard stops a connection to the provider that no permit opened."""
    try:
        socket.create_connection((ADDRESS, PORT), 1.0).close()
    except EgressStopped:
        return False
    return True


async def asked(folder: Path) -> dict[str, Any]:
    """One question approved and answered."""
    key = folder / "key"
    key.touch(0o600)
    key.write_text(secrets.token_hex(16))
    policy = {"policy": {"escalation": QUIET}}
    async with demo_world(speed=0, overrides=policy, cloud=True, guard=GUARD) as world:
        provider = world.settings.escalation[PROVIDER].model_copy(
            update={
                "address": f"https://{ADDRESS}:{PORT}",
                "ca_file": str(folder / "authority.pem"),
                "key_file": str(key),
            }
        )
        settings = world.settings.model_copy(update={"escalation": {PROVIDER: provider}})
        async with romanov(replace(world, settings=settings)) as job:
            approval = await job.asked(CLEAN)
            body = (await job.runtime.payload(approval.id)).body
            before = tries_alone()
            await job.approve(approval)
            await job.closed(CLEAN)
            return {"body": body.decode("latin-1"), "alone": [before, tries_alone()], "refused": job.stopped()}


def main() -> None:
    """Run the provider beside it, and tell."""
    folder = Path(sys.argv[1])
    command = [sys.executable, "-m", "tests.e2e.far_cloud", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as cloud:
        assert cloud.stdout is not None
        cloud.stdout.readline()
        GUARD.install()
        told = asyncio.run(asked(folder))
        told["cloud"] = json.loads(cloud.communicate()[0])
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
