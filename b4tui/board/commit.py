"""One git commit for each change of a board, which touches the board file alone.

Before a change is written it is noted in a journal inside the git folder; after its commit the note goes. A program
that is killed in between leaves the note, and whoever writes or opens the board next commits the change as what it
was. What others left uncommitted in the file (bd, an editor) gets a commit of its own first, under the user's name:
so the log tells who did what, and after every change of ours log and file agree.

While a merge, rebase, cherry-pick, revert or bisect is under way nothing is committed: the change is in the file, the
caller is told, and the first change after it commits what waited.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b, sha1
from pathlib import Path

from b4tui.board.git import Answer, git

_UNDER_WAY = {
    "MERGE_HEAD": "a merge",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "BISECT_LOG": "a bisect",
}
_LOCKED = re.compile(r"\.lock'|cannot lock ref|unable to create", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
_ID = re.compile(r'^[+-].*?"id":\s?"([^"\\]{1,80})"', re.MULTILINE)
_GLOB = re.compile(r"([\\*?\[\] ])")
_ESCAPED = r"\\\1"
_PATIENCE_S = 3.0
_SUBJECT = 160  # characters
_NAMED = 5  # beads named in the subject of a commit of foreign changes


@dataclass(frozen=True, slots=True)
class Intent:
    """A change about to be written: the subject of its commit, who makes it, and the digest of the file after it."""

    subject: str
    actor: str
    digest: str


def digest_of(data: bytes) -> str:
    """What an intent knows a file's content by."""
    return blake2b(data, digest_size=16).hexdigest()


