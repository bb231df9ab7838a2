"""The command palette: every verb that works now, in plain words, as `noun: verb`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.fuzzy import Matcher

from b4tui.runtime.snapshot import AgentView
from b4tui.tui import themes
from b4tui.tui.keymap import BY_ID
from b4tui.tui.paint import plain

if TYPE_CHECKING:
    from b4tui.tui.app import Console

BY_HELP = 0.01
"""What a command scores whose explanation alone holds what was typed: it comes after those whose title does."""
NOT_LISTED = frozenset({"list", "dialog", "form", "palette", "leave", "unwind", "decision", "grant"})
"""What an id of a key begins with that is of no use in a palette."""
DECIDES = frozenset({"approval-deny", "approval-deny-why", "approval-approve", "approvals-deny", "approvals-approve"})
"""Keys that decide are struck with what they decide about in view, never chosen from a list over it."""
NOUNS = {
    "bead": frozenset({"retry", "cancel", "copy", "new"}),
    "section": frozenset({"section-copy"}),
    "board": frozenset({"filter"}),
    "agents": frozenset({"pause"}),
    "record": frozenset({"audit-search", "audit-copy", "audit-verify", "audit-export"}),
    "entry": frozenset({"entry-bead", "entry-copy-pane"}),
    "console": frozenset({"help", "quit", "theme"}),
    "approvals": frozenset({"approvals-mark", "approvals-range", "approvals-kind", "approvals-undo"}),
}
"""What a verb is about, by the id of its key; `bead-...` and `approval-...` say it, all others go somewhere."""


@dataclass(frozen=True, slots=True)
class Command:
    """One entry of the palette. The title may hold foreign text; `help` is markup to Textual, so it may not."""

    title: str
    help: str
    run: Callable[[], object]


class ConsoleCommands(Provider):
    """Keys of the screen below that work now, agents one by one, themes, and beads by their id."""

    @property
    def console(self) -> Console:
        """The application."""
        return cast("Console", self.app)

    async def discover(self) -> Hits:
        """Everything, before a letter is typed."""
        for command in self._commands():
            yield DiscoveryHit(Content(command.title), command.run, text=command.title, help=command.help)

    async def search(self, query: str) -> Hits:
        """What fits the letters typed; a bead's id opens that bead."""
        matcher = self.matcher(query)
        for command in (*self._commands(), *self._bead(query)):
            score = matcher.match(command.title) or (BY_HELP if query.casefold() in command.help.casefold() else 0.0)
            if score > 0:
                shown = _highlighted(command.title, matcher)
                yield Hit(score, shown, command.run, text=command.title, help=command.help)

    def _commands(self) -> Iterator[Command]:
        yield from self._keys()
        yield from self._agents()
        for name in themes.PALETTES:
            if name != self.console.theme:
                yield Command(f"theme: {name}", "How the console looks", partial(self._theme, name))

    def _keys(self) -> Iterator[Command]:
        """Verbs before places: who opens the palette wants to do something."""
        found = [(BY_ID.get(entry.binding.id or ""), entry) for entry in self.screen.active_bindings.values()]
        found.sort(key=lambda pair: pair[0] is not None and _noun(pair[0].id) == "go to")
        for key, entry in found:
            if key is None or not entry.enabled or NOT_LISTED & {key.id, key.id.split("-")[0]}:
                continue
            if key.id in DECIDES or key.id.endswith(("-left", "-right", "-back", "-up", "-down", "-first", "-last")):
                continue
            run = partial(self.app.run_action, entry.binding.action, entry.node)
            yield Command(f"{_noun(key.id)}: {key.label.lower()}", f"{key.help}  ({key.display or key.keys})", run)

    def _agents(self) -> Iterator[Command]:
        for view in self.console.snapshot.agents:
            name = plain(view.name, 40)
            if view.pausing:
                yield Command(f"agent: resume {name}", "Let it take beads again", partial(self._resume, view))
            else:
                told = "It finishes the bead in hand and takes no other"
                yield Command(f"agent: pause {name}", told, partial(self._pause, view))

    def _pause(self, view: AgentView) -> None:
        self.console.perform(self.console.runtime.operator.pause(view.key), f"{view.name}: paused")

    def _resume(self, view: AgentView) -> None:
        self.console.perform(self.console.runtime.operator.resume(view.key), f"{view.name}: resumed")

    def _bead(self, query: str) -> Iterator[Command]:
        board = self.console.snapshot.board
        words = query.split()
        if board and words and (bead := board.beads.get(words[-1])) is not None:
            shown = plain(bead.id, 80)
            yield Command(
                f"bead: open {shown}", "Its text and what its agent does", partial(self.console.open_bead, bead.id)
            )

    def _theme(self, name: str) -> None:
        self.console.theme = name


def _noun(key_id: str) -> str:
    for noun in ("bead", "approval"):
        if key_id.startswith(f"{noun}-"):
            return noun
    return next((noun for noun, ids in NOUNS.items() if key_id in ids), "go to")


def _highlighted(title: str, matcher: Matcher) -> Content:
    """The title with the letters that matched marked; Textual's own way would read markup in it."""
    content = Content(title)
    for offset in matcher.fuzzy_search.match(matcher.query, title)[1]:
        content = content.stylize(matcher.match_style, offset, offset + 1)
    return content
