"""What the machine screen shows: pure functions from the snapshot to lines of ink, one file a section."""
