"""A process that writes to a ledger: `ledger_process.py PATH WHAT ...`. Says each row's number once it is recorded."""

from __future__ import annotations

import itertools
import resource
import sys
from dataclasses import replace
from pathlib import Path

from b4tui.events import now
from b4tui.ledger.ledger import Ledger
from b4tui.ledger.types import LedgerError, NewEntry


def entry(name: str, number: int, text: str = "") -> NewEntry:
    return NewEntry(kind="told", at=now(), actor=name, facts={"number": number, "text": text})


def say(text: object) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def for_ever(ledger: Ledger, name: str) -> None:
    """Rows, and transactions with a state table, until killed."""
    for number in itertools.count():
        with ledger.transaction(durable=number % 5 == 0) as writing:
            writing.execute("INSERT INTO spent_permits VALUES (?, '', '')", (f"{name}-{number}",))
            told = replace(entry(name, number), kind="payload_sent")
            row = writing.append(told, rows=[("spent_permits", f"{name}-{number}")])
        say(row.seq)


def some(ledger: Ledger, name: str, count: str) -> None:
    """So many rows."""
    for number in range(int(count)):
        ledger.append(entry(name, number))
    say("done")


def until_full(ledger: Ledger, name: str, size: str) -> None:
    """Rows until files may grow no more; then, with room again, one more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), hard))
    for number in itertools.count():
        try:
            row = ledger.append(entry(name, number, "x" * 1_000))
        except LedgerError as error:
            say(f"full: {error}")
            break
        say(row.seq)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    say(ledger.append(entry(name, -1)).seq)


def main() -> None:
    path, what, *arguments = sys.argv[1:]
    with Ledger(Path(path), clock=now) as ledger:
        {"for_ever": for_ever, "some": some, "until_full": until_full}[what](ledger, *arguments)


if __name__ == "__main__":
    main()
