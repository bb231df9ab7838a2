"""`b4tui gate check - --jsonl`: every row has its answer, at once, whatever it is."""

from __future__ import annotations

import asyncio
import io
import json
import sys

import pytest

from b4tui.cli.gate.rows import rows
from b4tui.gate.rulebook.examples import expand

TOKEN = expand("ghp_{alnum:36}", 1)


def answers(program, *given: object, arguments: tuple[str, ...] = (), **more: str) -> list[dict]:
    lines = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in given) + "\n"
    answer = program("gate", "check", "-", "--jsonl", "--json", *arguments, stdin=lines, **more)
    assert answer.err == ""
    found = [json.loads(line) for line in answer.out.splitlines()]
    assert answer.code == (3 if any(one["verdict"] == "local_only" for one in found) else 0)
    return found


def test_a_row_has_an_answer_with_its_id(b4tui_here):
    first, second = answers(b4tui_here, {"id": "a", "text": "fine"}, {"id": 7, "text": f"x {TOKEN}", "label": "secret"})
    assert first == {"id": "a", "verdict": "may_escalate", "findings": []}
    assert (second["id"], second["verdict"]) == (7, "local_only")
    (finding,) = second["findings"]
    assert (finding["rule"], finding["class"], finding["start"], finding["end"]) == ("github-token", "secret", 2, 42)
    assert TOKEN not in json.dumps(second)


def test_nothing_found_is_0(b4tui_here):
    assert len(answers(b4tui_here, {"id": 1, "text": ""}, {"id": 2, "text": "x"})) == 2


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("{broken", None),
        ('{"id": "x", "text": "cut off', "x"),
        ("[1, 2]", None),
        ('"text"', None),
        ('{"id": 3}', 3),
        ('{"id": 3, "text": null}', 3),
        ('{"id": [1], "text": 5}', [1]),
        ("[" * 50_000, None),
        ('{"id": 4, "text": "\\ud800"}', 4),
        ('{"id": 5, "text": "a\\u0000b"}', 5),
    ],
)
def test_a_broken_row_stays_here_with_a_reason(b4tui_here, row, told):
    broken, after = answers(b4tui_here, row, {"id": "after", "text": "fine"})
    assert (broken["id"], broken["verdict"], broken["findings"]) == (told, "local_only", [])
    assert broken["reason"]
    assert after["verdict"] == "may_escalate"


def test_a_row_that_is_too_large_stays_here_and_the_next_is_read(b4tui_here):
    limits = {"B4TUI_GATE__MAX_PAYLOAD_BYTES": "1000"}
    given = [{"id": "big", "text": "x " * 600}, {"id": "huge", "text": "x " * 9000}, {"id": "small", "text": "x"}]
    big, huge, small = answers(b4tui_here, *given, **limits)
    assert (big["id"], huge["id"], small["id"]) == ("big", "huge", "small")
    assert [one["verdict"] for one in (big, huge, small)] == ["local_only", "local_only", "may_escalate"]
    assert "1,000" in big["reason"] and "it was not read" in huge["reason"]


def test_lines_that_never_end_are_not_held_in_memory():
    stream = io.BytesIO(b'{"id": 1, "text": "' + b"x" * 100_000 + b'"}\n{"id": 2, "text": "y"}')
    first, second = rows(stream, 100)
    assert first.id == 1 and first.refusal and (second.id, second.text) == (2, "y")


def test_what_this_machine_knows_is_left_out_unless_it_is_asked_for(b4tui_here):
    row = {"id": 1, "text": "log in with hunter2!"}
    assert answers(b4tui_here, row, APP_PASSWORD="hunter2!")[0]["verdict"] == "may_escalate"
    (known,) = answers(b4tui_here, row, arguments=("--known",), APP_PASSWORD="hunter2!")
    assert known["findings"][0]["rule"] == "known-secret"


def test_a_gate_that_cannot_be_used_answers_every_row(b4tui_here):
    both = answers(b4tui_here, {"id": 1, "text": "x"}, {"id": 2, "text": "y"}, B4TUI_GATE__RULES_FILE="none.toml")
    assert all(one["verdict"] == "local_only" and "gate cannot be used" in one["reason"] for one in both)


def test_blank_lines_are_no_rows(b4tui_here):
    assert len(answers(b4tui_here, "", {"id": 1, "text": "x"}, "  ")) == 1


async def test_each_answer_comes_before_the_next_row_is_given(environment, tmp_path):
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", "b4tui", "gate", "check", "-", "--jsonl")
    process = await asyncio.create_subprocess_exec(*command, cwd=tmp_path, env=environment, stdin=pipe, stdout=pipe)
    for number in range(3):
        process.stdin.write(json.dumps({"id": number, "text": "x"}).encode() + b"\n")
        await process.stdin.drain()
        assert json.loads(await asyncio.wait_for(process.stdout.readline(), 60))["id"] == number
    process.stdin.close()
    assert await asyncio.wait_for(process.wait(), 60) == 0
