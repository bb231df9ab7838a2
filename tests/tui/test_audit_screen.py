"""The record's screen under keys: pages, a search, an entry, the chain's sign, writing it out."""

import json
import sqlite3
from contextlib import closing

import pytest
from driving import settle, strike
from frozen_ledger import ENTRIES, SHA256, frozen_ledger
from frozen_world import FrozenRuntime, clock

from b4tui.config import TuiConfig
from b4tui.events import now
from b4tui.ledger.types import NewEntry
from b4tui.tui.app import Console
from b4tui.tui.audit import reading
from b4tui.tui.screens.audit import AuditScreen
from b4tui.tui.screens.audit_entry import AuditEntryScreen
from b4tui.tui.screens.bead import BeadScreen
from b4tui.tui.screens.dashboard import DashboardScreen
from b4tui.tui.widgets.lines import Lines
from b4tui.tui.widgets.safe_input import SafeInput

WIDE, SMALL = (160, 45), (80, 24)


def screen_text(app: Console) -> str:
    return "\n".join("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())


@pytest.fixture
def world(tmp_path):
    runtime = FrozenRuntime()
    runtime.ledger = frozen_ledger(tmp_path)
    yield runtime
    runtime.ledger.close()


@pytest.fixture
def app(world) -> Console:
    return Console(world, TuiConfig(bell=False), clock=clock)


async def opened(app: Console, until, sign: str = "✓ whole") -> AuditScreen:
    await until(lambda: app.screen_stack and isinstance(app.screen, DashboardScreen) and app.screen.drawable)
    app.action_audit()
    await until(lambda: isinstance(app.screen, AuditScreen) and sign in screen_text(app), "the record is there")
    if sign.startswith("✓"):
        await until(lambda: rows(app).keys, "its rows are there")  # the chain may be through before them
    return app.screen


def rows(app: Console) -> Lines:
    return app.screen.query_one("#rows", Lines)


async def typed(app: Console, pilot, text: str) -> None:
    """As if the operator had typed all of it between two frames."""
    await strike(pilot, "slash")
    app.screen.query_one(SafeInput).value = text


async def test_the_newest_row_is_first_and_the_chain_is_verified(app, until) -> None:
    async with app.run_test(size=WIDE):
        await opened(app, until)
        await until(lambda: "runtime started" in screen_text(app))
        text = screen_text(app)
        assert text.index("The GPU cannot be read") < text.index("payload sent") < text.index("runtime started")
        assert f"whole up to row {len(ENTRIES)}" in text


async def test_a_broken_chain_is_said_and_verifying_again_is_a_key(app, world, until) -> None:
    with closing(sqlite3.connect(world.ledger.path, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER entries_never_changed")
    async with app.run_test(size=SMALL) as pilot:
        await opened(app, until, "✗ not whole: trigger entries_never_changed is missing")
        app.screen._chain = type(app.screen._chain)()
        await strike(pilot, "v")
        await until(lambda: "✗ not whole" in screen_text(app))


async def test_what_is_recorded_meanwhile_appears(app, world, until) -> None:
    async with app.run_test(size=SMALL):
        await opened(app, until)
        world.ledger.append(NewEntry(kind="warned", at=now(), facts={"reason": "Just now."}))
        world.change()
        await until(lambda: "Just now." in screen_text(app), "the new row")
        assert f"{len(ENTRIES) + 1} rows" in screen_text(app)


async def test_rows_are_read_when_they_come_into_view(app, world, until, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(reading, "PAGE", 16)
    monkeypatch.setattr(reading, "KEPT_PAGES", 4)
    (tmp_path / "long").mkdir()
    world.ledger.close()
    world.ledger = frozen_ledger(tmp_path / "long", more=3_000)
    read = []
    entries = world.ledger.entries
    monkeypatch.setattr(world.ledger, "entries", lambda **page: read.append(page["limit"]) or entries(**page))
    async with app.run_test(size=SMALL) as pilot:
        await opened(app, until)
        assert len(rows(app).keys) == 3_000 + len(ENTRIES)
        await strike(pilot, "G")
        await until(lambda: "03-05 13:02" in screen_text(app), "the oldest rows")
        assert rows(app).key == "1"
        await strike(pilot, "less_than_sign")
        await until(lambda: "The GPU cannot" in screen_text(app))
        assert sum(read) < 400


async def test_a_search_narrows_and_escape_brings_all_of_it_back(app, until) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await opened(app, until)
        await typed(app, pilot, "example kind:payload_sent")
        await until(lambda: f"1 of {len(ENTRIES)}" in screen_text(app) and "answered" not in screen_text(app))
        await strike(pilot, "enter")
        assert app.focused is rows(app)
        await strike(pilot, "escape")
        await until(lambda: len(rows(app).keys) == len(ENTRIES), "all rows are back")
        await typed(app, pilot, "nowhere")
        await until(lambda: "Nothing in the record fits. escape shows all of it." in screen_text(app))
        app.screen.query_one(SafeInput).value = "kind:payload_snt"
        await until(lambda: "There is no kind payload_snt: do you mean payload_sent?" in screen_text(app))
        app.screen.query_one(SafeInput).value = "kind:gpu_lost"
        await until(lambda: "There is no kind" not in screen_text(app), "a kind that is not in this record yet")
        await strike(pilot, "escape")
        await until(lambda: len(rows(app).keys) == len(ENTRIES), "all rows are back again")
        assert isinstance(app.screen, AuditScreen)
        await strike(pilot, "escape")
        await until(lambda: isinstance(app.screen, DashboardScreen))


async def test_what_is_found_is_read_on_as_the_cursor_comes_near_its_end(
    app, world, until, monkeypatch, tmp_path
) -> None:
    monkeypatch.setattr(reading, "PAGE", 16)
    (tmp_path / "long").mkdir()
    world.ledger.close()
    world.ledger = frozen_ledger(tmp_path / "long", more=100)
    async with app.run_test(size=SMALL) as pilot:
        await opened(app, until)
        await typed(app, pilot, "kind:tool_called")
        await until(lambda: f"16+ of {100 + len(ENTRIES)}" in screen_text(app))
        await strike(pilot, "enter")
        for found in range(32, 97, 16):
            await strike(pilot, "G")
            await until(lambda found=found: len(rows(app).keys) >= found, f"{found} rows")
        await strike(pilot, "G")
        await until(lambda: len(rows(app).keys) == 100 and "100 of" in screen_text(app))


async def test_an_entry_opens_with_its_payload_and_leads_to_its_bead(app, until, monkeypatch) -> None:
    copied: list[str] = []
    async with app.run_test(size=WIDE) as pilot:
        await opened(app, until)
        assert rows(app).select(next(str(n) for n, e in enumerate(ENTRIES, 1) if e.kind == "payload_sent"))
        monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
        await strike(pilot, "y")
        await until(lambda: copied == ["ap-3"], "its approval's id is copied")
        await strike(pilot, "enter")
        await until(lambda: isinstance(app.screen, AuditEntryScreen) and '"messages":[' in screen_text(app))
        assert SHA256 in screen_text(app)
        await strike(pilot, "b")
        await until(lambda: isinstance(app.screen, BeadScreen), "the bead is open")
        app.action_audit()
        await until(lambda: isinstance(app.screen, AuditScreen), "the record below is returned to")


async def test_a_payload_that_cannot_be_read_says_why(app, world, until) -> None:
    with closing(sqlite3.connect(world.ledger.path, isolation_level=None)) as connection:
        connection.execute("UPDATE bodies SET key = 'another'")
    async with app.run_test(size=SMALL) as pilot:
        await opened(app, until)
        assert rows(app).select(next(str(n) for n, e in enumerate(ENTRIES, 1) if e.kind == "payload_sent"))
        await strike(pilot, "enter")
        await until(lambda: isinstance(app.screen, AuditEntryScreen) and SHA256[:50] in screen_text(app))
        assert "…" not in screen_text(app)  # no character of a hash is under the scroll bar
        await strike(pilot, "G")
        await until(lambda: "encrypted with another key" in screen_text(app))


async def test_every_row_is_written_to_a_file_that_is_not_there_yet(app, until, tmp_path) -> None:
    target = tmp_path / "rows.jsonl"
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await opened(app, until)
        app.screen._export(str(target))
        await until(lambda: target.exists() and target.read_text().count("\n") == len(ENTRIES))
        assert [json.loads(line)["seq"] for line in target.read_text().splitlines()] == list(range(1, len(ENTRIES) + 1))
        app.screen._export(str(target))
        await until(lambda: "is there already" in screen_text(app))
        await strike(pilot, "e")
        await until(lambda: "b4tui-ledger-20260306-140211.jsonl" in screen_text(app))


async def test_a_hub_without_a_record_says_why(until) -> None:
    runtime = FrozenRuntime()
    app = Console(runtime, TuiConfig(bell=False), clock=clock)
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await opened(app, until, "✗ There is no record")
        await strike(pilot, "v", "e", "y", "enter", "slash")
        await settle(pilot)
        assert isinstance(app.screen, AuditScreen)
        told = [str(notice.message) for notice in app._notifications]
        assert told == [f"{key} does nothing now: there is no record." for key in "vey/"]
        foot = screen_text(app).splitlines()[-1]
        assert not [word for word in ("search", "copy", "verify", "export") if word in foot]


async def test_where_nothing_fits_there_is_nothing_to_copy_and_it_says_so(app, world, until) -> None:
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await opened(app, until)
        await strike(pilot, "slash", *"zzzz", "enter")
        await until(lambda: "Nothing in the record fits" in screen_text(app), "it was looked for")
        await strike(pilot, "y")
        told = [str(notice.message) for notice in app._notifications]
        assert told == ["y does nothing now: there is no row under the cursor."]


async def test_leaving_while_it_is_read_through_is_no_trouble(app, world, until, monkeypatch) -> None:
    from b4tui.ledger import verifying

    monkeypatch.setattr(verifying, "PROGRESS_EVERY", 1)
    async with app.run_test(size=SMALL) as pilot:
        await until(lambda: app.screen_stack and isinstance(app.screen, DashboardScreen) and app.screen.drawable)
        app.action_audit()
        await until(lambda: isinstance(app.screen, AuditScreen) and app.screen.drawable)
        await strike(pilot, "escape")
        await until(lambda: isinstance(app.screen, DashboardScreen))
