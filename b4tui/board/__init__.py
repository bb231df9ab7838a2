"""The board: beads on disk and in git. Read, judge ready and blocked, claim, write, watch.

`discover.find_hub` finds the hub, `open_store` gives the store that serves it, `rules.judge` says what is ready.
"""
