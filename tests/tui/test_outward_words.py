"""What the screens say about approvals, and which may go together: pure functions of the snapshot."""

from dataclasses import replace
from datetime import timedelta

import pytest
from frozen_approvals import DENIED, FAR, HIGH, LOW, MEDIUM, SHORT, STAYS, asked_world
from frozen_world import NOW, WORLD

from b4tui.escalation.types import ApprovalState, Cost, Risk
from b4tui.provenance import Provenance
from b4tui.runtime.snapshot import OutwardView
from b4tui.tui.attention import wants
from b4tui.tui.outward import queue
from b4tui.tui.outward.arming import Arming
from b4tui.tui.outward.asking import Asking, clock_words, cost_words, expiry, size_words
from b4tui.tui.outward.grant_choices import Choices
from b4tui.tui.outward.grant_choices import hindrance as no_grant
from b4tui.tui.paint import Ink, width_of
from b4tui.tui.widgets.header import header_line
from b4tui.tui.widgets.notice import notices


def said(*lines) -> str:
    return "\n".join("".join(span.text for span in (*line.left, *line.right)) for line in lines)


def header(width: int = 160, **outward) -> str:
    return said(header_line(replace(WORLD, outward=OutwardView(**{"guarded": True, **outward})), NOW, width))


def view(*approvals) -> OutwardView:
    return OutwardView(approvals=approvals, guarded=True)


class TestArming:
    def test_needs_a_paint_and_quiet_and_a_key_after_the_paint(self) -> None:
        inert = Arming(quiet_s=0.6)
        assert not inert.at(100).armed
        painted = inert.painted(10)
        assert not painted.at(10.5).armed
        assert not painted.heard(10.5).at(11).armed
        armed = painted.heard(10.5).at(11.2)
        assert armed.armed
        assert armed.admits(11.3)
        assert not armed.admits(9.9)

    def test_a_disturbance_undoes_all_of_it_and_is_named(self) -> None:
        again = Arming(quiet_s=0.6).painted(10).at(11).disturbed("it changed")
        assert (again.armed, again.painted_at, again.why) == (False, None, "it changed")
        assert not again.admits(12)
        assert not again.at(100).armed


class TestTheHeader:
    def test_zero_is_calm_and_a_number_is_amber_for_good(self) -> None:
        assert "● local only: 0 bytes out, ever" in header()
        assert "● --local-only: 0 bytes out, ever" in header(local_only=True)
        line = header_line(replace(WORLD, outward=OutwardView(guarded=True, bytes_out=48_213)), NOW, 160)
        assert next(span.ink for span in line.left if "48,213 bytes out, ever" in span.text) is Ink.ATTENTION

    @pytest.mark.parametrize(
        ("outward", "words"),
        [
            ({"gate_error": "rules unreadable"}, "gate broken"),
            ({"ledger_error": "disk full"}, "ledger broken"),
            ({"guarded": False}, "no egress guard"),
        ],
    )
    def test_what_is_broken_is_red_at_every_width(self, outward, words) -> None:
        for width in (60, 80, 120, 160):
            line = header_line(replace(WORLD, outward=OutwardView(**{"guarded": True, **outward})), NOW, width)
            assert any(span.ink is Ink.BAD and span.text.startswith("✗") for span in line.left)
        assert words in header(**outward)

    def test_counts_what_asks_and_how_long_the_first_has_waited(self) -> None:
        assert "▲ 2 approvals (1 high), oldest 3m" in header(approvals=(LOW, HIGH))
        near = replace(LOW, deadline=NOW + timedelta(seconds=40))
        assert "one ends in 40 s" in header(approvals=(near, HIGH))
        for width in (60, 70, 80, 100, 120):
            line = header_line(replace(asked_world(LOW, HIGH), simulated=True), NOW, width)
            assert width_of(line.left) + width_of(line.right) <= width

    def test_says_in_full_why_nothing_can_leave(self) -> None:
        world = replace(WORLD, outward=OutwardView(guarded=True, gate_error="rule 7", unsafe_rules=("mail",)))
        assert "Nothing can leave: rule 7" in said(*notices(world, NOW, 100))
        assert "switched off" in said(*notices(world, NOW, 100))


class TestOneApproval:
    def asking(self, approval, **more) -> str:
        asking = Asking.of(approval, WORLD, NOW, **more)
        return said(*asking.facts(120), *asking.facts(70, short=True)) + asking.question.text

    def test_says_everything_the_operator_decides_by(self) -> None:
        told = self.asking(LOW, retention="30 days")
        for part in ("Send", "4,472 bytes", "api.example.com", "deep-9", "Romanov", "hub-d42", "KV cache", "knows no",
                     "low", "0.12 USD", "30 days", "1 personal", "[[…]]"):  # fmt: skip
            assert part in told

    def test_a_risk_is_a_sign_a_word_and_a_reason(self) -> None:
        assert "▲ high: 1 personal for you to judge · approved by typing the host" in self.asking(HIGH)
        assert "parts of it are private" in self.asking(replace(HIGH, risk_words=("parts of it are private",)))

    def test_what_stays_here_says_why_and_names_no_price(self) -> None:
        told = self.asking(STAYS)
        assert "These stay here" in told
        assert "2 addresses of a private network" in told
        assert "USD" not in told

    @pytest.mark.parametrize(
        ("seconds", "words", "ink"),
        [(300, "5:00 left", Ink.SOFT), (60, "▲ expires", Ink.ATTENTION), (15, "▲▲ expires", Ink.BAD)],
    )
    def test_its_end_grows_louder(self, seconds, words, ink) -> None:
        told = expiry(replace(LOW, deadline=NOW + timedelta(seconds=seconds)), NOW)
        assert words in told.text
        assert told.ink is ink

    def test_how_it_ended(self) -> None:
        def told(**changes) -> str:
            return Asking.of(replace(LOW, decided_at=NOW, **changes), WORLD, NOW).standing().text

        assert "denied by ops@tty2" in told(state=ApprovalState.DENIED, decided_by="ops@tty2")
        assert "denied" not in told(state=ApprovalState.EXPIRED)
        assert "taken back" in told(state=ApprovalState.CANCELLED)
        assert "bytes have left" in told(state=ApprovalState.APPROVED, sent_at=NOW, grant="gr-1")

    def test_figures_have_their_units(self) -> None:
        assert [size_words(size) for size in (812, 8_412, 1_200_000)] == ["812 B", "8.4 kB", "1.2 MB"]
        assert [clock_words(left) for left in (-1, 252, 3852, 200_000)] == ["0:00", "4:12", "1:04:12", "2d"]
        assert "no price is known" in cost_words(Cost(money=None, currency="USD", tokens_in=1, tokens_out=2))
        assert "under 0.01" in cost_words(Cost(money=0.001, currency="USD", tokens_in=1, tokens_out=2))


