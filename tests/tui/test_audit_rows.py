"""What a row, an entry, the chain and a question of the record look like; pure."""

from dataclasses import replace
from datetime import timedelta

import pytest
from frozen_ledger import BODY, SHA256, frozen_ledger
from frozen_world import NOW

from b4tui.ledger.types import Entry, Head, Verification
from b4tui.tui.audit.chain import Chain, chain_line
from b4tui.tui.audit.facts import Kept, entry_lines
from b4tui.tui.audit.numbers import Numbers
from b4tui.tui.audit.question import Question, hint, none_fit, read_question
from b4tui.tui.audit.rows import entry_line, head_line, title_of
from b4tui.tui.paint import plain, width_of


@pytest.fixture(scope="module")
def entries(tmp_path_factory) -> tuple[Entry, ...]:
    with frozen_ledger(tmp_path_factory.mktemp("ledger")) as ledger:
        return ledger.entries(limit=100)


def words(line) -> str:
    return "".join(plain(span.text) for span in (*line.left, *line.right))


def of_kind(entries, kind: str) -> Entry:
    return next(entry for entry in reversed(entries) if entry.kind == kind)


class TestARow:
    @pytest.mark.parametrize("width", [56, 76, 100, 118, 158, 200])
    def test_every_row_and_the_head_line_keep_their_columns(self, entries, width: int) -> None:
        rights = {width_of(entry_line(entry, NOW, width).right) for entry in entries} | {
            width_of(head_line(width).right)
        }
        assert len(rights) == 1
        (right,) = rights
        assert all(width_of(entry_line(entry, NOW, width).left) + right <= max(width, 70) for entry in entries)

    def test_it_says_when_who_what_whose_and_how_much(self, entries) -> None:
        said = words(entry_line(of_kind(entries, "payload_sent"), NOW, 158))
        for part in (
            "2026-03-06 13:47:55",
            "romanov",
            "↗ payload sent",
            "hub-d42",
            SHA256[:8],
            "api.example.com",
            "183",
        ):
            assert part in said

    @pytest.mark.parametrize("width", [58, 76, 118, 140, 158])
    def test_at_every_width_there_is_room_for_what_happened(self, entries, width: int) -> None:
        denied = next(entry for entry in entries if entry.facts.get("state") == "denied")
        told = "approval denied  Ask" if width > 70 else "approval denied"
        assert told in words(entry_line(denied, NOW, width))

    def test_a_decision_says_how_long_it_took(self, entries) -> None:
        denied = next(entry for entry in entries if entry.facts.get("state") == "denied")
        said = words(entry_line(denied, NOW, 158))
        assert "✗ approval denied  Ask the local one first." in said and said.rstrip().endswith("1m40")

    def test_expired_is_not_denied(self, entries) -> None:
        titles = [title_of(entry) for entry in entries if entry.kind == "approval_changed"]
        assert titles == ["approval denied", "approval expired", "approval approved"]

    def test_simulated_bytes_say_so(self, entries) -> None:
        sent = of_kind(entries, "payload_sent")
        assert "SIMULATED" in title_of(replace(sent, facts={**sent.facts, "simulated": True}))

    def test_foreign_text_keeps_its_place(self, entries) -> None:
        nasty = replace(
            entries[-1], actor="a\x1b[2J\u202e\n漢字漢字漢字漢字", bead="x" * 90_000, facts={"reason": "\x07" * 9_000}
        )
        line = entry_line(nasty, NOW, 118)
        assert width_of(line.left) + width_of(line.right) <= 118
        assert not {"\x1b", "\u202e", "\n", "\x07"} & set(words(line))


