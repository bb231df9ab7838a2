"""What is wrong with a file just written, found at once so that the model hears it in the same result."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import PurePosixPath

TIMEOUT_S = 10.0

# In a process of its own: hostile source can take the compiler's stack, or its time.
_COMPILE = """
import sys, warnings
warnings.simplefilter("ignore")
try:
    compile(sys.stdin.buffer.read(), "file", "exec", dont_inherit=True)
except SyntaxError as error:
    sys.exit(f"{type(error).__name__}: {error.msg} (line {error.lineno})")
except (ValueError, RecursionError, MemoryError) as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


def complaint(path: str, text: str) -> str:
    """Why the text is not valid for a file of this name; "" when it is, or when its kind is not known. Blocks."""
    suffix = PurePosixPath(path).suffix
    if suffix == ".py":
        return _python(text)
    try:
        if suffix == ".json":
            json.loads(text)
        elif suffix == ".toml":
            tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _python(text: str) -> str:
    command = [sys.executable, "-I", "-S", "-c", _COMPILE]
    try:
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=TIMEOUT_S, env={}, check=False)
    except subprocess.TimeoutExpired:
        return ""
    if done.returncode < 0:
        return "the source is nested too deeply to compile"
    return done.stderr.decode("utf-8", "replace").strip()[-500:] if done.returncode else ""
