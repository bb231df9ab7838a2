"""A transcript as rows to read."""

from frozen_world import transcript
from hypothesis import given
from hypothesis import strategies as st

from b4tui.runtime.transcript import Kind, Piece, Transcript
from b4tui.tui.stream import MOST_BLOCKS, Stream


def shown(stream: Stream, width: int = 60) -> list[str]:
    return ["".join(span.text for span in (*row.left, *row.right)) for _, row in stream.rows(width)]


def stream_of(*pieces: Piece) -> Stream:
    stream = Stream()
    stream.feed(pieces)
    return stream


class TestAStream:
    def test_reads_like_a_report(self) -> None:
        stream = Stream()
        stream.feed(transcript().since(0)[2])
        text = "\n".join(shown(stream))
        assert "── step 1 ─" in text
        assert "▸ thinks 13 words" in text
        assert "I look at the role first." in text
        assert "▸ bash ansible-lint site.yml2.1 s  ✗ exit 2" in text
        assert "yaml[truthy]" not in text

    def test_joins_pieces_of_one_sentence(self) -> None:
        assert shown(stream_of(*(Piece(Kind.TEXT, word) for word in ("one ", "two\nth", "ree")))) == [
            "one two",
            "three",
        ]

    def test_opens_and_folds_a_tool_call(self) -> None:
        call = Piece(Kind.CALL, "read a.txt")
        stream = stream_of(call, Piece(Kind.RESULT, "2 lines", detail="first\nsecond"))
        stream.toggle("0")
        assert shown(stream)[1:] == ["  │ 2 lines", "  │ first", "  │ second"]
        stream.toggle("0")
        assert len(shown(stream)) == 1

    def test_gives_results_to_calls_in_their_order(self) -> None:
        stream = stream_of(
            Piece(Kind.CALL, "a"), Piece(Kind.CALL, "b"), Piece(Kind.RESULT, "one"), Piece(Kind.RESULT, "two")
        )
        assert [row.split()[-1] for row in shown(stream)] == ["one", "two"]

    def test_shows_a_call_that_still_runs(self) -> None:
        assert shown(stream_of(Piece(Kind.CALL, "bash sleep")))[0].endswith("runs…")

    def test_keeps_a_result_without_a_call(self) -> None:
        assert "orphan" in shown(stream_of(Piece(Kind.RESULT, "orphan")))[0]

    def test_says_how_much_was_lost(self) -> None:
        told = Transcript(limit=3)
        for number in range(10):
            told.add(Piece(Kind.NOTE, str(number)))
        _, dropped, pieces = told.since(2)
        stream = Stream()
        stream.feed(pieces, dropped)
        assert "5 pieces came faster" in shown(stream)[0]

    def test_is_bounded(self) -> None:
        stream = stream_of(Piece(Kind.TEXT, "line\n" * (MOST_BLOCKS * 2)))
        assert len(stream.blocks) == MOST_BLOCKS
        stream = stream_of(*(Piece(Kind.TEXT, "x" * 10_000) for _ in range(30)))
        assert max(len(block.text) for block in stream.blocks) < 120_000

    @given(
        st.lists(st.builds(Piece, st.sampled_from(list(Kind)), st.text(max_size=30), st.text(max_size=30)), max_size=20)
    )
    def test_takes_any_pieces_in_any_order_and_keys_rows_uniquely(self, pieces: list[Piece]) -> None:
        stream = stream_of(*pieces)
        for block in list(stream.blocks):
            stream.toggle(block.key)
        keys = [key for key, _ in stream.rows(20)]
        assert len(keys) == len(set(keys))
        stream.text()

    def test_wraps_anew_for_another_width(self) -> None:
        stream = stream_of(Piece(Kind.TEXT, "one two three"))
        assert len(stream.rows(60)) == 1
        assert len(stream.rows(6)) == 3


class TestAnAnswerThatBrokeOff:
    BROKEN = (
        Piece(Kind.STEP, "1"),
        Piece(Kind.TEXT, "This counts."),
        Piece(Kind.STEP, "2"),
        Piece(Kind.THINKING, "hm"),
        Piece(Kind.TEXT, "Half an\nans"),
        Piece(Kind.VOID, "the server broke off", ok=False),
        Piece(Kind.TEXT, "The whole answer."),
    )

    def test_stays_to_be_read_and_is_marked_void_up_to_the_step_it_was_part_of(self) -> None:
        rows = shown(stream_of(*self.BROKEN), 200)
        assert [row for row in rows if "╎" in row and "answer broke" not in row] == [
            "▸ ╎ thinks hm",
            "╎ Half an",
            "╎ ans",
        ]
        assert "This counts." in rows
        assert "The whole answer." in rows

    def test_says_why_and_what_the_mark_means(self) -> None:
        (said,) = [row for row in shown(stream_of(*self.BROKEN), 200) if "answer broke off" in row]
        assert said.startswith("✗ ")
        assert said.endswith("does not count. the server broke off")

    def test_a_second_break_voids_only_what_came_since_the_first(self) -> None:
        stream = stream_of(*self.BROKEN, Piece(Kind.VOID, "again"), Piece(Kind.TEXT, "At last."))
        rows = shown(stream, 200)
        assert "╎ The whole answer." in rows
        assert sum(row == "╎ ans" for row in rows) == 1
        assert rows[-1] == "At last."

    def test_is_marked_in_the_clipboard_too(self) -> None:
        text = stream_of(*self.BROKEN).text()
        assert "[void] Half an" in text
        assert "[void] This" not in text
