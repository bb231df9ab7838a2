"""What this machine knows is gathered from its own files, with bounds, and whatever state they are in."""

from __future__ import annotations

import base64
import json
import os
import random
import string
import subprocess
from pathlib import Path

import pytest

from b4tui.gate.known.gathering import gather_known
from b4tui.gate.known.known import Known
from b4tui.gate.scanner import lowered
from b4tui.outward_sections import GateConfig


def made(seed: int) -> str:
    return "".join(random.Random(seed).choices(string.ascii_letters + string.digits, k=30))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    path = tmp_path / "home"
    path.mkdir()
    return path


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    path = tmp_path / "hub"
    path.mkdir()
    return path


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def gathered(home: Path, hub: Path | None = None, environ: dict[str, str] | None = None, **config: object) -> Known:
    settings = GateConfig.model_validate(config)
    given = {"PATH": os.environ["PATH"], "HOME": str(home)} | (environ or {})
    return gather_known(settings, hub, given, home, b"key", hosts_at=home / "etc-hosts")


def whys(known: Known, text: str) -> list[str]:
    return [hit.why for hit in known.find(text, lowered(text))]


def test_secrets_of_every_source(home: Path, hub: Path) -> None:
    put(home / ".netrc", f"machine x login y password {made(2)}")
    put(home / ".env", f"API_TOKEN={made(3)}")
    put(hub / ".env.local", f"API_TOKEN={made(4)}")
    put(home / ".kube/config", f"users:\n- name: x\n  user:\n    token: {made(5)}\n")
    put(home / ".aws/credentials", f"[default]\naws_secret_access_key = {made(6)}\n")
    put(
        home / ".docker/config.json",
        json.dumps({"auths": {"r": {"auth": base64.b64encode(b"u:" + made(7).encode()).decode()}}}),
    )
    put(home / ".vault-token", made(8))
    put(home / ".git-credentials", f"https://me:{made(9)}@git.firma.de\n")
    known = gathered(home, hub, {"APP_API_KEY": made(1), "LANG": "en_US.UTF-8"})
    told = {seed: whys(known, f"x {made(seed)} y") for seed in range(1, 10)}
    assert told == {
        1: ["equals the value of environment APP_API_KEY"],
        2: ["equals the value of .netrc, a password"],
        3: ["equals the value of .env, API_TOKEN"],
        4: ["equals the value of .env.local, API_TOKEN"],
        5: ["equals the value of .kube/config, token"],
        6: ["equals the value of .aws/credentials, aws_secret_access_key"],
        7: ["equals the value of .docker/config.json, a password"],
        8: ["equals the value of .vault-token, token"],
        9: ["equals the value of .git-credentials, a URL"],
    }
    assert known.warnings == ()


def test_only_the_sources_that_are_asked_for(home: Path) -> None:
    put(home / ".netrc", f"machine x login y password {made(2)}")
    known = gathered(home, environ={"APP_API_KEY": made(1)}, secrets_from=["netrc"])
    assert whys(known, made(2)) and not whys(known, made(1))


def test_what_the_user_is_called_is_no_secret(home: Path) -> None:
    known = gathered(home, environ={"USER": "amelie77", "DB_PASSWORD": "amelie77"})
    assert whys(known, "amelie77") == []


def test_a_private_key_is_known_by_its_body_and_its_public_half_is_not(home: Path) -> None:
    body = base64.b64encode(random.Random(5).randbytes(300)).decode()
    put(home / ".ssh/id_rsa", f"-----BEGIN RSA PRIVATE {'KEY'}-----\n{body}\n-----END RSA PRIVATE {'KEY'}-----\n")
    put(home / ".ssh/id_rsa.pub", f"ssh-rsa {body[:100]} me@ofen7")
    known = gathered(home)
    assert whys(known, body[150:260]) == ["equals the value of .ssh/id_rsa, a private key"]
    assert whys(known, body[:100]) == []


