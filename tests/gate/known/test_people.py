"""Who must not be named: read from cards, lists and the history of a repository."""

from __future__ import annotations

import pytest

from b4tui.gate.known.people import authors_of, people_listed
from b4tui.gate.known.sought import phone_end

CARDS = """\
BEGIN:VCARD
VERSION:4.0
FN:Ada Maria Musterfrau
N:Musterfrau;Ada;Maria;Dr.;
item1.EMAIL;TYPE=home:Ada@Muster-Post.de
TEL;VALUE=uri:tel:+49-170-555-0142
ORG:Werkstatt
NOTE:a long note that is folded over
  two lines: Not a Person
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:Bo\\, Li
NICKNAME:Bobo
END:VCARD
"""


def listed(text: str) -> list[tuple[str, str]]:
    return [(person.kind, person.text) for person in people_listed(text)]


def test_cards() -> None:
    assert listed(CARDS) == [
        ("name", "Ada Maria Musterfrau"),
        ("name", "Ada Musterfrau"),
        ("mail", "ada@muster-post.de"),
        ("phone", "05550142"),
        ("name", "Bo Li"),
    ]


def test_lists_with_one_a_line() -> None:
    text = "# family\nAda Musterfrau <Ada@Muster-Post.de>, +49 170 5550142\nZaphod\nBo\n\nmail@only.de\n"
    assert listed(text) == [
        ("mail", "ada@muster-post.de"),
        ("phone", "05550142"),
        ("name", "Ada Musterfrau"),
        ("name", "Zaphod"),
        ("mail", "mail@only.de"),
    ]


def test_authors_that_are_people() -> None:
    log = [
        ("Ada Musterfrau", "ada@muster-post.de"),
        ("renovate[bot]", "bot@renovate-firma.de"),
        ("b4tui", "b4tui@b4tui.invalid"),
        ("ada", "1234+ada@users.noreply.github.com"),
        ("Bo Li", "noreply@firma.de"),
        ("GitHub Action", "action@firma.de"),
        ("Root User", "root@localhost"),
    ]
    assert [(person.kind, person.text) for person in authors_of(log)] == [
        ("name", "Ada Musterfrau"),
        ("mail", "ada@muster-post.de"),
        ("name", "Bo Li"),
    ]


@pytest.mark.parametrize("number", ["+49 170 5550142", "0170/5550142", "0049-170-555 01 42", "(0170) 5550142"])
def test_a_phone_number_is_known_however_it_is_written(number: str) -> None:
    assert phone_end(number) == "05550142"


def test_what_is_too_short_is_no_phone_number() -> None:
    assert phone_end("123-456") == ""
