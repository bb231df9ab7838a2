"""Dialogs at every size: what they ask is wrapped and whole, and where the answer is typed is in view."""

from dataclasses import replace

import pytest
from approving import screen_text
from driving import settle, strike
from frozen_approvals import HIGH, SHORT

from b4tui.tui.screens.approval_steps import typed_count, typed_host
from b4tui.tui.screens.dialogs import ChoiceScreen, LineScreen

LONG = "Call that value public? From then on, in all hubs, this very value is no reason to keep a text here."
MANY = tuple(replace(SHORT, id=f"m-{number}", bead=f"hub-{number}") for number in range(30))
SIZES = [(60, 20), (80, 24), (160, 45)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("screen", "last"),
    [
        (lambda: LineScreen(LONG), "here."),
        (lambda: ChoiceScreen(LONG, {"no": "No", "yes": "Yes"}), "here."),
        (lambda: typed_host(HIGH), "approve them."),
        (lambda: typed_count(MANY), "approve them all."),
    ],
)
async def test_a_question_is_whole_and_its_answer_in_view(console, until, size, screen, last: str) -> None:
    async with console.run_test(size=size) as pilot:
        await until(lambda: "hub-" in screen_text(console))
        console.push_screen(screen())
        await until(lambda: any(panel.size.height for panel in console.screen.query("#question")), "it is laid out")
        await settle(pilot)
        for _ in range(2):  # a wrong answer is told under it
            panel = console.screen.query_one("#question")
            rows = [row[panel.region.x : panel.region.right] for row in screen_text(console).splitlines()]
            asked = " ".join(" ".join(rows[panel.region.y : panel.region.bottom]).split())
            assert asked.endswith(last) and "…" not in asked.replace("…)", "")
            for answer in console.screen.query("Input, #choices, #said"):
                assert answer.region.height >= {"choices": 2, "said": 0}.get(answer.id or "", 3)
                assert answer.region.bottom < size[1] - 1, "over the foot line, within the frame"
                assert answer.region.bottom <= console.screen.query_one(".dialog").region.bottom - 1
            if console.screen.query("#said"):
                await strike(pilot, "x", "enter")
                assert "Nothing was decided" in screen_text(console)
            await settle(pilot)
