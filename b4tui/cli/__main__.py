"""`python -m b4tui.cli`."""

from b4tui.__main__ import main

main()
