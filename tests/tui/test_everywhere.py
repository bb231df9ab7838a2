"""What works on every screen: help, palette, leaving; and the registry that all of it is read from."""

import re
from dataclasses import replace

import pytest
from driving import settle, strike
from frozen_world import WORLD
from textual.command import CommandPalette

from b4tui.events import PAUSING, AgentState
from b4tui.tui.commands import ConsoleCommands
from b4tui.tui.keymap import BY_ID, GROUPS
from b4tui.tui.screens.dashboard import DashboardScreen
from b4tui.tui.screens.dialogs import QuitScreen
from b4tui.tui.screens.help import HelpScreen
from b4tui.tui.widgets.text_pane import TextPane


def screen_text(app) -> str:
    return "\n".join("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())


class TestTheRegistry:
    def test_every_key_has_an_id_of_its_own_a_label_and_a_tooltip(self) -> None:
        keys = [key for _, group in GROUPS.values() for key in group]
        assert len({key.id for key in keys}) == len(keys)
        assert all(key.label and key.help for key in keys)

    def test_a_means_approvals_everywhere_and_nothing_else(self) -> None:
        assert [key.id for key in BY_ID.values() if "a" in key.keys.split(",")] == ["approvals"]

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("dashboard", "global"),
            ("bead", "global"),
            ("machine", "global"),
            ("list", "global"),
            ("list", "dashboard"),
            ("list", "bead"),
            ("list", "machine"),
            ("audit", "global"),
            ("list", "audit"),
            ("list", "entry"),
            ("approvals", "global"),
            ("approval", "global"),
            ("approval", "decision"),
            ("grants", "global"),
            ("grant", "global"),
            ("list", "approvals"),
            ("list", "grants"),
        ],
    )
    def test_no_key_means_two_things_on_one_screen(self, one: str, other: str) -> None:
        def names(group: str) -> list[str]:
            return [name for key in GROUPS[group][1] for name in key.keys.split(",")]

        assert not set(names(one)) & set(names(other))
        assert len(names(one)) == len(set(names(one)))

    async def test_every_action_exists_on_its_screen(self, console, until) -> None:
        from b4tui.tui.app import Console
        from b4tui.tui.screens.approval import ApprovalScreen
        from b4tui.tui.screens.approvals import ApprovalsScreen
        from b4tui.tui.screens.audit import AuditScreen
        from b4tui.tui.screens.audit_entry import AuditEntryScreen
        from b4tui.tui.screens.bead import BeadScreen
        from b4tui.tui.screens.dialogs import ChoiceScreen, LineScreen, NewBeadScreen
        from b4tui.tui.screens.grant_form import GrantFormScreen
        from b4tui.tui.screens.grants import GrantsScreen
        from b4tui.tui.screens.machine import MachineScreen
        from b4tui.tui.widgets.decision_button import DecisionButton
        from b4tui.tui.widgets.lines import Lines

        owners = {
            "machine": [MachineScreen], "audit": [AuditScreen], "entry": [AuditEntryScreen],
            "approval": [ApprovalScreen], "approvals": [ApprovalsScreen],
            "grants": [GrantsScreen], "grant": [GrantFormScreen], "decision": [DecisionButton],
            "list": [Lines], "dashboard": [DashboardScreen], "bead": [BeadScreen], "global": [Console],
            "dialog": [ChoiceScreen, HelpScreen], "form": [LineScreen, NewBeadScreen],
        }  # fmt: skip
        for group, (_, keys) in GROUPS.items():
            for owner in owners[group]:
                for key in keys:
                    assert hasattr(owner, "action_" + re.sub(r"\(.*", "", key.action)), f"{owner.__name__}: {key.id}"


class TestHelp:
    async def test_lists_what_works_here_and_says_what_does_not_now(self, console, until) -> None:
        async with console.run_test(size=(160, 50)) as pilot:
            await until(lambda: "hub-" in screen_text(console))
            await strike(pilot, "question_mark")
            await until(lambda: "DASHBOARD" in screen_text(console), "the help is painted")
            text = screen_text(console)
            assert "Make a bead" in text
            below = text.split("Give the bead another attempt")[1].splitlines()[1]
            assert "not now: the attempts at hub-a1f are not used up" in below
            await strike(pilot, "question_mark")
            await until(lambda: isinstance(console.screen, DashboardScreen), "the help is gone")

    @pytest.mark.parametrize("width", [60, 66, 70, 80])
    async def test_is_wrapped_and_never_cut(self, console, until, width: int) -> None:
        async with console.run_test(size=(width, 24)) as pilot:
            await until(lambda: "hub-" in screen_text(console))
            await strike(pilot, "question_mark")
            await until(lambda: "Down" in screen_text(console), "the help is painted")
            pane = console.screen.query_one("#keys", TextPane)
            for _ in range(6):
                pane.action_page(1)
                await settle(pilot)
                part = [row[pane.region.x : pane.region.right] for row in screen_text(console).splitlines()]
                assert "…" not in "".join(part[pane.region.y : pane.region.bottom])

    async def test_fits_a_small_terminal(self, console, until) -> None:
        async with console.run_test(size=(60, 20)) as pilot:
            await until(lambda: "hub-" in screen_text(console))
            await strike(pilot, "question_mark")
            await until(lambda: isinstance(console.screen, HelpScreen))
            await until(lambda: "Down" in screen_text(console), "the help is painted")


