"""What must stay here is replaced; the rest may leave; and on this side everything but secrets comes back."""

from __future__ import annotations

import base64
import json
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b4tui.gate.gate import Gate
from b4tui.gate.known.sample import sample_known
from b4tui.gate.redaction.placeholders import Placeholders, placeholder
from b4tui.gate.redaction.redacting import redact, redact_text, rehydrate
from b4tui.gate.redaction.redacting_json import redact_body
from b4tui.gate.rulebook.examples import expand
from b4tui.gate.rulebook.rule import built_in_rules
from b4tui.gate.types import Finding, FindingClass, GateError, NamedPart, Severity
from b4tui.provenance import Part, Provenance

RULES = built_in_rules()
GATE = Gate(RULES, time.thread_time, known=sample_known())

TOKEN = expand("ghp_{alnum:36}", 1)
MAIL = "erika.musterfrau@" + "werkstatt-firma.de"
HOST = "db7.prod.corp.lan"


def clean(text: str) -> bool:
    return all(finding.severity is Severity.WARN for finding in GATE.scan_text(text))


def test_each_thing_has_a_placeholder_of_its_kind() -> None:
    done = redact_text(f"token: {TOKEN}\nmail {MAIL} on {HOST} or 10.1.2.3\n", GATE.scan_text)
    assert done.text == (
        "token: [[SECRET_1:github-token]]\nmail [[EMAIL_1]] on [[INTERNAL_HOST_1]] or [[IP_PRIVATE_1]]\n"
    )
    assert clean(done.text)


def test_secrets_are_gone_for_good_and_the_rest_comes_back() -> None:
    text = f"token: {TOKEN}\nmail {MAIL}"
    done = redact_text(text, GATE.scan_text)
    assert dict(done.originals) == {"[[EMAIL_1]]": MAIL}
    assert TOKEN not in repr(done) + str(done.originals) and MAIL not in repr(done)
    answer = "I wrote to [[EMAIL_1]] with [[SECRET_1:github-token]] and [[EMAIL_2]]."
    assert rehydrate(answer, done.originals) == f"I wrote to {MAIL} with [[SECRET_1:github-token]] and [[EMAIL_2]]."


def test_the_same_value_has_the_same_placeholder_in_all_parts() -> None:
    parts = [NamedPart(name, Part(f"{name}: write to {MAIL} or a{MAIL}")) for name in ("system", "tool 1")]
    done = redact(parts, GATE.scan_text)
    assert [named.part.text for named in done.parts] == [
        "system: write to [[EMAIL_1]] or [[EMAIL_2]]",
        "tool 1: write to [[EMAIL_1]] or [[EMAIL_2]]",
    ]
    assert done.placeholders == ("[[EMAIL_1]]", "[[EMAIL_2]]")


def test_a_value_is_taken_out_where_nobody_would_find_it() -> None:
    parts = [NamedPart("a", Part('password = "Regen!wetter"')), NamedPart("b", Part("he typed Regen!wetter again"))]
    done = redact(parts, GATE.scan_text)
    assert "Regen" not in "".join(named.part.text for named in done.parts)


def test_provenance_and_names_of_parts_stay_and_a_clean_part_is_the_same_one() -> None:
    parts = [
        NamedPart("a", Part("nothing", provenance=Provenance.PUBLIC)),
        NamedPart("b", Part(MAIL, provenance=Provenance.INTERNAL)),
    ]
    done = redact(parts, GATE.scan_text)
    assert done.parts[0] is parts[0]
    assert (done.parts[1].name, done.parts[1].part.provenance) == ("b", Provenance.INTERNAL)


def test_a_finding_in_what_is_encoded_takes_out_all_that_is_encoded() -> None:
    blob = base64.b64encode(f"login {MAIL} with token {TOKEN}".encode()).decode()
    done = redact_text(f"data: {blob} end", GATE.scan_text)
    assert blob[:12] not in done.text and blob[-12:-2] not in done.text and done.text.endswith(" end")
    assert clean(done.text)


def test_a_placeholder_that_stands_in_the_text_already_is_not_used() -> None:
    text = f"[[EMAIL_1]] and {MAIL}"
    done = redact_text(text, GATE.scan_text)
    assert done.text == "[[EMAIL_1]] and [[N1_EMAIL_1]]"
    assert rehydrate(done.text, done.originals) == text


def test_no_placeholder_of_any_rule_is_a_finding() -> None:
    for rule in RULES:
        made = placeholder(rule.finding_class, rule.id, 12)
        for text in (f"{made}", f'password: {made}\ntoken="{made}"', f"https://u:{made}@h.example/?key={made}"):
            assert clean(text), (rule.id, GATE.scan_text(text))


