"""Changes by others are noticed within a second, at the price of a stat."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from b4tui.board.watch import INTERVAL_S, Watcher

ROW = json.dumps({"id": "hub-a", "title": "a", "status": "open"}).encode() + b"\n"


def edited_in_place(hub) -> None:
    with hub.file.open("ab") as file:
        file.write(ROW.replace(b"hub-a", b"hub-b"))


def replaced_by_the_same_size(hub) -> None:
    other = hub.file.with_name("other")
    other.write_bytes(ROW.replace(b"open", b"done"))
    other.replace(hub.file)


def checked_out(hub) -> None:
    hub.git("checkout", "-q", "HEAD~1", "--", ".beads/issues.jsonl")


def removed(hub) -> None:
    hub.file.unlink()


def claimed(hub) -> None:
    hub.store().claim("hub-a", "Bob")


@pytest.mark.parametrize("change", [edited_in_place, replaced_by_the_same_size, checked_out, removed, claimed])
def test_every_way_a_board_changes(classic_hub, change) -> None:
    classic_hub.put(ROW)
    watcher = Watcher(classic_hub.store())
    assert not watcher.changed()
    change(classic_hub)
    assert watcher.changed()
    assert not watcher.changed()


def test_looks_without_reading(classic_hub, monkeypatch: pytest.MonkeyPatch) -> None:
    classic_hub.put(ROW)
    watcher = Watcher(classic_hub.store())

    def read(self: Path) -> bytes:
        raise AssertionError("the board was read")

    monkeypatch.setattr(Path, "read_bytes", read)
    assert not watcher.changed()


async def test_tells_an_async_reader(classic_hub) -> None:
    assert INTERVAL_S < 1
    classic_hub.put(ROW)
    watcher = Watcher(classic_hub.store(), interval_s=0.01)
    changes = watcher.changes()
    waiting = asyncio.ensure_future(anext(changes))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    edited_in_place(classic_hub)
    await asyncio.wait_for(waiting, 10)
    await changes.aclose()
