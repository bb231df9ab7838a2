"""Rules as data: what a rule is, how files of them are read, tried, and joined with the operator's."""
