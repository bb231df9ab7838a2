"""`python -m b4tui`."""

from b4tui.cli import main

main()
