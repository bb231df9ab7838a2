"""Tool calls that a server passed on as text, recovered."""
