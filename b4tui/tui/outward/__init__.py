"""The operator's side of what may leave: pure models of payloads, approvals and grants for their screens."""
