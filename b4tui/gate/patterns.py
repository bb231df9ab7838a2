"""Patterns that are compiled when they are first used: the gate has hundreds, and most texts need few of them.

Compiling them all takes longer than all other loading of the gate; a command that only asks for help pays nothing.
"""

from __future__ import annotations

import re
from typing import Any, cast


class _Lazy:
    """Stands for a compiled pattern; becomes as quick as one when a method is asked for the first time."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._source = (pattern, flags)

    def __getattr__(self, name: str) -> Any:
        """Asked for what is not there yet, which is any method before the first use."""
        if name.startswith("__"):
            raise AttributeError(name)
        pattern = re.compile(*self._source)
        for method in ("match", "search", "fullmatch", "finditer", "findall", "split", "sub", "subn"):
            setattr(self, method, getattr(pattern, method))
        return getattr(pattern, name)


def lazily(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """The pattern, compiled at its first use. A pattern that is wrong raises re.error there, not here."""
    return cast("re.Pattern[str]", _Lazy(pattern, flags))
