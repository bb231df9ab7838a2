"""Engines: one interface to local model servers."""
