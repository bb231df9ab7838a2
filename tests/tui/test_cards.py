"""What a bead says of itself on the board, what waits for the operator, and how the header and the machine put it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from frozen_world import EMPTY, MACHINE, NOW, RUNS, WORLD, bead, run

from b4tui.board.model import BoardState, Problem, Severity
from b4tui.events import PAUSING, AgentState, EngineStatus, RunOutcome
from b4tui.runtime.snapshot import Snapshot
from b4tui.telemetry.types import GpuSample
from b4tui.tui import attention, words
from b4tui.tui.cards import Column, Deck, empty_lines, running_first, speed
from b4tui.tui.paint import GAP, Ink, Line, width_of
from b4tui.tui.widgets.agents_panel import agent_line
from b4tui.tui.widgets.header import header_line
from b4tui.tui.widgets.machine_panel import history, panel_lines, short_line, total_rate
from b4tui.tui.widgets.notice import notices


def said(*lines: Line) -> str:
    """Lines as text, what stands at the right edge set off by blanks."""
    parts = (("".join(s.text for s in row.left), "".join(s.text for s in row.right)) for row in lines)
    return "\n".join(f"{left}  {right}" if right else left for left, right in parts)


def inks(*lines: Line) -> set[Ink]:
    return {span.ink for line in lines for span in (*line.left, *line.right) if span.text.strip()}


def card(key: str, column: Column, height: int = 3, snapshot: Snapshot = WORLD, width: int = 80) -> tuple[Line, ...]:
    return Deck(snapshot, NOW).card(key, column, height, width)


class TestACard:
    def test_says_what_it_is_and_whose(self) -> None:
        head, second = card("hub-a1f", Column.READY, 2)
        assert said(head) == "P0 Rotate backup keys"
        assert said(second).split() == ["PltOps", "·", "infrastructure", "ops", "hub-a1f", "2h"]

    def test_gives_the_id_the_room_of_the_age_where_there_is_little(self) -> None:
        for column, key in ((Column.READY, "hub-a1f"), (Column.CLOSED, "hub-0fa"), (Column.BLOCKED, "hub-9d2")):
            assert "".join(span.text for span in card(key, column, 2, width=26)[1].right) == key
        *_, last = card("hub-77c", Column.WORKING, 3, width=26)
        assert "".join(span.text for span in last.right) == "hub-77c"

    def test_breathes_while_it_is_worked_on(self) -> None:
        _, second, pulse = card("hub-77c", Column.WORKING)
        assert said(second).split() == ["PltOps", "41", "tok/s", "1m12"]
        assert "step 4" in said(pulse)
        assert "bash ansible-lint site.yml" in said(pulse)

    def test_shows_the_last_speed_while_a_call_is_written_in_silence_and_none_while_it_waits(self) -> None:
        silent = replace(WORLD, runs={**WORLD.runs, "hub-77c": replace(WORLD.runs["hub-77c"], rates=(40, 41, 0.0))})
        assert speed(WORLD, "hub-77c") == speed(silent, "hub-77c") == 41.2
        waits = tuple(replace(view, state=AgentState.WAITING) for view in WORLD.agents)
        assert speed(replace(WORLD, agents=waits), "hub-77c") is None
        assert speed(WORLD, "hub-0fa") is None, "its run has ended"
        assert speed(WORLD, "no such bead") is None
        _, second, _ = card("hub-77c", Column.WORKING, 3, replace(WORLD, agents=waits))
        assert said(second).split() == ["PltOps", "waits", "1m12"]

    def test_names_the_person_who_holds_it(self) -> None:
        held = replace(WORLD, runs={})
        assert "held by pltops" in said(*card("hub-77c", Column.WORKING, 2, held))

    def test_says_what_it_waits_for(self) -> None:
        assert "waits for hub-g75 +1" in said(*card("hub-c0a", Column.BLOCKED))
        alone = replace(
            WORLD, blocked_by={}, board=BoardState(WORLD.board.hub, {"x": bead("x", "t", status="deferred")})
        )
        assert "deferred" in said(*card("x", Column.BLOCKED, 2, alone))

    @pytest.mark.parametrize(
        ("own", "holder", "told"),
        [("beads-tui-0ayt", "beads-tui-aijz", "…aijz"), ("beads-tui-0ayt", "other-1", "other-1"),
         ("hub-1", "hub-2", "hub-2"), ("nodash", "nodash2", "nodash2"), ("beads-tui-1", "beads-tui-", "…")],
    )  # fmt: skip
    def test_says_a_long_prefix_once(self, own: str, holder: str, told: str) -> None:
        one = replace(WORLD, blocked_by={own: (holder,)}, board=BoardState(WORLD.board.hub, {own: bead(own, "t")}))
        assert f"waits for {told}  {own}" in said(*card(own, Column.BLOCKED, 2, one))

    def test_says_how_it_was_closed(self) -> None:
        assert "CodeMonkey · 2m03 · 2 files · 4.3k tok" in said(*card("hub-0fa", Column.CLOSED))
        assert "done by hand" in said(*card("hub-1b0", Column.CLOSED))

    def test_is_green_only_for_the_moment_after_it_closed(self) -> None:
        assert Ink.GOOD in inks(*card("hub-31e", Column.CLOSED))
        assert Ink.GOOD not in inks(*card("hub-0fa", Column.CLOSED))

    def test_is_amber_when_it_waits_for_the_operator_and_red_when_its_run_failed(self) -> None:
        assert "▲ gave up: r retries" in said(*card("hub-b20", Column.READY))
        assert Ink.ATTENTION in inks(*card("hub-b20", Column.READY))
        assert "✗ helm lint fails" in said(*card("hub-e53", Column.READY))
        assert Ink.BAD in inks(*card("hub-e53", Column.READY))

    def test_fits_one_line_and_loses_nothing_but_room(self) -> None:
        (short,) = card("hub-b20", Column.READY, 1)
        assert "Review diff" in said(short)
        assert "▲ gave up" in said(short)

    def test_of_a_bead_that_is_gone_is_its_id(self) -> None:
        assert said(*card("hub-nope", Column.READY)) == "hub-nope"

    @pytest.mark.parametrize("priority", [-3, 0, 4, 99, 10**30])
    def test_takes_any_priority(self, priority: int) -> None:
        odd = replace(WORLD, board=BoardState(WORLD.board.hub, {"x": bead("x", "t", priority)}))
        assert said(*card("x", Column.READY, 2, odd)).startswith("P")


def test_what_runs_here_stands_before_what_somebody_holds() -> None:
    keys = ("hub-x", "hub-52b", "hub-0fa", "hub-77c")
    assert running_first(WORLD, keys) == ("hub-52b", "hub-77c", "hub-x", "hub-0fa")


class TestAnEmptyColumn:
    def test_says_what_to_do(self) -> None:
        assert "n makes a bead" in said(*empty_lines(Column.READY, width=40, loading=False))

    def test_wraps_its_words_in_a_narrow_column(self) -> None:
        lines = empty_lines(Column.WORKING, width=18, loading=False)
        assert all(len(said(row)) <= 18 for row in lines)
        assert " ".join(" ".join(map(said, lines)).split()) == "Nobody is at work. Agents take what is ready."

    def test_says_that_it_loads(self) -> None:
        assert "Reading the board" in said(*empty_lines(Column.READY, width=40, loading=True))

    def test_says_that_a_filter_hides_all(self) -> None:
        assert "0 of 1,234 match" in said(*empty_lines(Column.READY, width=40, loading=False, filtered_from=1234))


class TestAttention:
    def test_counts_spent_attempts_cancelled_beads_and_engines_that_are_down(self) -> None:
        down = replace(WORLD.engines[0], status=EngineStatus.DOWN)
        cancelled = {**RUNS, "hub-c31": run("hub-c31", "brew", 60, ended_at=NOW, outcome=RunOutcome.CANCELLED)}
        waiting = attention.wants(replace(WORLD, engines=(down,), runs=cancelled))
        assert [want.bead for want in waiting] == ["", "hub-b20", "hub-c31"]
        assert "does not answer at http://127.0.0.1:11434" in waiting[0].text

    def test_counts_a_bead_once_and_a_board_that_cannot_be_read(self) -> None:
        cancelled = {"hub-b20": run("hub-b20", "brew", 60, ended_at=NOW, outcome=RunOutcome.CANCELLED)}
        waiting = attention.wants(replace(WORLD, runs=cancelled, board_error="line 3 is no JSON"))
        assert [want.text for want in waiting] == ["line 3 is no JSON", "attempts spent"]

    def test_is_silent_on_a_calm_board(self) -> None:
        assert attention.wants(EMPTY) == ()


class TestTheHeader:
    @pytest.mark.parametrize("width", [60, 70, 80, 100, 120, 160, 240])
    def test_answers_the_questions_at_every_width(self, width: int) -> None:
        line = header_line(replace(WORLD, simulated=True), NOW, width)
        assert width_of(line.left) + width_of(line.right) <= width
        for answer in ("beads-hub", "local", "▲ 1", "ollama", "SIM", "14:02"):
            assert answer in said(line)

    def test_says_calmly_that_nothing_waits(self) -> None:
        calm = replace(WORLD, attempts_spent=frozenset())
        assert "nothing waits for you" in said(header_line(calm, NOW, 200))
        assert Ink.ATTENTION not in inks(header_line(calm, NOW, 200))
        assert "○ nothing waits " in said(header_line(calm, NOW, 100))
        assert "○ 0 wait " in said(header_line(calm, NOW, 80))
        assert "○ nothing waits " in said(header_line(replace(calm, simulated=True), NOW, 80))
        assert "○ 0 " in said(header_line(replace(calm, simulated=True), NOW, 60))

    def test_says_that_an_engine_is_down_and_that_the_board_is_read_only(self) -> None:
        down = replace(WORLD, engines=(replace(WORLD.engines[0], status=EngineStatus.DOWN),), read_only="a backup")
        assert "✗ ollama down" in said(header_line(down, NOW, 160))
        assert "READ-ONLY" in said(header_line(down, NOW, 160))

    def test_does_without_an_engine(self) -> None:
        assert "no engine" in said(header_line(EMPTY, NOW, 160))


class TestTheMachine:
    def test_gives_every_figure_its_unit(self) -> None:
        text = said(*panel_lines(WORLD, NOW, 70))
        for figure in ("19.6 / 24.0 GB", "74 %", "61 °C", "287 / 450 W", "79 tok/s", "cpu  31 %", "22.0 / 64.0 GB"):
            assert figure in text
        assert "127.0.0.1:11434" in text

    def test_says_why_there_is_no_gpu_figure(self) -> None:
        bare = replace(WORLD, machine=replace(MACHINE, gpus=(), gpu_reason="no NVIDIA driver; running on CPU"))
        assert "n/a  no NVIDIA driver; running on CPU" in said(*panel_lines(bare, NOW, 70))
        assert "gpu n/a: no NVIDIA driver" in said(short_line(bare, NOW))

    def test_lists_several_gpus(self) -> None:
        two = tuple(GpuSample(index=number, name=f"RTX {number}") for number in range(2))
        text = said(*panel_lines(replace(WORLD, machine=replace(MACHINE, gpus=two)), NOW, 70))
        assert "gpu 0" in text
        assert "gpu 1" in text
        assert "n/a" in text

    def test_shows_the_age_of_figures_that_are_stale(self) -> None:
        assert "old" not in said(*panel_lines(WORLD, NOW, 70))
        assert "9s old" in said(*panel_lines(WORLD, NOW + timedelta(seconds=8), 70))
        assert "9s old" in said(short_line(WORLD, NOW + timedelta(seconds=8)))

    def test_adds_up_the_rates_of_what_runs_now_second_by_second(self) -> None:
        assert history(WORLD)[-3:] == pytest.approx((41 + 20, 37 + 36, 41.2 + 38))

    def test_counts_no_agent_that_waits_for_its_turn(self) -> None:
        waits = replace(WORLD.agents[0], state=AgentState.WAITING)
        assert total_rate(WORLD) == pytest.approx(79.2)
        assert total_rate(replace(WORLD, agents=(waits, *WORLD.agents[1:]))) == pytest.approx(41.2)
        assert total_rate(EMPTY) == 0

    def test_counts_no_agent_that_runs_a_tool_while_another_one_is_answered(self) -> None:
        [engine] = WORLD.engines
        pltops = replace(engine, queue=replace(engine.queue, slots=1, running=engine.queue.running[1:]))
        assert total_rate(replace(WORLD, engines=(pltops,))) == pytest.approx(41.2)

    @pytest.mark.parametrize("width", [50, 60, 70, 90])
    def test_never_cuts_that_the_models_are_simulated(self, width: int) -> None:
        engine = replace(WORLD.engines[0], simulated=True, version="0.33.3-rc12")
        row = panel_lines(replace(WORLD, engines=(engine,)), NOW, width)[0]
        assert " SIMULATED " in said(row)[:width]
        assert not row.right or width_of(row.left) + GAP + width_of(row.right) <= width

    def test_says_why_an_engine_is_down_instead_of_its_address(self) -> None:
        engine = replace(WORLD.engines[0], status=EngineStatus.DOWN, reason="Ollama does not answer: ollama serve")
        row = panel_lines(replace(WORLD, engines=(engine,)), NOW, 70)[0]
        assert "Ollama does not answer: ollama serve" in said(row)
        assert not row.right

    @pytest.mark.parametrize(
        ("vram", "where"),
        [(0, ", all in RAM"), (50, ", 50 % in VRAM"), (100, ", all in VRAM"), (120, ", all in VRAM")],
    )
    def test_says_where_a_model_lies(self, vram: int, where: str) -> None:
        model = replace(WORLD.engines[0].loaded[0], size=100, vram=vram)
        engine = replace(WORLD.engines[0], loaded=(model,))
        assert where in said(*panel_lines(replace(WORLD, engines=(engine,)), NOW, 90))

    def test_before_the_first_sample(self) -> None:
        assert "not measured yet" in said(*panel_lines(EMPTY, NOW, 70))
        assert "not measured yet" in said(short_line(EMPTY, NOW))


class TestNotices:
    DOWN = replace(WORLD.engines[0], status=EngineStatus.DOWN, reason="Ollama does not answer: start it")

    def test_there_is_none_while_all_is_well(self) -> None:
        assert not list(notices(WORLD, NOW, 80))

    def test_rows_of_the_board_that_cannot_be_used_are_counted(self) -> None:
        assert WORLD.board is not None
        broken = Problem("not-json", Severity.ERROR, "line 3 is no JSON", line=3)
        odd = Problem("empty-line", Severity.WARNING, "line 4 is empty", line=4)
        board = replace(WORLD.board, problems=(broken, odd))
        told = " ".join(" ".join(said(row) for row in notices(replace(WORLD, board=board), NOW, 80)).split())
        assert "1 error was found on the board" in told and "`b4tui board lint` tells where" in told

    def test_say_what_is_wrong_and_when_it_is_tried_again(self) -> None:
        backing_off = replace(WORLD.agents[4], state=AgentState.BACKOFF)
        (row,) = notices(replace(WORLD, engines=(self.DOWN,), agents=(backing_off,)), NOW, 80)
        assert said(row).startswith(" ✗ Ollama does not answer: start it")
        assert "again in 12s" in said(row)

    def test_name_the_worst_first(self) -> None:
        wrong = replace(WORLD, engines=(self.DOWN,), board_error="no board", read_only="an export")
        assert [said(row).strip()[:12] for row in notices(wrong, NOW, 80)] == [
            "✗ no board", "✗ Ollama doe", "▲ Read-only:",
        ]  # fmt: skip

    def test_take_two_rows_at_most(self) -> None:
        rows = list(notices(replace(WORLD, read_only="word " * 200), NOW, 60))
        assert len(rows) == 2
        assert said(rows[1]).endswith("…")
        assert all(width_of(row.left) <= 60 for row in rows)


class TestAnAgent:
    def test_says_what_it_does_on_what_how_fast_and_what_waits(self) -> None:
        text = said(agent_line(WORLD.agents[1], WORLD, NOW, wide=True))
        assert " ".join(text.split()) == "● PltOps working hub-77c Playbook for node-3 41 tok/s queue 2"

    def test_that_waits_for_a_slot_shows_no_speed(self) -> None:
        waits = replace(WORLD.agents[1], state=AgentState.WAITING)
        text = " ".join(said(agent_line(waits, WORLD, NOW, wide=True)).split())
        assert text == "◐ PltOps waiting hub-77c Playbook for node-3 for slot queue 2"

    def test_that_will_pause_says_so(self) -> None:
        pausing = replace(WORLD.agents[1], reason=PAUSING)
        assert "hub-77c  pauses after this bead" in said(agent_line(pausing, WORLD, NOW, wide=True))

    def test_says_when_it_looks_again(self) -> None:
        assert "looks again in 12s" in said(agent_line(WORLD.agents[4], WORLD, NOW, wide=True))


@pytest.mark.parametrize(
    ("seconds", "span", "age"),
    [(0, "0s", "0s"), (59.9, "59s", "59s"), (72, "1m12", "1m"), (7500, "2h05", "2h"), (3 * 86400, "3d", "3d"),
     (20 * 86400, "20d", "2w"), (800 * 86400, "800d", "2y"), (-5, "0s", "0s")],
)  # fmt: skip
def test_times_are_short(seconds: float, span: str, age: str) -> None:
    assert (words.span(seconds), words.age(seconds)) == (span, age)


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (999, "999"), (1234, "1.2k"), (14_500, "14k"), (2_500_000, "2.5M")]
)
def test_counts_are_short(number: int, text: str) -> None:
    assert words.count(number) == text


def test_a_rate_has_the_same_width_always() -> None:
    assert {len(words.rate(value)) for value in (None, 0.4, 41.2, 199.0)} == {9}
