"""The record: everything that happened, newest first, read page by page; whether its chain is whole; a search in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from b4tui.ledger.types import Entry, LedgerError, Verification
from b4tui.runtime.snapshot import Snapshot
from b4tui.tui.audit.chain import Chain, chain_line
from b4tui.tui.audit.numbers import Numbers
from b4tui.tui.audit.question import Question, none_fit, read_question
from b4tui.tui.audit.reading import Reader
from b4tui.tui.audit.rows import entry_line, head_line, waiting_line
from b4tui.tui.keymap import bindings
from b4tui.tui.paint import Ink, Line, Span
from b4tui.tui.screens.base import HouseScreen
from b4tui.tui.widgets.inked import Panel
from b4tui.tui.widgets.lines import Lines
from b4tui.tui.widgets.search_bar import SearchBar

_QUIET_S = 0.15
"""Seconds without a key before a search is made."""
_NEAR = 60
"""Rows from the last one found at which the next are fetched."""
_EMPTY = (Line(), Line((Span("  Nothing is recorded yet.", Ink.FAINT),)))


class AuditScreen(HouseScreen):
    """The record of the hub; `escape` drops the search first and then returns."""

    BINDINGS = bindings("audit")
    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        self._question = Question()
        self._reader: Reader | None = None
        self._chain = Chain()
        self._keys: Sequence[str] = ()
        self._following = self._fetching = False

    def body(self) -> ComposeResult:
        """The chain, the search, the names of the columns, the rows."""
        with Vertical(id="main"):
            yield Panel(id="chain")
            yield SearchBar("words kind:payload_sent bead:hub-1", id="search")
            yield Panel(id="columns")
            yield Lines(id="rows", empty=_EMPTY)

    def on_mount(self) -> None:
        """Open the record and begin to verify it."""
        self.drawable = True
        ledger = self.console.runtime.ledger
        self.query_one("#rows").focus()
        if ledger is None:
            why = self.console.snapshot.outward.ledger_error or "it could not be opened"
            self._chain = replace(self._chain, error=f"There is no record: {why}")
        else:
            self._reader = Reader(ledger)
            self.action_verify()
        self.catch_up()

    def on_unmount(self) -> None:
        """Whoever is still reading in a thread stops."""
        if self._reader is not None:
            self._reader.leave()

    # What is shown -----------------------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Draw what is read, and look whether there is more."""
        super().show(snapshot)
        self._draw()
        if self._reader is not None and not self._following:
            self._following = True
            self.run_worker(self._follow(self._reader), group="audit-follow", exit_on_error=False)

    def tick(self) -> None:
        """Fetch what came into view and is not read yet; say how far the verification is."""
        reader = self._reader
        if reader is None:
            return
        if reader.progress != (self._chain.done, self._chain.total):
            self._chain = replace(self._chain, done=reader.progress[0], total=reader.progress[1])
            self._draw_chain()
        if reader.wanted and not self._fetching:
            self._fetching = True
            self.run_worker(self._fetch(reader), group="audit-fetch", exit_on_error=False)

    def _draw(self) -> None:
        rows = self.query_one("#rows", Lines)
        self._draw_chain()
        self._draw_head(rows.room)
        rows.empty = none_fit(self._reader.hint if self._reader else "", rows.room) if self._question else _EMPTY
        today = self.console.clock().astimezone()
        reader = self._reader

        def make(key: str) -> tuple[Line, ...]:
            entry = reader.entry(int(key)) if reader else None
            return (entry_line(entry, today, rows.room) if entry else waiting_line(key),)

        rows.show_rows(self._keys, make)

    def _draw_head(self, room: int) -> None:
        """The names stand over the rows: behind the cursor's mark, and clear of the edge and the scroll bar."""
        panel, names = self.query_one("#columns", Panel), head_line(room)
        edge = Span(" " * max(0, panel.size.width - room - 1))
        panel.show_lines((Line((Span(" "), *names.left), (*names.right, edge)),))

    def _draw_chain(self) -> None:
        self.query_one("#chain", Panel).show_lines((chain_line(self._chain, self.console.clock()),))

    # Reading -----------------------------------------------------------------------------------------------------

    async def _follow(self, reader: Reader) -> None:
        """Look for rows that were recorded since."""
        try:
            newest, size = await asyncio.to_thread(reader.look)
            if newest != self._chain.rows:
                self._chain = replace(self._chain, rows=newest, size=size)
                await self._look_for(reader, self._question)
        except LedgerError as error:
            self._failed(error)
        finally:
            self._following = False

    async def _fetch(self, reader: Reader) -> None:
        try:
            await asyncio.to_thread(reader.fetch)
        except LedgerError as error:
            self._failed(error)
        finally:
            self._fetching = False
        self._draw()

    async def _look_for(self, reader: Reader, question: Question) -> None:
        """The rows that fit, the newest first."""
        if not question:
            self._keys = Numbers(self._chain.rows)
        else:
            found, note = await asyncio.to_thread(reader.newest, question)
            if question != self._question:
                return  # the operator typed on
            self._keys = tuple(str(seq) for seq in found)
            self._say_found(note)
        self._draw()

    async def _look_further(self, reader: Reader, question: Question) -> None:
        """The next rows that fit, older than those that were found."""
        try:
            found, _ = await asyncio.to_thread(reader.older, question, int(self._keys[-1]))
        except LedgerError as error:
            self._failed(error)
            return
        if question == self._question:
            self._keys = (*self._keys, *(str(seq) for seq in found))
            self._say_found("")
            self._draw()

    def _say_found(self, note: str) -> None:
        more = "" if self._reader is None or self._reader.complete else "+"
        said = f"{len(self._keys):,}{more} of {self._chain.rows:,} "
        self.query_one(SearchBar).say(f"{said}(no index: slow) " if note else said)

    def _failed(self, error: Exception) -> None:
        self._chain = replace(self._chain, error=str(error))
        self._draw_chain()

    @on(Lines.Moved)
    def _moved(self, event: Lines.Moved) -> None:
        """Near the end of what was found: look further."""
        reader = self._reader
        if not self._question or reader is None or reader.complete or not self._keys:
            return
        if event.view.cursor >= len(self._keys) - _NEAR:
            further = self._look_further(reader, self._question)
            self.run_worker(further, group="audit-further", exclusive=True, exit_on_error=False)

    # Searching ---------------------------------------------------------------------------------------------------

    def action_search(self) -> None:
        """Look for something in the record."""
        self.query_one(SearchBar).open()

    @on(SearchBar.Changed)
    def _typed(self, event: SearchBar.Changed) -> None:
        question = read_question(event.text)
        if question != self._question and self._reader is not None:
            self._question = question
            searching = self._search(self._reader, question)
            self.run_worker(searching, group="audit-search", exclusive=True, exit_on_error=False)

    async def _search(self, reader: Reader, question: Question) -> None:
        if question:
            await asyncio.sleep(_QUIET_S)
        try:
            await self._look_for(reader, question)
        except LedgerError as error:
            self._failed(error)

    @on(SearchBar.Left)
    def _left(self, event: SearchBar.Left) -> None:
        if not (event.keep and self._question):
            self.query_one(SearchBar).close()
        self.query_one("#rows").focus()

    # Keys --------------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a record there is nothing to look for, and without a row nothing to copy."""
        if action == "copy":
            return self.drawable and bool(self.query_one("#rows", Lines).key)
        return self._reader is not None or action not in {"search", "verify", "export"}

    def why_not(self, action: str) -> str:
        """Why a key does nothing now."""
        return "there is no record" if self._reader is None else "there is no row under the cursor"

    def action_back(self) -> None:
        """Drop the search; without one, return to where the operator came from."""
        if self.query_one(SearchBar).display:
            self.query_one(SearchBar).close()
            self.query_one("#rows").focus()
        else:
            self.dismiss(None)

    @on(Lines.Opened)
    def _opened(self, event: Lines.Opened) -> None:
        """Look at one entry in full."""
        from b4tui.tui.screens.audit_entry import AuditEntryScreen

        def look(reader: Reader, entry: Entry) -> None:
            self.app.push_screen(AuditEntryScreen(reader.ledger, entry))

        self._with_entry(event.key, look)

    def action_copy(self) -> None:
        """Copy what the entry is about: the approval's or grant's id, else the run's or bead's, else its hash."""

        def copy(_reader: Reader, entry: Entry) -> None:
            ids = (entry.facts.get("approval"), entry.facts.get("grant"), entry.run, entry.bead, entry.hash)
            self.console.copy(str(next(id for id in ids if id)))

        self._with_entry(self.query_one("#rows", Lines).key, copy)

    def _with_entry(self, key: str, act: Callable[[Reader, Entry], None]) -> None:
        """Do something with a row, as soon as it is read."""
        reader = self._reader
        if reader is not None and key:
            self.run_worker(self._do_with(reader, int(key), act), group="audit-entry", exit_on_error=False)

    async def _do_with(self, reader: Reader, seq: int, act: Callable[[Reader, Entry], None]) -> None:
        try:
            entry = reader.entry(seq) or await asyncio.to_thread(reader.ledger.entry, seq)
        except LedgerError as error:
            self._failed(error)
            return
        if entry is not None and self.is_current:
            act(reader, entry)

    def action_verify(self) -> None:
        """Go through the whole chain."""
        if self._reader is not None:
            self._chain = replace(self._chain, found=None, at=None, error="")
            self.run_worker(self._verify(self._reader), group="audit-verify", exclusive=True, exit_on_error=False)

    async def _verify(self, reader: Reader) -> None:
        try:
            found: Verification | None = await asyncio.to_thread(reader.verify)
        except LedgerError as error:
            self._failed(error)
            return
        if found is not None:
            self._chain = replace(self._chain, found=found, at=self.console.clock())
            self._draw_chain()

    def action_export(self) -> None:
        """Write every row to a file as JSON lines."""
        from b4tui.tui.screens.dialogs import LineScreen

        name = f"b4tui-ledger-{self.console.clock():%Y%m%d-%H%M%S}.jsonl"
        asking = LineScreen("Write every row as a line of JSON to", "a file that is not there yet", name)
        self.app.push_screen(asking, self._export)

    def _export(self, name: str | None) -> None:
        reader = self._reader
        if name and reader is not None:
            exporting = self._write_out(reader, Path(name).expanduser())
            self.run_worker(exporting, group="audit-export", exit_on_error=False)

    async def _write_out(self, reader: Reader, path: Path) -> None:
        try:
            rows = await asyncio.to_thread(reader.export, path)
        except FileExistsError:
            self.console.say(f"{path} is there already: nothing was written", wrong=True)
        except (OSError, LedgerError) as error:
            self.console.say(f"{path} could not be written: {error}", wrong=True)
        else:
            self.console.say(f"{rows:,} rows written to {path}")
