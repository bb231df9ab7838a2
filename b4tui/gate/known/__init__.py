"""What only this machine can know: its own secrets, the names of its hosts, the people it belongs to."""
