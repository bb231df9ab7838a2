"""The pictures are taken of the console tests' frozen world."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tui"))
