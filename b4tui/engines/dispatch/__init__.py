"""The way a prompt takes: which engine, whose turn, what to do when it fails."""
