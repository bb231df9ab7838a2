"""No key, no click, no resize, no text may bring the console down: random input on a hostile board."""

import random

import pytest
from driving import settle, strike
from frozen_machines import NO_GPU, TWO_GPUS, UNPROVEN
from frozen_world import EMPTY, WORLD, clock
from test_hostile_text import ATTACKS, assert_safe, runtime_of, world_of

from b4tui.config import TuiConfig
from b4tui.tui.app import Console
from b4tui.tui.keymap import GROUPS

KEYS = [name for _, keys in GROUPS.values() for key in keys for name in key.keys.split(",")]
LETTERS = [
    *'abcxyz019[]@:-!~"<>=/',
    "界",
    "é",
    "backspace",
    "delete",
    "tab",
    "shift+tab",
    "space",
    "f1",
    "insert",
    "ctrl+a",
]
SIZES = [(160, 45), (80, 24), (60, 20), (59, 19), (1, 1), (300, 90), (100, 21), (20, 60)]
STEPS = 70
CHANGING = ("outward", "board", "columns", "agents", "runs", "activity", "engines", "machine", "history", "tokens")


@pytest.mark.parametrize("seed", range(2))
async def test_random_keys_clicks_sizes_and_worlds(seed: int, until) -> None:
    dice = random.Random(seed)
    runtime = runtime_of(dice.choice(ATTACKS))
    app = Console(runtime, TuiConfig(bell=False), clock=clock)
    left = []
    app.exit = lambda *_args, **_kw: left.append(1)
    async with app.run_test(size=(110, 34), notifications=True, tooltips=True) as pilot:
        await until(lambda: app.screen_stack and app.screen.drawable, "the first screen is there")
        for _ in range(STEPS):
            await step(dice, app, pilot, runtime)
            assert app.is_running
            assert app._exception is None
        await pilot.resize_terminal(110, 34)
        for _ in range(6):
            await strike(pilot, "escape")
        await settle(pilot)
        assert_safe(app)
        assert app._exception is None


async def step(dice: random.Random, app: Console, pilot, runtime) -> None:
    roll = dice.random()
    if roll < 0.62:
        await strike(pilot, dice.choice(KEYS))
    elif roll < 0.78:
        await strike(pilot, dice.choice(LETTERS))
    elif roll < 0.86:
        await pilot.resize_terminal(*dice.choice(SIZES))
    elif roll < 0.94:
        width, height = app.size
        await pilot.click(
            offset=(dice.randrange(max(1, width)), dice.randrange(max(1, height))), times=dice.choice((1, 2))
        )
    else:
        world = dice.choice((WORLD, TWO_GPUS, NO_GPU, UNPROVEN, EMPTY, world_of(dice.choice(ATTACKS))))
        runtime.change(**{name: getattr(world, name) for name in CHANGING})
