"""Routing: which agent a bead belongs to, and why."""
