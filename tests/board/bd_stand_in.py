"""A real program that stands in for bd: it logs each call and does what `plan.json` beside it says.

The plan maps a verb (`list`, `update`, `update --claim`, ...) to steps; the n-th call does the n-th step, and the last
step again and again. Keys of a step: `out`, `err`, `rc`; `bytes` (so many on stdout), `hang` (wait for ever),
`ignore_term`, `term` (what to do at SIGTERM: a step of its own), `die` (by that signal), `manifest` (its new content),
`child` (leave a child behind that keeps the pipes, and log its process id).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def main() -> None:
    started = time.monotonic()
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    verb = words[0] + (" --claim" if "--claim" in sys.argv else "")
    if (HERE / "slow-reader").exists():
        time.sleep(0.6)  # longer than the slices in which the caller waits
    stdin = "" if os.path.samestat(os.fstat(0), Path(os.devnull).stat()) else sys.stdin.read()
    plan: dict[str, list[dict[str, Any]]] = json.loads((HERE / "plan.json").read_text())
    log = HERE / "calls.jsonl"
    before = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    steps = plan.get(verb, [{}])
    step = steps[min(sum(call["verb"] == verb for call in before), len(steps) - 1)]
    child = subprocess.Popen(["sleep", "600"]).pid if step.get("child") else 0
    call = {
        "verb": verb,
        "args": sys.argv[1:],
        "stdin": stdin,
        "devnull": os.path.samestat(os.fstat(0), Path(os.devnull).stat()),
        "leader": os.getsid(0) == os.getpid(),
        "folder": str(Path.cwd()),
        "environ": dict(os.environ),
        "pid": os.getpid(),
        "child": child,
        "started": started,
    }
    with log.open("a") as file:
        file.write(json.dumps(call) + "\n")
    if step.get("ignore_term"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "term" in step:
        signal.signal(signal.SIGTERM, lambda *_: finish(step["term"]))
    if "manifest" in step:
        (HERE / "manifest-path").read_text()
        Path((HERE / "manifest-path").read_text()).write_text(step["manifest"])
    if step.get("hang"):
        (HERE / "hanging").touch()
        while True:
            time.sleep(600)
    if "die" in step:
        os.kill(os.getpid(), step["die"])
    time.sleep(step.get("takes", 0))
    (HERE / "ended.jsonl").open("a").write(f"{started} {time.monotonic()}\n")
    finish(step)


def finish(step: dict[str, Any]) -> None:
    out = step.get("out", "")
    sys.stdout.write(out if isinstance(out, str) else json.dumps(out))
    sys.stdout.write("x" * step.get("bytes", 0))
    sys.stderr.write(step.get("err", ""))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(step.get("rc", 0))


if __name__ == "__main__":
    main()
