"""Secrets that functions are given by place."""

from __future__ import annotations

import pytest

from b4tui.gate.rulebook.examples import expand
from b4tui.gate.rulebook.rule import RuleSet, built_in_rules
from b4tui.gate.scanner import Scanner
from b4tui.gate.secrets.calls import Calls

RULES = built_in_rules()
ONLY = RuleSet((RULES.by_id()["called-with-password"],), RULES.sha256)


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return Scanner(ONLY, [Calls()])


@pytest.mark.parametrize(
    "form",
    [
        "jwt.sign({ id: user.id }, '{v}', { expiresIn: '1h' })",
        "jwt.verify(token, '{v}')",
        "jwt.encode(claims(user), '{v}', algorithm='HS256')",
        '.signWith(SignatureAlgorithm.HS512, "{v}")',
        'Keys.hmacShaKeyFor("{v}".getBytes(UTF_8))',
        'new SymmetricSecurityKey(Encoding.UTF8.GetBytes("{v}"))',
        "crypto.createHmac('sha256', '{v}')",
        "hmac.new(b'{v}', message, sha256)",
        'hmac.New(sha256.New, []byte("{v}"))',
        'sessions.NewCookieStore([]byte("{v}"))',
        "CryptoJS.AES.encrypt(text, '{v}').toString()",
        "openssl_encrypt($data, 'aes-256-cbc', '{v}')",
        "hash_hmac('sha256', $data, '{v}')",
        'new PBEKeySpec("{v}".toCharArray(), salt, 1000, 256)',
        'keyStore.load(stream, "{v}".toCharArray());',
        'request.basic_auth("me".to_string(), "{v}".to_string())',
        "DBI->connect($dsn, 'me', '{v}', { RaiseError => 1 })",
        "new Sequelize('shop', 'me', '{v}', { dialect: 'mysql' })",
        'Credentials("Realm", "host", "me", "{v}")',
        'await users.CreateAsync(user, "{v}");',
        "login_as('me', '{v}')",
        "client.login(`me`, `{v}`)",
    ],
)
def test_the_place_tells_which_argument_is_the_secret(scanner: Scanner, form: str) -> None:
    value = expand("{password:11}")
    text = form.replace("{v}", value)
    assert [text[hit.start : hit.end] for hit in scanner.scan(text)] == [value]


@pytest.mark.parametrize("form", ["AES.new('{v}', MODE)", 'new SecretKeySpec("{v}".getBytes(), "AES")'])
def test_a_cipher_takes_any_words_that_have_the_length_of_its_keys(scanner: Scanner, form: str) -> None:
    assert len(scanner.scan(form.replace("{v}", "This is a stone1"))) == 1
    assert scanner.scan(form.replace("{v}", "<16 characters!>")) == ()


@pytest.mark.parametrize(
    "text",
    [
        "jwt.sign(claims, process.env.JWT_SECRET)",
        "jwt.sign(claims, 'your_jwt_secret')",
        "createHmac('sha256', 'WebAppData')",
        "crypto.createHmac('sha256', '')",
        "AES.new(key, AES.MODE_CBC, iv)",
        "OpenSSL::Cipher::AES.new('128-CBC')",
        "loader.load('page', 'template')",
        'basic_auth("API_KEY", Some(client.api_key()))',
        "mysqli_connect('localhost', 'root', '', 'shop')",
        "DBI->connect($dsn, $user, $password)",
    ],
)
def test_variables_and_stand_ins_are_none(scanner: Scanner, text: str) -> None:
    assert scanner.scan(text) == ()
