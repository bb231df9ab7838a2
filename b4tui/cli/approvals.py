"""`b4tui approvals`: the operator's decisions without a screen (design section 6)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from b4tui.cli.common import (
    Failed,
    Place,
    StaysHere,
    actor_name,
    guarded,
    json_option,
    place_options,
    print_json,
    say,
)
from b4tui.cli.desk_used import DeskUsed, find_approval, listed, opened_desk

if TYPE_CHECKING:
    from b4tui.escalation.types import Approval, PayloadShown


@click.group("approvals")
def command() -> None:
    """Look at what waits to leave this machine, and decide."""


def _deciding(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a command that decides."""
    function = click.option("--actor", metavar="NAME", help="Who decides (default: BEADS_ACTOR, git's user.name).")(
        function
    )
    function = click.option("--reason", default="", metavar="TEXT", help="Why; the agent is told.")(function)
    return place_options(json_option(guarded(function)))


@command.command("list", short_help="What waits for a decision.")
@place_options
@click.option("--all", "everything", is_flag=True, help="Decided ones too.")
@json_option
@guarded
def list_approvals(place: Place, everything: bool, as_json: bool) -> None:
    """List what waits for a decision, the next to expire first; with --all everything there ever was, oldest first."""
    from b4tui.cli.approval_words import document, line
    from b4tui.events import now

    found = listed(place, lambda desk: desk.store.every() if everything else desk.store.pending())
    if as_json:
        print_json([document(approval) for approval in found])
        return
    for approval in found:
        say(line(approval, now()))
    if not found:
        say("Nothing waits to leave this machine.")


@command.command(short_help="Everything about one, with the exact bytes that would leave.")
@place_options
@click.argument("approval_id", metavar="ID")
@json_option
@guarded
def show(place: Place, approval_id: str, as_json: bool) -> None:
    """Show the approval ID (or the only one that begins so): destination, cost, risk, findings, digest, exact bytes.

    Bytes that are not kept any more are left out (in JSON they are null).
    """
    from b4tui.cli.approval_words import document

    with opened_desk(place) as desk:
        approval = find_approval(desk.store, approval_id)
        shown = _shown(desk, approval) if desk.store.keeps_body(approval) else None
    if as_json:
        body = shown.body.decode("utf-8", "backslashreplace") if shown else None
        print_json({**document(approval), "headers": dict(shown.headers) if shown else {}, "body": body})
        return
    _print_whole(desk, approval, shown)


@command.command(short_help="Let exactly these bytes leave.")
@click.argument("approval_id", metavar="ID")
@click.option("--digest", metavar="PREFIX", help="12 or more letters of the payload's sha256, as `show` prints it.")
@click.option("--host", default="", metavar="HOST", help="The destination's host, typed: needed for high risk.")
@_deciding
def approve(
    place: Place, approval_id: str, digest: str | None, host: str, reason: str, actor: str | None, as_json: bool
) -> None:
    """Approve the payload of ID. Without --digest it is printed whole, and you are asked for its digest.

    Exit code 3: the gate keeps it here, and nobody can approve it.
    """
    from b4tui.escalation.approvals.changes import Approve
    from b4tui.escalation.types import Decision
    from b4tui.events import now
    from b4tui.gate.types import Verdict

    with opened_desk(place) as desk:
        approval = find_approval(desk.store, approval_id)
        if approval.verdict is Verdict.LOCAL_ONLY:
            raise StaysHere(_stays(approval))
        shown = _shown(desk, approval)  # what cannot be shown cannot be approved
        if digest is None:
            digest = _asked_digest(desk, approval, shown)
        decision = Decision(
            approval=approval.id,
            version=approval.version,
            digest=approval.sha256,
            actor=actor_name(actor, desk.hub.root),
            reason=reason,
            typed_host=host,
            typed_digest=digest,
        )
        done = desk.store.change(approval.id, Approve(decision), now())
    held = (
        f"; it leaves at {done.hold_until.astimezone():%H:%M:%S}, unless it is denied before" if done.hold_until else ""
    )
    _report(done, f"{done.id} is approved{held}", as_json)


@command.command(short_help="Keep it here.")
@click.argument("approval_id", metavar="ID")
@_deciding
def deny(place: Place, approval_id: str, reason: str, actor: str | None, as_json: bool) -> None:
    """Deny the payload of ID: nothing of it leaves, and the agent goes on locally.

    One that was approved is called back, as long as it has not left.
    """
    from b4tui.escalation.approvals.changes import Deny, Undo
    from b4tui.escalation.types import ApprovalState, Decision
    from b4tui.events import now

    with opened_desk(place) as desk:
        approval = find_approval(desk.store, approval_id)
        who = actor_name(actor, desk.hub.root)
        if approval.state is ApprovalState.APPROVED:
            approval = desk.store.change(approval.id, Undo(approval.version, who), now())
        decision = Decision(
            approval=approval.id, version=approval.version, digest=approval.sha256, actor=who, reason=reason
        )
        done = desk.store.change(approval.id, Deny(decision), now())
    _report(done, f"{done.id} is denied", as_json)


def _report(approval: Approval, words: str, as_json: bool) -> None:
    from b4tui.cli.approval_words import document

    if as_json:
        print_json(document(approval))
    else:
        say(words)


def _shown(desk: DeskUsed, approval: Approval) -> PayloadShown:
    """The bytes and the headers they go out with; of a provider that is not in these settings none can be told."""
    from b4tui.escalation.door.headers import headers_without_key
    from b4tui.escalation.door.providers import Api
    from b4tui.escalation.types import PayloadShown

    body = desk.store.body_of(approval)
    config = desk.settings.escalation.get(approval.destination.provider)
    headers = headers_without_key(Api(config.kind), approval.destination, approval.size) if config else ()
    return PayloadShown(approval=approval.id, body=body, headers=headers)


def _print_whole(desk: DeskUsed, approval: Approval, shown: PayloadShown | None) -> None:
    from b4tui.cli.approval_words import whole
    from b4tui.events import now

    config = desk.settings.escalation.get(approval.destination.provider)
    for text in whole(approval, shown, config.retention if config else None, now()):
        say(text)


def _asked_digest(desk: DeskUsed, approval: Approval, shown: PayloadShown) -> str:
    """Print it all on a terminal and ask; anywhere else nobody has read it."""
    from b4tui.escalation.approvals.states import DIGEST_LETTERS

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError(
            f"look at it with `b4tui approvals show {approval.id}`, then give --digest with {DIGEST_LETTERS} or more "
            "letters of the sha256 it shows"
        )
    _print_whole(desk, approval, shown)
    typed: str = click.prompt(f"To approve, type the first {DIGEST_LETTERS} letters of the sha256", default="")
    if not typed.strip():
        raise Failed("nothing was typed, so nothing is approved")
    return typed


def _stays(approval: Approval) -> str:
    why = "; ".join(reason.text for reason in approval.reasons) or "the gate says so"
    return f"{approval.id} stays here and cannot be approved: {why}. In the console it can be redacted"
