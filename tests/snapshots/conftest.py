"""The pictures are taken of the console tests' frozen world."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tui"))

from sheets import sheets_parsed_once as sheets_parsed_once