class TestThePalette:
    async def test_names_every_verb_that_works_now(self, console, until) -> None:
        async with console.run_test(size=(160, 45)):
            await until(lambda: "hub-" in screen_text(console))
            provider = ConsoleCommands(console.screen)
            titles = {hit.display if isinstance(hit.display, str) else hit.text async for hit in provider.discover()}
            assert {
                "bead: new",
                "go to: agents",
                "agent: pause PltOps",
                "agent: resume Romanov",
                "theme: b4-light",
            } <= titles
            assert "bead: retry" not in titles
            assert "console: quit" in titles

    async def test_offers_to_resume_an_agent_that_pauses_after_its_bead(self, console, runtime, until) -> None:
        runtime.change(agents=tuple(replace(view, reason=PAUSING) for view in WORLD.agents if view.bead))
        async with console.run_test(size=(160, 45)):
            await until(lambda: "hub-" in screen_text(console) and console.snapshot is runtime.snapshot)
            titles = {hit.text async for hit in ConsoleCommands(console.screen).discover()}
            assert {title for title in titles if title.startswith("agent:")} == {
                f"agent: resume {view.name}" for view in WORLD.agents if view.bead
            }

    async def test_opens_a_bead_by_its_id(self, console, until) -> None:
        async with console.run_test(size=(160, 45)):
            await until(lambda: "hub-" in screen_text(console))
            hits = [hit async for hit in ConsoleCommands(console.screen).search("open hub-e77")]
            assert hits[0].text == "bead: open hub-e77"

    async def test_does_what_was_chosen(self, console, runtime, until) -> None:
        async with console.run_test(size=(160, 45)) as pilot:
            await until(lambda: "hub-" in screen_text(console))
            await strike(pilot, "colon")
            await until(lambda: isinstance(console.screen, CommandPalette), "the palette is open")
            await strike(pilot, *"pause pltops")
            await until(lambda: "agent: pause PltOps" in screen_text(console), "the command is found")
            await strike(pilot, "enter")
            await settle(pilot)
            if not runtime.operator.calls:
                await strike(pilot, "enter")
            await until(lambda: runtime.operator.calls == [("pause", "pltops")], "it is done")


class TestLeaving:
    async def test_ctrl_c_says_how_and_asks_when_it_is_struck_again(self, console, until) -> None:
        seconds = 0.0
        console.ticks = lambda: seconds
        async with console.run_test(size=(80, 24), notifications=True) as pilot:
            await until(lambda: "hub-" in screen_text(console))
            await strike(pilot, "ctrl+c")
            assert [str(notice.message) for notice in console._notifications] == [
                "ctrl+c once more leaves; so does ctrl+q."
            ]
            seconds = 10.0
            await strike(pilot, "ctrl+c")
            assert isinstance(console.screen, DashboardScreen), "too late to be the second one"
            await strike(pilot, "ctrl+c")
            await until(lambda: isinstance(console.screen, QuitScreen), "agents are at work: it asks")
            await strike(pilot, "ctrl+c")
            await until(lambda: not console.is_running, "and whoever strikes it on leaves")

    async def test_asks_while_agents_work_and_staying_is_the_first_answer(self, console, until) -> None:
        async with console.run_test(size=(80, 24)) as pilot:
            await until(lambda: "hub-" in screen_text(console))
            await strike(pilot, "q")
            await until(lambda: "3 agents are at work" in screen_text(console), "the question is asked")
            await strike(pilot, "enter")
            await until(lambda: isinstance(console.screen, DashboardScreen), "the operator stays")

    async def test_a_second_ctrl_q_leaves(self, console, until) -> None:
        async with console.run_test(size=(80, 24)) as pilot:
            await until(lambda: "hub-" in screen_text(console))
            await strike(pilot, "ctrl+q")
            await until(lambda: isinstance(console.screen, QuitScreen), "the question is asked")
            await strike(pilot, "ctrl+q")
            await until(lambda: not console.is_running or console._exit, "the console is left")

    async def test_asks_nothing_while_all_rest(self, console, runtime, until) -> None:
        from dataclasses import replace

        runtime.change(agents=tuple(replace(view, state=AgentState.IDLE, bead="") for view in WORLD.agents))
        async with console.run_test(size=(80, 24)) as pilot:
            await until(lambda: "hub-" in screen_text(console))
            await strike(pilot, "q")
            await until(lambda: console._exit, "the console is left")

    async def test_a_runtime_that_does_not_stop_does_not_hold_the_operator(
        self, console, runtime, until, monkeypatch
    ) -> None:
        import asyncio

        async def forever(_reason: str) -> None:
            await asyncio.Event().wait()

        runtime.stop = forever
        monkeypatch.setattr("b4tui.tui.app.STOP_S", 0.05)
        async with console.run_test(size=(80, 24)):
            await until(lambda: "hub-" in screen_text(console))
        assert not console.is_running
