"""`b4tui approvals` and `b4tui grants`: the operator's decisions without a console."""

from __future__ import annotations

import hashlib
import re
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from b4tui.escalation.approvals.changes import Send
from b4tui.escalation.approvals.store import ApprovalStore
from b4tui.escalation.types import Approval, ApprovalState, Risk
from b4tui.events import now
from b4tui.gate.types import Cause, Finding, FindingClass, Reason, Severity, Verdict
from b4tui.ledger.keys import load_key
from b4tui.ledger.ledger import Ledger
from b4tui.outward_sections import EscalationPolicy, PricesConfig
from tests.escalation.approving import a_grant, an_approval

BODY = b'{"model":"frontier-1","messages":[{"content":"What of tides?\x1b[2J"}]}'
SHA256 = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    hub = tmp_path / "hub"
    (hub / ".beads").mkdir(parents=True)
    (hub / ".beads" / "issues.jsonl").touch()
    subprocess.run(["git", "init", "-q", str(hub)], check=True)
    (hub / ".b4tui").mkdir()
    return hub


@pytest.fixture
def store(hub: Path, environment: dict[str, str]) -> ApprovalStore:
    """What a running b4tui has written there."""
    key = load_key(Path(environment["HOME"]) / ".local" / "state" / "b4tui" / "ledger.key")
    ledger = Ledger(hub / ".b4tui" / "ledger.db", clock=now, key=key)
    return ApprovalStore(ledger, EscalationPolicy(), PricesConfig())


@pytest.fixture
def asked(store: ApprovalStore) -> Callable[..., Approval]:
    def ask(**changes: object) -> Approval:
        moment = now()
        fields = {"id": "a1b2c3", "asked_at": moment, "deadline": moment + timedelta(hours=1), **changes}
        return store.ask(an_approval(body=BODY, **fields), BODY, moment)

    return ask


@pytest.fixture
def run(b4tui_here, hub: Path):
    return lambda *arguments, **more: b4tui_here(*arguments, cwd=hub, **more)


def test_on_a_hub_that_b4tui_never_worked_on_nothing_waits_and_nothing_is_made(run, hub) -> None:
    for words in ("approvals", "grants"):
        assert (run(words, "list", "--json").code, run(words, "list", "--json").out.strip()) == (0, "[]")
    assert "Nothing waits" in run("approvals", "list").out
    answer = run("approvals", "show", "a1b2c3")
    assert answer.code == 1 and "ledger" in answer.err
    assert not list((hub / ".b4tui").iterdir())


def test_a_grant_can_be_made_before_the_first_work(run, hub) -> None:
    (hub / ".b4tui").rmdir()
    wrong = run("grants", "add", "--category", "nothing", "--actor", "amy")
    assert wrong.code == 2
    assert "'nothing' is no category that may leave; there are deep_research, strategic_analysis" in wrong.err
    assert run("grants", "add", "--category", "deep_research").code == 1, "nobody is named"
    assert not (hub / ".b4tui").exists()
    assert run("grants", "add", "--category", "deep_research", "--actor", "amy").code == 0
    assert run("grants", "list").out.count("deep_research") == 1
    assert (hub / ".b4tui" / ".gitignore").exists()


