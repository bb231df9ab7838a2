"""The gate: what must stay on this machine. A pure function of bytes, rules and provenance; no network, no model."""
