"""The console is measured on its tests' frozen world."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tui"))
