"""Two models' answers side by side."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from b4tui.engines.trials.diff import Change, Piece, compare, word_diff
from b4tui.engines.trials.run import TrialResult


def result(trial: str, why: str = "", text: str = "yes") -> TrialResult:
    return TrialResult(trial=trial, why=why, text=text, tokens=3, rate=10.0, seconds=0.3)


def test_words_that_changed_are_told_from_those_that_stayed() -> None:
    assert word_diff("the old house, red", "the new house, red") == (
        Piece(Change.SAME, "the "),
        Piece(Change.GONE, "old"),
        Piece(Change.NEW, "new"),
        Piece(Change.SAME, " house, red"),
    )


def test_no_answer_against_one() -> None:
    assert word_diff("", "yes") == (Piece(Change.NEW, "yes"),)
    assert word_diff("yes", "") == (Piece(Change.GONE, "yes"),)
    assert word_diff("", "") == ()


@given(old=st.text(max_size=60), new=st.text(max_size=60))
def test_both_texts_can_be_read_off_the_difference(old: str, new: str) -> None:
    pieces = word_diff(old, new)
    assert "".join(piece.text for piece in pieces if piece.change is not Change.NEW) == old
    assert "".join(piece.text for piece in pieces if piece.change is not Change.GONE) == new


def test_worse_is_a_rule_that_was_kept_and_is_broken_now() -> None:
    new = [result("a", "bad"), result("b"), result("c", "bad"), result("d", "bad")]
    old = [result("a"), result("b", "bad"), result("c", "also bad")]
    compared = compare(new, old)
    assert [row.worse for row in compared] == [True, False, False, False]
    assert [row.better for row in compared] == [False, True, False, False]
    assert compared[3].old is None and compared[3].pieces == () and not compared[3].same_words


def test_the_same_words_are_seen() -> None:
    (row,) = compare([result("a", text="x")], [result("a", text="x")])
    assert row.same_words