def test_a_hub_that_may_not_be_entered_is_said_in_words(run, monkeypatch) -> None:
    def refused(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", refused)
    answer = run("--hub", "/elsewhere/hub", "approvals", "list")
    assert (answer.code, answer.err) == (
        1,
        "b4tui: /elsewhere/hub: Permission denied: make it yours, or name another\n",
    )


def test_what_waits_is_listed(run, asked) -> None:
    asked()
    answer = run("approvals", "list")
    assert (answer.code, answer.err, len(answer.out.splitlines())) == (0, "", 1)
    assert all(word in answer.out for word in ("a1b2c3", "romanov", "hub-1", "api.example.com", "expires in 59:"))
    (row,) = run("approvals", "list", "--json").json
    assert (row["id"], row["sha256"], row["state"], row["size"]) == ("a1b2c3", SHA256, "pending", len(BODY))


def test_what_is_decided_is_listed_with_all(run, asked, store) -> None:
    asked()
    run("approvals", "deny", "a1b2c3", "--actor", "ops")
    assert run("approvals", "list", "--json").json == []
    assert "Nothing waits" in run("approvals", "list").out
    assert [row["state"] for row in run("approvals", "list", "--all", "--json").json] == ["denied"]


def test_the_exact_bytes_are_shown_and_no_escape_reaches_the_terminal(run, asked) -> None:
    asked(risk=Risk.MEDIUM, risk_words=("nothing was sent to api.example.com before",))
    out = run("approvals", "show", "a1b").out
    assert "\x1b" not in out and "␛[2J" in out
    for words in (
        f"sha256 {SHA256}",
        "POST https://api.example.com/v1/messages",
        "medium: nothing was sent",
        "0.0200 USD",
    ):
        assert words in out
    shown = run("approvals", "show", "a1b2c3", "--json").json
    assert shown["body"].encode() == BODY and shown["findings"] == []


def test_what_it_costs_is_said_as_the_most_it_can(run, asked) -> None:
    asked()
    assert re.search(r"cost +at most \d+\.\d{4} USD for [\d,]+ tokens in", run("approvals", "show", "a1b2c3").out)


def test_an_approval_wants_the_digest_of_what_was_shown(run, asked, store) -> None:
    asked()
    without = run("approvals", "approve", "a1b2c3", "--actor", "ops")
    assert without.code == 2 and "--digest" in without.err
    for wrong in (SHA256[:11], "0" * 12):
        assert run("approvals", "approve", "a1b2c3", "--digest", wrong, "--actor", "ops").code == 1
    assert store.get("a1b2c3").state is ApprovalState.PENDING
    answer = run("approvals", "approve", "a1b2c3", "--digest", SHA256[:12], "--actor", "ops", "--reason", "fine")
    assert (answer.code, answer.out) == (0, "a1b2c3 is approved\n")
    done = store.get("a1b2c3")
    assert (done.state, done.decided_by, done.decision_reason) == (ApprovalState.APPROVED, "ops", "fine")
    (_, row) = store.ledger.entries()
    assert row.facts["evidence"] == {"typed_digest": SHA256[:12]}


def test_high_risk_wants_the_host_too(run, asked) -> None:
    asked(risk=Risk.HIGH)
    approve = ("approvals", "approve", "a1b2c3", "--digest", SHA256[:12], "--actor", "ops")
    without = run(*approve)
    assert without.code == 1 and "api.example.com" in without.err
    held = run(*approve, "--host", "api.example.com", "--json").json
    assert held["state"] == "approved" and held["hold_until"] > held["decided_at"]


def test_what_stays_here_cannot_be_approved_and_says_so_by_its_exit_code(run, asked, store) -> None:
    finding = Finding(
        rule="email",
        version=1,
        finding_class=FindingClass.PERSONAL,
        severity=Severity.BLOCK,
        part="user 1",
        start=0,
        end=9,
        preview="••••",
    )
    asked(
        verdict=Verdict.LOCAL_ONLY,
        findings=(finding,),
        reasons=(Reason(Cause.PERSONAL, "1 finding of class personal"),),
    )
    answer = run("approvals", "approve", "a1b2c3", "--digest", SHA256, "--actor", "ops")
    assert answer.code == 3 and "1 finding of class personal" in answer.err
    assert store.get("a1b2c3").state is ApprovalState.PENDING
    assert "email (personal) in user 1: ••••" in run("approvals", "show", "a1b2c3").out


def test_the_second_to_decide_is_told_who_was_first(run, asked) -> None:
    asked()
    run("approvals", "deny", "a1b2c3", "--actor", "amy", "--reason", "no")
    late = run("approvals", "approve", "a1b2c3", "--digest", SHA256[:12], "--actor", "ben")
    assert late.code == 1 and "already denied by amy" in late.err


def test_what_was_approved_and_is_held_back_can_be_called_back(run, asked, store) -> None:
    asked(risk=Risk.MEDIUM)
    held = run("approvals", "approve", "a1b2c3", "--digest", SHA256, "--actor", "amy")
    assert "unless it is denied before" in held.out
    answer = run("approvals", "deny", "a1b2c3", "--actor", "ben", "--reason", "wait")
    assert (answer.code, answer.out) == (0, "a1b2c3 is denied\n")
    assert (store.get("a1b2c3").state, store.get("a1b2c3").decided_by) == (ApprovalState.DENIED, "ben")
    assert [row.facts["change"] for row in store.ledger.entries(kind="approval_changed")] == ["approve", "undo", "deny"]


def test_what_has_left_cannot_be_called_back(run, asked, store) -> None:
    approval = asked()
    run("approvals", "approve", "a1b2c3", "--digest", SHA256, "--actor", "amy")
    store.send("a1b2c3", Send(SHA256, approval.rules_sha256, approval.gate_version, approval.run), "permit-1", now())
    late = run("approvals", "deny", "a1b2c3", "--actor", "ben")
    assert late.code == 1 and "The bytes have left" in late.err


def test_what_has_expired_cannot_be_decided(run, asked) -> None:
    asked(deadline=now() - timedelta(seconds=1))
    late = run("approvals", "deny", "a1b2c3", "--actor", "ops")
    assert late.code == 1 and "already expired" in late.err


def test_an_id_has_to_be_one(run, asked) -> None:
    asked()
    asked(id="a1b9", bead="hub-2")
    twice = run("approvals", "deny", "a1b", "--actor", "ops")
    assert twice.code == 1 and "type more" in twice.err
    none = run("approvals", "deny", "zz", "--actor", "ops")
    assert none.code == 1 and "no approval zz" in none.err


def test_with_local_only_nothing_is_approved_and_no_grant_is_made(run, asked, store) -> None:
    """The console that asked may run without it."""
    approval = asked()
    answer = run("--local-only", "approvals", "approve", approval.id, "--digest", SHA256[:12], "--actor", "ops")
    assert answer.code == 1 and "--local-only" in answer.err
    answer = run("--local-only", "grants", "add", "--category", "deep_research", "--actor", "ops")
    assert answer.code == 1 and "--local-only" in answer.err
    assert store.get(approval.id).version == 1 and not store.grants.every(now())


@pytest.mark.parametrize("nothing", ["", " "])
def test_an_empty_id_names_nothing_even_where_only_one_waits(run, asked, store, nothing: str) -> None:
    asked()
    for command in (("show",), ("deny", "--actor", "ops"), ("approve", "--digest", SHA256, "--actor", "ops")):
        answer = run("approvals", *command, nothing)
        assert answer.code == 2 and "name an approval" in answer.err
    assert store.get("a1b2c3").state is ApprovalState.PENDING


def test_what_has_left_is_told_from_what_may_leave(run, asked, store) -> None:
    approval = asked()
    run("approvals", "approve", "a1b2c3", "--digest", SHA256, "--actor", "ops")
    assert "approved" in run("approvals", "list", "--all").out
    leaving = Send(SHA256, approval.rules_sha256, approval.gate_version, approval.run)
    moment = now()
    store.send("a1b2c3", leaving, "permit-1", moment)
    assert "sent, no answer" in run("approvals", "list", "--all").out
    out = run("approvals", "show", "a1b2c3").out
    assert f"sent         {moment.astimezone():%Y-%m-%d}" in out and "outcome      not known" in out


def test_an_old_one_is_shown_without_the_bytes_that_were_dropped(run, asked, store) -> None:
    asked()
    run("approvals", "deny", "a1b2c3", "--actor", "ops", "--reason", "too much")
    assert store.forget_bodies(now() + timedelta(days=1)) == 1
    answer = run("approvals", "show", "a1b2c3")
    assert answer.code == 0 and "not kept any more" in answer.out and f"sha256 {SHA256}" in answer.out
    assert run("approvals", "show", "a1b2c3", "--json").json["body"] is None


PROVIDER = """
[escalation.sim]
kind = "anthropic"
address = "https://api.example.com"
model = "frontier-1"
key_env = "A_KEY_THAT_IS_NOT_SET"
"""


def test_what_is_not_known_of_the_provider_is_said(run, asked) -> None:
    asked()
    out = run("approvals", "show", "a1b2c3").out
    unknown = "not known here, provider sim is not in these settings"
    assert f"it keeps     {unknown}" in out and f"headers: {unknown}" in out


@pytest.mark.parametrize(
    ("retention", "said"), [("", "it does not say how long"), ('retention = "thirty days"', "thirty days")]
)
def test_every_header_is_shown_without_the_key(run, asked, tmp_path, retention: str, said: str) -> None:
    asked()
    (tmp_path / "with.toml").write_text(PROVIDER + retention)
    answer = run("--config", str(tmp_path / "with.toml"), "approvals", "show", "a1b2c3")
    assert answer.err == "" and f"it keeps     {said}" in answer.out
    for header in ("host: api.example.com", "user-agent: b4tui", f"content-length: {len(BODY)}", "x-api-key: ••••"):
        assert header in answer.out.splitlines()


# Grants --------------------------------------------------------------------------------------------------------------


def test_a_grant_is_made_listed_and_revoked(run, store) -> None:
    made = run("grants", "add", "--category", "deep_research", "--agent", "romanov", "--actor", "ops", "--json").json
    assert (made["max_bytes"], made["max_uses"], made["made_by"]) == (4096, 20, "ops")
    assert [row["id"] for row in run("grants", "list", "--json").json] == [made["id"]]
    assert "romanov may send up to 4,096 bytes of deep_research" in run("grants", "list").out
    gone = run("grants", "revoke", made["id"], "--actor", "ops")
    assert gone.out == f"{made['id']} is revoked, after 0 of 20 uses\n"
    assert "no standing approval" in run("grants", "list").out
    assert "(it was revoked)" in run("grants", "list", "--all").out
    assert [entry.kind for entry in store.ledger.entries()] == ["grant_changed", "grant_changed"]


def test_the_beginning_of_a_grants_id_names_it_where_no_other_begins_so(run, store) -> None:
    for name in ("ab12", "ab34", "cd56"):
        store.grants.make(a_grant(id=name, made_at=now(), until=now() + timedelta(hours=1)), now())
    assert [row["id"] for row in run("grants", "list", "cd", "--json").json] == ["cd56"]
    for command in (("list",), ("revoke", "--actor", "ops")):
        for typed, code, says in (
            ("ab", 1, "2 grants (ab12, ab34)"),
            ("zz", 1, "no grant zz"),
            ("", 2, "name a grant"),
        ):
            answer = run("grants", *command, typed)
            assert answer.code == code and says in answer.err
    assert run("grants", "revoke", "ab3", "--actor", "ops").out.startswith("ab34 is revoked")
    assert "(it was revoked)" in run("grants", "list", "ab3").out


def test_a_grant_that_was_edited_is_listed_as_not_used_and_can_be_revoked(run, store) -> None:
    made = run("grants", "add", "--category", "deep_research", "--actor", "ops", "--json").json
    with closing(sqlite3.connect(store.ledger.path, isolation_level=None)) as file:
        file.execute("UPDATE grants SET document = json_set(document, '$.max_uses', 900)")
    assert "not what entry 1 says of it" in run("grants", "list").out
    assert "entry 1" in run("grants", "list", "--json").json[0]["doubt"]
    found = run("ledger", "verify")
    assert found.code == 1 and found.out.startswith(f"✗ grant {made['id']}: it is not what entry 1 says of it")
    assert run("grants", "revoke", made["id"], "--actor", "ops").code == 0
    assert "no standing approval" in run("grants", "list").out


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        ((), 2, "--category"),
        (("--category", "code_review"), 2, "deep_research"),
        (("--category", "deep_research", "--agent", "nobody"), 2, "nobody"),
        (("--category", "deep_research", "--provider", "nobody"), 2, "nobody"),
        (("--category", "deep_research", "--for", "soon"), 2, "30m"),
        (("--category", "deep_research", "--max-uses", "0"), 2, "0"),
        (("--category", "deep_research", "--for", "3650d"), 2, "policy.escalation.grant_days"),
        (("--category", "deep_research", "--max-uses", "1000000"), 2, "policy.escalation.grant_uses"),
        (("--category", "deep_research", "--max-bytes", "1000000000"), 2, "policy.escalation.grant_bytes"),
    ],
)
def test_a_grant_for_what_there_is_not_is_not_made(run, store, options: tuple[str, ...], code: int, says: str) -> None:
    answer = run("grants", "add", *options, "--actor", "ops")
    assert answer.code == code and says in answer.err
    assert store.ledger.entries() == ()
