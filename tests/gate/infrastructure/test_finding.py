"""What the detectors of infrastructure find in texts of work, and what they leave alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from b4tui.gate.infrastructure.names import is_internal

Finds = Callable[[str], dict[str, str]]


@pytest.mark.parametrize(
    ("text", "rule", "value"),
    [
        ("dial tcp 10.28.62.40:5432: refused", "ip-private", "10.28.62.40"),
        ('cidr = "172.22.110.0/24"', "ip-private", "172.22.110.0"),
        ("::ffff:192.168.1.1", "ip-private", "192.168.1.1"),
        ("http://5.9.100.77:3000/x", "ip-public", "5.9.100.77"),
        ("host 3.4.5.6 is down", "ip-public", "3.4.5.6"),
        ("inet6 fd7b:4d8c:a6ce::828b/64", "ip6-private", "fd7b:4d8c:a6ce::828b"),
        ("http://[fe80::1c2d]:80/", "ip6-private", "fe80::1c2d"),
        ("link/ether 78:c3:a1:e1:16:78 brd", "mac-address", "78:c3:a1:e1:16:78"),
        ("Mixedcase 0d-B3-4a-6A-d9-cF.", "mac-address", "0d-B3-4a-6A-d9-cF"),
        ("My MAC is 0012.3456.789a", "mac-address", "0012.3456.789a"),
        ("server: https://pg-main-1.intra:6443", "internal-host", "pg-main-1.intra"),
        ("jdbc:oracle:thin:@//mail-1.int.acme.io:1521/X", "internal-host", "mail-1.int.acme.io"),
        ("image: registry.local:5000/team/app", "internal-host", "registry.local"),
        ("cannot reach bastion.lan on port 22", "internal-host", "bastion.lan"),
        ("vCenter: https://vcsa.nordwerk.intern", "internal-host", "vcsa.nordwerk.intern"),
        ("git@git.nordwerk.local:ops/x.git", "internal-host", "git.nordwerk.local"),
        ("CN=x,OU=Server,DC=ad,DC=acme,DC=local", "internal-host", "DC=ad,DC=acme,DC=local"),
        ("certificate is valid for *.nordwerk.internal", "internal-host", "nordwerk.internal"),
        ("A shop -> 91.139.112.201", "ip-public", "91.139.112.201"),
        ("http://git.service.consul:8500", "internal-host", "git.service.consul"),
        ("rsync -avz ./d/ deploy@vault7:/srv", "ssh-target", "deploy@vault7"),
        ("ssh -J b.acme.com root@web.acme.com", "ssh-target", "root@web.acme.com"),
    ],
)
def test_it_is_found_whole(finds: Finds, text: str, rule: str, value: str) -> None:
    assert finds(text).get(rule) == value


@pytest.mark.parametrize(
    "text",
    [
        "bump textual 0.85.1 -> 1.0.5.7",
        "Chrome/120.4.99.1",
        "OID 1.3.6.1.4.1.311",
        "at 10:11:12 on 2026-11-22",
        "2026-11-22-10-11-12",
        "std::vec::Vec and a::b",
        "brd ff:ff:ff:ff:ff:ff",
        "bind to 127.0.0.1:8080, [::1]:8080",
        "from app.core.internal import util",
        "import com.acme.internal.Foo;",
        "self._version.local is None",
        "grpc.StatusCode.INTERNAL",
        "Private:    from.Private,",
        "Libs.private: @LIBS@",
        "while getopts 4:6::b:c:d:f:hi opt",
        "kind = messages.ManagedZone.VisibilityEnum.private",
        "threading.local()",
        "edit .env.local and settings.local.json",
        "path/to/thing.local",
        '"admin.repos.private": "Private repositories",',
        "apiVersion: networking.internal.knative.dev/v1alpha1",
        "--dest-server https://kubernetes.default.svc",
        "hosts: [chart-example.local]",
        "http://ad.doubleclick.com/x",
        "ssh git@github.com",
        "ssh user@host",
        "mail ops@node7 today",
    ],
)
def test_what_is_of_code_stays_unfound(finds: Finds, text: str) -> None:
    ours = ("ip-", "ip6-", "mac-", "internal-", "ssh-", "cloud-", "windows-", "aws-arn")
    assert [rule for rule in finds(text) if rule.startswith(ours)] == []


@pytest.mark.parametrize("name", ["db.svc.cluster.local", "nas.home.arpa", "x.corp", "db.int.acme.io", "tfs.corp.com"])
def test_names_of_an_inner_network(name: str) -> None:
    assert is_internal(name)


@pytest.mark.parametrize(
    "name", ["acme.io", "internal.com", "x.arpa", "com.acme.internal", "settings.local", "a..lan", "db.example.local"]
)
def test_names_of_no_inner_network(name: str) -> None:
    assert not is_internal(name)
