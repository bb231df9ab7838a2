"""A line becomes exactly as many cells as it may take, and nothing in it can command the terminal."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from b4tui.tui import paint
from b4tui.tui.paint import Ink, Line, Span, bar, flowing, fold, line, sparkline, wrapped

HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\x1b\x9b\x07\r\n\t\x00\u202e\u200b\ufeff\U000e0041\ud800界👩\ufe0f\u0301[/]@"),
    ),
    max_size=80,
)


def text_of(content: Line, width: int) -> str:
    return paint.strip(content, width, lambda _ink: Style(), Style()).text


def is_safe(text: str) -> bool:
    return not any(unicodedata.category(character) in {"Cc", "Cf", "Cs"} for character in text)


class TestALine:
    @given(HOSTILE, HOSTILE, st.integers(min_value=0, max_value=60))
    def test_is_exactly_as_wide_as_asked_and_safe(self, left: str, right: str, width: int) -> None:
        shown = paint.strip(line(Span(left), right=(Span(right),)), width, lambda _ink: Style(), Style())
        assert shown.cell_length == width == cell_len(shown.text)
        assert is_safe(shown.text)
        shown.text.encode("utf-8")

    def test_cuts_the_left_part_and_keeps_the_right(self) -> None:
        assert text_of(line(Span("a long title"), right=(Span("2h"),)), 10) == "a lon…  2h"

    def test_puts_the_right_part_at_the_edge(self) -> None:
        assert text_of(line(Span("ab"), right=(Span("2h"),)), 10) == "ab      2h"

    def test_leaves_a_third_to_the_left_when_the_right_is_long(self) -> None:
        shown = text_of(line(Span("left" * 10), right=(Span("right" * 10),)), 30)
        assert shown.startswith("leftleft")
        assert "right" in shown

    def test_never_splits_a_wide_character(self) -> None:
        assert text_of(line(Span("界界界")), 4) == "界 …"

    def test_shows_a_megabyte_without_looking_at_all_of_it(self) -> None:
        assert text_of(line(Span("x" * 10_000_000)), 5) == "xxxx…"

    def test_is_one_line_whatever_is_in_it(self) -> None:
        assert text_of(line(Span("a\nb\tc")), 5) == "a b c"


class TestWrapping:
    def test_breaks_between_words(self) -> None:
        assert fold("one two three", 8) == ["one two", "three"]

    def test_breaks_a_word_that_is_wider_than_the_pane(self) -> None:
        assert fold("abcdefgh ij", 3) == ["abc", "def", "gh", "ij"]

    @given(HOSTILE, st.integers(min_value=2, max_value=40))
    def test_no_piece_is_too_wide_and_every_piece_is_safe(self, text: str, width: int) -> None:
        for piece in wrapped(text, width):
            assert cell_len(piece.left[0].text) <= width
            assert is_safe(piece.left[0].text)

    @given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=60), st.integers(2, 20))
    def test_keeps_every_letter(self, text: str, width: int) -> None:
        assert "".join(piece.left[0].text for piece in wrapped(text, width)) == text

    def test_says_what_it_does_not_show(self) -> None:
        *_, last = wrapped("x" * 30, 100, limit=10)
        assert last.left[0] == Span("… 20 more characters are not shown", Ink.FAINT)


class TestFigures:
    @given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 50))
    def test_a_gauge_always_fills_its_width(self, share: float, width: int) -> None:
        filled, rest = bar(share, width)
        assert len(filled + rest) == width

    def test_a_gauge_counts_in_eighths(self) -> None:
        assert bar(0.5, 4) == ("██", "░░")
        assert bar(1 / 32, 4) == ("▏", "░░░")

    def test_a_sparkline_shows_the_latest_values_against_their_largest(self) -> None:
        assert sparkline([0, 1, 2, 4], 3) == "▂▄█"
        assert sparkline([1.0], 3) == "  █"
        assert sparkline([], 3) == "   "
        assert sparkline([0, 0], 2) == "▁▁"


class TestPiecesThatFlow:
    def told(self, width: int) -> list[str]:
        pieces = [(Span("one "), Span("1")), (Span("two 2"),), (Span("three 3"),)]
        return ["".join(span.text for span in row.left) for row in flowing(pieces, width, (Span("= "),))]

    def test_stand_on_one_line_where_there_is_room(self) -> None:
        assert self.told(40) == ["= one 1  two 2  three 3"]

    def test_and_under_each_other_where_there_is_not_never_broken(self) -> None:
        assert self.told(15) == ["= one 1  two 2", "  three 3"]
        assert self.told(1) == ["= one 1", "  two 2", "  three 3"]

    def test_no_pieces_are_no_line(self) -> None:
        assert list(flowing([], 10)) == []
