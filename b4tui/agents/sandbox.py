"""Where an agent's commands run: without any network, with nothing readable but the system and the bead's folder.

Two real sandboxes stand behind one interface, `bubblewrap.Bubblewrap` and `landlock.Landlock`; `find_sandbox` returns
the first one that proves itself by really running something. There is no way to run a command without one.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from b4tui.agents.confine import probe
from b4tui.agents.confine.places import environment, python

Choice = Literal["auto", "bubblewrap", "landlock"]

PROBE_TIMEOUT_S = 20.0


class Sandbox(Protocol):
    """Something that can confine a command."""

    @property
    def kind(self) -> str:
        """`bubblewrap` or `landlock`, for reports."""
        ...

    def argv(self, command: Sequence[str], work: Path, tmp: Path) -> list[str]:
        """The argument list that runs `command` confined, in `work`, with `tmp` as its private temporary folder.

        Its standard input is a lifeline: when that ends, the command and everything it started is killed. Both
        folders must exist and be real paths. The exit status is the command's, 128 + N for signal N.
        """
        ...


@dataclass(frozen=True, slots=True)
class NoSandbox:
    """No sandbox works here; `reason` says why and what to do about it."""

    reason: str


def find_sandbox(choice: Choice = "auto") -> Sandbox | NoSandbox:
    """The first sandbox that works on this machine, proven by a real run; blocks for well under a second.

    Bubblewrap first (it has namespaces of its own), then Landlock. Cache the answer: it does not change while running.
    """
    from b4tui.agents.bubblewrap import Bubblewrap
    from b4tui.agents.landlock import Landlock

    reasons = []
    for kind, find in (("bubblewrap", Bubblewrap.find), ("landlock", Landlock.find)):
        if choice not in ("auto", kind):
            continue
        found: Sandbox | str = find()
        failed = found if isinstance(found, str) else prove(found)
        if not isinstance(found, str) and not failed:
            return found
        reasons.append(f"{kind}: {failed}")
    return NoSandbox("; ".join(reasons))


def prove(sandbox: Sandbox) -> str:
    """Run the probe in the sandbox: "" when it holds, else what got through or why it did not start."""
    with tempfile.TemporaryDirectory(prefix="b4tui-probe-") as stage:
        root = Path(stage).resolve()
        work, tmp, outside = root / "work", root / "tmp", root / "outside"
        for folder in (work, tmp, outside):
            folder.mkdir()
        (outside / "secret").write_text("secret", encoding="utf-8")
        command = [python(), "-I", "-S", "-c", Path(probe.__file__).read_text(encoding="utf-8"), str(outside)]
        lifeline, keep = os.pipe()
        try:
            done = subprocess.run(
                sandbox.argv(command, work, tmp),
                cwd=work,
                stdin=lifeline,
                capture_output=True,
                timeout=PROBE_TIMEOUT_S,
                env=environment(tmp),
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"the probe could not run ({error})"
        finally:
            os.close(lifeline)
            os.close(keep)
        said = done.stdout.decode("utf-8", "replace").strip()
        if done.returncode != 0 or said != probe.HELD:
            detail = said or done.stderr.decode("utf-8", "replace").strip()[-300:] or f"exit status {done.returncode}"
            return f"the probe failed: {detail}"
        return "the probe wrote outside its folder" if (outside / "made").exists() else ""
