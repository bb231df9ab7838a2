"""A payload as rows to read: all of it, nothing but it, and nothing that cannot be seen."""

import json
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from b4tui.escalation.types import Spot
from b4tui.gate.types import BODY, Finding, FindingClass, Severity
from b4tui.tui.outward.marking import Kind, Marks, marks_of, matches
from b4tui.tui.outward.pages import HexPage, text_page
from b4tui.tui.outward.payload_diff import diff_lines
from b4tui.tui.outward.payload_text import folded, pieces, shown
from b4tui.tui.outward.seen import Seen
from b4tui.tui.paint import Ink

NO_MARKS = Marks(())
HARD = st.text(st.one_of(st.characters(), st.sampled_from('\\n"{}[],: \x1b\u200b\ufe0f\u0301界é')), max_size=120)


def body_of(text: str) -> str:
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": text}]}, ensure_ascii=False)


def words(line) -> str:
    return "".join(span.text for span in (*line.left, *line.right))


def finding(part: str = "bead", start: int = 0, end: int = 1) -> Finding:
    return Finding(
        rule="mail", version=1, finding_class=FindingClass.PERSONAL, severity=Severity.ASK, part=part, start=start,
        end=end, preview="••••",
    )  # fmt: skip


class TestRows:
    @settings(max_examples=40, deadline=None)
    @given(text=HARD, width=st.integers(20, 60), as_json=st.booleans())
    def test_put_together_they_are_the_text_again_and_none_is_too_wide(self, text, width, as_json) -> None:
        whole = body_of(text) if as_json else text
        page = text_page(whole, NO_MARKS, width)
        spans = [page.chars(row, 0, width) for row in range(page.count)]
        assert "".join(whole[start:end] for start, end in spans) == whole
        assert "".join(words(page.line(row, 0, width)) for row in range(page.count)) == shown(whole)
        assert all(cell_len(words(page.line(row, 0, width))) <= width for row in range(page.count))

    def test_break_after_an_escaped_line_feed_and_between_members_never_after_an_escaped_backslash(self) -> None:
        text = '{"a":"one\\ntwo\\\\nthree","b":[1,{"c":2}]}'
        rows = [text[start:end] for start, end in pieces(text)]
        assert rows == ['{"a":"one\\n', 'two\\\\nthree",', '"b":[', "1,", '{"c":2}]}']

    def test_break_at_a_blank_where_one_is_near(self) -> None:
        text = "the quick brown fox jumps over"
        assert [text[start:end] for start, end in folded(text, 0, len(text), 12)] == [
            "the quick ",
            "brown fox ",
            "jumps over",
        ]

    def test_know_their_place(self) -> None:
        text = body_of("word " * 200)
        page = text_page(text, NO_MARKS, 30)
        for place in (0, 17, 400, len(text) - 1):
            start, end = page.chars(page.row_of(place), 0, 30)
            assert start <= place < end

    def test_not_wrapped_are_read_from_the_side(self) -> None:
        text = "x" * 100 + "y"
        page = text_page(text, NO_MARKS, 30, wrapped=False)
        assert (page.count, page.columns) == (1, 101)
        assert page.chars(0, 0, 30) == (0, 30)
        assert words(page.line(0, 90, 30)) == "x" * 10 + "y"


class TestShown:
    @pytest.mark.parametrize(
        ("text", "seen"),
        [
            ("a\x1b[2Jb\x07\t\n", "a␛[2Jb␇␉␊"),
            ("\u202eevil\u200b\ufeff", r"\u202eevil\u200b\ufeff"),
            ("a\ufe0f e\u0301", r"a\ufe0f e\u0301"),
            ("\u3164\u2800", r"\u3164\u2800"),
            ("\udcff", r"\udcff"),
            ("Maß 界 🙂", "Maß 界 🙂"),
        ],
    )
    def test_has_a_form_for_everything(self, text: str, seen: str) -> None:
        assert shown(text) == seen

    @settings(max_examples=40, deadline=None)
    @given(HARD)
    def test_leaves_nothing_that_a_terminal_acts_on_or_draws_as_nothing(self, text: str) -> None:
        assert not {one for one in shown(text) if unicodedata.category(one) in {"Cc", "Cf", "Cs"} or not cell_len(one)}


