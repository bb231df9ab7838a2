"""The merge rules as a git merge driver: `python -m b4tui.board.mergedriver %O %A %B [REPORT]`.

Leaves the merged board in %A and always succeeds where the files can be read: choices that had to be made go to REPORT,
one JSON object a line, never into the board.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from b4tui.board.merge import merge


def main(arguments: list[str]) -> int:
    """Merge the three files; 0 when done, 2 for wrong use. Reading and writing raise OSError, which fails the merge."""
    if len(arguments) not in (3, 4):
        return 2
    base, ours, theirs = (Path(argument) for argument in arguments[:3])
    merged = merge(base.read_bytes(), ours.read_bytes(), theirs.read_bytes())
    ours.write_bytes(merged.data)
    if len(arguments) == 4:
        with Path(arguments[3]).open("a", encoding="utf-8") as report:
            report.writelines(json.dumps(asdict(conflict)) + "\n" for conflict in merged.conflicts)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
