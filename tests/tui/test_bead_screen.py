"""One bead in full: its page, its tabs, its verbs."""

from dataclasses import dataclass, replace

import pytest
from driving import strike
from frozen_world import NOW, WORLD, FrozenRuntime, bead, clock

from b4tui.board.model import Bead, BoardState
from b4tui.board.store import BoardError
from b4tui.config import TuiConfig
from b4tui.events import Locality, RunOutcome, TokensCounted
from b4tui.runtime.gauges.run_tokens import RunTokens
from b4tui.runtime.transcript import Kind, Piece
from b4tui.tui.app import Console
from b4tui.tui.bead_view import Page, needed_by
from b4tui.tui.screens.bead import PANES, BeadScreen
from b4tui.tui.widgets.stream_pane import StreamPane
from b4tui.tui.widgets.text_pane import TextPane

WIDE, SMALL = (160, 45), (80, 24)


@dataclass
class Changed:
    path: str
    added: int
    removed: int


class Folder:
    """What a run changed, prepared."""

    def changes(self):
        return (Changed("site.yml", 2, 1), Changed("big.bin", 0, 0))

    def diff(self, path: str) -> str:
        return "--- a/site.yml\n+++ b/site.yml\n@@ -1 +1,2 @@\n-old [/x]\n+new\n+more" if path == "site.yml" else ""


