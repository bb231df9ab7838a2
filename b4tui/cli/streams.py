"""The program's three streams, whatever the shell made of them: closed, full, or of another alphabet than ours."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from typing import TextIO

_NO_MORE = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


def mend_streams() -> None:
    """Open on nothing what is closed, and let a terminal that lacks a sign (✓ in Latin-1) show its number instead."""
    sys.stdin = sys.stdin or _nothing(os.O_RDONLY)
    sys.stdout = sys.stdout or _nothing(os.O_WRONLY)
    sys.stderr = sys.stderr or _nothing(os.O_WRONLY)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _nothing(how: int) -> TextIO:
    return os.fdopen(os.open(os.devnull, how), "r" if how == os.O_RDONLY else "w", encoding="utf-8")


def unwritable(error: OSError) -> str:
    """Why the output could not be written, in words; "" for an error of another kind.

    What was not written is forgotten then: at its end, Python would try once more and complain.
    """
    if error.errno not in _NO_MORE or error.filename is not None:
        return ""
    with contextlib.suppress(OSError):
        sys.stdout.close()
    return f"the output cannot be written ({error.strerror}): make room, or send it elsewhere"
