"""What a name says about the value beside it."""

from __future__ import annotations

import pytest

from b4tui.gate.secrets.keys import Strength, is_known_harmless, strength


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "DB_PASSWORD",
        "dbPassword",
        "db-passwd",
        "ftppass",
        "clientSecret",
        "my_password_secure",
        "private_key",
        "Kennwort",
        "pin",
        "dbpassword",
    ],
)
def test_what_always_means_a_secret(name: str) -> None:
    assert strength(name) is Strength.STRONG


@pytest.mark.parametrize(
    "name",
    [
        "token",
        "api_key",
        "apiKey",
        "APIKEY",
        "accessToken",
        "client_id",
        "auth",
        "dsn",
        "api_key_prod",
        "KEY2",
        "API-Schlüssel",
        "accessCode",
    ],
)
def test_what_may_mean_one(name: str) -> None:
    assert strength(name) is Strength.WEAK


@pytest.mark.parametrize(
    "name",
    [
        "password_file",
        "passwordField",
        "password_policy",
        "secret_name",
        "tokenizer",
        "max_tokens",
        "keyboard",
        "keyword",
        "author",
        "compass",
        "monkey",
        "public_key",
        "cache_key",
        "primaryKey",
        "nextToken",
        "token_type",
        "keyFunction",
        "colour",
    ],
)
def test_what_promises_nothing(name: str) -> None:
    assert strength(name) is None


def test_a_name_with_a_word_of_secrets_that_promises_none_speaks_for_what_stands_beside_it() -> None:
    assert is_known_harmless("nextToken") and is_known_harmless("cache_key") and is_known_harmless("caseId")
    assert not is_known_harmless("api_key") and not is_known_harmless("colour")


def test_a_token_with_its_owner_behind_it_is_not_harmless() -> None:
    assert not is_known_harmless("UUID_TOKEN_UNSCOPED") and not is_known_harmless("apiKeyMail")
    assert is_known_harmless("next_token_a1") and is_known_harmless("token_count") and is_known_harmless("keyFunction")
