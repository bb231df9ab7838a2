"""What the operator says about the rules: rules of their own, raised severities, rules switched off (research 6.2).

The rules file has the shape of the built-in ones, and a table `[severity]` that raises built-in rules. Everything here
is part of the rules' hash, so that no approval given under other rules holds. A fault is a GateError that names the
file and the rule: until it is mended nothing leaves (N11). Patterns are the operator's, so they run on re2 (N10).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from b4tui.gate.rulebook.rule import Origin, Rule, RuleSet, load_rules
from b4tui.gate.types import GateError, Severity

if TYPE_CHECKING:
    from b4tui.outward_sections import GateConfig, Weight

MAX_BYTES = 1 << 20

_RANK = {Severity.WARN: 0, Severity.ASK: 1, Severity.BLOCK: 2}
_PRIVATE_IP = ("ip-private", "ip6-private")
_PUBLIC_IP = ("ip-public", "ip6-public")


def rules_in_force(config: GateConfig, built_in: RuleSet) -> RuleSet:
    """The built-in rules as the operator's settings and rules file make them. Raises GateError.

    In this order: the weights of addresses, the operator's own rules, raised severities, rules switched off.
    """
    rules = _weighed(_weighed(built_in, _PRIVATE_IP, config.private_ip), _PUBLIC_IP, config.public_ip)
    if config.rules_file:
        path = Path(config.rules_file).expanduser()
        text = _read(path)
        rules = rules.joined(load_rules({path.name: text}, Origin.OPERATOR))
        rules = rules.changed(_raised(path.name, _severities(path.name, text), rules.by_id()))
    return rules.without(config.unsafe_disable)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise GateError(
            f"gate.rules_file {path} cannot be read ({error.strerror}); mend it, or take it out of the settings"
        ) from error
    if len(text) > MAX_BYTES:
        raise GateError(f"gate.rules_file {path} is larger than {MAX_BYTES >> 20} MiB")
    return text


def _weighed(rules: RuleSet, ids: tuple[str, ...], weight: Weight) -> RuleSet:
    """The rules with those of addresses as heavy as the settings say."""
    there = [rule for rule in rules if rule.id in ids]
    if weight == "ignore":
        return rules.without(rule.id for rule in there)
    changed = [replace(rule, severity=Severity(weight)) for rule in there if rule.severity != weight]
    return rules.changed(changed) if changed else rules


def _severities(name: str, text: bytes) -> Mapping[str, Any]:
    told = tomllib.loads(text.decode()).get("severity", {})
    if not isinstance(told, dict):
        raise GateError(f'rule file {name}: [severity] is a table of rule ids, such as: email = "block"')
    return told


def _raised(name: str, told: Mapping[str, Any], rules: Mapping[str, Rule]) -> Iterator[Rule]:
    for rule_id, word in told.items():
        rule = rules.get(rule_id)
        if rule is None:
            raise GateError(f"rule file {name}, [severity]: no rule is called {rule_id}; see `b4tui gate rules`")
        if word not in list(Severity):
            raise GateError(f"rule file {name}, [severity] {rule_id}: it is block, ask or warn, not {word!r}")
        if _RANK[Severity(word)] < _RANK[rule.severity]:
            raise GateError(
                f"rule file {name}, [severity] {rule_id}: a severity can only be raised, and it is {rule.severity} "
                "already; to do without the rule, name it in gate.unsafe_disable"
            )
        yield replace(rule, severity=Severity(word))
