"""`python -m b4tui.cli`."""

from b4tui.cli import main

main()
