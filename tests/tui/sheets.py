"""The style sheets of all consoles here are the same: each is parsed once in a process, not for every console."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from textual.css.stylesheet import Stylesheet


@pytest.fixture(scope="session", autouse=True)
def sheets_parsed_once() -> Iterator[None]:
    """What a sheet says depends on its text, its place and the theme: who asks again gets the same rules."""
    parse, parsed = Stylesheet._parse_rules, {}

    def parse_once(self: Stylesheet, css: str, read_from: Any, *how: Any, **more: Any) -> Any:
        key = (tuple(self._variables.items()), css, read_from, how, tuple(more.items()))
        if key not in parsed:
            parsed[key] = parse(self, css, read_from, *how, **more)
        return parsed[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", parse_once)
        yield
