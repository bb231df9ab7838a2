"""How private a source is: what is built in, and what the operator's lists make of it."""

from __future__ import annotations

import pytest

from b4tui.gate.policy.placing import BEAD_FIELDS, bead_parts, place
from b4tui.outward_sections import ProvenanceConfig
from b4tui.provenance import Provenance, Source, SourceKind

BUILT_IN = ProvenanceConfig()


def placed(kind: SourceKind, name: str, config: ProvenanceConfig = BUILT_IN) -> Provenance:
    return place(Source(kind, name), config)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (SourceKind.MEMORY, "memory/2026-01-02.md"),
        (SourceKind.PERSONA, "SOUL.md"),
        (SourceKind.MODEL, "workhorse"),
        (SourceKind.UNKNOWN, ""),
        (SourceKind.BEAD, "owner"),
        (SourceKind.BEAD, ""),
        (SourceKind.FILE, "/etc/hostname"),
        (SourceKind.FILE, "~/notes.md"),
        (SourceKind.FILE, "../other/notes.md"),
        (SourceKind.FILE, ""),
        (SourceKind.REPOSITORY, "deploy/.env"),
        (SourceKind.TOOL, "mail.search: invoice"),
        (SourceKind.TOOL, ""),
        (SourceKind.TOOL, "read: .env.local"),
        (SourceKind.TOOL, "read: config/kubeconfig"),
        (SourceKind.TOOL, "read: memory/2026-01-02.md"),
        (SourceKind.TOOL, "search: password in .ssh"),
        (SourceKind.WEB, "http://wiki/start"),
        (SourceKind.WEB, "https://wiki.firma.lan/start"),
        (SourceKind.WEB, "https://192.168.1.1/"),
        (SourceKind.WEB, "https://me:pw@public.org/"),
        (SourceKind.WEB, "https://public.org/x?access_token=1"),
        (SourceKind.WEB, "file:///etc/passwd"),
        (SourceKind.WEB, "https://[broken"),
        (SourceKind.WEB, ""),
    ],
)
def test_private_sources(kind: SourceKind, name: str) -> None:
    assert placed(kind, name) is Provenance.PRIVATE


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *((SourceKind.BEAD, field) for field in BEAD_FIELDS),
        (SourceKind.COMMENT, "amy"),
        (SourceKind.OPERATOR, "chat"),
        (SourceKind.REPOSITORY, "src/app.py"),
        (SourceKind.REPOSITORY, "src/memory/cache.py"),
        (SourceKind.FILE, "src/app.py"),
        (SourceKind.TOOL, "read: src/app.py"),
        (SourceKind.TOOL, "read: .env.example"),
        (SourceKind.TOOL, "write: notes.md"),
        (SourceKind.TOOL, "bash: pytest -q"),
        (SourceKind.TOOL, "finish"),
    ],
)
def test_internal_sources(kind: SourceKind, name: str) -> None:
    assert placed(kind, name) is Provenance.INTERNAL


def test_public_sources() -> None:
    assert placed(SourceKind.HOUSE, "rules") is Provenance.PUBLIC
    assert placed(SourceKind.WEB, "https://docs.python.org/3/") is Provenance.PUBLIC


@pytest.mark.parametrize(
    "command",
    [
        "kubectl get pods -A", "oc whoami -t", "env", "env | sort", "printenv HOME", "set", "export -p",
        "ssh ofen7 uptime", "gh auth token", "aws s3 ls", "pass show mail", "vault kv get x", "FOO=1 env",
        "sudo env", "cd x && env",
        "sh -c 'env'", "echo $(printenv)", "echo `env`", "for i in 1; do env; done", "/usr/bin/env", "git remote -v",
        "cat .env", "cat ./deploy/.env.prod", "cat ~/.ssh/config", "cat<.netrc", "tar c .aws", "cat server.pem",
        "cat id_ed25519", "less ~/.kube/config", "base64 tls.key", "cat contacts.vcf", "cat /proc/self/environ",
        "cat ~/.bash_history", "cp x y; gpg --export-secret-keys", "ls | xargs kubectl delete",
        "cat .e*", "cat .en?", "cat .[e]nv", "cat .en''v", 'cat ."env"', "cat .e\\nv", "tar c .ss*",
        "cat cred*", "cat .*",
    ],
)  # fmt: skip
def test_private_commands(command: str) -> None:
    assert placed(SourceKind.TOOL, f"bash: {command}") is Provenance.PRIVATE


@pytest.mark.parametrize(
    "command",
    [
        "ls -la", "pytest tests/test_env.py", "env X=1 python app.py", "git log --oneline", "grep -rn pass src",
        "make set",
        "cat src/environment.py", "cat .env.example", "python -m http.server --help", "cat id_map.py", "cat keys.md",
        "cat id_rsa.pub", "cat *", "ls *.py", "wc -l src/*.md tests/t?st_*.py", "grep -rn 'a.*b' src",
    ],
)  # fmt: skip
def test_commands_about_the_work_itself(command: str) -> None:
    assert placed(SourceKind.TOOL, f"bash: {command}") is Provenance.INTERNAL


def test_the_operators_lists_win_and_the_most_private_first() -> None:
    config = ProvenanceConfig(
        private=("web:https://intern.*", "bead:notes"),
        internal=("persona:agents/romanov/*", "web:https://*"),
        public=("bead:title", "web:*", "persona:*"),
    )
    assert placed(SourceKind.WEB, "https://intern.firma.de/x", config) is Provenance.PRIVATE
    assert placed(SourceKind.WEB, "https://docs.python.org/", config) is Provenance.INTERNAL
    assert placed(SourceKind.PERSONA, "agents/romanov/SOUL.md", config) is Provenance.INTERNAL
    assert placed(SourceKind.BEAD, "title", config) is Provenance.PUBLIC
    assert placed(SourceKind.BEAD, "notes", config) is Provenance.PRIVATE
    assert placed(SourceKind.BEAD, "design", config) is Provenance.INTERNAL


ROW = {
    "id": "x-1",
    "title": "A task",
    "description": "Do it",
    "acceptance_criteria": "it works",
    "notes": "  ",
    "status": "open",
    "labels": ["one", "two"],
    "owner": "amy@post-firma.de",
    "created_by": "amy",
    "metadata": {"title": "no"},
}


def test_only_the_allowed_fields_of_a_bead_are_told() -> None:
    parts = bead_parts(ROW, BUILT_IN)
    assert {part.name: part.part.text for part in parts} == {
        "bead.id": "x-1",
        "bead.title": "A task",
        "bead.description": "Do it",
        "bead.acceptance": "it works",
        "bead.status": "open",
        "bead.labels": "one, two",
    }
    assert {part.part.provenance for part in parts} == {Provenance.INTERNAL}
    assert parts[2].part.source.label == "bead:description"


def test_a_field_of_a_bead_that_is_no_text_is_left_out() -> None:
    assert bead_parts({"title": 5, "labels": [1, "x", None], "notes": {"a": "b"}}, BUILT_IN) == bead_parts(
        {"labels": ["x"]}, BUILT_IN
    )


def test_a_field_that_the_operator_calls_private_is_private() -> None:
    (part,) = bead_parts({"notes": "x"}, ProvenanceConfig(private=("bead:notes",)))
    assert part.part.provenance is Provenance.PRIVATE
