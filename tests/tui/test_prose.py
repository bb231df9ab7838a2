"""Bead text as lines: Markdown gets an ink, everything else stays what it was, and nothing is ever too wide."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from b4tui.tui.paint import Ink, Line
from b4tui.tui.prose import MOST, prose

MARKDOWN = st.text(st.one_of(st.characters(), st.sampled_from("#-*`>~ \n\t1.)|[]\x1b\u202e界e\u0301")), max_size=400)


def said(row: Line) -> str:
    return "".join(span.text for span in row.left)


def texts(text: str, width: int = 40) -> list[str]:
    return [said(row).rstrip() for row in prose(text, width)]


def ink_of(text: str, piece: str) -> Ink:
    return next(span.ink for row in prose(text, 80) for span in row.left if piece in span.text)


class TestMarkdown:
    @pytest.mark.parametrize("heading", ["# Goal", "### Goal ###", "   ## Goal"])
    def test_a_heading_is_strong_and_without_its_sign(self, heading: str) -> None:
        assert texts(heading) == ["Goal"]
        assert ink_of(heading, "Goal") is Ink.STRONG

    def test_an_item_hangs(self) -> None:
        assert texts("- one two three\n  * four\n10. five", 9) == ["• one two", "  three", "  • four", "10. five"]

    def test_emphasis_and_code_have_an_ink(self) -> None:
        text = "run `make test` and **never** push"
        assert texts(text) == ["run make test and never push"]
        assert ink_of(text, "make test") is Ink.INFO
        assert ink_of(text, "never") is Ink.STRONG

    def test_code_keeps_its_blanks_and_is_no_markdown(self) -> None:
        text = "```sh\n# no heading\n  ls   **x**\n\n```\nafter"
        assert texts(text) == ["│ # no heading", "│   ls   **x**", "│", "after"]

    def test_a_quote_is_marked(self) -> None:
        assert texts("> said before, at length", 14) == ["▏ said before,", "▏ at length"]

    @pytest.mark.parametrize("text", ["a * b ** c", "#41 is a number", "-1", "2**10", "``", "1) ", "`", "--flag", "> "])
    def test_what_only_looks_like_it_stays(self, text: str) -> None:
        assert "".join(texts(text)).replace("▏", ">").split() == text.split()


class TestLines:
    LONG = "This sentence is so long that an editor has broken it here, and it"

    def test_a_sentence_an_editor_broke_is_one_again(self) -> None:
        assert texts(f"{self.LONG}\ngoes on here.", 100) == [f"{self.LONG} goes on here."]

    @pytest.mark.parametrize("after", ["A new sentence", "• an item", "", "1. one"])
    def test_what_an_author_broke_stays_broken(self, after: str) -> None:
        assert texts(f"{self.LONG}\n{after}", 100) == [self.LONG, after]

    def test_short_lines_stay_broken(self) -> None:
        assert texts("cpu 10 %\nram 20 %") == ["cpu 10 %", "ram 20 %"]

    def test_says_how_much_is_not_shown(self) -> None:
        *_, last = prose("x" * (MOST + 5), 80)
        assert said(last) == "… 5 more characters are not shown"

    @given(MARKDOWN, st.integers(min_value=8, max_value=60))
    def test_no_line_is_too_wide_and_every_line_is_safe(self, text: str, width: int) -> None:
        for row in prose(text, width):
            assert cell_len(said(row)) <= width
            assert not [c for c in said(row) if unicodedata.category(c) in {"Cc", "Cf", "Cs"}]

    @given(st.text(st.characters(categories=["L", "N"]), min_size=1), st.integers(min_value=8, max_value=30))
    def test_keeps_every_letter(self, text: str, width: int) -> None:
        assert "".join(said(row) for row in prose(text, width)) == text
