"""What stands around a name tells that no secret is beside it: a path, a text about a function, a row of arguments."""

from __future__ import annotations

import pytest

from b4tui.gate.rulebook.examples import expand
from b4tui.gate.scanner import Scanner


@pytest.mark.parametrize(
    "text",
    [
        'def sign(base, rsa_private_key):\n    """Make a signature as rfc1234 says."""',
        "('../../etc/passwd', '.._.._etc_passwd')",
        "Server(host=host, port=port, secret=sealed_thing, name=name)",
        'if test "$linkmode,$pass" = "prog,link"; then',
        "arn:aws:secretsmanager:us-west-2:123456789012:secret:twilio-Token-ntSl1p6",
        "'en_PW' => 'Ingles Simi (Palaos)',",
    ],
)
def test_it_is_left_alone(scanner: Scanner, text: str) -> None:
    assert scanner.scan(text) == ()


@pytest.mark.parametrize(
    "form",
    [
        'rsa_private_key: """{b64:40}"""',
        "('passwd', '{alnum:12}')",
        "host=a port=5432 password={lower:9} user=b",
        "arn:aws:iam::1:role/x\nsecret:{password:12}",
        "'DB_PW' => '{password:12}',",
    ],
)
def test_the_same_names_with_a_secret_are_found(scanner: Scanner, form: str) -> None:
    assert len(scanner.scan(expand(form))) == 1
