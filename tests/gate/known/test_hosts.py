"""Which names in the machine's own files are the operator's, and which are everybody's."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from b4tui.gate.known import hosts


def names(found: Iterable[hosts.PrivateHost]) -> list[str]:
    return [host.name for host in found]


@pytest.mark.parametrize(
    "name",
    ["ofen7", "db-prod", "git.werkstatt.example-firma.de", "Node01.", "8.9.10.11", "a1b2.gr7.eu.eks.amazonaws.com"],
)
def test_private_names(name: str) -> None:
    assert hosts.private_name(name) == name.rstrip(".").lower()


@pytest.mark.parametrize(
    "name",
    [
        "github.com", "gist.github.com", "ssh.dev.azure.com", "localhost", "ip6-allnodes", "web", "build", "db", "x1",
        "127.0.0.1", "10.1.2.3", "192.0.2.7", "::1", "host.docker.internal", "thing.test", "a b", "", "1.2",
        "*.corp.de", "example.com", "db.example.org", "s3.amazonaws.com",
    ],
)  # fmt: skip
def test_names_that_are_everybodys(name: str) -> None:
    assert hosts.private_name(name) == ""


@pytest.mark.parametrize("name", ["buildbox", "web", "db", "x1", "Zeus."])
def test_plain_words_are_private_too_but_not_everywhere(name: str) -> None:
    assert hosts.plain_word(name) == name.rstrip(".").lower()
    assert [host.word for host in hosts.hosts_of([name], "ssh config")] == [True]


@pytest.mark.parametrize("name", ["localhost", "github", "gitlab", "ofen7", "git.firma.de", "42", "x", "a b", "", "*"])
def test_names_that_are_no_plain_words_of_the_operator(name: str) -> None:
    assert hosts.plain_word(name) == ""


def test_ssh_configurations() -> None:
    text = """
# ours
Host ofen7 ofen8 !ofen9 web
    HostName 10.0.0.7
Host backup
    HostName=store.werkstatt-firma.de
    ProxyJump me@jump.werkstatt-firma.de:2222,jump2
Host *.innen-firma.de
Host *
    User me
"""
    found = list(hosts.ssh_config_hosts(text))
    assert names(found) == [
        "ofen7",
        "ofen8",
        "web",
        "backup",
        "store.werkstatt-firma.de",
        "jump.werkstatt-firma.de",
        "jump2",
        "innen-firma.de",
    ]
    assert [host.zone for host in found][-1]


def test_known_hosts_that_are_plain() -> None:
    text = """
|1|c2FsdA==|aGFzaA== ssh-ed25519 AAAA
ofen7,8.9.10.11 ssh-ed25519 AAAA
[git.werkstatt-firma.de]:2222 ssh-rsa AAAA
github.com ssh-rsa AAAA
@cert-authority *.firma.de ssh-rsa AAAA
broken
"""
    assert names(hosts.known_hosts(text)) == ["ofen7", "8.9.10.11", "git.werkstatt-firma.de"]


def test_hosts_files() -> None:
    text = """
127.0.0.1 localhost dev.firma.de
127.0.1.1 turm7.firma.de turm7
::1 ip6-localhost
0.0.0.0 ads.tracker-firma.com
10.0.0.5 nas-1.firma.de nas-1 # the big one
nonsense
"""
    assert names(hosts.hosts_file(text)) == ["turm7.firma.de", "turm7", "nas-1.firma.de", "nas-1"]


def test_kubeconfigs_in_yaml_and_json() -> None:
    assert names(hosts.kube_servers("    server: https://k8s.firma.de:6443\n")) == ["k8s.firma.de"]
    assert names(hosts.kube_servers('{"cluster":{"server":"https://k8s.firma.de"}}')) == ["k8s.firma.de"]


def test_git_remotes_in_either_way_of_writing() -> None:
    urls = [
        "git@git.firma.de:a/b.git",
        "ssh://git@code.firma.de:2222/a",
        "https://github.com/a/b",
        "../other",
        "/srv/x",
    ]
    assert names(hosts.remote_hosts(urls)) == ["git.firma.de", "code.firma.de"]
