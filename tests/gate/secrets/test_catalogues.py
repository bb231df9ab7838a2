"""Texts that programs show beside the names of their fields are no passwords, whatever the language."""

from __future__ import annotations

import pytest

from b4tui.gate.rulebook.examples import expand
from b4tui.gate.scanner import Scanner


@pytest.mark.parametrize(
    "text",
    [
        "passwordNew=Nuova Password",
        "requiredAction.UPDATE_PASSWORD=Atjaunot paroli",
        "requiredAction.CONFIGURE_TOTP=Konfigurēt OTP",
        "passwordResetBody=Кто-то только что запросил изменение данных входа.",
        "role_read-token=อ่านโทเค็น",
        '"install.admin_password": "Heslo",',
        '"createacct-yourpassword-ph": "Skcm taguri n uzray"',
        '"botpasswords-label-cancel": "Dhiisi"',
        "field_password_confirmation: Konfirmasi",
        'password_hint = "Failed complexities with modes %+v for generated: %s"',
        'require.NotEmpty(t, awsSecretKey, "awsSecretKey env variable is required for this test")',
        '{\n  "reset": "Wyli so mba yi",\n  "pt-password": "Hywat",\n  "pt-login": "A sa a nyuk kan"\n}',
    ],
)
def test_a_text_is_no_secret(scanner: Scanner, text: str) -> None:
    assert scanner.scan(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "passwordNew={password:12}",
        "admin.password={alnum:14} # changed in May",
        '"install.admin_password": "{password:10}",',
        'password = "{lower:9} {digits:4}"',
        '{\n  "host": "db one",\n  "password": "{password:9}",\n  "name": "the data base"\n}',
    ],
)
def test_a_secret_among_texts_is_found(scanner: Scanner, text: str) -> None:
    assert len(scanner.scan(expand(text))) == 1
