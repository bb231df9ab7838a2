"""Searches for secrets that no fixed format gives away: what a key names, what a sentence tells, what looks random."""
