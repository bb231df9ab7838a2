"""What git knows of a hub: where its remotes are, and who wrote it. Two short commands that fetch nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from b4tui.gate.known.reading import Warn

MAX_COMMITS = 5000
"""Authors of older commits are not known."""
_TIMEOUT_S = 5.0
_QUIET = ("core.hooksPath=/dev/null", "core.fsmonitor=false", "protocol.allow=never", "log.showSignature=false")


def remotes(hub: Path, environ: Mapping[str, str], warn: Warn) -> tuple[str, ...]:
    """The URLs of the repository's remotes; empty outside of git."""
    answer = _git(hub, ["config", "--get-regexp", r"^remote\..*\.(url|pushurl)$"], environ, warn)
    return tuple(line.partition(" ")[2] for line in answer.splitlines())


def authors(hub: Path, environ: Mapping[str, str], warn: Warn) -> tuple[tuple[str, str], ...]:
    """Name and mail of everybody who wrote one of the newest commits, each pair once; empty outside of git."""
    answer = _git(
        hub, ["log", f"--max-count={MAX_COMMITS}", "--no-show-signature", "--format=%an%x09%ae"], environ, warn
    )
    pairs = (line.rpartition("\t") for line in answer.splitlines())
    return tuple(dict.fromkeys((name, mail) for name, _, mail in pairs))


def _git(hub: Path, arguments: Sequence[str], environ: Mapping[str, str], warn: Warn) -> str:
    """What git says; "" when it says no, which it does for a folder without a repository or without a commit."""
    settings = [part for setting in _QUIET for part in ("-c", setting)]
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
    env = {name: environ[name] for name in ("PATH", "HOME", "XDG_CONFIG_HOME") if name in environ} | quiet
    try:
        answer = subprocess.run(
            ["git", *settings, *arguments],
            cwd=hub,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except FileNotFoundError:
        return ""
    except (OSError, subprocess.TimeoutExpired) as error:
        warn(
            f"git {arguments[0]} did not answer ({type(error).__name__}): people and hosts it knows are not looked for"
        )
        return ""
    return answer.stdout.decode("utf-8", "replace") if answer.returncode == 0 else ""
