"""b4tui: a terminal console for agents that work on local models, and the runtime they live in."""

__version__ = "0.1.0"
