"""Untrusted text is shown, never obeyed."""

from __future__ import annotations

import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from b4tui.safe_text import visible


def test_escape_sequences_become_pictures() -> None:
    assert visible("A\x1b]0;PWN\x07B\x1b[2J\x9b31m\u202eEVIL") == "A␛]0;PWN␇B␛[2J\\x9b31m\\u202eEVIL"


def test_tab_and_line_feed_stay_and_carriage_return_does_not() -> None:
    assert visible("a\tb\nc\rd") == "a\tb\nc␍d"


def test_every_control_format_and_surrogate_character_of_unicode_is_shown() -> None:
    left = [
        hex(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        and chr(code) not in "\t\n"
        and chr(code) in visible(chr(code))
    ]
    assert left == []


@given(st.text(alphabet=st.characters()))
def test_shown_text_is_shown_as_it_is(text: str) -> None:
    once = visible(text)
    assert visible(once) == once
    assert len(once) >= len(text)