def screen_text(app: Console) -> str:
    return "\n".join("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())


async def opened(app: Console, until, bead_id: str = "hub-77c") -> BeadScreen:
    await until(lambda: "hub-" in screen_text(app), "the board is painted")
    app.open_bead(bead_id)
    await until(lambda: isinstance(app.screen, BeadScreen) and bead_id in screen_text(app), "the bead is painted")
    return app.screen


class TestThePage:
    def page(self, width: int = 60, **changes: object) -> str:
        snapshot = replace(WORLD, **changes)
        lines = Page(snapshot, snapshot.board.beads["hub-77c"], NOW, ("hub-9d2", "hub-gone")).lines(width)
        return "\n".join("".join(span.text for span in (*line.left, *line.right)) for line in lines)

    def test_holds_facts_text_acceptance_and_dependencies_both_ways(self) -> None:
        text = self.page()
        for part in (
            "Playbook for node-3",
            "● working",
            "P1  task",
            "held by   pltops",
            "2026-03-06 12:02  2h ago",
            "infra, agent:pltops",
            "Keep it idempotent.",
            "ansible-lint is silent",
            "├ ✓ hub-31e  Summary: MoE routingblocks",
            "└ ○ hub-a1f  Rotate backup keysrelated",
            "? hub-gone  not on this board",
        ):
            assert part in text

    def test_tells_how_the_run_ended(self) -> None:
        ended = replace(WORLD.runs["hub-77c"], outcome=RunOutcome.FAILED, reason="tests failed")
        assert "✗ failed  tests failed" in self.page(runs={"hub-77c": ended})

    def test_says_how_fast_the_run_goes_and_what_its_last_answer_waited_for(self) -> None:
        run = WORLD.runs["hub-77c"]
        assert "first token" not in self.page(100)
        counted = TokensCounted(
            at=NOW, run=run.run, bead=run.bead, agent=run.agent, step=1, prompt_tokens=1000, cached_tokens=800,
            generated_tokens=80, prompt_seconds=0.5, generate_seconds=2.0, load_seconds=None, first_token_seconds=0.44,
            queue_seconds=12.0,
        )  # fmt: skip
        text = self.page(100, runs={"hub-77c": replace(run, tokens=RunTokens().with_answer(counted))})
        assert "prompts 400 tok/s  cached 80 %  answers 40 tok/s" in text
        assert "first token 0.4 s  queue 12.0 s  load n/a" in text
        unsaid = replace(counted, cached_tokens=None, generate_seconds=None)
        text = self.page(100, runs={"hub-77c": replace(run, tokens=RunTokens().with_answer(unsaid))})
        assert "prompts n/a  cached n/a  answers n/a" in text

    def test_tells_where_the_run_is_computed_and_by_what(self) -> None:
        text = self.page(100)
        assert "qwen3-coder-next:latest on ollama  ◆ attested  digest ca06e9e4087c  profile 32k" in text
        assert "fallback" not in text

    def test_tells_why_it_is_not_the_first_choice(self) -> None:
        moved = replace(WORLD.runs["hub-77c"], note="on the CPU: out of GPU memory", locality=Locality.REMOTE)
        text = self.page(100, runs={"hub-77c": moved})
        assert "fallback  ↓ on the CPU: out of GPU memory" in text
        assert "✗ remote" in text

    def test_draws_a_cycle_once(self) -> None:
        def edge(one: str, other: str) -> list[dict[str, str]]:
            return [{"issue_id": one, "depends_on_id": other, "type": "blocks"}]

        ring = {name: bead(name, name, dependencies=edge(name, other)) for name, other in (("a", "b"), ("b", "a"))}
        snapshot = replace(WORLD, board=BoardState(WORLD.board.hub, ring))
        lines = Page(snapshot, ring["a"], NOW).lines(60)
        assert sum("blocks" in span.text for line in lines for span in line.right) == 2

    def test_who_needs_a_bead(self) -> None:
        assert needed_by(WORLD.board.beads.values(), "hub-31e") == ("hub-77c",)


class TestTabs:
    @pytest.mark.parametrize("size", [WIDE, SMALL])
    async def test_numbers_and_arrows_go_to_tabs(self, console, until, size) -> None:
        async with console.run_test(size=size) as pilot:
            await opened(console, until)
            for key, pane in (
                ("4", "comments"),
                ("l", "history"),
                ("right", "why"),
                ("l", "text"),
                ("h", "why"),
                ("2", "live"),
            ):
                await strike(pilot, key)
                await until(lambda pane=pane: console.focused.id == pane, f"{pane} has the keys")

    async def test_the_live_output_follows_the_end_until_the_operator_looks_back(self, console, runtime, until) -> None:
        async with console.run_test(size=SMALL) as pilot:
            await opened(console, until)
            pane = console.screen.query_one(StreamPane)
            await until(lambda: pane.keys, "the stream is there")
            for number in range(60):
                runtime.transcripts["hub-77c"].add(Piece(Kind.TEXT, f"\nline {number}"))
            await until(lambda: "line 59" in screen_text(console), "the end is shown")
            await strike(pilot, "<")
            runtime.transcripts["hub-77c"].add(Piece(Kind.TEXT, "\nthe very end"))
            await until(lambda: any(row.text == "the very end" for row in pane.stream.blocks), "it came")
            assert "step 1" in screen_text(console)
            assert "the very end" not in screen_text(console)

    async def test_a_run_that_moves_is_seen_at_once(self, console, runtime, until) -> None:
        async with console.run_test(size=WIDE):
            await opened(console, until)
            moved = replace(WORLD.runs["hub-77c"], note="on the CPU: out of GPU memory")
            runtime.change(runs={**WORLD.runs, "hub-77c": moved})
            await until(lambda: "on the CPU: out of GPU memory" in screen_text(console), "the fallback is painted")

    async def test_enter_opens_a_tool_call(self, console, until) -> None:
        async with console.run_test(size=WIDE) as pilot:
            await opened(console, until)
            pane = console.screen.query_one(StreamPane)
            await until(lambda: pane.keys, "the stream is there")
            pane.select(next(key for key in pane.keys if any("bash" in span.text for span in pane._lines[key].left)))
            await strike(pilot, "enter")
            await until(lambda: "yaml[truthy]" in screen_text(console), "the tool's output is shown")
            await strike(pilot, "enter")
            await until(lambda: "yaml[truthy]" not in screen_text(console), "and folded again")

    async def test_enter_is_offered_where_the_stream_has_something_to_open(self, console, until) -> None:
        async with console.run_test(size=WIDE) as pilot:
            await opened(console, until)
            pane = console.screen.query_one(StreamPane)
            await until(lambda: pane.keys, "the stream is there")
            for words, offered in (("bash", True), ("I look at the role", False)):
                pane.select(next(key for key in pane.keys if any(words in span.text for span in pane._lines[key].left)))
                await strike(pilot)
                await until(lambda offered=offered: ("↵ open" in screen_text(console).splitlines()[-1]) is offered)

    async def test_changes_show_files_and_their_difference(self, console, runtime, until) -> None:
        runtime.folders["hub-77c"] = Folder()
        async with console.run_test(size=WIDE) as pilot:
            await opened(console, until)
            await strike(pilot, "3")
            await until(lambda: "+new" in screen_text(console), "the difference is shown")
            assert "-old [/x]" in screen_text(console)
            assert "cannot be shown as text" in screen_text(console)
            await strike(pilot, "enter")
            await until(lambda: "+new" not in screen_text(console), "the file is folded")

    async def test_a_report_that_fails_says_why_in_its_pane(self, console, runtime, until) -> None:
        runtime.folder = lambda _bead: (_ for _ in ()).throw(OSError("[/disk] gone"))
        async with console.run_test(size=WIDE) as pilot:
            await opened(console, until)
            await strike(pilot, "3")
            await until(lambda: "OSError: [/disk] gone" in screen_text(console), "the failure is told")

    async def test_comments_and_why(self, console, until) -> None:
        async with console.run_test(size=WIDE) as pilot:
            await opened(console, until)
            await strike(pilot, "4")
            await until(lambda: "Please use the role we have." in screen_text(console), "comments are shown")
            await strike(pilot, "6")
            await until(lambda: "WHOSE?" in screen_text(console), "the reasons are shown")

    async def test_comments_come_from_the_store_because_the_board_may_leave_them_out(
        self, console, runtime, until
    ) -> None:
        told = WORLD.board.beads["hub-77c"]
        bare = {**WORLD.board.beads, "hub-77c": Bead({**told.row, "comments": None})}
        runtime.change(board=BoardState(WORLD.board.hub, bare, version="bare"))

        async def detail(_bead: str) -> Bead:
            return told

        runtime.detail = detail
        async with console.run_test(size=WIDE):
            await opened(console, until)
            console.screen.go_to_tab(3)
            await until(lambda: "Please use the role we have." in screen_text(console), "comments are shown")
            assert "COMMENTS 2" in screen_text(console)

    async def test_comments_that_cannot_be_read_say_why(self, console, runtime, until) -> None:
        async def detail(_bead: str) -> Bead:
            raise BoardError("bd does not answer")

        runtime.detail = detail
        async with console.run_test(size=WIDE):
            await opened(console, until)
            console.screen.go_to_tab(3)
            await until(lambda: "✗ bd does not answer" in screen_text(console), "the reason is shown")

    async def test_what_stood_beside_the_text_stays_there(self, console, until) -> None:
        async with console.run_test(size=WIDE):
            await opened(console, until)
            console.screen.go_to_tab(3)
            console.screen.go_to_tab(0)
            await until(lambda: "Please use the role we have." in screen_text(console), "comments are still shown")
            assert console.focused.id == "text"

    async def test_a_bead_without_a_run_says_why_beside_its_text_until_it_has_one(
        self, console, runtime, until
    ) -> None:
        async with console.run_test(size=WIDE):
            await opened(console, until, "hub-d42")
            await until(lambda: "WHOSE?" in screen_text(console), "the reasons are shown")
            begun = replace(WORLD.runs["hub-77c"], bead="hub-d42", run="run-hub-d42")
            runtime.change(runs={**WORLD.runs, "hub-d42": begun})
            await until(lambda: "LIVE  step 4" in screen_text(console), "its agent is in front")

    async def test_a_bead_without_a_run_opens_on_its_text(self, console, until) -> None:
        async with console.run_test(size=SMALL):
            await opened(console, until, "hub-d42")
            await until(lambda: console.focused is not None and console.focused.id == "text", "the text has the keys")

    async def test_a_bead_that_disappears_is_told(self, console, runtime, until) -> None:
        async with console.run_test(size=WIDE):
            await opened(console, until)
            runtime.change(board=BoardState(WORLD.board.hub, {}, version="2"))
            await until(lambda: "not on this board any more" in screen_text(console), "it is told")


class TestVerbs:
    async def test_those_that_apply_are_offered_and_no_others(self, console, runtime, until) -> None:
        async with console.run_test(size=WIDE) as pilot:
            await opened(console, until)
            await until(lambda: "x cancel" in screen_text(console), "cancel is offered")
            for other in ("r retry", "d done", "o reopen"):
                assert other not in screen_text(console)
            await strike(pilot, "r", "d", "o")
            assert isinstance(console.screen, BeadScreen)
            assert runtime.operator.calls == []

    async def test_comment_close_and_reopen_ask_for_words(self, console, runtime, until) -> None:
        for bead_id, key, verb in (("hub-a1f", "c", "comment"), ("hub-a1f", "d", "close"), ("hub-1b0", "o", "reopen")):
            app = Console(FrozenRuntime(), TuiConfig(bell=False), clock=clock)
            async with app.run_test(size=WIDE) as pilot:
                await opened(app, until, bead_id)
                await until(lambda app=app: app.screen._verbs, "the verbs are known")
                await strike(pilot, key)
                await strike(pilot, "ctrl+a", *"because", "enter")
                await until(lambda app=app: app.runtime.operator.calls, f"{verb} is done")
                assert app.runtime.operator.calls[0][:2] == (verb, bead_id)
                assert "because" in app.runtime.operator.calls[0][2]

    async def test_assign_asks_to_whom(self, console, runtime, until) -> None:
        async with console.run_test(size=WIDE) as pilot:
            await opened(console, until)
            await until(lambda: console.screen._verbs, "the verbs are known")
            await strike(pilot, "s", "j", "j", "enter")
            await until(lambda: runtime.operator.calls == [("assign", "hub-77c", "romanov")], "assigned")

    async def test_escape_leaves_a_question_without_an_answer(self, console, runtime, until) -> None:
        async with console.run_test(size=WIDE) as pilot:
            await opened(console, until)
            await until(lambda: console.screen._verbs, "the verbs are known")
            for key in ("s", "c", "x"):
                await strike(pilot, key, "escape")
                await until(lambda: isinstance(console.screen, BeadScreen), "the question is gone")
            assert runtime.operator.calls == []

    async def test_the_pane_and_the_id_can_be_copied(self, console, until) -> None:
        async with console.run_test(size=WIDE) as pilot:
            await opened(console, until)
            await strike(pilot, "y")
            assert console.clipboard == "hub-77c"
            await strike(pilot, "1", "Y")
            assert "Keep it idempotent." in console.clipboard
            await until(lambda: console.screen.query_one(PANES[0], TextPane).has_focus, "the text has the keys")
