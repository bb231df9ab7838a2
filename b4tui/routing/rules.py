"""The simple router: which agent does a bead and what kind of work it is, by its assignee, labels and words."""

AGENT_LABEL = "agent:"
