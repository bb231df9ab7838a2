"""How values follow names in the languages of the world."""

from __future__ import annotations

import pytest

from b4tui.gate.rulebook.examples import expand
from b4tui.gate.rulebook.rule import RuleSet, built_in_rules
from b4tui.gate.scanner import Scanner
from b4tui.gate.secrets.assignment import RULE, Assignments

RULES = built_in_rules()
ONLY = RuleSet((RULES.by_id()[RULE],), RULES.sha256)
WORD, TOKEN = "{password:11}", "{alnum:32}"


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return Scanner(ONLY, [Assignments()])


@pytest.mark.parametrize(
    "form",
    [
        'password = "{v}"',
        "PASSWORD={v}",
        "password: {v}",
        "password:                 '{v}'",
        '"password": "{v}",',
        r"{\"password\": \"{v}\"}",
        "&quot;password&quot;: &quot;{v}&quot;",
        "<password>{v}</password>",
        "<password>\n    {v}\n</password>",
        "<password><![CDATA[{v}]]></password>",
        '<add key="password" value="{v}"/>',
        '{"name": "password", "value": "{v}"}',
        "- name: DB_PASSWORD\n  value: {v}",
        'var password string = "{v}"',
        'password: str = "{v}"',
        'char password[] = "{v}";',
        "$password .= '{v}'",
        'password := "{v}"',
        'PASSWORD ::= "{v}"',
        'PASSWORD :::= "{v}"',
        '"password" => "{v}"',
        'put("password", "{v}")',
        'setPassword("{v}")',
        'password = b"{v}"',
        'password = String("{v}")',
        "--password {v}",
        "--password='{v}'",
        "-Password:{v}",
        'if password == "{v}":',
        'if ("{v}" === password) {',
        '#define PASSWORD "{v}"',
        "%global password {v}",
        "ENV PASSWORD {v}",
        'process.env.PASSWORD || "{v}"',
        "id:me,pw:{v}",
        "Passwort: {v}",
        '#define PASSWORD\t"{v}" /* for tests */',
        '{""password"": ""{v}""}',
        'const char *password = "{v}";',
        'Set(nil, "password", "{v}")',
        '"password": cty.StringVal("{v}")',
        'Password: aws.String("{v}"),',
        'secret := []byte("{v}")',
        'public string Password { get; set; } = "{v}";',
        'Dim password As String = "{v}"',
        "- **Password**: `{v}`",
        "**Password:** {v}",
        "<key>Password</key>\n<string>{v}</string>",
        "<param-name>password</param-name>\n<param-value>{v}</param-value>",
        "add_argument('--password', default='{v}')",
        "fill_in 'Password', with: '{v}'",
        "cy.get('#password').type('{v}')",
        'expect(settings.password).toEqual("{v}")',
        'if (password.equals("{v}")) {',
        'make_password("{v}")',
        'if ("{v}".equals(password)) {',
        'assert.Equal(t, "{v}", cfg.Password)',
    ],
)
def test_a_value_is_found_however_it_follows(scanner: Scanner, form: str) -> None:
    value = expand(WORD)
    text = form.replace("{v}", value)
    assert [text[hit.start : hit.end] for hit in scanner.scan(text)] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "the password is checked by the server",
        "tests pass: `make {alnum:12}`",
        "password = getpass('Password: ')",
        "password = input(prompt)",
        "getPassword('{alnum:12}')",
        '["user", "password", "hostname1"]',
        "password_encryption: scram-sha-256",
        'Password = "XXX_DIRPASSWORD_XXX"',
        'Password = "@dir-password@"',
        "tasks: topic= password= username= port=",
        'KMS_CREATE_KEY: "kms:CreateKey"',
        "KEY `IDX_{hex:26}`",
        "cred = Base64.strict_encode64(x)",
        "openssl_sign($header, $signature, $privKey, 'sha256WithRSAEncryption')",
        "exports.AuthPasswordResetToken = utils_1.model",
        'TOKEN_CREDENTIAL = "io.quarkus.oidc.runtime.";',
        "key += `_${parts[0].toLowerCase()}`",
        "$database_password = '_DBC_DBPASS_';",
        "client_id: 333333CC-3C33-3333-CCC3-33C3CCCCC33C",
        '"tests/password_hash.rs":"{hex:64}"',
        "PublicKeyToken={hex:16}",
        "key 'AAAAC3NzaC1lZDI1NTE5{b64:48}'",
        "existingSecret: argocd-redis",
        "secret: urn:k8s:secret:name:key2",
        "if (pass1 !== pass2) {",
        'var pass = "#snmp_priv_passphrase";',
        '"fa-user-secret": "f21b"',
        "var passwordTooShort='<?php print __esc('Password is too short');?>';",
        'SECRET_TYPE_OPAQUE = "opaque"',
        'AmzAlgorithmKey = "X-Amz-Algorithm"',
        "private_key_uuid = '{uuid}'",
        "secret.TypeMeta = metav1.TypeMeta{",
        "var ParsePrivateKey = v1.CryptoX509ParseRSAPrivateKey",
        "--registry-creds=fluxcd:$GITHUB_TOKEN",
        "f\"{data['access_token']:s}{app.secret:s}\"",
        "LoadCredential=config:/etc/credstore/opa.service/config",
        'curl --user david:password "localhost:5000/pay/alice"',
        'filepath.Join(pwd, ".opa")',
        "if password1 and password1 == password2:",
        '{% element alt=form.secret tags="mfa,totp,qr" %}',
        '<input name="csrfmiddlewaretoken" value="{alnum:64}">',
        "assertEqual('123456', container.secrets[0].secret_id)",
        "--rfc2136-tsig-secret-alg=hmac-sha256",
        "if self.want.update_password == 'always':",
        "private function save(array $credential): void",
        "var changePasswordPage: String? = null",
        "encrypted_password_changed = respond_to?(:will_save_change_to_encrypted_password?)",
        '$conf["dsn"] = "{$this->driver}:dbname={$this->database};host={$this->host}";',
        "AwsSecretKey:     base64AwsSecretKey,",
        "var secret *corev1.Secret",
        "tlsSecret: keycloak-tls",
        "privateKey: $github-privateKey",
        "pub const AUTH_CREDENTIALS: Schemes = 4i32;",
        "lookup('password', '/dev/null chars=ascii_letters length=16')",
        "ansible-playbook --ask-vault-pass site_test2.yml",
        '"docker.io/valkey/valkey:8-bookworm@sha256:{hex:64}"',
        "'/user-password' => 'PhpMyAdmin\\\\Controllers\\\\UserPasswordController',",
        'errors.New("no data for %q in secret", "key1")',
        'getClient(ctx, withConfig(config, secretConfig), "argocd2x")',
        "this._webhookKey = webhookKey;",
        "reset_password_sent_at = 5.days.ago",
        '`{credentials: {"type":"service_account"}}`',
        "![coverage](https://codecov.io/badge.svg?token={alnum:10})",
        'url.UserPassword("user20", userPassword)',
        '"AWS::EC2::KeyPair": "{hex:16}"',
        "nextToken={alnum:32}",
        "password_hash_method = '{alnum:12}'",
        "Password must have 8 characters",
        "`pwd`, `whoami`, `date`",
        "key: value",
        "token_url: https://example.org/{alnum:20}",
        "$app->make(PasswordBroker::class)",
        "Page::Secret::Metadata::VersionDiff",
        "$password = $this->getPassword($dsn);",
        "$password = $url['pass'] ?? null;",
        "foreach ($rows as $key => $guardAuthenticator) {",
        "password = conn->password;",
        "if(cfg->password == NULL){",
        "body={'credentials': credentials}",
        "return &Store{secrets: secrets}",
        "secret := apiv1.Secret{",
        "key: :volume_id",
        "reset_password_within = 6.hours",
        "keyTypeSelector: '[data-test-input=\"keyType\"]'",
        'protobuf_key:"bytes,1,opt,name=key,proto3"',
        "#include <pwd.h>\n#include <grp.h>",
        '["password", "totp"], ["password", "hostname"]',
        '"TEST_USER=a", "TEST_PASSWORD=passpassword", "TEST_HOST=localregistry"',
        '"Password mismatch:" + password + " is not " + other',
        '"password=\\"" + password + "\\""',
        "$config['password_token'] = ''; // the token of the server",
        'f.label :password, "Confirm new password"',
        'the credentials "safe" when they should not be',
        'worker-key = "C:\\var\\jobs\\worker_key"',
        "from_secret: docker_username",
        "password: SecretString",
        "pw-apr1.la:\tapr1.lo",
        "docker run --volume /etc/passwd:/etc/passwd:ro x",
        "'pass:Password', 'urn:oasis:names:tc:SAML:2.0:ac:classes:X509'",
        'export "$key"="${key_values[$key]}"',
        "[string]$pwd = Get-Location",
        "BindPassword=`cat $config_file | jq -r .Settings.BindPassword`",
        'Standard PasswordParams `koanf:"standard"`',
        "key = OpenSSL::PKey::RSA.new KEY_LEN",
        "$lang['user_pass'] = 'Lozinka';",
        "user_pass = 'Fjal\u00ebkalimi'",
        "key: 'net.if.in.pass.v6.bps[{#SNMPINDEX}]'",
        'CredentialPassword="" PreAuthenticate="True" Proxy="default" State=""',
        'ldapAttributeUnicodePwd = "unicodePwd"',
        "secret service2 runs here",
        "pass: 12345 of 12346",
        "def f(key: SomeLongType1Name | None) -> None:",
        '<a href="keys.html#xsltGetKey">xsltGetKey</a>',
        "s/&/ucfirst(lc($pw->name))/ge;",
        "DSN=postgres://app:secret@db:5432/app",
        'PASSWORD_PROPERTY = "userPassword"',
        'FORM_PASSWORD = "j_password"',
        'authProvider = "zookeeper.authProvider.1"',
        "noPassword=\u79d8\u5bc6\u9375\u3092\u5fa9\u53f7\u3059\u308b",
        "password = password.encode('utf-8')",
        "<th>Password</th>\n<td>optional</td>",
        "connect(user=name, password=databasePassword, port=1)",
        "password=hunter tool",
        "t.string 'encrypted_password', default: ''",
        "describe('logs in', password)",
        "\tpassword uint16",
        "$password = Get-AnsibleParam -obj $params",
        "const key = this.#keyList[i];",
        "credentials = '{0}:{1}'.format(user, password)",
        "sign(blob, private_key, 'SHA-256')",
        "#define aes128_set_encrypt_key nettle_aes128_set_encrypt_key",
        "#define CKA_NETSCAPE_SALT CKA_NSS_PKCS8_SALT",
        "'password' => 'required|min:6|confirmed',",
        'this.password===""||this.cvv===""',
        'new PasswordAuthentication("proxyUser", password)',
        '<a href="macro.pin.html" title="macro core::pin::pin">',
        '{"Key": "tag_key_1x", "Value": "tag_value_1"}',
        "SECRETS_MAX_ENTRIES = 10_000",
    ],
)
def test_what_only_looks_like_it_is_left_alone(scanner: Scanner, text: str) -> None:
    assert scanner.scan(expand(text)) == ()


