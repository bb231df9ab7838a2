"""A board file changes one row at a time; everything else stays byte for byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b4tui.board.document import Document
from b4tui.board.rowtext import NotARow, RowText, Style
from b4tui.board.store import NoSuchBead, Refused

BOARDS = sorted((Path(__file__).parents[2].parent / "shared/data/beads").glob("*.jsonl"))


def changed(data: bytes, bead_id: str, **values: Any) -> bytes:
    document = Document(data)
    located = document.find(bead_id)
    row = {**located.row, **values}
    return document.replaced(located, {key: value for key, value in row.items() if value is not None}).data


class TestOneRow:
    def test_a_value_is_replaced_where_it_stands(self) -> None:
        assert changed(b'{"id":"a","status":"open","zzz":1}\n', "a", status="closed") == (
            b'{"id":"a","status":"closed","zzz":1}\n'
        )

    def test_a_new_key_takes_its_place_in_the_order_of_the_tracker(self) -> None:
        data = b'{"id":"a","title":"t","issue_type":"task","created_at":"x","zzz":1}\n'
        assert changed(data, "a", assignee="me") == (
            b'{"id":"a","title":"t","issue_type":"task","assignee":"me","created_at":"x","zzz":1}\n'
        )

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (b'{"id":"a","b":1,"c":2}', b'{"id":"a","c":2}'),
            (b'{"b":1,"id":"a"}', b'{"id":"a"}'),
            (b'{ "b": 1, "id": "a" }', b'{ "id": "a" }'),
            (b'{ "id": "a", "b": 1 }', b'{ "id": "a" }'),
            (b'{"b":1,"id":"a","b":2}', b'{"id":"a"}'),
        ],
    )
    def test_a_key_goes_with_its_comma(self, before: bytes, after: bytes) -> None:
        assert changed(before, "a", b=None) == after

    def test_blanks_after_commas_and_colons_are_kept_up(self) -> None:
        assert changed(b'{"id": "a", "status": "open"}\n', "a", labels=["x", "y"]) == (
            b'{"id": "a", "status": "open", "labels": ["x", "y"]}\n'
        )

    def test_numbers_and_escapes_of_other_keys_keep_their_shape(self) -> None:
        data = b'{"id":"a","x":1.50e+10,"y":12345678901234567890123,"z":"\\u00e9\\/\xc3\xa9","status":"open"}'
        assert changed(data, "a", status="closed") == data.replace(b"open", b"closed")

    def test_comments_already_there_keep_their_text(self) -> None:
        old = b'{"text":"\\u00e9 \\/","id":1.0}'
        data = b'{"id":"a","comments":[' + old + b"]}"
        comments = [{"text": "é /", "id": 1.0}, {"text": "new", "id": 2}]
        assert changed(data, "a", comments=comments) == (b'{"id":"a","comments":[' + old + b',{"text":"new","id":2}]}')

    def test_bytes_that_are_no_utf8_stay(self) -> None:
        assert changed(b'{"id":"a","x":"\xff\xfe","status":"open"}', "a", status="closed") == (
            b'{"id":"a","x":"\xff\xfe","status":"closed"}'
        )

    def test_true_is_not_one(self) -> None:
        assert changed(b'{"id":"a","pinned":1}', "a", pinned=True) == b'{"id":"a","pinned":true}'

    @pytest.mark.parametrize("text", ["", "[]", "1", '{"a":1', '{"a" 1}', '{"a":1}x', '{"a":1,}', "[" * 200_000])
    def test_what_is_no_row_is_said_to_be_none(self, text: str) -> None:
        with pytest.raises(NotARow):
            RowText.parse(text)


class TestEscaping:
    @pytest.mark.parametrize(
        ("others", "written"),
        [
            (b'{"id":"b","title":"\\u003cb\\u003e"}', b'"x \\u003c\\u0026\\u003e \xc3\xa9"'),
            (b'{"id":"b","title":"<b>"}', b'"x <&> \xc3\xa9"'),
            (b'{"id":"b","title":"plain"}', b'"x \\u003c\\u0026\\u003e \xc3\xa9"'),
            (b'{"id":"b","title":"\\u00fc <"}', b'"x <&> \\u00e9"'),
        ],
    )
    def test_new_text_is_escaped_as_the_file_does_it(self, others: bytes, written: bytes) -> None:
        data = changed(b'{"id":"a"}\n' + others, "a", title="x <&> é")
        assert data == b'{"id":"a","title":' + written + b"}\n" + others

    def test_a_lone_surrogate_comes_out_as_an_escape(self) -> None:
        assert changed(b'{"id":"a"}', "a", title="\ud800") == b'{"id":"a","title":"\\ud800"}'


class TestOneFile:
    OTHERS = b'\xef\xbb\xbf{"id":"b" , "x":1}\r\nno json at all \xff\r\n\r\n<<<<<<< ours\r\n'

    def test_every_other_line_stays(self) -> None:
        data = self.OTHERS + b'{"id":"a","status":"open"}'
        assert changed(data, "a", status="closed") == self.OTHERS + b'{"id":"a","status":"closed"}'

    def test_a_byte_order_mark_and_line_ends_stay_with_the_first_row(self) -> None:
        assert changed(self.OTHERS, "b", x=2) == self.OTHERS.replace(b'"x":1', b'"x":2')

    def test_an_id_elsewhere_in_a_row_is_not_that_row(self) -> None:
        data = b'{"id":"b","title":"a","dependencies":[{"issue_id":"b","depends_on_id":"a"}]}\n{"id":"a"}\n'
        assert Document(data).find("a").line == 2

    def test_of_duplicates_the_one_updated_last_is_changed(self) -> None:
        new = b'{"id":"a","updated_at":"2026-01-02T00:00:00Z","n":1}'
        old = b'{"id":"a","updated_at":"2026-01-01T23:59:59-00:00","n":2}'
        assert changed(new + b"\n" + old, "a", n=3) == new.replace(b'"n":1', b'"n":3') + b"\n" + old
        assert changed(old + b"\n" + new, "a", n=3) == old + b"\n" + new.replace(b'"n":1', b'"n":3')

    def test_an_id_written_with_escapes_is_found(self) -> None:
        assert Document(b'{"id":"hub\\u002da"}\n').find("hub-a").line == 1

    def test_a_row_that_can_be_read_but_is_no_plain_json_is_refused_not_rewritten(self) -> None:
        data = b'{"id":"b"}\n{"id":"a","x":\x001}\n'
        with pytest.raises((Refused, NoSuchBead)):
            Document(data).find("a")

    def test_an_id_that_is_not_there(self) -> None:
        with pytest.raises(NoSuchBead, match="hub-x"):
            Document(b'{"id":"hub-xy"}\n').find("hub-x")

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (b"", b'{"id":"b"}\n'),
            (b'{"id":"a"}\n{"id":"c"}\n', b'{"id":"a"}\n{"id":"b"}\n{"id":"c"}\n'),
            (b'{"id":"c"}\n{"id":"a"}\n', b'{"id":"c"}\n{"id":"a"}\n{"id":"b"}\n'),
            (b'{"id":"a"}', b'{"id":"a"}\n{"id":"b"}\n'),
            (b'{"id":"a"}\r\n{"id":"c"}\r\n', b'{"id":"a"}\r\n{"id":"b"}\r\n{"id":"c"}\r\n'),
            (b'\xef\xbb\xbf{"id":"c"}\n', b'\xef\xbb\xbf{"id":"b"}\n{"id":"c"}\n'),
        ],
    )
    def test_a_new_row_goes_where_the_order_of_the_file_wants_it(self, before: bytes, after: bytes) -> None:
        assert Document(before).inserted({"id": "b"}).data == after


TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(["title", "status", "labels", "comments", "updated_at", "zzz", "<&>"]) | TEXT
ROWS = st.dictionaries(KEYS.filter(lambda key: key not in ("id", "_type", "_schema", "updated_at")), VALUES, max_size=6)


@st.composite
def lines(draw: st.DrawFn, bead_id: str) -> bytes:
    row = {"id": bead_id, **draw(ROWS)}
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" , ", " :\t")]))
    return json.dumps(row, ensure_ascii=draw(st.booleans()), separators=separators).encode("utf-8", "backslashreplace")


class TestAnyRow:
    @given(lines("a"), lines("b"), lines("c"), ROWS, st.sampled_from([b"\n", b"\r\n"]), st.booleans())
    def test_only_the_keys_that_change_change(
        self, first: bytes, row: bytes, last: bytes, new: dict[str, Any], end: bytes, final: bool
    ) -> None:
        data = end.join([first, row, last]) + (end if final else b"")
        document = Document(data)
        located = document.find("b")
        wanted = {"id": "b", **new}
        result = document.replaced(located, wanted).data
        before, after = data.split(b"\n"), result.split(b"\n")
        assert after[0] == before[0]
        assert after[2:] == before[2:]
        text = after[1].decode().removesuffix("\r")
        assert json.loads(text) == wanted
        old, now = RowText.parse(before[1].decode().removesuffix("\r")), RowText.parse(text)
        kept = {member.key: member.raw for member in old.members}
        for member in now.members:
            if member.key in old.row and json.dumps(old.row[member.key]) == json.dumps(member.value):
                assert member.raw == kept[member.key]

    @given(lines("b"))
    def test_no_change_changes_no_byte(self, row: bytes) -> None:
        document = Document(row)
        located = document.find("b")
        assert document.replaced(located, dict(located.row)).data == row

    @given(ROWS, st.booleans(), st.booleans())
    def test_a_new_row_reads_back_as_it_was(self, row: dict[str, Any], html: bool, ascii_only: bool) -> None:
        text = RowText.parse("{}").with_row(row, Style(html=html, ascii=ascii_only))
        assert json.loads(text) == row


@pytest.mark.skipif(not BOARDS, reason="the shared real boards are not here")
@pytest.mark.parametrize("board", BOARDS, ids=lambda path: path.stem)
def test_every_row_of_a_real_board_can_be_cut_and_put_together(board: Path) -> None:
    for line in board.read_text("utf-8").splitlines():
        text = RowText.parse(line)
        assert text.with_row(text.row, Style()) == line
