"""Whether a value beside a telling name is a secret."""

from __future__ import annotations

import pytest

from b4tui.gate.rulebook.examples import expand
from b4tui.gate.values import as_password, as_token, stands_for_a_value


@pytest.mark.parametrize(
    "value",
    [
        "changeme",
        "your-api-key-here",
        "<password>",
        "${DB_PASSWORD}",
        "$PASSWORD",
        "{{ vault_password }}",
        "%(password)s",
        "********",
        "xxxxxxxx",
        "REDACTED",
        "an-example-value",
        "null",
        "aaaaaaaa",
    ],
)
def test_placeholders_and_references_are_no_values(value: str) -> None:
    assert stands_for_a_value(value)
    assert as_password(value, quoted=True) is None
    assert as_token(value, quoted=True) is None


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("made", ["{password:10}", "{alnum:12}", "{lower:12}", "river-{lower:5}-stone-lamp"])
def test_what_a_person_or_a_program_chooses_is_a_password(made: str, seed: int) -> None:
    assert as_password(expand(made, seed), quoted=True)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("made", ["{alnum:32}", "{hex:32}", "{uuid}", "{b64:40}", "{loweralnum:24}", "pre_{hex:40}"])
def test_what_a_program_makes_is_a_token(made: str, seed: int) -> None:
    assert as_token(expand(made, seed), quoted=False)


@pytest.mark.parametrize(
    "value",
    [
        "get_password()",
        "config.password",
        "os.environ['X']",
        "SOME_CONSTANT",
        "/etc/app/password",
        "https://vault.example.org/x",
        "worker.teamId?.trim()",
        "e.path[-1]",
        "^7.1.2",
        "(?:key|token)",
    ],
)
def test_code_paths_and_names_are_neither(value: str) -> None:
    assert as_password(value, quoted=False) is None
    assert as_token(value, quoted=False) is None


def test_words_and_names_are_no_tokens() -> None:
    assert as_token("S3AccessPointAttachments", quoted=True) is None
    assert as_token("some-plain-words-joined", quoted=True) is None
    assert as_password("Enter the password again", quoted=True) is None


def test_a_plain_word_is_a_password_only_where_name_and_value_are_alone() -> None:
    word = "swordfish"
    assert as_password(word, quoted=False, plain_from=3.9)
    assert as_password("database", quoted=False) is None


def test_only_so_much_of_a_value_is_read() -> None:
    assert as_token("a" * 1_000_000, quoted=True) is None
