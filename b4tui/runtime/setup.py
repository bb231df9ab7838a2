"""Make a hub: a git repository with a board, a workspace for each agent, and a settings file.

What exists is never touched, so that it can be run again, and on a repository that has work in it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from b4tui.board.git import git
from b4tui.board.store import BoardError
from b4tui.config import HUB_FILE, AgentConfig, Settings

# Any of these is a board already, whatever else is missing beside it.
BOARDS = ("issues.jsonl", "beads.jsonl", "beads.base.jsonl", "redirect", "backup")

OWN_NAME = (("NAME", "b4tui"), ("EMAIL", "b4tui@b4tui.invalid"))

GITIGNORE = "*.db\n*.db-*\nbd.sock\ndaemon.*\nlast-touched\n.local_version\n*.lock\nredirect\n.b4tui*\n"

SETTINGS = """# Settings of this hub. They win over the user's own; `b4tui doctor` checks them.
# A hub may set [roles], [agents], [routing] and [tui]: what engines there are and what is allowed, the operator says.

# [roles.workhorse]
# model = "qwen3-coder-next:latest"
"""


@dataclass(frozen=True, slots=True)
class MadeHub:
    """What `make_hub` did; `created` are paths relative to `root`, empty when there was nothing to do."""

    root: Path
    prefix: str
    created: tuple[str, ...]


def make_hub(path: Path, settings: Settings, prefix: str | None = None) -> MadeHub:
    """Make `path` a hub and commit what was made. Raises BoardError where that cannot be done."""
    root = path.resolve()
    chosen = prefix or _prefix(root.name)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", chosen):
        raise BoardError(f"{chosen!r} is no prefix for bead ids: letters, digits, - and _ only")
    if _metadata(root).get("backend") == "dolt":
        raise BoardError(f"{root} is a hub of today's bd already (Dolt); b4tui works on it as it is")
    try:
        root.mkdir(parents=True, exist_ok=True)
        fresh_repository = _repository(root)
        files = _files(chosen, settings)
        if any((root / ".beads" / name).exists() for name in BOARDS):
            files = {name: text for name, text in files.items() if not name.startswith(".beads/")}
        created = [name for name, text in files.items() if _write_new(root / name, text)]
    except OSError as error:
        raise BoardError(f"{root}: cannot be made a hub ({error.strerror})") from error
    if created:
        _commit(root, created)
    return MadeHub(root, chosen, tuple(([".git"] if fresh_repository else []) + created))


def _files(prefix: str, settings: Settings) -> dict[str, str]:
    files = {
        ".beads/issues.jsonl": "",
        ".beads/config.yaml": f"issue-prefix: {prefix}\n",
        ".beads/metadata.json": '{"database":"beads.db","jsonl_export":"issues.jsonl"}\n',
        ".beads/.gitignore": GITIGNORE,
        HUB_FILE: SETTINGS,
    }
    for key, agent in settings.agents.items():
        files |= {f"agents/{key}/{name}": text for name, text in _workspace(agent).items()}
    return files


def _workspace(agent: AgentConfig) -> dict[str, str]:
    work = ", ".join(word.replace("_", " ") for word in agent.capabilities) or "whatever it is given"
    return {
        "AGENTS.md": f"# How {agent.name} works\n\n- One bead at a time; read it to the end before the first command.\n"
        "- Work only in the bead's folder; say what you did, with evidence.\n"
        "- When something is missing, say what, and stop: never guess.\n",
        "SOUL.md": f"# {agent.name}\n\n{agent.name} does {work}. Brief, exact, honest about what was not done.\n",
        "TOOLS.md": "# Notes on tools\n",
        "MEMORY.md": f"# What {agent.name} remembers\n",
    }


def _prefix(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-_") or "hub"


def _metadata(root: Path) -> dict[str, object]:
    try:
        value = json.loads((root / ".beads" / "metadata.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _write_new(path: Path, text: str) -> bool:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True


def _repository(root: Path) -> bool:
    """Make it a git repository, unless it lies in one."""
    if git(root, ["rev-parse", "--git-dir"]).code == 0:
        return False
    answer = git(root, ["init", "--quiet"])
    if answer.code == 127:
        raise BoardError("git is not installed: a board lives in a git repository")
    if answer.code:
        raise BoardError(f"git init failed in {root}: {answer.error}")
    return True


def _commit(root: Path, names: list[str]) -> None:
    """Commit only what was made; without a git identity the commit is b4tui's own."""
    git(root, ["add", "--", *names])
    known = git(root, ["config", "user.email"]).text.strip()
    identity = (
        {} if known else {f"GIT_{who}_{part}": text for who in ("AUTHOR", "COMMITTER") for part, text in OWN_NAME}
    )
    message = "b4tui init: make this a hub"
    answer = git(root, ["commit", "--quiet", "--message", message, "--", *names], env=identity)
    if answer.code:
        raise BoardError(f"the hub was made, but git would not commit it: {answer.error or answer.text.strip()}")
