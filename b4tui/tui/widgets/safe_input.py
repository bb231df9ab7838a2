"""The one input of the console: what is typed or pasted into it can be shown."""

from __future__ import annotations

from textual.widgets import Input

from b4tui.tui.paint import plain


class SafeInput(Input):
    """An input whose value holds nothing a terminal could act on, however it got there."""

    def validate_value(self, value: str) -> str:
        """Show control characters instead of keeping them."""
        return plain(value, 20_000)
