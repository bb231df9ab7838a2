"""`b4tui ledger`: read the record, verify it, note its head, write it out."""

from __future__ import annotations

import codecs
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from b4tui.cli.common import Failed, Place, actor_name, guarded, json_option, place_options, print_json, say
from b4tui.cli.ledger_opened import opened_ledger
from b4tui.safe_text import visible

if TYPE_CHECKING:
    from b4tui.ledger.ledger import Ledger
    from b4tui.ledger.types import Entry, Head


@click.group("ledger")
def command() -> None:
    """Read and verify the record of everything that happened on a hub."""


@command.command("list", short_help="The newest rows, newest last.")
@place_options
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, metavar="N", help="At most N rows.")
@click.option("--before", type=click.IntRange(min=1), metavar="SEQ", help="Only rows before this one.")
@click.option("--kind", metavar="KIND", help="Only rows of this kind (approval_asked, payload_sent, ...).")
@click.option("--bead", metavar="ID", help="Only rows of this bead.")
@click.option("--search", "words", metavar="TEXT", help="Only rows that hold every word of TEXT, whole or begun.")
@json_option
@guarded
def list_rows(
    place: Place,
    limit: int,
    before: int | None,
    kind: str | None,
    bead: str | None,
    words: str | None,
    as_json: bool,
) -> None:
    """List the newest rows, newest last: number, time, kind, who, bead, and what happened."""
    from b4tui.ledger.exporting import as_json as document

    with opened_ledger(place) as (_, ledger):
        if words is None:
            rows = ledger.entries(before=before, limit=limit, kind=kind, bead=bead)
        else:
            found = ledger.search(words, before=before, limit=limit, kind=kind, bead=bead)
            rows = found.entries
            if found.note:
                click.echo(f"b4tui: {visible(found.note)}", err=True)
        there = ledger.kinds() if kind and not rows else frozenset()
    if as_json:
        print_json([document(row) for row in rows])
        return
    for row in rows:
        say(_line(row))
    if not rows:
        asked = kind or bead or words or before
        told = "no row fits" if asked else "nothing was recorded yet"
        if there and kind not in there:
            told = f"no row is of the kind {kind}; there are {', '.join(sorted(there))}"
        click.echo(f"b4tui: {_on_one_line(visible(told))}", err=True)


def _line(entry: Entry) -> str:
    from b4tui.ledger.words import facts_in_words

    cells = (
        f"{entry.seq:>7}",
        f"{entry.at.astimezone():%Y-%m-%d %H:%M:%S}",
        f"{entry.kind:<20}",
        f"{_on_one_line(entry.actor) or '–':<14}",
        f"{_on_one_line(entry.bead) or '–':<12}",
        _on_one_line(facts_in_words(entry)),
    )
    return "  ".join(cells).rstrip()


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


@command.command(short_help="One row, and the payload it speaks of.")
@place_options
@click.argument("seq", type=click.IntRange(min=1))
@click.option("--body", "with_body", is_flag=True, help="Print the payload of the row, decrypted, and nothing else.")
@json_option
@guarded
def show(place: Place, seq: int, with_body: bool, as_json: bool) -> None:
    """Show row SEQ with all its facts; with --json as they were recorded.

    With --body: the exact bytes of its payload, if they are still kept.
    """
    from b4tui.ledger.exporting import as_json as document
    from b4tui.ledger.fact_words import told

    if with_body and as_json:
        raise click.UsageError("--body prints bytes: it goes without --json")
    with opened_ledger(place) as (_, ledger):
        entry = ledger.entry(seq)
        if entry is None:
            raise Failed(f"there is no row {seq}: the newest is {ledger.head().seq}")
        if with_body:
            _print_body(ledger, entry)
            return
    if as_json:
        print_json(document(entry))
        return
    for name, value in document(entry).items():
        if name != "facts":
            say(f"{name:<10}{value}")
    for name, value in entry.facts.items():
        fact = told(name, value, whole=True)
        say(f"  {fact.name:<18}{fact.text}")


def _print_body(ledger: Ledger, entry: Entry) -> None:
    sha256 = entry.facts.get("sha256")
    if not isinstance(sha256, str):
        raise Failed(f"row {entry.seq} ({entry.kind}) speaks of no payload")
    body = ledger.body(sha256)
    if body is None:
        raise Failed(f"the payload of row {entry.seq} is not kept any more (`[ledger] keep_bodies_days`)")
    if sys.stdout.isatty():
        say(body.decode("utf-8", "backslashreplace"))
        return
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.flush()


