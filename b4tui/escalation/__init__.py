"""The only door out: payload, approvals, grants, permits, cloud wire adapters, egress guard."""
