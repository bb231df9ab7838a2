"""What is wrong with a file just written, found at once so that the model hears it in the same result."""

from __future__ import annotations

import subprocess
import sys
from pathlib import PurePosixPath

TIMEOUT_S = 10.0
_KINDS = {".py": "python", ".json": "json", ".toml": "toml"}

# In a process of its own: hostile text can take a parser's stack, its time, or all memory (a TOML key of 100,000
# parts takes gigabytes).
_CHECK = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
kind, text = sys.argv[1], sys.stdin.buffer.read()
try:
    if kind == "python":
        import warnings
        warnings.simplefilter("ignore")
        compile(text, "file", "exec", dont_inherit=True)
    elif kind == "json":
        import json
        json.loads(text)
    else:
        import tomllib
        tomllib.loads(text.decode())
except SyntaxError as error:
    sys.exit(f"{type(error).__name__}: {error.msg} (line {error.lineno})")
except (ValueError, RecursionError, MemoryError) as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


def complaint(path: str, text: str) -> str:
    """Why the text is not valid for a file of this name; "" when it is, or when its kind is not known. Blocks."""
    kind = _KINDS.get(PurePosixPath(path).suffix)
    if kind is None:
        return ""
    command = [sys.executable, "-I", "-S", "-c", _CHECK, kind]
    try:
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=TIMEOUT_S, env={}, check=False)
    except subprocess.TimeoutExpired:
        return ""
    if done.returncode < 0:
        return "it is nested too deeply"
    return done.stderr.decode("utf-8", "replace").strip()[-500:] if done.returncode else ""
