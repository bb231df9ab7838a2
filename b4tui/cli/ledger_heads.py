"""Where heads of a ledger are noted: a file in the hub, and what git has of it."""

from __future__ import annotations

from pathlib import Path

from b4tui.board.git import git
from b4tui.board.model import Hub
from b4tui.cli.common import Failed
from b4tui.ledger.heads import FILE_NAME, LARGEST, read_head
from b4tui.ledger.types import Head
from b4tui.runtime.state import write_whole


def write_head(hub: Hub, text: str) -> Path:
    """Write the head's text to its file in the hub; the file. Raises Failed."""
    path = hub.root / FILE_NAME
    try:
        write_whole(path, text)
    except OSError as error:
        raise Failed(f"{path} cannot be written: {error.strerror}") from error
    return path


def noted_head(hub: Hub, against: str, ledger: str) -> Head:
    """The head in a file, or in the hub's file as it was at a git revision. Raises Failed."""
    path = Path(against)
    is_file = path.is_file()
    where = against if is_file else f"{against}:{FILE_NAME}"
    text = _text_of(path) if is_file else _at_revision(hub, against)
    noted = read_head(text, where)
    if noted.ledger != ledger:
        raise Failed(f"{where} is the head of another ledger ({noted.ledger[:12]}, and this is {ledger[:12]})")
    return noted.head


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST).decode("utf-8", "replace")
    except OSError as error:
        raise Failed(f"{path} cannot be read: {error.strerror}") from error


def _at_revision(hub: Hub, revision: str) -> str:
    """The file as git has it. `cat-file` starts no program that a repository could name."""
    if revision.startswith("-"):
        raise Failed(f"{revision} is neither a file nor a revision")
    answer = git(hub.root, ["cat-file", "blob", f"{revision}:./{FILE_NAME}"], env={"GIT_NO_LAZY_FETCH": "1"})
    if answer.code:
        raise Failed(
            f"{revision} is no file, and git has no {FILE_NAME} there ({answer.error}): "
            "`b4tui ledger head --write` and a commit note one"
        )
    return answer.out[:LARGEST].decode("utf-8", "replace")
