"""Answers kept by digest."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from b4tui.engines.trials.records import Record, RecordError, Records
from b4tui.engines.trials.run import TrialResult

RESULT = TrialResult(
    trial="json", why="it is no JSON", text="h\u00e9 \u202e \x1b[2J", tokens=None, rate=2.5, seconds=1.0
)


def record(digest: str = "ab" * 32, **changes: object) -> Record:
    fields = {
        "digest": digest,
        "model": "tiny",
        "mark": "m",
        "version": "0.33.3",
        "at": datetime(2026, 1, 2, tzinfo=UTC),
        "results": (RESULT,),
    }
    return Record.model_validate(fields | changes)


def test_what_is_kept_is_found_again(tmp_path: Path) -> None:
    records = Records(tmp_path / "checks")
    assert records.get("ab" * 32) is None
    records.keep(record())
    assert records.get("ab" * 32) == record()
    assert records.get("cd" * 32) is None


def test_the_last_one_counts_and_nothing_else_is_left(tmp_path: Path) -> None:
    records = Records(tmp_path)
    records.keep(record())
    records.keep(record(version="0.34.0"))
    found = records.get("ab" * 32)
    assert found is not None and found.version == "0.34.0"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("digest", ["../../etc/passwd", "a/b", "", "\ud800", "x" * 5000])
def test_a_digest_is_any_text_and_never_a_path(tmp_path: Path, digest: str) -> None:
    folder = tmp_path / "checks"
    records = Records(folder)
    assert records.get(digest) is None
    if digest != "\ud800":
        records.keep(record(digest))
        assert [path.parent for path in tmp_path.rglob("*.json")] == [folder]


@pytest.mark.parametrize("text", ["", "[]", '{"digest": 5}', "\xff"])
def test_a_file_that_is_no_record(tmp_path: Path, text: str) -> None:
    records = Records(tmp_path)
    records.keep(record())
    (path,) = tmp_path.iterdir()
    path.write_text(text, encoding="latin-1")
    with pytest.raises(RecordError, match="remove the file"):
        records.get("ab" * 32)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "checks").write_text("a file")
    with pytest.raises(RecordError, match="cannot be recorded"):
        Records(tmp_path / "checks").keep(record())