class TestTheQueue:
    def test_is_ordered_by_what_ends_next_and_what_was_decided_last(self) -> None:
        assert [one.id for one in queue.ordered(view(DENIED, STAYS, LOW, HIGH))] == ["ap-1", "ap-2", "ap-3", "ap-0"]
        assert queue.after(view(LOW, HIGH), LOW.id) == HIGH.id
        assert queue.after(view(LOW, HIGH), LOW.id, -1) == HIGH.id
        assert queue.after(view(LOW), LOW.id) == ""

    @pytest.mark.parametrize("width", [70, 156])
    def test_a_row_says_risk_agent_destination_size_and_end(self, width: int) -> None:
        told = said(queue.row(HIGH, WORLD, NOW, width))
        for part in ("▲ high", "Romanov", "api.example.com", "4.5 kB", "1:20:00"):
            assert part in told
        assert "⌂ stays" in said(queue.row(STAYS, WORLD, NOW, width))
        assert "✗ denied" in said(queue.row(DENIED, WORLD, NOW, width))
        assert said(queue.row(LOW, WORLD, NOW, width, marked=True)).startswith("◼")

    @pytest.mark.parametrize(
        ("marked", "read", "why"),
        [
            ((), (), "Nothing is marked"),
            ((SHORT, MEDIUM), (SHORT.sha256,), ""),
            ((SHORT, LOW), (SHORT.sha256,), "1 of them is not read"),
            ((SHORT, HIGH), (SHORT.sha256, HIGH.sha256), "high risk"),
            ((SHORT, STAYS), (SHORT.sha256, STAYS.sha256), "stays here"),
            ((SHORT, DENIED), (SHORT.sha256,), "does not wait"),
            ((SHORT, replace(MEDIUM, agent="brew")), (SHORT.sha256,), "They differ"),
            ((SHORT, replace(MEDIUM, category="strategic_analysis")), (SHORT.sha256,), "They differ"),
            ((SHORT, replace(MEDIUM, destination=replace(FAR, model="x"))), (SHORT.sha256,), "They differ"),
        ],
    )
    def test_only_what_is_alike_not_of_high_risk_and_read_is_approved_together(self, marked, read, why) -> None:
        assert queue.hindrance(marked, read).find(why) >= 0
        assert bool(queue.hindrance(marked, read)) == bool(why)

    def test_a_batch_is_taken_back_together_and_only_for_a_while(self) -> None:
        one, two, old = (
            replace(DENIED, id=id_, decided_at=NOW - timedelta(seconds=ago))
            for id_, ago in (("a", 3), ("b", 2.9), ("c", 11))
        )
        outward = view(one, two, old)
        assert {each.id for each in queue.undoable(outward, NOW, 10, "operator", {"a", "b"})} == {"a", "b"}
        assert [each.id for each in queue.undoable(outward, NOW, 10, "operator")] == ["b"]
        assert queue.undoable(outward, NOW, 10, "somebody else") == ()
        assert queue.undoable(view(replace(one, outcome="told")), NOW, 10, "operator") == ()


class TestGrants:
    def test_are_not_offered_where_something_was_found_or_replaced_or_is_private(self) -> None:
        assert no_grant(SHORT) == ""
        for one in (HIGH, LOW, STAYS, replace(SHORT, provenance=Provenance.PRIVATE)):
            assert no_grant(one)

    def test_begin_with_the_narrowest_scope_and_end_at_the_widest(self) -> None:
        choices = Choices(approval=SHORT)
        grant = choices.grant(NOW, "operator")
        assert (grant.max_uses, grant.max_bytes, grant.agent) == (1, 4_000, "romanov")
        assert grant.until - NOW == timedelta(minutes=15)
        assert (grant.category, grant.host, grant.model) == ("deep_research", FAR.host, FAR.model)
        for name in Choices.FIELDS:
            assert getattr(choices.turned(name, -1), name) == 0
            for _ in range(9):
                choices = choices.turned(name, 1)
        wide = choices.grant(NOW, "operator")
        assert (wide.max_uses, wide.max_bytes, wide.agent) == (20, 256_000, "")

    def test_fit_the_payload_they_are_made_from(self) -> None:
        assert min(Choices(approval=replace(SHORT, size=20_000)).sizes) == 64_000


def test_what_waits_for_the_operator_counts_approvals_first() -> None:
    found = wants(asked_world(LOW, HIGH))
    assert [want.approval for want in found] == ["ap-1", "ap-2", ""]
    assert replace(LOW, risk=Risk.LOW) == LOW
