"""Secrets are read out of the formats in which machines keep them."""

from __future__ import annotations

import base64
import json
import random
import string
import textwrap

from hypothesis import given, settings
from hypothesis import strategies as st

from b4tui.gate.known import values
from b4tui.gate.known.disguises import base64_core


def made(length: int, seed: int = 1) -> str:
    return "".join(random.Random(seed).choices(string.ascii_letters + string.digits, k=length))


TOKEN, OTHER = made(32), made(24, 2)


def named(text: str) -> dict[str, str]:
    return dict(values.secrets_in(text))


def test_shell_and_environment_files() -> None:
    text = f"""
        # settings
        export API_TOKEN={TOKEN}
        DB_PASSWORD='a, b; c # d'
        OTHER_SECRET="say \\"{OTHER}\\""
        MAIL_PASS=x1;y2,z3 # ours
        PORT=3000
        DEBUG=true
    """
    assert named(textwrap.dedent(text)) == {
        "API_TOKEN": TOKEN,
        "DB_PASSWORD": "a, b; c # d",
        "OTHER_SECRET": f'say "{OTHER}"',
        "MAIL_PASS": "x1;y2,z3",
    }


def test_ini_yaml_toml_and_json_alike() -> None:
    assert named(f"[default]\naws_secret_access_key = {TOKEN}\nregion = eu-central-1") == {
        "aws_secret_access_key": TOKEN
    }
    assert named(f"github.com:\n    user: me\n    oauth_token: {TOKEN}\n") == {"oauth_token": TOKEN}
    assert named(f'[registry]\ntoken = "{TOKEN}"') == {"token": TOKEN}
    assert named(json.dumps({"a": {"refresh_token": TOKEN, "type": "authorized_user"}})) == {"refresh_token": TOKEN}


def test_npm_names_hold_hosts() -> None:
    assert list(named(f"//registry.corp.example/:_authToken={TOKEN}").values()) == [TOKEN]


def test_json_in_a_variable_is_read_by_its_fields() -> None:
    inner = json.dumps({"type": "service_account", "client_secret": TOKEN, "token_uri": "https://host.example/token"})
    assert dict(values.secrets_of("CREDENTIALS", inner)) == {"CREDENTIALS (client_secret)": TOKEN}


def test_logins_in_urls() -> None:
    found = [value for _, value in values.url_logins("DATABASE_URL=postgres://app:p%40ss-w0rd@db.example:5432/x")]
    assert found == ["p%40ss-w0rd", "p@ss-w0rd"]


def test_netrc() -> None:
    text = f"machine a.example login me password {TOKEN}\nmachine b.example\n  login x\n  password hunter2\ndefault"
    assert [value for _, value in values.netrc_passwords(text)] == [TOKEN, "hunter2"]


def test_pgpass() -> None:
    text = "# host:port:db:user:password\nlocalhost:5432:*:app:se\\:cr3t\n"
    assert [value for _, value in values.pgpass_passwords(text)] == ["se:cr3t"]


def test_docker_logins_hold_the_password_twice() -> None:
    auth = base64.b64encode(b"me:hunter2!").decode()
    found = [value for _, value in values.docker_logins(json.dumps({"auths": {"r.example": {"auth": auth}}}))]
    assert found == [auth, "hunter2!"]


def pem(kind: str, body: bytes) -> str:
    lines = "\n".join(textwrap.wrap(base64.b64encode(body).decode(), 64))
    return f"-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----\n"


def test_a_private_key_is_known_by_pieces_of_its_body() -> None:
    body = random.Random(3).randbytes(600)
    text = pem("PRIVATE " + "KEY", body)
    pieces = [piece for _, piece in values.key_pieces(text)]
    whole = base64.b64encode(body).decode()
    assert len(pieces) > 20 and all(piece in whole for piece in pieces)


def test_the_public_part_of_an_ssh_key_is_not_secret() -> None:
    public = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + random.Random(4).randbytes(32)

    def field(data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + data

    private = random.Random(5).randbytes(160)
    body = b"openssh-key-v1\0" + field(b"none") + field(b"none") + field(b"") + b"\0\0\0\1" + field(public)
    text = pem("OPENSSH PRIVATE " + "KEY", body + field(private))
    pieces = [piece for _, piece in values.key_pieces(text)]
    assert pieces
    told = base64.b64encode(body).decode()
    assert not any(piece in told for piece in pieces)


def test_keys_in_a_kubeconfig() -> None:
    key = pem("EC PRIVATE " + "KEY", random.Random(6).randbytes(120))
    text = f"users:\n- name: me\n  user:\n    client-key-data: {base64.b64encode(key.encode()).decode()}\n"
    pieces = [piece for _, piece in values.kube_keys(text)]
    assert any(piece in key.replace("\n", "") for piece in pieces)
    assert any(piece in text for piece in pieces)


def test_age_keys() -> None:
    key = "AGE-SECRET-" + "KEY-1" + "".join(random.Random(8).choices("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", k=58))
    assert [piece for _, piece in values.key_pieces(f"# created\n{key}\n")] == [key]


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet=st.sampled_from("aA1=:\"'{}[]\\ \n#,;-_/@%"), max_size=120))
def test_no_text_raises(text: str) -> None:
    for read in (values.secrets_in, values.netrc_passwords, values.pgpass_passwords, values.docker_logins):
        list(read(f"password {text}"))
    list(values.kube_keys(f"client-key-data: {text}"))
    list(values.key_pieces(f"-----BEGIN PRIVATE {'KEY'}-----{text}-----END"))


@settings(max_examples=50)
@given(before=st.binary(max_size=4), value=st.binary(min_size=6, max_size=40), after=st.binary(max_size=4))
def test_the_core_of_base64_is_in_the_base_64_of_anything_around_it(before: bytes, value: bytes, after: bytes) -> None:
    encoded = base64.b64encode(before + value + after).decode()
    assert base64_core(value, len(before) % 3) in encoded
