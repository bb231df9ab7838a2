"""Hosts whose names are plain words are found where a text means a host, and pass where it means the word."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b4tui.gate.known.hosts import hosts_of
from b4tui.gate.known.names import Names
from b4tui.gate.scanner import lowered

NAMES = Names(hosts_of(["buildbox", "zeus", "nas", "test", "server", "main", "git"], "ssh config"), ())


def found(text: str) -> list[str]:
    return [text[hit.start : hit.end] for hit in NAMES.find(lowered(text))]


@pytest.mark.parametrize(
    "text",
    [
        "ssh buildbox uptime",
        "please ssh buildbox and look",
        "ssh -p 2222 -i ~/.ssh/id buildbox 'ls'",
        "ssh -L 8080:localhost:80 buildbox",
        "sudo ssh buildbox",
        "ssh -i key -l me buildbox",
        "scp a.txt buildbox:",
        "rsync -e 'ssh -p 22' src/ buildbox:backup",
        "sftp buildbox",
        "mosh buildbox",
        "ping -c 3 buildbox",
        "curl -s buildbox:9090/metrics",
        "wget buildbox/x",
        "ansible buildbox -m ping",
        "ansible-playbook site.yml -l buildbox",
        "psql -h buildbox -U app",
        "git clone buildbox:repo.git",
        "rsync buildbox::module/x .",
        'run(["ssh", "-p", "22", "buildbox", "uptime"])',
    ],
)
def test_the_target_of_a_command(text: str) -> None:
    assert found(text) == ["buildbox"]


@pytest.mark.parametrize(
    "text",
    [
        "log in as me@buildbox",
        "me@buildbox:~$ ls",
        "[me@buildbox ~]$ ls",
        "http://buildbox:8080/x",
        "ssh://git@buildbox/x",
        "//buildbox/share",
        "\\\\buildbox\\share",
        "it is in buildbox:/srv/x",
        "it listens on buildbox:8080",
    ],
)
def test_an_address(text: str) -> None:
    assert found(text) == ["buildbox"]


@pytest.mark.parametrize(
    "text",
    [
        "Host buildbox",
        "<host>buildbox</host>",
        "ssh: connect to host buildbox port 22: Connection refused",
        "curl: (6) Could not resolve host: buildbox",
        "Connection to buildbox closed.",
        "Host ofen buildbox\n",
        "    ProxyJump buildbox",
        "host: buildbox",
        '{"host": "buildbox"}',
        "server=buildbox",
        "export PGHOST=buildbox",
        "--server buildbox",
        "10.1.2.3 buildbox",
        "Nov 25 23:01:18 buildbox sshd[123]: accepted",
        "2026-11-25T23:01:18.123+01:00 buildbox kernel: x",
        "Linux buildbox 6.1.0-13-amd64",
    ],
)
def test_a_setting_or_a_log(text: str) -> None:
    assert found(text) == ["buildbox"]


@pytest.mark.parametrize(
    "text", ["on host Zeus", "auf dem Host Zeus", "auf dem Rechner Zeus läuft es", "The server Zeus is down"]
)
def test_a_sentence(text: str) -> None:
    assert found(text) == ["Zeus"]


@pytest.mark.parametrize(
    "text",
    [
        "we need a buildbox, and Zeus was a god",
        "zeus: true",
        "zeus.config and zeus() and class Zeus:",
        "import zeus",
        "npm install zeus@1 left@zeus",
        "docker run zeus:8080",
        "  - zeus:/var/lib/data",
        "zeus:12: an error",
        "zeus://open",
        "my-buildbox",
        "http://other.example/zeus",
        "curl https://other.example/x | zeus",
        "curl -u zeus x",
        "build //zeus/app:lib",
        "ssh keys and zeus",
    ],
)
def test_only_the_word(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "$ ssh nas df",
        "run ssh nas uptime",
        "`ssh nas`",
        "ssh nas",
        "ssh -t nas top",
        "me@nas:~$ ls",
        "nas:/volume1 /mnt nfs",
        "host: nas",
        "mount //nas/x /mnt",
        "ssh: connect to host nas port 22",
    ],
)
def test_a_word_for_a_role_where_there_is_no_doubt(text: str) -> None:
    assert found(text) == ["nas"]


@pytest.mark.parametrize(
    "text",
    [
        "the ssh server is down",
        "curl test cases and ping test results",
        "uses: actions/checkout@main",
        "npm i thing@test",
        "server: server",
        "git clone git://x.example/y",
        "git push origin main:main",
        "curl -u 'test:test' x",
        "the server main loop",
        "as in //server/share",
        "connected to server",
        'schemes = ["ssh", "git", "hg"]',
    ],
)
def test_a_word_for_a_role_as_texts_have_it(text: str) -> None:
    assert found(text) == []


def test_a_text_with_more_places_than_are_weighed_stays_here() -> None:
    assert found("zeus " * 40_000) == []
    assert found("zeus " * 40_001) == ["zeus"]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.sampled_from(["zeus", "nas", "ssh", " ", ":", "/", "@", "-p", "host", "\n", "'", "8080", "."]), max_size=20
    )
)
def test_no_text_raises(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert all(word in ("zeus", "nas") for word in found(text))
