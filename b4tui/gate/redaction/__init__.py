"""Taking out of texts what must stay here, and filling it in again on this side."""
