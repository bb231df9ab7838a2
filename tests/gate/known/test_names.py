"""Known hosts and people are found as whole names, wherever they stand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b4tui.gate.known.names import Names
from b4tui.gate.known.sought import PersonWord, PrivateHost
from b4tui.gate.scanner import lowered

HOSTS = [
    PrivateHost("ofen7", "ssh config"),
    PrivateHost("git.firma.de", "git remote"),
    PrivateHost("8.9.10.11", "known_hosts"),
    PrivateHost("werkstatt.dev", "gate.domains", zone=True),
]
PEOPLE = [
    PersonWord("name", "Ada Maria Müller", "the people file"),
    PersonWord("name", "Zaphod", "the people file"),
    PersonWord("mail", "ada@muster-post.de", "the people file"),
    PersonWord("phone", "05550142", "the people file"),
]
NAMES = Names(HOSTS, PEOPLE)


def found(text: str) -> list[str]:
    return [text[hit.start : hit.end] for hit in NAMES.find(lowered(text))]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ssh me@ofen7", "ofen7"),
        ("on Ofen7.", "Ofen7"),
        ("https://git.firma.de/x", "git.firma.de"),
        ("git.firma.de:22", "git.firma.de"),
        ("ping 8.9.10.11", "8.9.10.11"),
        ("x.git.firma.de", "git.firma.de"),
        ("see a.b.werkstatt.dev/c", "a.b.werkstatt.dev"),
        ("werkstatt.dev.", "werkstatt.dev"),
    ],
)
def test_hosts(text: str, name: str) -> None:
    assert found(text) == [name]


@pytest.mark.parametrize(
    "text",
    ["ofen77", "my-ofen7", "ofen7-x", "xofen7", "git.firma.de.example", "18.9.10.11", "8.9.10.111", "mywerkstatt.dev"],
)
def test_other_hosts(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ask Ada Maria Müller about it", "Ada Maria Müller"),
        ("ADA MÜLLER", "ADA MÜLLER"),
        ("Ada Mueller", "Ada Mueller"),
        ("Müller, Ada", "Müller, Ada"),
        ("ada.mueller in the log", "ada.mueller"),
        ("Ada\n  Müller", "Ada\n  Müller"),
        ("ada_müller", "ada_müller"),
        ("for zaphod!", "zaphod"),
        ("<Ada@Muster-Post.de>", "Ada@Muster-Post.de"),
        ("call 0170 5550142.", "0170 5550142"),
        ("call +49 (170) 555-0142 now", "+49 (170) 555-0142"),
    ],
)
def test_people(text: str, name: str) -> None:
    assert found(text) == [name]


@pytest.mark.parametrize(
    "text",
    ["Ada", "Müller", "Ada Müllers", "Adam Müller", "zaphodesque", "xada@muster-post.de", "ada@muster-post.de.example",
     "0170 5550143", "v1.05550142"],
)  # fmt: skip
def test_other_people(text: str) -> None:
    assert found(text) == []


def test_a_finding_says_where_it_is_known_from_and_not_what_it_is() -> None:
    told = {(hit.rule, hit.why) for hit in NAMES.find("ofen7 zaphod ada@muster-post.de 0170 5550142")}
    assert told == {
        ("known-host", "a host from ssh config"),
        ("known-person", "a name from the people file"),
        ("known-person", "a mail address from the people file"),
        ("known-person", "a phone number from the people file"),
    }
    assert repr(NAMES) == "Names(4 hosts, 4 words of people)"


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet=st.sampled_from("adm üofen7.@-ıİß\n"), max_size=60))
def test_no_text_raises(text: str) -> None:
    for hit in NAMES.find(lowered(text)):
        assert 0 <= hit.start < hit.end <= len(text)
