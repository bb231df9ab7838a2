"""What of the runtime's events is recorded, and what can never be."""

from __future__ import annotations

import dataclasses
import json
import typing
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import pytest

from b4tui import events, outward_events
from b4tui.events import AgentState, Event
from b4tui.ledger.recording import LONGEST_TEXT, entry_of

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MARK = "mark-of-a-value-that-was-found"
EVENTS = [kind for kind in vars(events).values() if kind in Event.__subclasses__()]


def filled(kind: type[Event], text: str) -> Event:
    """An event with `text` in every place that can hold one."""
    hints = typing.get_type_hints(kind)
    return kind(**{field.name: sample(hints[field.name], text) for field in dataclasses.fields(kind)})


def sample(hint: Any, text: str) -> Any:
    if isinstance(hint, type) and issubclass(hint, Enum):
        return list(hint)[-1]
    if typing.get_origin(hint) is tuple:
        return (text,)
    if typing.get_origin(hint) is not None or not isinstance(hint, type):
        return sample(next(kind for kind in typing.get_args(hint) if kind is not type(None)), text)
    return {str: text, bool: True, int: 7, float: 1.5, datetime: AT}[hint]


def words_of(entry) -> str:
    return json.dumps([entry.kind, entry.actor, entry.bead, entry.run, dict(entry.facts)])


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_every_event_has_its_row_but_those_of_high_rate(kind, ledger):
    entry = entry_of(filled(kind, "a word"))
    if kind is events.TextStreamed:
        assert entry is None
        return
    assert entry is not None
    assert entry.kind == events.event_name(filled(kind, ""))
    assert ledger.append(entry).facts == entry.facts


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_no_value_that_was_found_is_in_any_row(kind):
    text = f"before {MARK} after"
    entry = entry_of(filled(kind, text), masked=lambda words: words.replace(MARK, "••••"))
    assert entry is None or MARK not in words_of(entry)


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_a_value_is_looked_for_before_a_text_is_cut(kind):
    text = "x" * (LONGEST_TEXT - 10) + MARK
    entry = entry_of(filled(kind, text), masked=lambda words: words.replace(MARK, "••••"))
    assert entry is None or MARK[:8] not in words_of(entry)


def test_what_models_and_tools_said_is_left_out_where_nobody_looked_through_it():
    finished = filled(events.ToolFinished, MARK)
    entry = entry_of(finished)
    assert entry and not {"output", "summary"} & entry.facts.keys()
    assert entry.facts["output_characters"] == len(MARK)
    assert entry_of(filled(events.BeadCommented, MARK)).facts == {"agent": MARK}
    assert entry_of(filled(events.BeadClosed, MARK)).facts == {"agent": MARK}  # the reason is the model's summary
    assert entry_of(filled(events.BeadCreated, MARK)).facts == {"agent": MARK, "discovered_from": MARK}
    assert "source" not in entry_of(filled(outward_events.PrivateRead, MARK)).facts  # it may be a command line
    called = entry_of(filled(events.ToolCalled, "a line"), masked=str)
    assert called and called.facts["summary"] == "a line"


def test_a_tools_output_is_left_out_even_then():
    entry = entry_of(filled(events.ToolFinished, MARK), masked=str)
    assert entry and "output" not in entry.facts


def test_long_texts_are_cut_and_say_how_long_they_were():
    entry = entry_of(events.Warned(at=AT, reason="y" * 5_000))
    assert entry and entry.facts["reason"] == "y" * LONGEST_TEXT + "… (5,000 characters)"


def test_columns_are_filled_and_not_said_twice():
    decided = outward_events.ApprovalChanged(
        at=AT, approval="ap-1", run="r-1", bead="hub-1", agent="romanov", state="denied", actor="amy", reason="no"
    )
    entry = entry_of(decided)
    assert entry and (entry.kind, entry.at, entry.actor) == ("approval_changed", AT, "amy")
    assert (entry.bead, entry.run) == ("hub-1", "r-1")
    assert entry.facts == {"approval": "ap-1", "agent": "romanov", "state": "denied", "reason": "no"}


def test_where_no_operator_acted_the_agent_did():
    entry = entry_of(events.BeadClaimed(at=AT, bead="hub-1", agent="codemonkey"))
    assert entry and entry.actor == "codemonkey"


@pytest.mark.parametrize("state", AgentState)
def test_states_agents_only_pass_through_are_no_facts(state):
    entry = entry_of(events.AgentChanged(at=AT, agent="amy", state=state))
    assert (entry is None) == (state in (AgentState.IDLE, AgentState.WORKING, AgentState.WAITING))


def test_numbers_json_does_not_have_are_left_open(ledger):
    entry = entry_of(
        outward_events.EscalationAnswered(
            at=AT, approval="a", run="r", bead="b", agent="c", seconds=float("inf"), bytes_in=1, money=float("nan")
        )
    )
    assert entry and entry.facts["seconds"] is None and entry.facts["money"] is None
    ledger.append(entry)


def test_what_is_no_plain_value_is_named_by_its_type_alone(ledger):
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Odd(Event):
        thing: object
        data: bytes
        pairs: dict[str, object]

    odd = Odd(at=AT, thing=object(), data=MARK.encode(), pairs={"a": (1, {2}), "b": MARK})
    entry = entry_of(odd, masked=lambda words: words.replace(MARK, "••••"))
    assert entry and entry.facts == {"thing": "(object)", "data": "(bytes)", "pairs": {"a": [1, "(set)"], "b": "••••"}}
    ledger.append(entry)


def test_our_own_hashes_are_not_taken_for_values(ledger):
    sent = outward_events.PayloadSent(
        at=AT, approval="a", run="r", bead="b", agent="c", host="h", model="m", sha256="0f" * 32, bytes_out=1
    )
    entry = entry_of(sent, masked=lambda _: "••••")
    assert entry and entry.facts["sha256"] == "0f" * 32
    assert entry.facts["host"] == "••••"
    other = entry_of(dataclasses.replace(sent, sha256="0f" * 31 + MARK), masked=lambda _: "••••")
    assert other and other.facts["sha256"] == "••••"
