"""Checks of every part of an installation, with a fix for each failure."""
