"""What the operator's policy says: how private a source is, which values are public."""