def test_hosts_of_every_source(home: Path, hub: Path) -> None:
    put(home / ".ssh/config", "Host ofen7\nInclude config.d/*\n")
    put(home / ".ssh/config.d/more", "Host ofen8\n")
    put(home / ".ssh/known_hosts", "ofen9 ssh-rsa AAAA\n")
    put(home / "etc-hosts", "10.0.0.1 turm7\n")
    put(home / ".kube/config", "    server: https://k8s.firma.de:6443\n")
    subprocess.run(["git", "init", "-q", hub], check=True)
    subprocess.run(["git", "-C", hub, "remote", "add", "origin", "git@git.firma.de:a/b"], check=True)
    known = gathered(home, hub, domains=["werkstatt.dev"])
    text = "ofen7 ofen8 ofen9 turm7 k8s.firma.de git.firma.de x.werkstatt.dev"
    assert sorted(whys(known, text)) == [
        "a host from gate.domains",
        "a host from git remote",
        "a host from known_hosts",
        "a host from kubeconfig",
        "a host from ssh config",
        "a host from ssh config",
        "a host from the hosts file",
    ]


def test_hosts_that_are_plain_words(home: Path) -> None:
    put(home / ".ssh/config", "Host buildbox\n    HostName 10.0.0.7\n")
    put(home / "etc-hosts", "10.1.2.3 nas\n")
    known = gathered(home)
    assert whys(known, "ssh buildbox uptime") == ["a host from ssh config"]
    assert whys(known, "scp x nas:/volume1") == ["a host from the hosts file"]
    assert whys(known, "a buildbox is a box in which one builds; NAS is short for storage") == []


def test_people_of_the_file_and_of_the_history(home: Path, hub: Path) -> None:
    put(home / "people.txt", "Zaphod\n")
    subprocess.run(["git", "init", "-q", hub], check=True)
    who = ["-c", "user.name=Ada Musterfrau", "-c", "user.email=ada@muster-post.de"]
    subprocess.run(["git", "-C", hub, *who, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    text = "zaphod and ada musterfrau"
    assert len(whys(gathered(home, hub, people_file="~/people.txt"), text)) == 2
    assert len(whys(gathered(home, hub, people_file="~/people.txt", people_from_git=False), text)) == 1


def test_a_hub_outside_of_git_has_no_authors(home: Path, hub: Path) -> None:
    assert gathered(home, hub).warnings == ()


def test_a_link_out_of_the_hub_is_not_followed(home: Path, hub: Path, tmp_path: Path) -> None:
    outside = put(tmp_path / "outside.env", f"API_TOKEN={made(1)}")
    (hub / ".env").symlink_to(outside)
    known = gathered(home, hub)
    assert whys(known, made(1)) == []
    assert len(known.warnings) == 1 and known.warnings[0].startswith(".env was not read")


def test_pipes_broken_and_closed_files_are_said_and_survived(home: Path) -> None:
    os.mkfifo(home / ".netrc")
    put(home / ".docker/config.json", "{broken")
    (home / ".env").write_bytes(b"API_TOKEN=" + bytes(range(256)) * 10)
    (home / ".kube").mkdir()
    (home / ".kube/config").mkdir()
    known = gathered(home, people_file=str(home / "nobody"))
    assert [warning.split(" ")[0] for warning in known.warnings] == [".netrc", "config", "gate.people_file"]


def test_a_huge_file_is_read_at_its_beginning_and_that_is_said(home: Path) -> None:
    put(home / ".env", f"API_TOKEN={made(1)}\n" + "X=1\n" * 200_000)
    known = gathered(home)
    assert whys(known, made(1))
    assert known.warnings == (".env is larger than 512 KiB: only its beginning was read",)


def test_nothing_known_is_in_a_repr(home: Path) -> None:
    put(home / "people.txt", "Zaphod\n")
    known = gathered(home, environ={"APP_API_KEY": made(1)}, people_file="~/people.txt")
    assert made(1) not in repr(known) and "zaphod" not in repr(known).lower()