def test_values_in_values_without_end_are_told(scanner: Scanner) -> None:
    nested = "token=name." * 40
    assert [hit.why for hit in scanner.scan(nested)][:1] == ["values in values, too many to judge"]


def test_a_list_of_bytes_beside_a_strong_name(scanner: Scanner) -> None:
    assert len(scanner.scan("Secret: []byte{3, 9, 100, 114, 245, 164, 134, 217, 225, 26, 0, 172, 39},")) == 1


def test_each_value_of_a_line_has_its_own_span(scanner: Scanner) -> None:
    first, second = expand(TOKEN, 1), expand(TOKEN, 2)
    text = f"token={first}&api_key={second}"
    assert {text[hit.start : hit.end] for hit in scanner.scan(f"?{text}"[1:])} <= {
        first,
        second,
        f"{first}&api_key={second}",
    }


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "form",
    [
        'password: "{lower:9}"',
        "imapc_password = {lower:9}",
        "secret\t{lower:10}",
        'Password: "{lower:4}-{lower:7}"',
        "<password>{lower:8}</password>",
        "ENV PASSWORD {lower:9}",
        "run --password {lower:9} now",
        "Server=a;Database=b;User Id=sa;Password={lower:14};",
        "https://acme.io/login?password={lower:14}",
        "secret {lower:9}",
        ':password "{lower:9}"',
        'variable "db_password" {\n  type    = string\n  default = "{lower:9}"\n}',
        "MYSQL_PASSWORD=83{digits:5}1",
        "docker run -e MYSQL_PASSWORD={lower:14} -p 3306:3306 mysql",
        "docker run -e MYSQL_PASSWORD=83{digits:5}1 -p 3306:3306 mysql",
        "mysql_user: name=app password={lower:14} state=present",
        "user=app, password: {lower:14}, host=db",
        "DB_PASSWORD={lower:6}{upper:1}{lower:7}",
        '<property name="hibernate.connection.password">{lower:14}</property>',
        "DB_PASSWORD={alnum:22}==",
    ],
)
def test_a_row_of_letters_that_is_no_word_is_a_password(scanner: Scanner, form: str, seed: int) -> None:
    assert len(scanner.scan(expand(form, seed))) == 1