def test_nothing_hides_in_what_only_looks_like_a_placeholder() -> None:
    ours = Placeholders((rule.finding_class, rule.id) for rule in RULES)
    for text in ("[[SECRET_1:hunter2]]", "[[AB12CD34_1]]", "[[SECRET_1]]", "[[EMAIL_1:email]]", "[[EMAIL_12345]]"):
        assert not ours.spans(text)
    assert not clean(f"[[SECRET_1:{TOKEN}]]")
    assert not clean(f"[[EMAIL_1]] {MAIL}")


def test_what_stays_after_the_span_is_gone_takes_its_line_with_it() -> None:
    def scan(text: str) -> list[Finding]:
        return [found(match.start(1), match.end(1)) for match in re.finditer(r"key: (\S+)", text)]

    done = redact_text("one\nthe key: 1 and so on\nlast", scan)
    assert done.text == "one\n[[EMAIL_2]]\nlast"
    assert rehydrate(done.text, done.originals) == "one\nthe key: 1 and so on\nlast"


def found(start: int, end: int) -> Finding:
    return Finding(
        rule="email",
        version=1,
        finding_class=FindingClass.PERSONAL,
        severity=Severity.BLOCK,
        part="",
        start=start,
        end=end,
        preview="••••",
    )


def test_what_cannot_be_made_clean_stays_here() -> None:
    with pytest.raises(GateError, match="text; it stays here"):
        redact_text("abc", lambda text: [found(0, 1)])


def test_what_the_gate_does_not_read_stays_here() -> None:
    with pytest.raises(GateError):
        redact_text("a\0b", GATE.scan_text)


def test_a_finding_that_only_warns_is_left() -> None:
    text = "x  # gitleaks:allow"
    assert redact_text(text, GATE.scan_text).text == text


def test_a_json_body_is_built_anew_from_its_redacted_strings() -> None:
    document = {
        "model": "m",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": f"mail {MAIL}"}, {"role": "user", "content": f"{MAIL}\n{TOKEN}"}],
        MAIL: True,
    }
    done = redact_body(json.dumps(document).encode(), GATE.scan_text)
    assert json.loads(done.body) == {
        "model": "m",
        "max_tokens": 4096,
        "messages": [
            {"role": "user", "content": "mail [[EMAIL_1]]"},
            {"role": "user", "content": "[[EMAIL_1]]\n[[SECRET_1:github-token]]"},
        ],
        "[[EMAIL_1]]": True,
    }
    assert MAIL not in repr(done)


@pytest.mark.parametrize("body", [b"no json", b"\xff", b"[" * 100_000, b'{"card": 4111111111111111}'])
def test_a_body_that_cannot_be_redacted_stays_here(body: bytes) -> None:
    with pytest.raises(GateError):
        redact_body(body, GATE.scan_text)


THINGS = st.sampled_from(
    [TOKEN, MAIL, HOST, "10.1.2.3", "+49 170 5550142", "Wind+Regen_1742", "Ada Musterfrau", "[[EMAIL_1]]", "[[", "]]",
     expand("{iban:DE}", 2), expand("AKIA{upper:16}", 2), "password: ", "\n", base64.b64encode(MAIL.encode()).decode()]
)  # fmt: skip
TEXTS = st.lists(st.one_of(THINGS, st.text(alphabet="ab [:_=\n.,ü", max_size=6)), max_size=10).map("".join)


@settings(max_examples=50, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=3))
def test_redacted_and_scanned_again_it_is_clean(texts: list[str]) -> None:
    parts = [NamedPart(f"part {at}", Part(text)) for at, text in enumerate(texts)]
    done = redact(parts, GATE.scan_text)
    assert all(clean(named.part.text) for named in done.parts)


COMES_BACK = st.sampled_from(
    [MAIL, HOST, "10.1.2.3", "+49 170 5550142", "Ada Musterfrau", "[[EMAIL_1]]", "[[", "]]", "\n"]
)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(COMES_BACK, st.text(alphabet="ab [_\n.,ü", max_size=6)), max_size=10).map("".join))
def test_filled_in_again_it_is_exactly_what_it_was(text: str) -> None:
    done = redact_text(text, GATE.scan_text)
    if not any(made.startswith(("[[SECRET", "[[HIDDEN")) or "_SECRET_" in made for made in done.placeholders):
        assert rehydrate(done.text, done.originals) == text
