"""Numbers that a state or an insurer knows somebody by: what they are called, how they look, what checks them.

Called so, a number needs little more than its shape; alone it needs a check digit or a shape that nothing else has.
Facts from the issuing offices; check digits by python-stdnum, whose modules are loaded when a candidate is met.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from b4tui.gate.patterns import lazily

_ANY = r"(?!9[0-9]{2}-(?:[0-4][0-9]|6[6-9]|89|93)-)[A-Z]{0,4}[ -]?[0-9][0-9A-Z ./-]{4,20}"
_MIXED = r"(?=[A-Za-z0-9-]{0,14}[0-9]{2})[A-Za-z0-9][A-Za-z0-9-]{5,15}"
_PLATE = (
    r"[A-ZÄÖÜ]{1,3}[- ][A-Z]{1,2}[ -]?[0-9]{1,4}[EH]?"
    r"|[A-Z0-9]{2,4}[ -][A-Z0-9]{2,4}(?:[ -][A-Z0-9]{1,4})?|[A-Z]{1,3}[0-9]{1,4}[A-Z]{0,3}"
)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return lazily(pattern)


@dataclass(frozen=True, slots=True)
class Called:
    """A kind of number that is called by its name. `checks`: a module of python-stdnum has to call it valid."""

    words: tuple[str, ...]
    pattern: str
    checks: str = ""

    @property
    def shape(self) -> re.Pattern[str]:
        """How the number looks; compiled when first needed, for there are many."""
        return _compiled(self.pattern)


def _called(words: str, shape: str, checks: str = "") -> Called:
    """The words are apart by `;`; a `^` before one says that no letter may stand before it."""
    return Called(tuple(words.split(";")), rf"(?<![\w-])(?P<number>{shape})(?![\w])", checks)


CALLED = (
    _called("personalausweis;ausweisnummer;ausweis nr;ausweis-nr;ausweisnr;id card;identity card;id-card", _MIXED),
    _called("passport;reisepass;pass-nr;passnummer;pasaporte;passeport;passaporto;paspoort", _MIXED),
    _called("driver's licen;drivers licen;driver licen;driving licen;führerschein;fahrerlaubnis;patente di", _MIXED),
    _called(
        "kennzeichen;licence plate;license plate;number plate;plates:;plakası;plaka no;registration number", _PLATE
    ),
    _called(
        "rentenversicherung;sozialversicherung;rvnr;svnr;sv-nummer;versicherungsnummer",
        r"[0-9]{2} ?[0-9]{6} ?[A-Z] ?[0-9]{3}|[0-9]{4} ?[0-9]{6}",
    ),
    _called("krankenversich;versichertennummer;kvnr;health insurance", r"[A-Z][0-9]{9}"),
    _called("steuernummer;steuer-nr;steuernr;tax number", r"[0-9]{2,3}[/ ][0-9]{3,4}[/ ][0-9]{4,5}|[0-9]{10,13}"),
    _called(
        "ust-id;ustid;umsatzsteuer-id;vat number;vat no;vat id;vat:;vat reg", r"[A-Z]{2} ?[A-Z0-9]{2,4}[A-Z0-9 ]{5,12}"
    ),
    _called("betriebsstätten;bsnr;lanr;arztnummer", r"[0-9]{9}"),
    _called("handelsregister", r"HR[AB] ?[0-9]{3,6}"),
    _called("aadhaar;aadhar", r"[2-9][0-9]{3}[ -]?[0-9]{4}[ -]?[0-9]{4}"),
    _called("gstin", r"[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][0-9A-Z]{3}"),
    _called("pan card;pan number;pan no", r"[A-Z]{5}[0-9]{4}[A-Z]"),
    _called("nhs number;nhs no;nhs:", r"[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}", "gb.nhs"),
    _called(
        "national insurance;nino;ni number;ni no",
        r"(?!BG|GB|KN|NK|NT|TN|ZZ|[DFIQUV]|[A-Z][DFIOQUV])[A-Z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]",
    ),
    _called("pesel", r"[0-9]{11}"),
    _called(
        "personnummer;henkilötunnus;hetu;pnr;orgnr;orgnummer;organisationsnummer",
        r"[0-9]{6,8}[-+A-FU-Y]?[0-9]{3,4}[0-9A-Z]?",
    ),
    _called("codice fiscale", r"[A-Z]{6}[0-9]{2}[A-Z][0-9]{2}[A-Z][0-9]{3}[A-Z]"),
    _called("dni;nif;nie", r"[XYZ]?-?[0-9]{7,8}-?[A-Z]"),
    _called("kimlik;turkish id;tckn;vatandaşlık", r"[1-9][0-9]{10}"),
    _called("itin;taxpayer", r"9[0-9]{2}[- ]?(?:5[0-9]|6[0-5]|7[0-9]|8[0-8]|9[0-24-9])[- ]?[0-9]{4}"),
    _called("npi", r"[12][0-9]{3}-?[0-9]{3}-?[0-9]{3}"),
    _called("medicare;medical record;mrn;patient id;patient number", r"[A-Z0-9]{1,4}[0-9][A-Z0-9 -]{4,12}"),
    _called("routing number;routing no;aba number", r"[0-9]{9}"),
    _called("account number;bank account;kontonummer;account no;konto-nr", r"[0-9]{6,17}"),
    _called("sa id;south african id", r"[0-9]{13}", "za.idnr"),
    _called("social insurance;sozialversicherungsnr;my sin", r"[0-9]{3}[- ]?[0-9]{3}[- ]?[0-9]{3}"),
    _called("tfn;tax file;abn;acn", r"[0-9]{2,3} ?[0-9]{3} ?[0-9]{3}(?: ?[0-9]{3})?"),
    _called("burgerservicenummer;bsn", r"[0-9]{9}", "nl.bsn"),
    _called("cpf", r"[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}-?[0-9]{2}", "br.cpf"),
    _called("oib", r"[0-9]{11}", "hr.oib"),
    _called("rodné číslo", r"[0-9]{6}/?[0-9]{3,4}", "cz.rc"),
    _called("sécurité sociale;numéro de sécu", r"[12][0-9 ]{12,20}"),
    _called("uen;nric", r"[0-9]{8,9}[A-Z]|[TSR][0-9]{2}[A-Z]{2}[0-9]{4}[A-Z]|[STFGM][0-9]{7}[A-Z]"),
    _called(
        "national id;identity number;id number;citizen id;national identification;tax id;tax-id;steuer-id"
        ";steuer-identifikationsnummer;my nin;my tin;social security",
        _ANY,
    ),
)
"""What is called by a name."""


@dataclass(frozen=True, slots=True)
class Alone:
    """A shape that stands for itself; `checks` as above, where the issuer gave it a check digit.

    `looks` are how it is written, with 0 for a digit and A for a letter.
    """

    looks: tuple[str, ...]
    pattern: str
    checks: str = ""

    @property
    def shape(self) -> re.Pattern[str]:
        """How the number looks, as above."""
        return _compiled(self.pattern)


def _alone(looks: str, shape: str, checks: str = "") -> Alone:
    return Alone(tuple(looks.split()), shape, checks)


ALONE = (
    _alone("000000-000A 000000-0000 000000A000A 000000A0000", r"[0-3][0-9][01][0-9][0-9]{2}[-+A-FU-Y]...", "fi.hetu"),
    _alone("000000-0000", r"[0-9]{2}[01][0-9][0-3][0-9]-[0-9]{4}", "se.personnummer"),
    _alone(
        "00000000A 00000000-A", r"(?!(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9]Z)[0-9]{8}-?(?:[A-Z]|[g-z])", "es.dni"
    ),
    _alone("A0000000A A-0000000-A A0000000-A", r"[XYZxyz]-?[0-9]{7}-?[A-Za-z]", "es.nie"),
    _alone("AA000000000", r"DE[0-9]{9}", "de.vat"),
    _alone("AAAAAA00A00A000A", r"[A-Z]{6}[0-9]{2}[A-EHLMPR-T][0-7][0-9][A-Z][0-9]{3}[A-Z]"),
    _alone("00AAAAA0000A0A0 00AAAAA0000A0AA 00AAAAA0000AAA0", r"(?:0[1-9]|[12][0-9]|3[0-8])[A-Z]{5}[0-9]{4}[A-Z].Z."),
    _alone("AA000000A", r"(?!BG|GB|KN|NK|NT|TN|ZZ|[DFIQUV]|[A-Z][DFIOQUV])[A-Z]{2}[0-9]{6}[A-D]"),
    _alone("AAAAA0000A", r"[A-Z]{3}[ABCFGHLJPT][A-Z][0-9]{4}[A-Z]"),
    _alone(
        "0AA0AA0AA00 0A00AA0AA00 0AA0A00AA00 0A00A00AA00 0AA0-AA0-AA00 0A00-AA0-AA00 0AA0-A00-AA00 0A00-A00-AA00",
        r"(?!.*[BILOSZ])[1-9][A-Z][A-Z0-9][0-9]-?[A-Z][A-Z0-9][0-9]-?[A-Z]{2}[0-9]{2}",
    ),
    _alone("000000-0000000", r"[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])-[1-4]", "kr.rrn"),
    _alone("000000-0000000", r"[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])-[5-8]"),
    _alone("000-000-000", r"[1-79]", "ca.sin"),
    _alone("0000-0000-0000", r"[2-9]", "in_.aadhaar"),
    _alone("0000-000-000", r"[12]"),
    _alone("AAAAA000000AA0AA", r"[A-Za-z9]{5}[0-9][0156][0-9][0-3][0-9]"),
    _alone("A0000000A", r"[STFG][0-9]{7}[A-Z]"),
    _alone("A00AA0000A", r"[TSR][0-9]{2}(?:LL|LP|FC|PF|RF|MQ|MM|NB|CC|CS|MB|FM|GS|GA|GB|SS|TU|TC)[0-9]{4}[A-Z]"),
    _alone("0-0000-00000-00-0", r"[1-8]", "th.pin"),
)
"""What needs no name: a check digit, or letters and digits in an order that little else has."""
