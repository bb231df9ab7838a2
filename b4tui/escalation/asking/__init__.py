"""One escalation from the question to the answer, and what the operator can do about it on the way."""
