"""`b4tui gate check`: whether texts may leave this machine, and what keeps them here."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from b4tui.cli.common import Place, guarded, place_options, print_json, say
from b4tui.cli.gate.opened import known_option, opened_gate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from b4tui.cli.gate.checking import Checked, Target

LOCAL_ONLY_EXIT = 3
"""The exit code when the gate says `local_only` (design section 6)."""

_HELP = """
Say what in FILEs, or in standard input (-), must stay on this machine.

Whatever blocks or asks counts. The content decides; where a text came from is judged when it is part of a prompt.
Comments in the text that claim to allow something change nothing. Binary files are refused, because nobody looked.

Exit code 0: nothing found. 3: something has to stay here. 2: wrong usage.

With --jsonl each line of standard input is a row {"id", "text"}, and each is answered with one line
{"id", "verdict", "findings"} as soon as it is checked. What this machine knows is left out there unless --known
is said, so that the answer is the same on every machine.
"""


@click.command("check", help=_HELP, short_help="Whether files, standard input or a diff may leave this machine.")
@click.argument("names", metavar="[FILE|-]...", nargs=-1)
@click.option("--diff", is_flag=True, help="The input is a unified git diff: only lines that it adds count.")
@click.option("--staged", is_flag=True, help="Check what is staged in the git repository here (as a pre-commit hook).")
@click.option("--jsonl", is_flag=True, help="Check rows of JSON on standard input, one answer a line.")
@click.option("--category", metavar="C", help="A category of tasks: one that may not leave keeps everything here.")
@click.option("--hashes", is_flag=True, help="With JSON: the SHA-256 of each value, for `allow` of [gate].")
@click.option("--skip-binary", is_flag=True, help="Name binary files and go on, instead of refusing them.")
@known_option
@place_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document; with --jsonl it is one a line anyhow.")
@guarded
def check(
    place: Place,
    names: tuple[str, ...],
    diff: bool,
    staged: bool,
    jsonl: bool,
    category: str | None,
    hashes: bool,
    skip_binary: bool,
    known: bool | None,
    as_json: bool,
) -> None:
    """Check files, standard input, a diff or rows."""
    if jsonl and (diff or staged or any(name != "-" for name in names)):
        raise click.UsageError("--jsonl reads rows from standard input, and nothing else")
    if not (names or diff or staged or jsonl):
        raise click.UsageError("name files, or - for standard input; or say --staged")
    settings = place.settings()
    gate = opened_gate(place, settings, known=not jsonl if known is None else known)
    may_escalate = frozenset(settings.policy.escalation.categories)
    _check_category(category, may_escalate)
    if jsonl:
        from b4tui.cli.gate.rows import answer_rows

        most = settings.gate.max_payload_bytes
        kept = answer_rows(sys.stdin.buffer, gate.scan_text, category, may_escalate, most, hashes=hashes)
        sys.exit(LOCAL_ONLY_EXIT if kept else 0)

    from b4tui.cli.gate.checking import checked
    from b4tui.cli.gate.targets import targets
    from b4tui.gate.opening import limits_of

    read = targets(names or (() if staged else ("-",)), limits_of(settings.gate), diff=diff, staged=staged)
    results = (checked(target, gate.scan_text, category, may_escalate) for target in _shown(read, skip_binary))
    kept = _print_document(results, hashes) if as_json else _print(results)
    sys.exit(LOCAL_ONLY_EXIT if kept else 0)


def _check_category(category: str | None, may_escalate: frozenset[str]) -> None:
    """A word that is no category would keep everything here, and nobody would know why. Raises UsageError."""
    from b4tui.routing.words import Category

    known = sorted(may_escalate | set(Category))
    if category is not None and category not in known:
        raise click.UsageError(f"there is no category {category!r}; there are {', '.join(known)}")


def _shown(read: Iterable[Target], skip_binary: bool) -> Iterable[Target]:
    """The targets to check, with progress on a terminal; binary ones named and left out where that was asked for."""
    from b4tui.cli.gate.words import Progress

    progress = Progress(sys.stderr)
    for target in read:
        if skip_binary and target.binary:
            progress.clear()
            click.echo(f"b4tui: {target.name!r} is binary and was not checked", err=True)
            continue
        progress.at(target.name)
        yield target
    progress.clear()


def _print_document(results: Iterable[Checked], hashes: bool) -> bool:
    from b4tui.cli.gate.words import checked_document

    files = [checked_document(result, hashes) for result in results]
    kept = any(file["verdict"] == "local_only" for file in files)
    print_json({"verdict": "local_only" if kept else "may_escalate", "files": files})
    return kept


def _print(results: Iterable[Checked]) -> bool:
    from b4tui.cli.gate.words import Tally, checked_lines

    tally = Tally()
    for result in results:
        tally.add(result)
        for line in checked_lines(result):
            say(line)
    say(tally.line())
    return tally.kept > 0
