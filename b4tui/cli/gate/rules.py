"""`b4tui gate rules`: which rules hold, what they look for, and whether they do what their examples say."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from b4tui.cli.common import Failed, Place, guarded, json_option, place_options, print_json, say

if TYPE_CHECKING:
    from b4tui.gate.policy.public_values import PublicValue
    from b4tui.gate.rulebook.rule import Rule, RuleSet

OWN_RULE = """\
# Rules of your own: name this file in the settings, [gate] rules_file = "~/…/rules.toml".
# `b4tui gate rules --check` tries them. A fault in this file stops all escalation until it is mended.

[[rule]]
id = "project-codename"              # lower-case letters, digits and hyphens; no built-in rule's
version = 1                          # counts your changes
class = "infrastructure"             # secret | personal | infrastructure | opaque | policy
severity = "block"                   # block: stays here | ask: you are asked | warn: only said
description = "a code name of a project of ours"
keywords = ["project-"]              # lower case; without one of them the pattern is not tried. [] and it always is
anchor = "whole"
pattern = '(?i)\\bproject-[a-z]{4}\\b' # RE2 syntax: no look-around, no back-references
allow = ["^project-demo$"]           # a value in which one of these is found is no finding
# validators = ["varied"]            # min_rarity = 5.0: only values that look random, in bits a character
yes = ["ship project-kilo today", "PROJECT-LIMA", "see project-mike."]
no = ["project-demo", "the project", "project-kilometre"]

[severity]                           # built-in rules, raised: warn < ask < block
# email = "block"
"""
_COLUMNS = ("rule", "class", "severity", "finds")


@click.command("rules", short_help="List the rules of the gate, or try them on their examples.")
@click.argument("rule_id", metavar="[ID]", required=False)
@click.option("--check", "try_them", is_flag=True, help="Try every rule, your own ones too, on its examples.")
@click.option("--toml", "as_toml", is_flag=True, help="Print the shape of a rule of your own.")
@place_options
@json_option
@guarded
def rules(place: Place, rule_id: str | None, try_them: bool, as_toml: bool, as_json: bool) -> None:
    """List the rules in force, and which values were called public; with ID show a rule, with made-up examples."""
    if as_toml:
        sys.stdout.write(OWN_RULE)
        return
    from b4tui.gate.policy.public_values import public_values_file, read_public_values
    from b4tui.gate.rulebook.operator_rules import rules_in_force
    from b4tui.gate.rulebook.rule import built_in_rules
    from b4tui.gate.types import GateError

    try:
        in_force = rules_in_force(place.settings().gate, built_in_rules())
        public = read_public_values(public_values_file())
    except GateError as error:
        raise Failed(f"the gate cannot be used, and nothing leaves until it can: {error}") from error
    chosen = [rule for rule in in_force if rule_id in (None, rule.id)]
    if not chosen:
        raise click.UsageError(f"no rule is called {rule_id}; `b4tui gate rules` lists them")
    if try_them:
        _try(in_force, chosen, as_json=as_json)
    elif as_json:
        print_json({**_document(in_force, chosen), "public": [asdict(value) for value in public]})
    elif rule_id is not None:
        say("\n".join(_whole(chosen[0])))
    else:
        say("\n".join((*_table(in_force), *_public(public, public_values_file()))))


def _try(in_force: RuleSet, chosen: list[Rule], *, as_json: bool) -> None:
    from b4tui.gate.rulebook.rule_trial import failures

    found = failures(in_force, chosen)
    if as_json:
        print_json({"rules": len(chosen), "failures": [{"rule": one.rule, "what": one.what} for one in found]})
    else:
        for one in found:
            say(f"{one.rule}: {one.what}")
        say(f"{len(chosen)} rules tried: {len({one.rule for one in found}) or 'none'} failed")
    if found:
        sys.exit(1)


def _document(in_force: RuleSet, chosen: list[Rule]) -> dict[str, Any]:
    return {
        "sha256": in_force.sha256,
        "disabled": sorted(in_force.disabled),
        "rules": [
            {
                "id": rule.id,
                "version": rule.version,
                "class": rule.finding_class,
                "severity": rule.severity,
                "origin": rule.origin,
                "description": rule.description,
                "keywords": list(rule.keywords),
                "pattern": rule.pattern,
                "detector": rule.detector,
            }
            for rule in chosen
        ],
    }


def _table(in_force: RuleSet) -> Iterator[str]:
    from b4tui.gate.types import FindingClass

    classes = list(FindingClass)
    ordered = sorted(in_force, key=lambda rule: (classes.index(rule.finding_class), rule.id))
    rows = [_COLUMNS, *((rule.id, rule.finding_class, rule.severity, _words(rule)) for rule in ordered)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        yield "  ".join((*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]))
    yield f"{len(ordered)} rules, sha256 {in_force.sha256[:16]}"
    if in_force.disabled:
        yield f"▲ switched off by gate.unsafe_disable or a weight: {', '.join(sorted(in_force.disabled))}"


def _public(values: Sequence[PublicValue], path: Path) -> Iterator[str]:
    """What was called public on this machine, and how it is taken back."""
    for value in values:
        note = f": {' '.join(value.note.split())}" if value.note else ""
        yield f"▲ called public, for all hubs: {value.rule or 'any rule'}, sha256 {value.value_sha256[:16]}…{note}"
    if values:
        yield f"  to keep one of them here again, take its row out of {path}"


def _words(rule: Rule) -> str:
    return rule.description if rule.origin == "built_in" else f"{rule.description} (your own)"


def _whole(rule: Rule) -> Iterator[str]:
    from b4tui.gate.rulebook.examples import expand

    yield f"{rule.id} {rule.version}: {_words(rule)}"
    yield f"  class {rule.finding_class}, severity {rule.severity}"
    yield f"  pattern {rule.pattern}" if rule.pattern else f"  searched by code: {rule.detector}"
    if rule.keywords:
        yield f"  where one of these stands: {', '.join(rule.keywords)}"
    yield "  finds, for example:"
    yield from (f"    {line}" for example in rule.yes for line in expand(example, 1).splitlines())
    yield "  does not find:"
    yield from (f"    {line}" for example in rule.no for line in expand(example, 1).splitlines())
