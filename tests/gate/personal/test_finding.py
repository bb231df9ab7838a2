"""What the detectors of personal data find in sentences, and where exactly."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from b4tui.gate.rulebook.examples import expand

Finds = Callable[[str], dict[str, str]]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("mail hans.müller@firma-beispiel.de now", "hans.müller@firma-beispiel.de"),
        ("<mailto:a.b+c@sub.acme.co.uk>", "a.b+c@sub.acme.co.uk"),
        ("email=ricky.d@outlook.com&phone=1", "email=ricky.d@outlook.com"[6:]),
    ],
)
def test_a_mail_address_is_found_whole(finds: Finds, text: str, value: str) -> None:
    assert finds(text)["email"] == value


@pytest.mark.parametrize(
    "text",
    [
        "git@github.com:o/r.git",
        "x@users.noreply.github.com",
        "you@example.com",
        "react@18.2.0",
        "icon@2x.png",
        "sk-ecdsa-sha2-nistp256@openssh.com",
        "https://user@host.acme.com/",
        "@app.route",
    ],
)
def test_what_has_an_at_sign_and_is_nobodys_mail(finds: Finds, text: str) -> None:
    assert "email" not in finds(text)


@pytest.mark.parametrize(
    "written", ["jane (at) acme (dot) org", "jane[at]acme.org", "jane at acme dot org", "jane ät acme punkt de"]
)
def test_a_mail_address_that_is_spelled_out(finds: Finds, written: str) -> None:
    assert finds(f"write to {written}, please")["email-obfuscated"] == written


def test_an_iban_ends_where_its_country_says(finds: Finds) -> None:
    number = expand("{iban:DE}")
    spaced = " ".join(number[place : place + 4] for place in range(0, 22, 4))
    assert finds(f"IBAN {spaced} 12 Euro")["iban"] == spaced
    assert finds(f"iban {number.lower()}.")["iban"] == number.lower()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Lieferadresse: Hillerring 26a, 08359 Ilmenau", "Hillerring 26a"),
        ("bei Sonja-Zechner-Ring 582\n7866 Mistelbach", "Sonja-Zechner-Ring 582"),
        ("meet at Vesterskovvej 79 tonight", "Vesterskovvej 79"),
        ("in Frankfurter Allee 73, Berlin", "Allee 73"),
        ("to Rua Cidade de Maracajá 468, Joinville", "Rua Cidade de Maracajá 468"),
        ("to ul. Więckowskiego Stefana 28.", "ul. Więckowskiego Stefana 28"),
    ],
)
def test_a_street_with_its_number(finds: Finds, text: str, value: str) -> None:
    assert finds(text)["street-address"] == value


@pytest.mark.parametrize(
    "text",
    [
        "5942 Alexander Alley Suite 396",
        "825, boulevard de François",
        "40 rue Victor Hugo\nPARIS",
        "5 bis, boulevard Voltaire, 75011 Paris",
        "3 place de la République\n31000 Toulouse",
    ],
)
def test_a_number_with_its_street(finds: Finds, text: str) -> None:
    assert text.startswith(finds(text)["street-address-numbered"].rstrip())


@pytest.mark.parametrize(
    "text",
    [
        "Felicia Egger\nBaderweg 65\n3588 Riehen",
        "Sigurdsvej 2\n4748 Tørring",
        "Am Alten Markt 18, 57114 Bonn",
        "Zum Sonnenberg 18, 20114 Aalen",
        "ul. Moniuszki 78/87\n51-655 Legnica",
        "Slatiňanská 323\n786 01 Sázava",
        "9791 Regina Mountains\nAndreaborough, VT 62139",
        "97 Lynda Bridge\nSmithbury\nW88 6FJ",
        "USS Napolitani\nFPO AP 70381",
    ],
)
def test_a_town_below_its_street(finds: Finds, text: str) -> None:
    assert "postal-line" in finds(text)


@pytest.mark.parametrize(
    "text",
    [
        "January 12, 2026 Release notes",
        "Python 3, 2024 Edition",
        "fixed 3\n12345 Tests pass",
        "merge PR 12345",
        "Monitoring 3 hosts, String 5, Firewall 2",
        "3 Bugs in the Street View module",
        "via HTTP 2 and Route 53",
        "address already in use: Port 8080",
        "the memory address 12 Bytes",
        "return to Step 3",
    ],
)
def test_words_and_numbers_of_work_are_no_address(finds: Finds, text: str) -> None:
    assert not {rule for rule in finds(text) if rule.startswith(("street", "postal", "address"))}


@pytest.mark.parametrize(
    "text",
    [
        "Personalausweis T02G95626, gültig bis 2034",
        "my passport number is F46858550",
        "KFZ-Kennzeichen B-KL 7004, Halter",
        "Rentenversicherungsnummer 61 080161 S 754 liegt bei",
        "USt-IdNr.: DE136695976",
        "AB123456C is my nino",
    ],
)
def test_the_number_of_a_paper_beside_its_name(finds: Finds, text: str) -> None:
    assert "national-id" in finds(text)


def test_a_check_digit_decides_where_nothing_is_said(finds: Finds) -> None:
    assert "national-id-alone" in finds("54362315K")
    assert "national-id-alone" not in finds("54362315A")
    assert "national-id-alone" not in finds("index 34703627f..69776192b 100644")
