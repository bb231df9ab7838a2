"""The calls of bd that b4tui makes, as argument lists: pure, and all of them are here.

Rules named by number are those of research/beads-dolt.md section 0. What is not here is never called. No push, pull
or sync (rules 11 and 12: they are the operator's), no `label` (rule 13), no `gc`, `doctor`, `sql`, `edit` or `--watch`
(rule 15), no `create --id` (rule 6: with an id that exists it overwrites that bead), no `delete`.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from b4tui.board.model import Bead, Changes, NewBead
from b4tui.board.store import Refused

_LONGEST_ARGUMENT = 120_000  # bytes; Linux takes 131,072 with the final zero (MAX_ARG_STRLEN)


@dataclass(frozen=True, slots=True)
class Command:
    """One call: the arguments behind the global ones, the text for stdin if any, and whether it only reads."""

    args: tuple[str, ...]
    text: str | None = None
    reads: bool = False

    def __post_init__(self) -> None:
        for argument in self.args:
            if len(argument.encode("utf-8", "surrogatepass")) > _LONGEST_ARGUMENT:
                raise Refused(
                    f"a text of {len(argument):,} characters is too long for bd, which takes {_LONGEST_ARGUMENT:,}"
                    " bytes; shorten it, or put the text into the description or a file"
                )


VERSION = Command(("version", "--json"), reads=True)

# Rule 7: the whole board in one call, with no limit and nothing left out but the bodies of comments.
LIST = Command(
    ("list", "--all", "-n", "0", "--json", "--include-infra", "--include-gates", "--include-templates"), reads=True
)


def comments(bead_id: str) -> Command:
    """Read the comments of one bead, which `list` only counts."""
    return Command(("comments", "--json", "--", bead_id), reads=True)


def create(new: NewBead) -> Command:
    """Make a bead; bd picks its id (rule 6).

    In `--deps` a bare id means "is blocked by" while `blocks:ID` means the other way round (section 3). A child does
    not inherit the labels of its parent: the labels are those that were asked for, as in a classic hub.
    """
    args = ["create", "--json", f"--title={sendable(new.title).strip()}", f"--type={sendable(new.issue_type)}"]
    args.append(f"--priority={new.priority}")
    args += [f"--labels={_one_value(label)}" for label in new.labels]
    if new.assignee:
        args.append(f"--assignee={sendable(new.assignee)}")
    if new.acceptance:
        args.append(f"--acceptance={sendable(new.acceptance)}")
    if new.parent:
        args += [f"--parent={new.parent}", "--no-inherit-labels"]
    for kind, target in new.dependencies:
        args.append(f"--deps={_one_value(target if kind == 'blocks' else f'{kind}:{target}')}")
    if new.description:
        return Command((*args, "--stdin"), sendable(new.description))
    return Command(tuple(args))


def update(bead: Bead, changes: Changes) -> Command | None:
    """Change those fields that differ from the bead, labels included (rule 13); None where nothing would change."""
    args: list[str] = []
    fields = (
        ("title", changes.title and changes.title.strip(), bead.title),  # bd strips titles, and nothing else
        ("design", changes.design, bead.design),
        ("acceptance", changes.acceptance, bead.acceptance),
        ("notes", changes.notes, bead.notes),
        ("status", changes.status, bead.status),
        ("type", changes.issue_type, bead.issue_type),
        ("assignee", changes.assignee, bead.assignee),
    )
    for flag, wanted, now in fields:
        if wanted is not None and sendable(wanted) != now:
            args.append(f"--{flag}={sendable(wanted)}")
    if changes.priority is not None and changes.priority != bead.priority:
        args.append(f"--priority={changes.priority}")
    args += [f"--add-label={_one_value(label)}" for label in changes.add_labels if label not in bead.labels]
    args += [f"--remove-label={_one_value(label)}" for label in changes.remove_labels if label in bead.labels]
    text = None
    if changes.description is not None and sendable(changes.description) != bead.description:
        text = sendable(changes.description)
        args += ["--stdin"] if text else ["--description=", "--allow-empty-description"]
    return Command(("update", "--json", *args, "--", bead.id), text or None) if args else None


def claim(bead_id: str) -> Command:
    """Claim one bead; one id a call, because with several the exit code is 0 if one was won (rule 10)."""
    return Command(("update", "--json", "--claim", "--", bead_id))


def release(bead_id: str) -> Command:
    """Give a bead back; bd has no verb for it (section 3)."""
    return Command(("update", "--json", "--status=open", "--assignee=", "--", bead_id))


def close(bead_id: str, reason: str, *, force: bool) -> Command:
    """Close with a reason, which goes by stdin because evidence can be long."""
    forced = ("--force",) if force else ()
    if not reason.strip():
        return Command(("close", "--json", *forced, "--", bead_id))
    return Command(("close", "--json", *forced, "--reason-file=-", "--", bead_id), sendable(reason))


def reopen(bead_id: str) -> Command:
    """Open a closed bead again."""
    return Command(("reopen", "--json", "--", bead_id))


def comment(bead_id: str, text: str) -> Command:
    """Add a comment, by stdin."""
    return Command(("comment", "--json", "--stdin", "--", bead_id), sendable(text))


def add_dependency(bead_id: str, on: str, kind: str) -> Command:
    """Make `bead_id` depend on `on`."""
    return Command(("dep", "add", "--json", f"--type={sendable(kind)}", "--", bead_id, on))


def remove_dependency(bead_id: str, on: str) -> Command:
    """Take the edge away."""
    return Command(("dep", "remove", "--json", "--", bead_id, on))


def sendable(text: str) -> str:
    """Text that survives an argument list and UTF-8: NUL and lone surrogates become U+FFFD.

    bd refuses a whole command for one such character (section 3); an agent's comment is worth more than it.
    """
    return text.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _one_value(text: str) -> str:
    """One value for a flag that bd reads as a CSV line, so that a comma or a quote in it splits nothing."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([sendable(text)])
    return line.getvalue()
