"""The same text has the same findings in every process, whatever order its sets have."""

from __future__ import annotations

import os
import subprocess
import sys

from b4tui.gate.rulebook.examples import expand
from b4tui.gate.rulebook.rule import built_in_rules

SCAN = """
import sys
from b4tui.config import load
from b4tui.gate.opening import open_gate
for finding in open_gate(load(use_user_file=False)).scan_text(sys.stdin.read()):
    print(finding)
"""


def findings(text: str, hash_seed: int) -> str:
    environ = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    done = subprocess.run(
        [sys.executable, "-c", SCAN], input=text, env=environ, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


def test_two_processes_find_the_same() -> None:
    examples = [expand(rule.yes[0]) for rule in built_in_rules() if len(rule.yes[0]) < 300]
    text = "\n\n".join(examples)
    first = findings(text, 1)
    assert len(first.splitlines()) > 100
    assert findings(text, 2) == first
