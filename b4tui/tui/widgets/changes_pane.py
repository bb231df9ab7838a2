"""The files a run changed; `enter` opens a file's diff under it."""

from __future__ import annotations

from collections.abc import Mapping

from b4tui.runtime.snapshot import FileChange
from b4tui.tui.paint import Ink, Line, Span, line, wrapped
from b4tui.tui.widgets.text_pane import Rows, TextPane

MOST_DIFF_LINES = 5000


class ChangesPane(TextPane):
    """Files with their counts; diffs are handed in when they were read."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._files: tuple[FileChange, ...] = ()
        self._diffs: Mapping[str, str] = {}
        self._open: set[str] = set()
        self.empty = (Line(), line(Span("  No file was changed.", Ink.SOFT)))

    def on_mount(self) -> None:
        """This pane writes itself."""
        self.write(self._rows)

    def show_files(self, files: tuple[FileChange, ...], diffs: Mapping[str, str]) -> None:
        """The files as they are now; a small set of changes is open from the start."""
        if not self._files and files and sum(file.added + file.removed for file in files) <= 200:
            self._open = {file.path for file in files}
        self._files, self._diffs = files, diffs
        self.rewrite()

    @property
    def opens(self) -> bool:
        """A file is opened or folded."""
        return bool(self._files) and bool(self.key)

    def action_open(self) -> None:
        """Open or fold the file the row belongs to."""
        path = self._path_of(self.key)
        self._open ^= {path}
        self.rewrite()
        self.select(f"0:{path}")

    def _path_of(self, key: str) -> str:
        return key.partition(":")[2]

    def _rows(self, width: int) -> Rows:
        rows: list[tuple[str, Line]] = []
        for file in self._files:
            opened = file.path in self._open
            rows.append((f"0:{file.path}", _file_line(file, opened)))
            if opened:
                body = _diff_lines(self._diffs.get(file.path, ""), width)
                rows += [(f"{number}:{file.path}", text) for number, text in enumerate(body, start=1)]
        return rows


def _file_line(file: FileChange, opened: bool) -> Line:
    return line(
        Span("▾ " if opened else "▸ ", Ink.FAINT),
        Span(file.path, Ink.STRONG),
        right=(Span(f"+{file.added}", Ink.ADDED), Span(f" −{file.removed}", Ink.REMOVED)),
    )


def _diff_lines(diff: str, width: int) -> list[Line]:
    if not diff:
        return [line(Span("  the difference cannot be shown as text", Ink.FAINT))]
    rows = diff.split("\n")
    lines: list[Line] = []
    for row in rows[:MOST_DIFF_LINES]:
        if row.startswith(("---", "+++", "diff ", "index ", "new file", "deleted file")):
            continue
        ink = {"+": Ink.ADDED, "-": Ink.REMOVED, "@": Ink.FAINT}.get(row[:1], Ink.SOFT)
        lines += [
            Line((Span("  ", Ink.FAINT), *text.left)) for text in wrapped(row, max(10, width - 2), ink, limit=4000)
        ]
    if len(rows) > MOST_DIFF_LINES:
        lines.append(line(Span(f"  … {len(rows) - MOST_DIFF_LINES:,} more lines are not shown", Ink.FAINT)))
    return lines
