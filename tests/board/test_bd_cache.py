"""The cache of an installed bd 0.4x is kept fresh, and never at the caller's expense."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from b4tui.board.lock import BD, holding
from b4tui.board.store import Busy

ROWS = b"".join(json.dumps({"id": f"hub-{x}", "title": x, "status": "open"}).encode() + b"\n" for x in "ab")


@pytest.fixture
def program(tmp_path: Path, classic_hub):
    """A stand-in for bd: `program(version, body)` makes it, and every call but `version` is noted in `calls`."""
    classic_hub.put(ROWS)
    (classic_hub.root / ".beads/beads.db").touch()

    def make(version: str, body: str) -> dict[str, str]:
        path = tmp_path / "bd"
        path.write_text(
            f'#!/bin/sh\n[ "$1" = version ] && echo "bd version {version}" && exit 0\n'
            f'echo "$PWD $*" >> {tmp_path}/calls\n{body}\n'
        )
        path.chmod(0o755)
        return {**os.environ, "BD_BIN": str(path)}

    return make


def calls(tmp_path: Path) -> list[str]:
    return (tmp_path / "calls").read_text().splitlines() if (tmp_path / "calls").exists() else []


def test_each_change_is_imported(classic_hub, program, tmp_path: Path) -> None:
    warnings: list[str] = []
    store = classic_hub.store(environ=program("0.49.6 (dev)", "exit 0"), warn=warnings.append)
    store.claim("hub-a", "Amy")
    store.close("hub-a", "r", "Amy")
    assert store.settle(60)
    assert calls(tmp_path) == [f"{classic_hub.root} sync --import-only"] * 2
    assert warnings == []


def test_the_caller_does_not_wait_and_nobody_exports_until_it_is_through(classic_hub, program, tmp_path: Path) -> None:
    store = classic_hub.store(environ=program("0.49.6", f"until [ -e {tmp_path}/go ]; do sleep 0.02; done"))
    assert store.claim("hub-a", "Amy").assignee == "Amy"
    with pytest.raises(Busy), holding(classic_hub.root / ".beads" / BD, 0.1):
        pass
    (tmp_path / "go").touch()
    assert store.settle(60)
    with holding(classic_hub.root / ".beads" / BD, 5):
        pass


def test_a_failed_import_is_a_warning(classic_hub, program) -> None:
    warnings: list[str] = []
    store = classic_hub.store(environ=program("0.47.2", "echo broken row >&2; exit 1"), warn=warnings.append)
    assert store.claim("hub-a", "Amy").assignee == "Amy"
    store.settle(60)
    assert "bd sync --import-only" in warnings[0]
    assert "broken row" in warnings[0]


@pytest.mark.parametrize("version", ["1.0.5", "0.56.0", "nonsense"])
def test_a_newer_bd_is_never_called(classic_hub, program, tmp_path: Path, version: str) -> None:
    store = classic_hub.store(environ=program(version, "exit 1"))
    store.claim("hub-a", "Amy")
    store.settle(60)
    assert calls(tmp_path) == []


def test_without_a_cache_bd_is_not_called(classic_hub, program, tmp_path: Path) -> None:
    (classic_hub.root / ".beads/beads.db").unlink()
    store = classic_hub.store(environ=program("0.49.6", "exit 0"))
    store.claim("hub-a", "Amy")
    store.settle(60)
    assert calls(tmp_path) == []
    assert not (classic_hub.root / ".beads" / BD).exists()


def test_an_import_that_takes_too_long_is_the_last_one(classic_hub, program, tmp_path: Path) -> None:
    from b4tui.board.bdcache import BdCache

    warnings: list[str] = []
    environ = program("0.49.6", "exec sleep 60")
    # By then it has to have begun.
    cache = BdCache(classic_hub.root / ".beads", environ, warnings.append, timeout_s=2.0)
    for _ in range(2):
        with holding(classic_hub.root / ".beads" / BD, 5) as lock:
            cache.refresh(lock)
        assert cache.settle(50), "it would take a minute"
    assert len(calls(tmp_path)) == 1
    assert "no longer kept fresh" in warnings[0]
