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
        "define( 'DB_PASSWORD', '{v}' );",
        'Map.of("user", "me", "password", "{v}")',
        "CREATE LOGIN me WITH PASSWORD = N'{v}'",
        "PASSWORD CONSTANT VARCHAR2(20) := '{v}';",
        'passwords = ["{v}", "other"]',
        "PASSWORDS = {'me': '{v}'}",
        "await page.fill('input[name=\"password\"]', '{v}')",
        'cy.get("[name=password]").type("{v}")',
        '$("#password").val("{v}");',
        'document.getElementById("password").value = "{v}";',
        'password.send_keys("{v}")',
        "user.type(screen.getByLabelText(/password/i), '{v}')",
        "change(getByLabelText('Password'), { target: { value: '{v}' } })",
        'I fill in "Password" with "{v}"',
        "fill_in 'user_password', :with => '{v}'",
        "expect(config.password).to.equal('{v}');",
        "assert_equal '{v}', user.password",
        "resetPassword('{v}', true)",
        "Password: <b>{v}</b>",
        "| Password | `{v}` |",
        "|password|{v}|",
        "kubectl create secret generic db --from-literal=password={v}",
        'Password = "{noop}{v}"',
        "clientSecret: config.get('x') || '{v}'",
        "os.environ.get('DB_PASSWORD') or '{v}'",
        "getenv('DB_PASSWORD') ?: '{v}'",
        "{{ password | default('{v}') }}",
        'assertThat(config.getPassword()).isEqualTo("{v}");',
        'Assert.assertEquals(user.getPassword(), "{v}");',
        '<string name="client_secret" translatable="false">{v}</string>',
        '<setting name="Password" serializeAs="String">\n  <value>{v}</value>',
        '@ConfigProperty(name = "password", defaultValue = "{v}")',
        '<meta-data android:name="x.PASSWORD" android:value="{v}"/>',
        'buildConfigField "String", "API_SECRET", "{v}"',
        'String getBindPassword() {\n    return "{v}";\n}',
        "def get_password(self) -> str:\n    return '{v}'",
        "APP_SECRET = (\n    b'{v}'\n)",
        'db_password: str = Field("{v}", env="DB_PASSWORD")',
        "Default password: **`{v}`** (change it)",
        "run('rcon_password \"{v}\"')",
    ],
)
def test_a_value_is_found_however_it_follows(scanner: Scanner, form: str) -> None:
    value = expand(WORD)
    text = form.replace("{v}", value)
    assert [text[hit.start : hit.end].removeprefix("{noop}") for hit in scanner.scan(text)] == [value]


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
        "splituser('user[:passwd]', 'host[:port]')",
        "password=<contrasena_local>\njwt.secret=<clave_local>",
        "mongodb+srv://<user>:<password>@cluster0.abc1x.example.net/?w=majority",
        "keyring.set_password('PyBox', user, entered)",
        "puts \"POSTGRES_PASSWORD=#{fetch(:env)['POSTGRES_PASSWORD'].inspect}\"",
        'PGPASSWORD="$preview_password" "$preview_container" psql',
        'user=me password="harness-$RUN_ID" host=a',
        "| api_token | string | the token of {alnum:8} |",
        "| password | 8-64 | how long it is |",
        "Passwort: mat-label next to it",
        "String getPassword(): Base64Text1 {",
        'encrypt(user.getPassword(), "SHA1PRNG")',
        "if password or 'abcd1' in found:",
        'DB_PASSWORD="${MYSQL_DB_PASSWORD:?Set MYSQL_DB_PASSWORD first}"',
        "SMTP_PASSWORD: !!process.env['SMTP_PASSWORD1'],",
        "-e 'SA_PASSWORD=##REPLACE##'",
        "common = ['password', 'abcd1234', 'qwer1234', 'letmein1']",
        'String getPasswordField() {\n    return "j_password1";\n}',
        "secrets = ['DEPLOY_KEY', 'API_TOKEN']",
        '"username": "Benutzername", "password": "Wachtwort"',
        'dsn := "root:@tcp(localhost:3306)/music1"',
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
        "mount -t cifs -o username=me,password={lower:12} //s/share /mnt",
    ],
)
def test_a_row_of_letters_that_is_no_word_is_a_password(scanner: Scanner, form: str, seed: int) -> None:
    assert len(scanner.scan(expand(form, seed))) == 1


@pytest.mark.parametrize(
    "text",
    [
        'user = "chef"\npassword = "sunflower"',
        "'user' => 'chef',\n'password' => 'sunflower',",
        'define("DB_USER", "chef");\ndefine("DB_PASS", "sunflower");',
        "Server=a;Database=b;User Id=chef;Password=sunflower;",
        "Db.Password := 'sunflower';\nDb.Username := 'chef';",
        "jdbc:mysql://localhost/shop?user=chef&password=sunflower",
        '"host=a user=chef password=sunflower dbname=shop"',
        "spring.datasource.password=sunflower",
        "SHOP_PASSWORD=notes_password",
    ],
)
def test_a_plain_word_is_a_password_where_nothing_else_can_stand(scanner: Scanner, text: str) -> None:
    assert len(scanner.scan(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        'password = "sunflower"',
        "connect(user=chef, password=sunflower)",
        '"user": "Koch",\n"password": "Lozinka"',
        'USER = "user"\nPASSWORD = "window"',
    ],
)
def test_elsewhere_it_may_be_the_name_of_something(scanner: Scanner, text: str) -> None:
    assert scanner.scan(text) == ()
