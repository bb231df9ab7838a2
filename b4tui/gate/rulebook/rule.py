"""Rules as data: what a rule is, and how files of them are read (research/gate.md 6.2).

A rule says what to look for and what it means. It searches by a pattern at its keywords, or names a detector, which is
code. Anything in a rule file that is not understood is a `GateError`: a gate with half its rules would be open.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from b4tui.gate.types import FindingClass, GateError, Severity

RULES = Path(__file__).parents[1] / "rules"
"""Where the built-in rule files lie."""


class Anchor(StrEnum):
    """Where a rule's pattern is tried."""

    START = "start"  # at each place where a keyword begins
    AROUND = "around"  # searched in a window around each keyword: `before` and `after` characters
    WHOLE = "whole"  # searched in the whole text, if a keyword is in it or the rule has none


class Origin(StrEnum):
    """Who wrote a rule. The operator's patterns run on re2, which no text makes slow (research/gate.md 7, N10)."""

    BUILT_IN = "built_in"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of the gate.

    `keywords` are lower-case and found in the lower-cased text; none of them there, and the rule is not tried.
    The value is the first named group of `pattern` that matched, else the whole match. `bounded` asks that no letter,
    digit or underscore stands before a START keyword. `validators` (names of `gate/validators.py`), `min_rarity`
    (bits a character) and `allow` (patterns: a value in which one is found is no finding) judge the value.
    `gives_way` drops a finding where a rule that does not give way found something at the same place.
    `yes` and `no` are examples, written as templates (`gate/examples.py`).
    """

    id: str
    version: int
    finding_class: FindingClass
    severity: Severity
    description: str
    keywords: tuple[str, ...] = ()
    pattern: str = ""
    anchor: Anchor = Anchor.START
    before: int = 0
    after: int = 200
    bounded: bool = True
    validators: tuple[str, ...] = ()
    min_rarity: float = 0.0
    allow: tuple[str, ...] = ()
    detector: str = ""
    gives_way: bool = False
    origin: Origin = Origin.BUILT_IN
    yes: tuple[str, ...] = ()
    no: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules by their ids, and the hash that stands for all of them.

    `disabled` are ids of rules that were taken out on the operator's word; they are part of `sha256`.
    """

    rules: tuple[Rule, ...]
    sha256: str
    disabled: frozenset[str] = frozenset()

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def by_id(self) -> Mapping[str, Rule]:
        """The rules by id."""
        return {rule.id: rule for rule in self.rules}

    def joined(self, other: RuleSet) -> RuleSet:
        """These rules and the other's. Raises GateError where both have a rule of one id."""
        both = (*self.rules, *other.rules)
        _unique(both)
        return RuleSet(both, _digest(self.sha256, other.sha256), self.disabled | other.disabled)

    def without(self, ids: Iterable[str]) -> RuleSet:
        """These rules less some. Raises GateError for an id that no rule has: a typing error disables nothing."""
        out = frozenset(ids)
        if unknown := out - {rule.id for rule in self.rules}:
            raise GateError(f"no rule is called {', '.join(sorted(unknown))}; see `b4tui gate rules`")
        left = tuple(rule for rule in self.rules if rule.id not in out)
        return RuleSet(left, _digest(self.sha256, *sorted(out)), self.disabled | out) if out else self

    def changed(self, rules: Iterable[Rule]) -> RuleSet:
        """These rules, with some replaced by others of the same id (a severity that the operator's policy sets)."""
        new = {rule.id: rule for rule in rules}
        marks = sorted(f"{rule.id}={rule.severity}" for rule in new.values())
        return RuleSet(
            tuple(new.get(rule.id, rule) for rule in self.rules), _digest(self.sha256, *marks), self.disabled
        )


def built_in_rules(folder: Path = RULES) -> RuleSet:
    """The rules that come with the program. Raises GateError when they cannot be read."""
    try:
        texts = {path.name: path.read_bytes() for path in folder.glob("*.toml")}
    except OSError as error:
        raise GateError(f"the gate's rules cannot be read: {error.strerror}; install b4tui again") from error
    if not texts:
        raise GateError("the gate's rules are missing; install b4tui again")
    return load_rules(texts)


