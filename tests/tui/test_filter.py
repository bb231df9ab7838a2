"""What the operator types after `/`, and which beads it leaves."""

import pytest
from frozen_world import NOW, WORLD
from hypothesis import given
from hypothesis import strategies as st

from b4tui.tui.filter import FIELDS, Filter, FilterError, parse

READY, BLOCKED, WORKING = WORLD.columns.ready, WORLD.columns.blocked, WORLD.columns.working


def found(text: str, column: str = "ready") -> tuple[str, ...]:
    return parse(text).chosen(WORLD, column, getattr(WORLD.columns, column), NOW.timestamp())


class TestWords:
    def test_no_filter_leaves_everything(self) -> None:
        assert found("") == READY
        assert not parse("   ")

    def test_a_word_is_looked_for_in_title_id_and_labels_without_case(self) -> None:
        assert found("ROTATE") == ("hub-a1f",)
        assert found("b20") == ("hub-b20",)
        assert found("backup") == ("hub-a1f",)

    def test_several_words_must_all_be_there(self) -> None:
        assert found("prune older") == ("hub-f64",)
        assert found("prune chart") == ()

    def test_quotes_keep_words_together(self) -> None:
        assert found('"restore drill"') == ("hub-g75",)
        assert found('"drill restore"') == ()
        assert found('"restore dr') == ("hub-g75",)

    def test_a_minus_or_an_exclamation_mark_means_not(self) -> None:
        assert found("-the") == tuple(key for key in READY if key not in found("the"))
        assert found("!script -the") == tuple(key for key in found("-the") if key != "hub-f64")

    def test_a_tilde_finds_letters_in_order(self) -> None:
        assert found("~rtbkp") == ("hub-a1f",)


class TestFields:
    def test_agent_is_a_key_or_a_name_routed_or_at_work(self) -> None:
        assert found("agent:pltops") == ("hub-a1f", "hub-e53", "hub-h86")
        assert found("agent:PltOps,brew") == ("hub-a1f", "hub-c31", "hub-e53", "hub-h86")
        assert found("agent:brenner", "working") == ("hub-60d",)

    def test_state_is_a_column_or_a_status(self) -> None:
        assert found("state:blocked", "blocked") == BLOCKED
        assert found("state:in_progress", "working") == WORKING
        assert found("state:blocked") == ()

    def test_priority_is_compared(self) -> None:
        assert found("p<=1") == ("hub-a1f", "hub-b20")
        assert found("p:0,4") == ("hub-a1f", "hub-h86")
        assert found("priority>P3") == ("hub-h86",)

    def test_age_is_compared(self) -> None:
        assert found("age>3w") == ("hub-h86",)
        assert found("age<3h") == ("hub-a1f", "hub-g75")

    def test_label_type_category_title_and_id(self) -> None:
        assert found("label:infra") == ("hub-a1f",)
        assert found("type:task -type:epic") == READY
        assert found("category:research") == ("hub-d42",)
        assert found("title:helm") == found("id:e53") == ("hub-e53",)

    def test_a_field_without_a_value_yet_leaves_everything(self) -> None:
        assert found('label:""') == READY


class TestMistakes:
    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("agnt:brew", "did you mean agent?"),
            ("nonsense:1", "there are id, title"),
            ("p:high", "number from 0 to 4"),
            ("age:2h", "age<2h"),
            ("age<2y", "age<2h"),
            ("label<3", "write label:3"),
        ],
    )
    def test_are_told_with_what_would_be_right(self, text: str, says: str) -> None:
        with pytest.raises(FilterError, match=says.replace("?", r"\?")):
            parse(text)

    @given(st.text(max_size=60))
    def test_nothing_typed_breaks_it(self, text: str) -> None:
        try:
            rule = parse(text)
        except FilterError:
            return
        assert set(rule.chosen(WORLD, "ready", READY, NOW.timestamp())) <= set(READY)

    @given(st.sampled_from(sorted(FIELDS)), st.sampled_from([":", "<", ">="]), st.text("0123456789hdwxP,", max_size=12))
    def test_nor_does_any_field(self, field: str, operator: str, value: str) -> None:
        try:
            rule = parse(f"{field}{operator}{value}")
        except FilterError:
            return
        rule.chosen(WORLD, "ready", READY, NOW.timestamp())


def test_a_filter_is_a_value() -> None:
    assert Filter() == parse("")
