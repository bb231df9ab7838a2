"""What runs between the program and an agent's command. Standard library only: it starts with `python -I -S`."""
