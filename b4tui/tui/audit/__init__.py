"""The record on the screen, as pure models: one row, one entry in full, what is looked for, numbers of rows."""
