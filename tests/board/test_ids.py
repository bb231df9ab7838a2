"""New ids look like the tracker's and never meet one that is there."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from b4tui.board.ids import child_id, new_id, prefix_of
from b4tui.board.store import Refused

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def fresh(taken: set[str], title: str = "t") -> str:
    return new_id("my-hub", taken, title=title, description="", creator="Amy", at=NOW)


class TestNewId:
    def test_a_short_hash_under_the_prefix(self) -> None:
        assert re.fullmatch(r"my-hub-[0-9a-z]{3}", fresh(set()))

    @pytest.mark.parametrize(("beads", "length"), [(0, 3), (100, 3), (400, 4), (5_000, 5), (30_000, 6)])
    def test_it_grows_with_the_board(self, beads: int, length: int) -> None:
        taken = {f"my-hub-x{number}" for number in range(beads)}
        assert len(fresh(taken)) == len("my-hub-") + length

    def test_the_same_words_at_the_same_time_get_another_id(self) -> None:
        taken: set[str] = set()
        for _ in range(40):
            bead_id = fresh(taken)
            assert bead_id not in taken
            taken.add(bead_id)

    def test_a_title_of_any_letters(self) -> None:
        assert fresh(set(), "\ud800 ü")


class TestChildId:
    def test_numbers_go_on_and_are_never_used_again(self) -> None:
        assert child_id("a-1", []) == "a-1.1"
        assert child_id("a-1", ["a-1", "a-1.1", "a-1.10", "a-1.2.7", "a-12.30", "a-1.x"]) == "a-1.11"

    def test_three_levels_and_no_more(self) -> None:
        assert child_id("a-1.1.1", []) == "a-1.1.1.1"
        with pytest.raises(Refused, match="deep"):
            child_id("a-1.1.1.1", [])


class TestPrefix:
    def test_as_configured(self) -> None:
        assert prefix_of(["x-1"], "my-hub-", "folder") == "my-hub"

    def test_else_as_most_beads_have_it(self) -> None:
        assert prefix_of(["beads-hub-1", "beads-hub-2.1", "hub-3", "odd"], "", "folder") == "beads-hub"

    def test_else_from_the_folder(self) -> None:
        assert prefix_of([], "", "My Hub!") == "my-hub"
        assert prefix_of([], "", "¿?") == "bead"
