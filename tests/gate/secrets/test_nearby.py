"""What looks random after a word about keys is told from hashes, names of types and numbers of things."""

from __future__ import annotations

import pytest

from b4tui.gate.rulebook.examples import expand
from b4tui.gate.rulebook.rule import RuleSet, built_in_rules
from b4tui.gate.scanner import Scanner
from b4tui.gate.secrets.nearby import RareNearKeywords

RULES = built_in_rules()
NAME = RareNearKeywords.name


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return Scanner(RuleSet((RULES.by_id()[NAME],), RULES.sha256), [RareNearKeywords()])


@pytest.mark.parametrize(
    "text",
    [
        "Using Key {alnum:32} now",
        "the token of theirs, sdk_{uuid}",
        "the key ck_{hex:40} of the shop",
        "<secret>{service AQAAABAAA {hex:32}}</secret>",
        "<secret>{a-service-with-a-long-name AQAAABAAA {uuid}}</secret>",
    ],
)
def test_it_is_found(scanner: Scanner, text: str) -> None:
    assert len(scanner.scan(expand(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "dist-info/licenses/LICENSE,sha256={b64url:43},1541",
        "The api_version of this V1alpha1RoleBinding.",
        "the key of AppsV1beta1ScaleList",
        "the key, cs.traefikV1alpha1 = New(c)",
        "go.etcd.io/auth/api v3.6.8 h1:{b64:43}=",
        '"LICENSE-MIT":"{hex:64}","license-apache-2.0":"{hex:64}","src/token.rs":"{hex:64}"',
        '"signature": "-----BEGIN PGP SIGNATURE-----\\n\\n{b64:64}"',
        "a token of GUID::from_u128(0x{hex:8}_{hex:4}_{hex:4}_{hex:4}_{hex:12})",
        "spotify track uri: 'spotify:album:{alnum:22}'",
        "<UserSecretsId>{uuid}</UserSecretsId>",
        "auth <ds:SignatureValue>{b64:60}",
        'the token <saml2:SubjectConfirmationData InResponseTo="{loweralnum:26}"',
        '{"keys": [{"use": "enc", "kty": "RSA", "n": "{b64url:86}"}]}',
        "keys from <X509Certificate>MIIC{b64:60}",
        "a key is org.jose4j.jwk.JsonWebKeySet",
        "the key named KeyExposeOAuth2Debug",
        '{"kty":"RSA","kid":"{uuid}"}',
        "token: ENC[AES256_GCM,data:uKiQ,iv:{b64:43}=,tag:{b64:22}==]",
        "the key is system.cpu.util[snAgGblCpuUtil1MinAvg.0]",
        "https://codecov.io/x/badge.svg?token={alnum:24}",
        "data of a secret\n  tls.crt: LS0tLS1CRUdJTiBDRVJU{b64:60}",
        "privateKey, err := x509.ParsePKCS1PrivateKey(block.Bytes)",
        "token_h $Id: {hex:12} $",
        "+++ b/auth/keys.py\nindex {hex:12}..{hex:12} 100644",
        "keys come with {hex:12}_init.py",
        '"trusted_keys": ["MIIDSzCCAjOgAwIBAgIU{b64:80}"]',
        "# key\nsourceMappingURL=data:application/json;base64,eyJ2{b64:80}",
        "api_models import V1NFSVolumeSource",
        "keys by PBKDF2WithHmacSHA1",
        "KmsKeyId arn:aws:kms:us-east-1:123456789012:key/{uuid}",
        "auth.backends.azuread.AzureADOAuth2V2",
        "keys=key1=value1=value2",
        "the token for !{alnum:18}:home.server",
        "auth import of my-realm/{uuid}",
        "api d{loweralnum:11}a.cloudfront.net",
    ],
)
def test_hashes_and_names_of_types_are_left_alone(scanner: Scanner, text: str) -> None:
    assert scanner.scan(expand(text)) == ()
