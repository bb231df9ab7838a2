"""Whether a value beside a telling name is a secret."""

from __future__ import annotations

import pytest

from b4tui.gate.rulebook.examples import expand
from b4tui.gate.stand_ins import stands_for_a_value
from b4tui.gate.values import as_password, as_token, names_a_value


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
        "dein-passwort-hier",
        "hier-token-eintragen",
        "{0}:{1}",
        "uint16",
        "sha-256",
        "required|min:6",
        "argon2id",
        "[%key:common::data::password%]",
        "$2b$12$",
        "guest",
        "user:password",
        "@VERSION_OF_IT@",
        "aes-256-gcm",
        "*SEQUENCE*",
        "current_release()",
        "%env(resolve:DATABASE)%",
        "{not-a-name}",
        "##${kind.toUpperCase()}_SECRET##",
    ],
)
def test_placeholders_and_references_are_no_values(value: str) -> None:
    assert stands_for_a_value(value)
    assert as_password(value, quoted=True) is None
    assert as_token(value, quoted=True) is None


@pytest.mark.parametrize("value", ["secret", "my-secret", "test-token", "super_secret", "demo_password"])
def test_words_for_a_secret_stand_for_one_until_somebody_makes_a_password_of_them(value: str) -> None:
    assert as_password(value, quoted=True) is None
    assert as_password(f"{value}123", quoted=True)
    assert as_password(f"{value}-that-is-long-enough-for-hmac", quoted=True)
    assert as_token(f"{value}123", quoted=True) is None


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
        "^5.3|^6.0",
        "*string",
        "*sender_cred)",
        "C:/tmp",
        "@scope/core:checkSecretUsage",
        "logs/[0]/http_logs",
        "this.$t(",
        "//web/config",
        "mysql:host=a;dbname=b",
        "(?:key|token)",
    ],
)
def test_code_paths_and_names_are_neither(value: str) -> None:
    assert as_password(value, quoted=False) is None
    assert as_token(value, quoted=False) is None


@pytest.mark.parametrize(
    "value",
    ["DB_PASSWORD", "settings.DB_PASSWORD", "/run/secrets/db", "arn:aws:x:y", "user_password", "new_pw", "pw_digest"],
)
def test_a_name_of_a_value_is_none(value: str) -> None:
    assert names_a_value(value)
    assert not names_a_value(expand("{password:12}"))


@pytest.mark.parametrize("seed", range(3))
def test_a_row_of_letters_with_a_hump_is_a_password_only_where_it_reads_like_no_words(seed: int) -> None:
    assert as_password("fetchDatabase", quoted=False, plain_from=3.9) is None
    assert as_password(expand("q{lower:3}xjz{upper:1}qw{lower:3}kx", seed), quoted=False, plain_from=3.9)


def test_words_joined_by_three_strokes_are_a_phrase_whatever_letters_they_hold() -> None:
    assert as_password("monkey-master-summer-shadow", quoted=True, plain_from=4.8)
    assert as_password("reset-token-form-name", quoted=True) is None


def test_escaped_letters_beyond_ascii_are_read_as_letters_and_others_are_not() -> None:
    assert as_password("Contrase\\u00f1a", quoted=True) is None
    assert as_token("API-n\\u00f8gle", quoted=True) is None
    assert as_password(expand("{password:6}\\u0041{alnum:6}"), quoted=True)


def test_a_short_token_has_to_look_drawn_by_lot() -> None:
    assert as_token("x8k" + "q2vz7p", quoted=True)
    assert as_token("version2", quoted=True) is None


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
