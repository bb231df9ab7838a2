"""What of the running system has to do with leaving this machine: record, gate, desk, and what a run may ask."""
