"""The ways in which a text is read, each with the way back to the text itself."""
