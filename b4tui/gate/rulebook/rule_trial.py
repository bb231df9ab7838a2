"""Try rules on their own examples: the tests of the built-in rules, and `b4tui gate rules --check` for one's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from b4tui.gate.detectors import built_in_detectors
from b4tui.gate.known.sample import sample_known
from b4tui.gate.rulebook.examples import expand
from b4tui.gate.rulebook.rule import Rule, RuleSet
from b4tui.gate.scanner import Scanner

LEAST_EXAMPLES = 3
"""Of each kind, for a built-in rule."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An example on which a rule does not do what it says; in words, with the example as it is written."""

    rule: str
    what: str


def failures(rules: RuleSet, chosen: Iterable[Rule], seeds: Iterable[int] = range(3)) -> tuple[Failure, ...]:
    """What the chosen rules get wrong, with all rules in force. Each example is made up once for every seed."""
    scanner = Scanner(rules, built_in_detectors(sample_known()))
    tried = tuple(seeds)
    return tuple(failure for rule in chosen for failure in dict.fromkeys(_of(rule, scanner, tried)))


def _of(rule: Rule, scanner: Scanner, seeds: tuple[int, ...]) -> Iterator[Failure]:
    for seed in seeds:
        for example in rule.yes:
            if rule.id not in _found(scanner, example, seed):
                yield Failure(rule.id, f"does not find: {example}")
        for example in rule.no:
            if rule.id in _found(scanner, example, seed):
                yield Failure(rule.id, f"finds, and should not: {example}")


def _found(scanner: Scanner, example: str, seed: int) -> set[str]:
    return {hit.rule for hit in scanner.scan(expand(example, seed))}