class TestAnEntry:
    def test_shows_every_fact_and_the_payload_to_the_last_character(self, entries) -> None:
        entry = of_kind(entries, "payload_sent")
        lines = [words(line) for line in entry_lines(entry, Kept(body=BODY), NOW, 100)]
        text = "\n".join(lines)
        for part in (
            "payload_sent",
            "hub-d42",
            "sent               183 bytes",
            SHA256,
            entry.hash,
            entry.previous,
        ):
            assert part in text
        start = next(number for number, line in enumerate(lines) if line.startswith("PAYLOAD  ")) + 1
        assert "".join(lines[start:]) == BODY.decode()

    def test_lists_are_folded_open(self, entries) -> None:
        asked = next(entry for entry in reversed(entries) if entry.facts.get("findings"))
        text = "\n".join(words(line) for line in entry_lines(asked, None, NOW, 100))
        assert "findings.1         class infrastructure, preview ••••, rule host-inner" in text

    def test_bytes_that_are_no_text_are_shown_as_what_they_are(self, entries) -> None:
        lines = list(entry_lines(entries[0], Kept(body=b"\xff\x1b[2J\x00"), NOW, 76))
        assert "".join(words(line) for line in lines[-2:]) == "\\xff␛[2J␀"

    def test_a_payload_that_is_gone_says_why(self, entries) -> None:
        assert "not kept" in words(list(entry_lines(entries[0], Kept(reason="not kept any more"), NOW, 76))[-1])


class TestTheChain:
    WHOLE = Verification(rows=31, head=Head(31, "ab" * 32))

    @pytest.mark.parametrize(
        ("chain", "said"),
        [
            (Chain(), "◌ verifying the chain"),
            (Chain(rows=31, done=10_000, total=40_000), "◌ verifying the chain 25 %"),
            (
                Chain(rows=31, found=WHOLE, at=NOW - timedelta(minutes=5)),
                "✓ whole up to row 31 (abababababab), verified 5m",
            ),
            (
                Chain(found=replace(WHOLE, faults=("row 5 was changed",)), at=NOW),
                "✗ not whole: row 5 was changed; verified",
            ),
            (Chain(found=replace(WHOLE, faults=("row 5", "b", "c")), at=NOW), "✗ not whole: row 5 and 2 more"),
            (Chain(error="the disk is full"), "✗ the disk is full"),
        ],
    )
    def test_is_said_with_a_sign_and_words(self, chain: Chain, said: str) -> None:
        assert words(chain_line(chain, NOW)).startswith(said)


class TestAQuestion:
    @pytest.mark.parametrize(
        ("typed", "question"),
        [
            ("", Question()),
            ("  two  words ", Question(words="two words")),
            ("kind:payload-sent", Question(kind="payload_sent")),
            (
                "api kind:Payload_Sent bead:hub-1 example",
                Question(kind="payload_sent", bead="hub-1", words="api example"),
            ),
            ("kind: bead:", Question()),
            ("host:api", Question(words="host:api")),
        ],
    )
    def test_is_words_with_kind_and_bead(self, typed: str, question: Question) -> None:
        assert read_question(typed) == question

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ("kind:payload_sent x", ""),
            ("kind:payload_snt", "There is no kind payload_snt: do you mean payload_sent?"),
            ("kind:grant", "There is no kind grant: do you mean grant_changed?"),
            ("kind:zzz", "There is no kind zzz."),
            ("beed:hub-1", "There is no field beed: do you mean bead: ?"),
            ("host:api https://example.com 10:30", ""),
        ],
    )
    def test_says_why_nothing_can_fit(self, typed: str, said: str) -> None:
        assert hint(read_question(typed), {"payload_sent", "grant_changed"}) == said

    def test_an_empty_one_asks_nothing(self) -> None:
        assert not Question() and Question(words="x")


class TestNumbers:
    def test_are_a_sequence_that_holds_nothing(self) -> None:
        numbers = Numbers(100_000)
        assert (len(numbers), numbers[0], numbers[-1], numbers[99_999]) == (100_000, "100000", "1", "1")
        assert list(numbers[:3]) == ["100000", "99999", "99998"]
        assert numbers.index("99999") == 1 and "1" in numbers
        assert "0" not in numbers and "100001" not in numbers and "x" not in numbers
        assert list(Numbers(3)) == ["3", "2", "1"]
        assert Numbers(3) == Numbers(3) != Numbers(4)
        with pytest.raises(IndexError):
            numbers[100_000]
        with pytest.raises(ValueError):
            numbers.index("0")


def test_where_nothing_fits_the_way_back_is_said_whole_at_every_width() -> None:
    why = "There is no kind pay: do you mean payload_sent?"
    for width in (58, 76, 158):
        rows = [words(row) for row in none_fit(why, width)]
        assert max(len(row) for row in rows) <= width
        assert " ".join(" ".join(rows).split()) == f"{why} Nothing in the record fits. escape shows all of it."
