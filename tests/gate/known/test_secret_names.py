"""Which names promise a secret, and which values can be told from innocent text."""

from __future__ import annotations

import pytest

from b4tui.gate.known.secret_names import names_a_secret, worth_keeping
from b4tui.gate.known.values import secrets_of


@pytest.mark.parametrize(
    "name",
    [
        "ANTHROPIC_API_KEY", "GITHUB_TOKEN", "PGPASSWORD", "dbPassword", "aws_secret_access_key",
        "AWS_ACCESS_KEY", "SSHPASS", "GHTOKEN", "_authToken", "client-secret", "SENTRY_DSN", "MAIL_PWD",
        "session_cookie",
                "DB_PASS", "hmacKey", "API_KEY_2", "kennwort", "refresh_token", "oauth_token", "APP_SECRET_KEY_BASE",
    ],
)  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    assert names_a_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "PATH", "HOME", "SSH_AUTH_SOCK", "GPG_KEY", "PUBLIC_KEY", "TOKEN_URL", "PASSWORD_FILE", "KEY_LENGTH",
        "token_type", "SECRET_NAME", "XAUTHORITY", "keyboard", "monkey", "compass", "TOKENIZERS_PARALLELISM",
        "auth_method", "CREDENTIALS_PATH", "primary_key", "sort_key", "author", "AUTH_USER", "LANG", "", "42",
    ],
)  # fmt: skip
def test_names_of_other_things(name: str) -> None:
    assert not names_a_secret(name)


@pytest.mark.parametrize("value", ["hunter2", "Sommer2024!", "letmein123", "xkqvzjwpt", "p@ss:word", "3f9a0c77d1"])
def test_values_that_can_be_told(value: str) -> None:
    assert worth_keeping(value)


@pytest.mark.parametrize(
    "value",
    [
        "", "short", "true", "disabled", "/usr/bin", "~/keys", "./x/secret", "C:\\keys\\one", "en_US.UTF-8", "de_DE",
        "password", "changeme", "localhost", "development", "production", "Kubernetes", "github-oauth", "sha256",
        "x86_64", "12345678", "2024-05-01", "1.2.3.4", "v1.20.300", "10000ms", "******", "aaaaaaaa", "${SECRET_VALUE}",
        "{{ vault.token }}", "<your key>", "your-api-key-here", "https://host.example/login", "vault:secret/app#key",
        "abc123", "0123456789abcdef", "1234567890", "test1234", "$(pass show x)", "x" * 20_000,
    ],
)  # fmt: skip
def test_values_that_stand_in_innocent_texts(value: str) -> None:
    assert not worth_keeping(value)


def test_a_phrase_is_a_password_where_a_person_chose_it() -> None:
    assert worth_keeping("correct horse battery staple", made_up=True)
    assert worth_keeping("correct-horse-battery", made_up=True)
    assert not worth_keeping("some-oauth-provider-name")
    assert list(secrets_of("DB_PASSWORD", "correct horse battery staple"))
    assert not list(secrets_of("AUTH", "correct horse battery staple"))
