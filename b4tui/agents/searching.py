"""The search itself, as a program of its own: a pattern that takes for ever can be killed with its process.

Reads an order as JSON from standard input and writes `path:line: text` lines. Standard library only.
"""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from b4tui.agents.confined import Confined, Outside

MAX_HITS = 200
MAX_FILE_BYTES = 2 << 20
MAX_LINE_CHARS = 300
SKIPPED = frozenset({".git", "__pycache__", "node_modules", ".venv"})


def hits(files: Confined, path: str, pattern: re.Pattern[str]) -> Iterator[str]:
    """The lines that match, file by file. Raises Outside, OSError."""
    for name in _names(files, path):
        try:
            with os.fdopen(files.open(name), "rb") as file:
                data = file.read(MAX_FILE_BYTES)
        except (OSError, Outside):
            continue
        if b"\0" in data[:8000]:
            continue
        for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
            if pattern.search(line):
                yield f"{name}:{number}: {line[:MAX_LINE_CHARS]}"


def _names(files: Confined, path: str) -> Iterator[str]:
    try:
        os.close(files.open(path))
    except IsADirectoryError:
        yield from (entry.path for entry in files.walk(path, skip=SKIPPED) if stat.S_ISREG(entry.status.st_mode))
    else:
        yield "/".join(files.parts(path))


def main() -> None:
    """Search; exit status 1 with the reason on standard error when the order cannot be carried out."""
    order = json.load(sys.stdin)
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    try:
        found = hits(Confined(Path(order["root"])), order["path"], re.compile(order["pattern"]))
        for count, line in enumerate(found):
            if count == MAX_HITS:
                sys.stdout.write(f"[more than {MAX_HITS} lines match; narrow the pattern or the path]\n")
                break
            sys.stdout.write(line + "\n")
    except (re.error, RecursionError, OverflowError, OSError, Outside) as error:
        sys.exit(f"{getattr(error, 'strerror', None) or error}")
