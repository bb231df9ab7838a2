"""Findings count characters of a part; the operator sees them in the body that leaves."""

import json
from pathlib import Path

import pytest

from b4tui.demo.cloud_server import SimulatedCloud
from b4tui.escalation.door.spots import read_body, spots
from b4tui.gate.types import BODY, Finding, FindingClass, NamedPart, Severity
from b4tui.provenance import Part
from tests.escalation.at_the_desk import settings_for, sit_down

TEXT = 'Ein Maß\n"für" \\ anna@example.org\tund 界'


def finding(part: str, start: int, end: int) -> Finding:
    return Finding(
        rule="mail",
        version=1,
        finding_class=FindingClass.PERSONAL,
        severity=Severity.BLOCK,
        part=part,
        start=start,
        end=end,
        preview="••••",
    )


def body_of(*texts: str, ascii_only: bool = False) -> bytes:
    return json.dumps({"messages": [{"content": text} for text in texts]}, ensure_ascii=ascii_only).encode()


def marked(body: bytes, found) -> list[str]:
    return [read_body(body)[place.start : place.end] for place in found]


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("value", ["anna@example.org", "Maß", '"für" \\', "界"])
def test_a_finding_in_a_part_is_marked_in_the_string_that_holds_it(value: str, ascii_only: bool) -> None:
    body = body_of("before", f"{TEXT} and more", ascii_only=ascii_only)
    start = TEXT.index(value)
    found = spots([finding("bead", start, start + len(value))], [NamedPart("bead", Part(TEXT))], body)
    assert [json.loads(f'"{text}"') for text in marked(body, found)] == [value]


def test_a_part_that_is_there_twice_is_marked_twice() -> None:
    body = body_of("ask anna", "ask anna")
    found = spots([finding("bead", 4, 8)], [NamedPart("bead", Part("ask anna"))], body)
    assert marked(body, found) == ["anna", "anna"]


def test_a_finding_in_the_body_itself_is_where_it_says() -> None:
    assert marked(body_of("anna"), spots([finding(BODY, 2, 10)], [], body_of("anna"))) == ["messages"]


def test_what_cannot_be_located_is_left_out_and_the_numbers_stay() -> None:
    parts = [NamedPart("bead", Part("anna"))]
    found = spots([finding("gone", 0, 4), finding("bead", 0, 4), finding(BODY, 0, 10_000)], parts, body_of("anna"))
    assert [place.finding for place in found] == [1]


def test_bytes_that_are_no_text_are_one_character_each() -> None:
    assert len(read_body(b"a\xff\xfeb")) == 4


async def test_the_desk_tells_where_its_findings_lie_while_the_run_waits(
    tmp_path: Path, cloud: SimulatedCloud, ca_file: Path
) -> None:
    here = sit_down(tmp_path / "ledger.db", settings_for(cloud.address, ca_file, redact_wait_s=60.0))
    address = "10.11.12.13"
    asking = here.ask(f'The node "{address}" is slow.\nWhy?')
    question = await asking.question()
    shown = await here.desk.shown(question.id)
    assert marked(shown.body, shown.spots)
    assert set(marked(shown.body, shown.spots)) == {address}
    asking.task.cancel()
