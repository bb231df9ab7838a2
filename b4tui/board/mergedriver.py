"""The merge rules as a git merge driver: `python -m b4tui.board.mergedriver %O %A %B [REPORT]`.

Leaves the merged board in %A and always succeeds where the files can be read: choices that had to be made go to REPORT,
one JSON object a line, never into the board.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from b4tui.board.atomic import Overtaken, replace_file
from b4tui.board.merge import merge
from b4tui.board.mergerow import Conflict
from b4tui.board.stamp import file_stamp
from b4tui.board.store import BoardError


def merge_files(base: Path, ours: Path, theirs: Path) -> tuple[Conflict, ...]:
    """Merge two versions of a board file into `ours`, whole or not at all; the choices that had to be made.

    Raises OSError where a file cannot be read, BoardError where `ours` cannot be written or changed meanwhile.
    """
    seen = file_stamp(ours)
    merged = merge(base.read_bytes(), ours.read_bytes(), theirs.read_bytes())
    try:
        replace_file(ours, merged.data, seen)
    except Overtaken as error:
        raise BoardError(f"{ours} was changed while it was merged and is as it was; merge it again") from error
    return merged.conflicts


def main(arguments: list[str]) -> int:
    """Merge the three files; 0 when done, 2 for wrong use. Raises what `merge_files` raises, which fails the merge."""
    if len(arguments) not in (3, 4):
        return 2
    conflicts = merge_files(*(Path(argument) for argument in arguments[:3]))
    if len(arguments) == 4:
        with Path(arguments[3]).open("a", encoding="utf-8") as report:
            report.writelines(json.dumps(asdict(conflict)) + "\n" for conflict in conflicts)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
