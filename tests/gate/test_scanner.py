"""The one pass over a text, and how hits of several rules share it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from b4tui.gate.detector import Positions
from b4tui.gate.rulebook.examples import expand
from b4tui.gate.rulebook.rule import Origin, RuleSet, load_rules
from b4tui.gate.scanner import DENSE, MOST, Scanner, lowered
from b4tui.gate.types import FindingClass, GateError, Hit

HEAD = 'class = "secret"\nversion = 1\ndescription = "d"\n'


def rules_of(*tables: str, origin: Origin = Origin.BUILT_IN) -> RuleSet:
    return load_rules({"t.toml": "".join(f"[[rule]]\n{HEAD}{table}\n" for table in tables).encode()}, origin)


class Fixed:
    """Finds what it is told to, where the word `here` stands."""

    name = "fixed"
    words = frozenset({"here"})

    def __init__(self, *hits: Hit) -> None:
        self.hits = hits
        self.asked = 0

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        self.asked += 1
        assert [text[start : start + 4].lower() for start in at["here"]] == ["here"] * len(at["here"])
        yield from self.hits


def spans(scanner: Scanner, text: str) -> list[tuple[str, str]]:
    return [(hit.rule, text[hit.start : hit.end]) for hit in scanner.scan(text)]


def test_a_pattern_is_tried_where_its_keyword_begins_and_no_word_goes_on() -> None:
    scanner = Scanner(rules_of('id = "a1"\nkeywords = ["ab_"]\npattern = "ab_[0-9]{2,9}"'), ())
    assert spans(scanner, "ab_12 xab_34 (ab_56) \x1b[93mab_78") == [("a1", "ab_12"), ("a1", "ab_56"), ("a1", "ab_78")]


def test_an_unbounded_rule_is_tried_inside_words_too() -> None:
    scanner = Scanner(rules_of('id = "a1"\nbounded = false\nkeywords = ["ab_"]\npattern = "ab_[0-9]{2,9}"'), ())
    assert spans(scanner, "xab_34") == [("a1", "ab_34")]


def test_a_window_is_searched_around_keywords_and_what_overlaps_is_searched_once() -> None:
    table = 'id = "a1"\nkeywords = ["k"]\nanchor = "around"\nbefore = 3\nafter = 3\npattern = "(?P<v>[0-9])"'
    assert spans(Scanner(rules_of(table), ()), "1..2k..k3....4") == [("a1", "2"), ("a1", "3")]


def test_a_rule_of_the_operators_searches_the_whole_text_on_re2() -> None:
    scanner = Scanner(rules_of('id = "op"\npattern = "proj-[a-z]{4}"', origin=Origin.OPERATOR), ())
    assert spans(scanner, "the proj-abcd and proj-efgh") == [("op", "proj-abcd"), ("op", "proj-efgh")]


def test_a_hit_that_gives_way_is_dropped_where_a_firm_one_lies() -> None:
    firm = 'id = "firm"\nkeywords = ["ab_"]\npattern = "ab_[0-9]{2,9}"'
    soft = 'id = "soft"\ndetector = "fixed"\ngives_way = true'
    detector = Fixed(Hit("soft", 0, 6), Hit("soft", 11, 15))
    assert spans(Scanner(rules_of(firm, soft), [detector]), "ab_123 and here") == [("firm", "ab_123"), ("soft", "here")]


def test_a_detector_is_asked_only_where_one_of_its_words_is() -> None:
    detector = Fixed()
    scanner = Scanner(rules_of('id = "a1"\ndetector = "fixed"'), [detector])
    scanner.scan("nothing")
    assert detector.asked == 0
    scanner.scan("HERE it is")
    assert detector.asked == 1


def test_classes_can_be_chosen() -> None:
    scanner = Scanner(rules_of('id = "a1"\nkeywords = ["ab_"]\npattern = "ab_[0-9]{2,9}"'), ())
    assert scanner.scan("ab_12", {FindingClass.PERSONAL}) == ()
    assert len(scanner.scan("ab_12", {FindingClass.SECRET})) == 1


def test_rules_and_detectors_have_to_fit() -> None:
    with pytest.raises(GateError, match="no detector is called fixed"):
        Scanner(rules_of('id = "a1"\ndetector = "fixed"'), ())
    with pytest.raises(GateError, match="no file describes"):
        Scanner(rules_of('id = "a1"\ndetector = "fixed"'), [Fixed(Hit("b1", 0, 1))]).scan("here")
    with pytest.raises(GateError, match="no validator"):
        Scanner(rules_of('id = "a1"\nkeywords = ["k"]\npattern = "k"\nvalidators = ["nobody"]'), ())


def test_a_hit_of_a_rule_that_was_switched_off_is_dropped() -> None:
    rules = rules_of('id = "a1"\ndetector = "fixed"', 'id = "b1"\ndetector = "fixed"').without({"b1"})
    assert spans(Scanner(rules, [Fixed(Hit("a1", 0, 4), Hit("b1", 0, 4))]), "here") == [("a1", "here")]


def test_there_is_an_end_of_findings_of_one_kind() -> None:
    scanner = Scanner(rules_of('id = "a1"\nkeywords = ["ab_"]\npattern = "ab_[0-9]{2,9}"'), ())
    assert len(scanner.scan("ab_12 " * (MOST + 100))) == MOST


def test_a_large_text_of_nothing_but_words_of_rules_is_told_at_once() -> None:
    scanner = Scanner(rules_of('id = "a1"\nkeywords = ["ab_"]\npattern = "ab_[0-9]{2,9}"'), ())
    assert [hit.rule for hit in scanner.scan("ab_" * 60_000)] == [DENSE]


def test_lower_case_is_as_long_as_the_text() -> None:
    text = "İSTANBUL Straße ﬁ"
    assert len(lowered(text)) == len(text) and lowered(text)[1:8] == "stanbul"


def test_examples_are_the_same_for_a_seed_and_others_for_another() -> None:
    assert expand("{alnum:20}", 1) == expand("{alnum:20}", 1) != expand("{alnum:20}", 2)
    assert expand('{"a": {b}}') == '{"a": {b}}'
    with pytest.raises(GateError, match="nobody makes"):
        expand("{alnmu:20}")