def load_rules(texts: Mapping[str, bytes], origin: Origin = Origin.BUILT_IN) -> RuleSet:
    """The rules in some TOML files, by file name: tables `[[rule]]` with the fields of `Rule`; `class` for the class.

    A table `[defaults]` gives fields to all rules of its file. The order of the files does not matter. A table
    `[severity]` in a file of the operator's is for `operator_rules`.
    Raises GateError with the file and the rule it is about.
    """
    rules: list[Rule] = []
    marks: list[str] = []
    for name in sorted(texts):
        rules += _rules_of(name, texts[name], origin)
        marks += [name, hashlib.sha256(texts[name]).hexdigest()]
    _unique(rules)
    return RuleSet(tuple(rules), _digest(*marks))


def _rules_of(name: str, text: bytes, origin: Origin) -> Iterator[Rule]:
    try:
        document = tomllib.loads(text.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise GateError(f"rule file {name}: {error}") from error
    tables = {"rule", "defaults"} | ({"severity"} if origin is Origin.OPERATOR else set())
    if unknown := document.keys() - tables:
        raise GateError(f"rule file {name}: unknown table {', '.join(sorted(unknown))}; rules are [[rule]] tables")
    defaults = document.get("defaults", {})
    for table in document.get("rule", []):
        try:
            rule = _rule({**defaults, **table}, origin)
        except KeyError as error:
            raise GateError(f"rule file {name}, rule {table.get('id', '?')}: {error} is missing") from error
        except (TypeError, ValueError, re.error) as error:
            raise GateError(f"rule file {name}, rule {table.get('id', '?')}: {error}") from error
        yield rule


_LISTS = ("keywords", "validators", "allow", "yes", "no")


def _rule(table: Mapping[str, Any], origin: Origin) -> Rule:
    fields = dict(table)
    fields["finding_class"] = FindingClass(fields.pop("class"))
    fields["severity"] = Severity(fields.get("severity", Severity.BLOCK))
    fields["anchor"] = Anchor(fields.get("anchor", Anchor.START))
    for key in _LISTS:
        given = fields.get(key, [])
        if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
            raise ValueError(f"`{key}` has to be a list of strings")
        fields[key] = tuple(given)
    if origin is Origin.OPERATOR:
        fields["anchor"] = Anchor.WHOLE
    rule = Rule(origin=origin, **fields)
    _check(rule)
    return rule if origin is Origin.BUILT_IN else _of_operator(rule)


def _check(rule: Rule) -> None:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,60}", rule.id):
        raise ValueError("an id is lower-case letters, digits and hyphens")
    if not isinstance(rule.version, int) or rule.version < 1:
        raise ValueError("`version` counts from 1")
    if bool(rule.pattern) == bool(rule.detector):
        raise ValueError("a rule has either a `pattern` or a `detector`")
    if any(word != word.lower() or not word for word in rule.keywords):
        raise ValueError("keywords are lower-case")
    if rule.pattern and not rule.keywords and rule.anchor is not Anchor.WHOLE:
        raise ValueError('a pattern needs keywords, or `anchor = "whole"`')


def _of_operator(rule: Rule) -> Rule:
    """A rule of the operator's searches the whole text in one go; its patterns are tried on re2 here and now."""
    if rule.detector:
        raise ValueError("`detector` is for built-in rules; write a `pattern`")
    for pattern in (rule.pattern, *rule.allow):
        compiled(pattern, Origin.OPERATOR)
    return rule


def compiled(pattern: str, origin: Origin) -> re.Pattern[str]:
    """The pattern, ready for use. Raises ValueError for one of the operator's that re2 does not take."""
    if origin is Origin.BUILT_IN:
        return re.compile(pattern)
    import re2  # only who has rules of their own pays for it

    options = re2.Options()
    options.log_errors = False  # its library writes to the terminal itself, over whatever a screen shows there
    try:
        ready: re.Pattern[str] = re2.compile(pattern, options)
    except re2.error as error:
        told = error.args[0] if error.args else error
        words = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
        raise ValueError(f"re2 does not take the pattern: {words}") from error
    return ready


def _unique(rules: Iterable[Rule]) -> None:
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            raise GateError(f"two rules are called {rule.id}; ids are unique")
        seen.add(rule.id)


def _digest(*marks: str) -> str:
    return hashlib.sha256("\0".join(marks).encode()).hexdigest()
