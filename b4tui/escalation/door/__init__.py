"""The way out: a payload built once, a permit for it, the one socket, and what comes back."""