class BoardLog:
    """The git log of one board file. Use it only while holding the board's lock.

    `warn` is told what was not committed and why. `lock` arguments are the lock's descriptor, handed on to git.
    """

    def __init__(self, data_file: Path, warn: Callable[[str], None]) -> None:
        self._file = data_file.resolve()
        self._warn = warn
        self._place: tuple[Path, Path, str] | None = None  # work tree, git folder, path of the file in the tree
        self._committer: dict[str, str] | None = None
        self._told: set[str] = set()
        self._hidden = False

    @property
    def left_over(self) -> bool:
        """Whether a change was noted and, as far as the journal knows, never committed."""
        place = self._find()
        return place is not None and self._journal(place).exists()

    def note(self, intent: Intent) -> None:
        """Note what is about to be written. Raises OSError."""
        place = self._find()
        if place is not None:
            self._hide_lock(place)
            with self._journal(place).open("a", encoding="utf-8") as journal:
                journal.write(json.dumps(asdict(intent)) + "\n")

    def forget(self) -> None:
        """The change that was noted last was not written after all."""
        place = self._find()
        if place is not None:
            journal = self._journal(place)
            notes = _notes(journal)[:-1]
            journal.write_text("".join(json.dumps(asdict(note)) + "\n" for note in notes), encoding="utf-8")
            if not notes:
                journal.unlink(missing_ok=True)

    def commit(self, intent: Intent, lock: int) -> None:
        """Commit the file under the intent's subject and name."""
        place = self._find()
        if place is None or self._is_under_way(place, intent.subject):
            return
        self._record(place, intent.subject, "", intent.actor, lock)

    def recover(self, lock: int) -> None:
        """Commit what is in the file and not in the log, as what it was if the journal tells, else as the user's."""
        place = self._find()
        if place is None or not self._file.exists():
            return
        notes = _notes(self._journal(place))
        state = self._status(place)
        if state in ("", "!!"):
            self._journal(place).unlink(missing_ok=True)
            return
        if self._under_way(place):
            return
        if not notes and state == "??":
            self._record(place, "Board: begin to keep it in git", "", "", lock)
            return
        subject, body, actor = self._account(place, notes)
        self._record(place, subject, body, actor, lock)

    def _account(self, place: tuple[Path, Path, str], notes: Sequence[Intent]) -> tuple[str, str, str]:
        """Subject, body and author for what was found uncommitted."""
        if not notes:
            return f"Board: changes made outside b4tui{self._changed_ids(place)}", "", ""
        exact = notes[-1].digest == digest_of(self._file.read_bytes())
        rest = "" if exact else "\n\nThe file also holds changes made outside b4tui since."
        if len(notes) == 1:
            return notes[0].subject, f"Committed late: it was written, and then interrupted.{rest}", notes[0].actor
        beads = list(dict.fromkeys(note.subject.partition(": ")[0] for note in notes))
        actors = {note.actor for note in notes}
        body = "\n".join(f"- {note.subject} ({note.actor})" for note in notes)
        subject = f"{', '.join(beads)}: changes that waited for their commit"
        return subject, f"{body}{rest}", actors.pop() if len(actors) == 1 else ""

    def _changed_ids(self, place: tuple[Path, Path, str]) -> str:
        top, _, path = place
        difference = git(top, ["diff", "--no-ext-diff", "--no-textconv", "-U0", "HEAD", "--", path])
        ids = list(dict.fromkeys(_ID.findall(difference.text)))
        more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
        return f" ({', '.join(ids[:_NAMED])}{more})" if ids else ""

    def _record(self, place: tuple[Path, Path, str], subject: str, body: str, actor: str, lock: int) -> None:
        top, folder, path = place
        message = ["-m", _plain(subject)] + (["-m", body] if body else [])
        command = ["commit", "--quiet", "--no-verify", "--only", "--cleanup=verbatim", *message, "--", path]
        answer = self._patiently(top, command, actor, lock)
        if answer.code and "did not match" in answer.error:
            answer = self._patiently(top, ["add", "--", path], actor, lock)
            if answer.code and "ignored by" in answer.error:
                self._journal(place).unlink(missing_ok=True)
                return  # the hub's owner keeps this board out of git
            if not answer.code:
                answer = self._patiently(top, command, actor, lock)
        if answer.code and self._status(place) not in ("", "!!"):
            self._warn(f"{_plain(subject)}: written to the board, but not committed to git: {answer.error}")
            return
        self._journal(place).unlink(missing_ok=True)
        self._tell_if_detached(folder)

    def _patiently(self, top: Path, command: Sequence[str], actor: str, lock: int) -> Answer:
        """Run it, again and again for a while where another git is in the way."""
        env = {**self.identity(top, actor), "GIT_OPTIONAL_LOCKS": "1"}
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            answer = git(top, command, env=env, keep_open=lock)
            if answer.code == 0 or not _LOCKED.search(answer.error) or time.monotonic() > deadline:
                return answer
            time.sleep(0.05)

    def identity(self, top: Path, actor: str) -> dict[str, str]:
        """The environment that says who wrote it, the user where `actor` is empty, and who commits it.

        The user commits where git knows the user, else the author does.
        """
        if self._committer is None:
            found = git(top, ["config", "--get-regexp", r"^user\.(name|email)$"]).text
            self._committer = dict(line.split(" ", 1) for line in found.splitlines() if " " in line)
        known = self._committer
        name = actor_name(actor) if actor else known.get("user.name", "b4tui")
        email = f"{_address(actor)}@b4tui.invalid" if actor else known.get("user.email", "b4tui@b4tui.invalid")
        author = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": email}
        if len(known) == 2 or {"GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"} <= os.environ.keys():
            return author
        return author | {"GIT_COMMITTER_NAME": name, "GIT_COMMITTER_EMAIL": email}

    def _find(self) -> tuple[Path, Path, str] | None:
        """Where the repository is; None outside of one. Looked for until found: `git init` may come later."""
        if self._place is None and any((folder / ".git").exists() for folder in self._file.parents):
            answer = git(self._file.parent, ["rev-parse", "--show-toplevel", "--absolute-git-dir", "--show-prefix"])
            lines = answer.text.split("\n")
            if answer.code == 0 and len(lines) >= 3:
                self._place = Path(lines[0]), Path(lines[1]), lines[2] + self._file.name
            else:
                self._tell_once(f"the board's changes are not committed: {answer.error}")
        return self._place

    def _hide_lock(self, place: tuple[Path, Path, str]) -> None:
        """Keep our lock file out of the user's `git status` without touching a file that is in git."""
        if self._hidden:
            return
        self._hidden = True
        top, _, path = place
        lock = str(Path(path).with_name(".b4tui.lock"))
        not_literal = {"GIT_LITERAL_PATHSPECS": "0"}  # check-ignore refuses it, and takes paths literally anyway
        if git(top, ["check-ignore", "--quiet", "--", lock], env=not_literal).code == 1:
            exclude = Path(git(top, ["rev-parse", "--git-path", "info/exclude"]).text.strip())
            exclude = top / exclude
            exclude.parent.mkdir(parents=True, exist_ok=True)
            with exclude.open("a", encoding="utf-8") as file:
                file.write(f"/{_GLOB.sub(_ESCAPED, lock)}\n")

    def _status(self, place: tuple[Path, Path, str]) -> str:
        """Git's two letters for the file: "" clean, ?? not in git, !! ignored."""
        top, _, path = place
        answer = git(top, ["status", "--porcelain=v1", "-z", "--ignored", "--untracked-files=all", "--", path])
        return answer.text[:2]

    def _is_under_way(self, place: tuple[Path, Path, str], subject: str) -> bool:
        what = self._under_way(place)
        if what:
            self._warn(
                f"{_plain(subject)}: written to the board, not committed to git while {what} is under way; "
                "the next change after it commits this one too"
            )
        return bool(what)

    def _under_way(self, place: tuple[Path, Path, str]) -> str:
        return next((what for name, what in _UNDER_WAY.items() if (place[1] / name).exists()), "")

    def _journal(self, place: tuple[Path, Path, str]) -> Path:
        key = sha1(place[2].encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()[:8]
        return place[1] / f"b4tui-board-{key}.pending"

    def _tell_if_detached(self, folder: Path) -> None:
        if not (folder / "HEAD").read_text("utf-8", "replace").startswith("ref:"):
            self._tell_once("HEAD is detached: the board's commits are on no branch; switch to one to keep them")

    def _tell_once(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._warn(text)


def actor_name(actor: str) -> str:
    """An actor as git takes it for a name."""
    name = _plain(actor).translate({ord(letter): None for letter in "<>"}).strip()
    return name if any(letter.isalnum() for letter in name) else "b4tui"


def _address(actor: str) -> str:
    return re.sub(r"[^a-z0-9._+-]+", "-", actor.lower()).strip("-.") or "agent"


def _plain(text: str) -> str:
    return _CONTROL.sub(" ", text)[:_SUBJECT]


def _notes(journal: Path) -> list[Intent]:
    """The journal's intents; a last line cut short by a crash was never acted on."""
    try:
        lines = journal.read_text("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []
    notes = []
    for line in lines:
        try:
            notes.append(Intent(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return notes
