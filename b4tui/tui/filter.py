"""The filter language of `/`: what the operator types, as a rule over beads. Pure.

`word "two words" agent:pltops,brew state:blocked p<=1 age<2h label:infra -wip !type:epic ~fuzzy`: a space means and, a
comma in a value means or, `-` or `!` means not, `~` finds the letters in this order anywhere (research/textual.md 5.3).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass

from b4tui.board.model import Bead
from b4tui.board.times import instant
from b4tui.runtime.snapshot import Snapshot

_TOKEN = re.compile(r'(?P<not>[-!]?)(?:(?P<field>[A-Za-z]+)(?P<op><=|>=|:|<|>|=))?(?P<value>"[^"]*"?|\S*)')
_AGE = re.compile(r"(\d+)([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_LONGEST = 2000
"""Characters of a title or id that are looked at; a megabyte title cannot slow typing down."""

FIELDS = {
    "id": "part of the id",
    "title": "part of the title",
    "text": "part of the description",
    "agent": "whose it is: routed to, working on, or assignee",
    "state": "ready, working, blocked, closed, or the status as written",
    "label": "one of its labels",
    "type": "task, bug, feature, epic, …",
    "category": "what kind of task the router sees",
    "p": "priority: p:0, p<=1",
    "age": "since it was made: age<2h, age>3d",
}
_ALIASES = {"priority": "p", "status": "state", "assignee": "agent", "labels": "label", "description": "text"}
_COMPARED = frozenset({"p", "age"})


class FilterError(ValueError):
    """The filter cannot be read; the message says which part and what would be right."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A bead with what the running system knows of it."""

    bead: Bead
    agents: tuple[str, ...]
    states: tuple[str, ...]
    category: str
    now: float


Rule = Callable[[Subject], bool]


@dataclass(frozen=True, slots=True)
class Filter:
    """A parsed filter; the empty one lets everything through."""

    text: str = ""
    rules: tuple[Rule, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.rules)

    def chosen(self, snapshot: Snapshot, column: str, keys: tuple[str, ...], now: float) -> tuple[str, ...]:
        """The ids of a column that match, in their order. `now` in seconds since the epoch."""
        if not self.rules or snapshot.board is None:
            return keys
        names = {view.key: view.name for view in snapshot.agents}
        return tuple(key for key in keys if self.matches(subject(snapshot, key, column, names, now)))

    def matches(self, subject: Subject) -> bool:
        """Whether every part of the filter holds."""
        return all(rule(subject) for rule in self.rules)


def subject(snapshot: Snapshot, key: str, column: str, names: dict[str, str], now: float) -> Subject:
    """The bead with this id as the filter sees it."""
    board = snapshot.board
    bead = board.beads[key] if board and key in board.beads else Bead({"id": key})
    route, run = snapshot.routes.get(key), snapshot.runs.get(key)
    keys = {bead.assignee, route.agent if route else "", run.agent if run else ""} - {""}
    agents = tuple({name.casefold() for agent in keys for name in (agent, names.get(agent, agent))})
    return Subject(bead, agents, (column, bead.status.casefold()), route.category if route else "", now)


def parse(text: str) -> Filter:
    """The filter a text means. Raises FilterError with a sentence for the operator."""
    rules = []
    for match in _TOKEN.finditer(text):
        rule = _rule(match["field"] or "", match["op"] or "", match["value"].strip('"'))
        if rule is not None:
            rules.append(_negated(rule) if match["not"] else rule)
    return Filter(text.strip(), tuple(rules))


def _rule(field: str, operator: str, value: str) -> Rule | None:
    name = _ALIASES.get(field.casefold(), field.casefold())
    if not field:
        return _fuzzy(value[1:]) if value.startswith("~") else _words(value)
    if name not in FIELDS:
        close = difflib.get_close_matches(name, [*FIELDS, *_ALIASES], n=1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(FIELDS)}"
        raise FilterError(f"no field {field}: {hint}")
    if not value:
        return None
    if name == "p":
        return _priority(operator, value)
    if name == "age":
        return _age(operator, value)
    if operator not in {":", "="}:
        raise FilterError(f"{field} is not a number: write {field}:{value}")
    return _field(name, tuple(part.casefold() for part in value.split(",") if part))


def _negated(rule: Rule) -> Rule:
    return lambda subject: not rule(subject)


def _words(value: str) -> Rule | None:
    wanted = value.casefold()
    if not wanted:
        return None

    def rule(subject: Subject) -> bool:
        bead = subject.bead
        return (
            wanted in bead.title[:_LONGEST].casefold()
            or wanted in bead.id[:_LONGEST].casefold()
            or any(wanted in label[:_LONGEST].casefold() for label in bead.labels)
        )

    return rule


def _fuzzy(value: str) -> Rule | None:
    wanted = value.casefold()
    if not wanted:
        return None

    def rule(subject: Subject) -> bool:
        letters = iter(f"{subject.bead.id} {subject.bead.title}"[:_LONGEST].casefold())
        return all(letter in letters for letter in wanted)

    return rule


def _field(name: str, wanted: tuple[str, ...]) -> Rule:
    def values(subject: Subject) -> tuple[str, ...]:
        bead = subject.bead
        match name:
            case "agent":
                return subject.agents
            case "state":
                return subject.states
            case "label":
                return bead.labels
            case "type":
                return (bead.issue_type,)
            case "category":
                return (subject.category,)
            case "id":
                return (bead.id,)
            case "title":
                return (bead.title,)
            case _:
                return (bead.description,)

    def rule(subject: Subject) -> bool:
        return any(part in value[:_LONGEST].casefold() for value in values(subject) for part in wanted)

    return rule


def _compare(operator: str, left: float, right: float) -> bool:
    match operator:
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case ">=":
            return left >= right
        case _:
            return left == right


def _priority(operator: str, value: str) -> Rule:
    digits = [part.upper().removeprefix("P") for part in value.split(",") if part]
    if not digits or not all(part.isdecimal() and len(part) < 4 for part in digits):
        raise FilterError(f"p{operator}{value}: a priority is a number from 0 to 4, as in p<=1")
    wanted = [int(part) for part in digits]
    return lambda subject: any(_compare(operator, subject.bead.priority, number) for number in wanted)


def _age(operator: str, value: str) -> Rule:
    match = _AGE.fullmatch(value.casefold())
    if match is None or len(value) > 9 or operator in {":", "="}:
        raise FilterError(f"age{operator}{value}: an age is compared, as in age<2h or age>3d (s m h d w)")
    limit = int(match[1]) * _SECONDS[match[2]]

    def rule(subject: Subject) -> bool:
        created = instant(subject.bead.created_at)
        return created is not None and _compare(operator, subject.now - created, limit)

    return rule
