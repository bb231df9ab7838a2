"""The program's three streams, whatever the shell made of them: closed, full, or of another alphabet than ours."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from typing import Literal, TextIO

_NO_MORE = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


def mend_streams() -> None:
    """Open on nothing what is closed, and let a terminal that lacks a sign (✓ in Latin-1) show its number instead.

    Reading a standard input that is closed fails: that there was nothing to read is not that it was empty.
    """
    sys.stdin = sys.stdin or _nothing("r")
    sys.stdout = sys.stdout or _nothing("w")
    sys.stderr = sys.stderr or _nothing("w")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _nothing(mode: Literal["r", "w"]) -> TextIO:
    return os.fdopen(os.open(os.devnull, os.O_WRONLY), mode, encoding="utf-8")


def _nothing_to_read() -> bool:
    """Whether it is standard input that cannot be read: any other descriptor may be a bad one too."""
    try:
        os.read(sys.stdin.fileno(), 0)
    except OSError as error:
        return error.errno == errno.EBADF
    return False


def stream_failure(error: OSError) -> str:
    """Why a stream could not be read or written, in words; "" for an error of another kind.

    What was not written is forgotten then: at its end, Python would try once more and complain.
    """
    if error.filename is not None:
        return ""
    if error.errno == errno.EBADF and _nothing_to_read():
        return f"standard input cannot be read ({error.strerror}): send something in, or name a file"
    if error.errno not in _NO_MORE:
        return ""
    with contextlib.suppress(OSError):
        sys.stdout.close()
    return f"the output cannot be written ({error.strerror}): make room, or send it elsewhere"
