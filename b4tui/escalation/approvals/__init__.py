"""Approvals and grants: how they change, what they rest on, and how they lie in the record."""
