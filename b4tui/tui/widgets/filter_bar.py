"""The line where the operator types a filter, with what it finds or what is wrong with it beside it."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message
from textual.suggester import Suggester

from b4tui.tui import filter as language
from b4tui.tui.filter import Filter, FilterError
from b4tui.tui.widgets.search_bar import SearchBar


class FieldSuggester(Suggester):
    """Completes the field name that is being typed."""

    async def get_suggestion(self, value: str) -> str | None:
        """The text with its last word completed."""
        head, _, word = value.rpartition(" ")
        bare = word.lstrip("-!")
        if not bare:
            return None
        found = next((name for name in language.FIELDS if name.startswith(bare) and name not in {bare, "p"}), None)
        return f"{head + ' ' if head else ''}{word}{found[len(bare) :]}:" if found else None


class FilterBar(SearchBar):
    """What is typed is a filter; one that cannot be read changes nothing, and says why."""

    @dataclass
    class Filtered(Message):
        """There is a new filter."""

        filter: Filter

    def __init__(self) -> None:
        super().__init__("word agent:pltops state:blocked p<=1 age<2h -label:wip", suggester=FieldSuggester())

    def heard(self, text: str) -> None:
        """Read the filter."""
        try:
            self.post_message(self.Filtered(language.parse(text)))
        except FilterError as error:
            self.say(str(error), wrong=True)