@command.command(short_help="Whether the record is whole and unchanged.")
@place_options
@click.option("--against", metavar="FILE|REV", help="A head noted before: its file, or the git revision it is in.")
@json_option
@guarded
def verify(place: Place, against: str | None, as_json: bool) -> None:
    """Go through every row and say what was changed, taken away, put in or moved. Exit code 1 if anything was.

    Whoever can write the file can write all of it anew. What shows that is a head noted elsewhere: `b4tui ledger head
    --write`, committed, and then `--against HEAD` or a revision further back.
    """
    from b4tui.cli.ledger_heads import noted_head

    with opened_ledger(place) as (hub, ledger):
        noted = noted_head(hub, against, ledger.id) if against else None
        found = ledger.verify(known=(noted,) if noted else (), progress=_progress)
    if as_json:
        print_json(
            {
                "whole": not found.faults,
                "rows": found.rows,
                "head": _head_document(found.head),
                "against": _head_document(noted) if noted else None,
                "faults": list(found.faults),
                "unproven": list(found.unproven),
            }
        )
    else:
        for fault in found.faults:
            say(f"✗ {fault}")
        if found.unproven:
            names = ", ".join(found.unproven[:5]) + (", …" if len(found.unproven) > 5 else "")
            say(f"· {len(found.unproven):,} from an older b4tui are not proven, and not used: {names}")
        if not found.faults:
            reached = f", and row {noted.seq} is the one that was noted" if noted else ""
            say(f"✓ {found.rows:,} rows, each follows the one before{reached}")
            say(f"head {found.head.seq} {found.head.hash}")
    if found.faults:
        raise click.exceptions.Exit(1)


def _progress(done: int, total: int) -> None:
    """On a terminal's error output alone, where it disturbs nobody."""
    if sys.stderr.isatty() and total:
        end = "\r\033[K" if done == total else ""
        click.echo(f"\r{done:,} of {total:,} rows{end}", err=True, nl=False)


@command.command(short_help="The newest row's number and hash, to be noted elsewhere.")
@place_options
@click.option("--write", is_flag=True, help="Write it to ledger-head.txt in the hub, to be committed.")
@json_option
@guarded
def head(place: Place, write: bool, as_json: bool) -> None:
    """Print the head. In git it fixes the past: rows up to it cannot be changed any more without showing."""
    from b4tui.cli.ledger_heads import write_head
    from b4tui.events import now
    from b4tui.ledger.heads import head_text

    with opened_ledger(place) as (hub, ledger):
        newest = ledger.head()
        path: Path | None = write_head(hub, head_text(ledger.id, newest, now())) if write else None
        document = {"ledger": ledger.id, "head": _head_document(newest), "file": str(path) if path else None}
    if as_json:
        print_json(document)
        return
    say(f"{newest.seq} {newest.hash}")
    if path:
        say(f"written to {path}: commit it")


def _head_document(noted: Head) -> dict[str, Any]:
    return {"seq": noted.seq, "hash": noted.hash}


@command.command(short_help="Every row as a line of JSON.")
@place_options
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), default="-")
@click.option("--after", type=click.IntRange(min=0), default=0, metavar="SEQ", help="Only rows after this one.")
@guarded
def export(place: Place, file: Path, after: int) -> None:
    """Write every row to FILE, or to standard output, as a line of JSON. Payloads are not among them."""
    with opened_ledger(place) as (_, ledger):
        if str(file) == "-":
            ledger.export(codecs.getwriter("utf-8")(sys.stdout.buffer), after=after)
            sys.stdout.buffer.flush()
            return
        try:
            with file.open("x", encoding="utf-8") as out, _whole_or_gone(file):
                rows = ledger.export(out, after=after)
                out.flush()
        except FileExistsError:
            raise Failed(f"{file} is there already: name another file, or take it away") from None
        except OSError as error:
            raise Failed(f"{file} cannot be written: {error.strerror}") from error
    say(f"{rows:,} rows written to {file}")


@contextlib.contextmanager
def _whole_or_gone(file: Path) -> Iterator[None]:
    """Half an export looks like a whole one: take it away where it could not be finished."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            file.unlink()
        raise


@command.command(short_help="Make a ledger that came from elsewhere yours.")
@place_options
@click.option("--actor", metavar="NAME", help="Who says so.")
@guarded
def adopt(place: Place, actor: str | None) -> None:
    """Take over a ledger that was made under another key. Its rows stay; its approvals and grants are forgotten."""
    with opened_ledger(place, readonly=False) as (hub, ledger):
        if not ledger.stranger:
            say("this ledger is yours already")
            return
        entry = ledger.adopt(actor_name(actor, hub.root))
    say(f"this ledger is yours now; forgotten: {', '.join(f'{n} {name}' for name, n in entry.facts.items())}")