class TestMarks:
    def test_lie_where_the_spots_say_and_a_finding_of_the_body_needs_none(self) -> None:
        text = body_of("write to anna and bert")
        at = text.index("anna")
        findings = (finding(), finding(BODY, text.index("bert"), text.index("bert") + 4), finding("gone"))
        marks = marks_of(text, findings, [Spot(finding=0, start=at, end=at + 4)])
        assert [(text[mark.start : mark.end], mark.finding) for mark in marks.all] == [("anna", 0), ("bert", 1)]

    def test_show_placeholders_and_what_is_looked_for_and_findings_above_all(self) -> None:
        text = "ask [[PERSON_1]] or [[SECRET_2:some-token]] or [[not one]] anna"
        spot = Spot(finding=0, start=text.index("anna"), end=len(text))
        marks = marks_of(text, (finding(),), [spot], matches(text, "ANN"))
        spans = {span.text: span.ink for span in marks.spans(text, 0, len(text))}
        assert spans["[[PERSON_1]]"] is spans["[[SECRET_2:some-token]]"] is Ink.INFO
        assert spans["ann"] is spans["a"] is Ink.MARK
        assert Ink.INFO not in {spans[key] for key in spans if "not one" in key}

    def test_are_cut_at_the_edges_of_a_row_and_found_in_each(self) -> None:
        text = "0123456789" * 10
        marks = Marks([*matches(text, "5678901234")])
        found = [
            span.text
            for row in range(10)
            for span in marks.spans(text, row * 10, row * 10 + 10)
            if span.ink is Ink.FOUND
        ]
        assert found[:3] == ["56789", "01234", "56789"]
        assert all(mark.kind is Kind.MATCH for mark in marks.within(20, 30))

    def test_a_note_stands_under_the_row_in_which_its_finding_ends(self) -> None:
        from b4tui.tui.paint import Span, line

        text = body_of("one two anna " + "three " * 30)
        at = text.index("anna")
        marks = marks_of(text, (finding(),), [Spot(finding=0, start=at, end=at + 4)])
        page = text_page(text, marks, 30, notes={0: line(Span("NOTE"))}, above=[line(Span("ABOVE"))])
        rows = [words(page.line(row, 0, 30)) for row in range(page.count)]
        assert rows[0] == "ABOVE"
        assert "anna" in rows[rows.index("NOTE") - 1]
        assert page.chars(rows.index("NOTE"), 0, 30) == (0, 0)


class TestSeen:
    def test_counts_each_character_once(self) -> None:
        seen = Seen(10)
        for span in ((0, 4), (2, 6), (2, 6), (-5, 1), (9, 50)):
            seen.add(*span)
        assert (seen.share, seen.whole, seen.next_unseen()) == (0.7, False, 6)
        seen.add(6, 9)
        assert seen.whole
        assert seen.next_unseen() == 10

    def test_nothing_is_seen_at_once(self) -> None:
        assert Seen(0).whole


def test_bytes_are_shown_in_rows_of_sixteen_or_eight() -> None:
    page = HexPage(bytes(range(0x41, 0x53)), 80)
    assert words(page.line(0, 0, 80)) == "00000000  41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f 50  ABCDEFGHIJKLMNOP"
    assert words(page.line(1, 0, 80)).startswith("00000010  51 52 ")
    assert HexPage(b"x" * 17, 60).count == 3


class TestWhatChanged:
    def test_is_shown_with_a_sign_and_what_is_around_it(self) -> None:
        old = body_of("\n".join(f"row {number}" for number in range(50)))
        new = old.replace("row 25\\n", "row twenty-five \x1b\\n")
        rows = [words(row) for row in diff_lines(old, new, 60)]
        assert [row for row in rows if row[0] in "+−"] == ["− row 25\\n", "+ row twenty-five ␛\\n"]
        assert any("as before" in row for row in rows)
        assert len(rows) < 12

    def test_of_the_same_bytes_is_said(self) -> None:
        assert "same bytes" in words(diff_lines(body_of("a"), body_of("a"), 60)[0])

    def test_of_everything_is_not_compared(self) -> None:
        old, new = (body_of("\n".join(f"{word} {number}" for number in range(4000))) for word in ("a", "b"))
        assert "Too much changed" in words(diff_lines(old, new, 60)[0])
