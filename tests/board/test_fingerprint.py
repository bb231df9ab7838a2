"""Changes by others show in the fingerprint of a store, at the price of a stat."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

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
def test_every_way_a_board_changes_shows_in_its_fingerprint(classic_hub, change) -> None:
    classic_hub.put(ROW)
    store = classic_hub.store()
    before = store.fingerprint()
    assert store.fingerprint() == before
    change(classic_hub)
    after = store.fingerprint()
    assert after != before
    assert store.fingerprint() == after


def test_looks_without_reading(classic_hub, monkeypatch: pytest.MonkeyPatch) -> None:
    classic_hub.put(ROW)
    store = classic_hub.store()
    before = store.fingerprint()

    def read(self: Path) -> bytes:
        raise AssertionError("the board was read")

    monkeypatch.setattr(Path, "read_bytes", read)
    assert store.fingerprint() == before
