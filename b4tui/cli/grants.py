"""`b4tui grants`: standing approvals without a screen (design section 6)."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from b4tui.cli.common import Failed, Place, actor_name, guarded, json_option, place_options, print_json, say
from b4tui.cli.desk_used import find_grant, listed, opened_desk

if TYPE_CHECKING:
    from b4tui.config import Settings
    from b4tui.escalation.types import Grant

_DURATION = re.compile(r"(?P<number>[1-9]\d{0,4})(?P<unit>[mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def _length(context: click.Context, option: click.Parameter, value: str) -> timedelta:
    """Read `30m`, `8h`, `2d`; click's own complaint for anything else."""
    match = _DURATION.fullmatch(value.strip())
    if match is None:
        raise click.BadParameter(f"{value!r} is no time: write 30m, 8h or 2d")
    return timedelta(**{_UNITS[match["unit"]]: int(match["number"])})


@click.group("grants")
def command() -> None:
    """List, make and revoke standing approvals."""


@command.command("list", short_help="The standing approvals that hold.")
@place_options
@click.argument("grant_id", metavar="[ID]", default=None, required=False)
@click.option("--all", "everything", is_flag=True, help="Ended, used up and revoked ones too.")
@json_option
@guarded
def list_grants(place: Place, grant_id: str | None, everything: bool, as_json: bool) -> None:
    """List the standing approvals that hold, the next to end first; or ID alone (or the only one that begins so)."""
    from b4tui.escalation.approvals.grants import over
    from b4tui.events import now

    moment = now()
    if grant_id is None:
        made = listed(place, lambda desk: desk.store.grants.every(moment))
        found = [grant for grant in made if everything or _is_listed(grant, moment)]
    else:
        with opened_desk(place) as desk:
            found = [find_grant(desk.store, grant_id, moment)]
    if as_json:
        print_json([document(grant) for grant in found])
        return
    for grant in found:
        ended = over(grant, moment)
        say(f"{grant.id:<10} {grant.sentence}{f' ({ended})' if ended else ''}")
    if not found:
        say("Nothing leaves this machine unasked: there is no standing approval.")


@command.command(short_help="Make a standing approval.")
@place_options
@click.option("--category", required=True, metavar="C", help="The category of task it is for.")
@click.option("--for", "length", callback=_length, default="30m", show_default=True, metavar="T", help="30m, 8h, 2d.")
@click.option("--max-bytes", type=click.IntRange(min=1), default=4096, show_default=True, help="Of one payload.")
@click.option("--max-uses", type=click.IntRange(min=1), default=20, show_default=True, help="Payloads in all.")
@click.option("--agent", default="", metavar="A", help="Only for this agent.")
@click.option("--provider", default="", metavar="P", help="Only to this provider.")
@click.option("--host", default="", metavar="H", help="Only to this host.")
@click.option("--model", default="", metavar="M", help="Only to this model.")
@click.option("--actor", metavar="NAME", help="Who makes it (default: BEADS_ACTOR, git's user.name).")
@json_option
@guarded
def add(
    place: Place,
    category: str,
    length: timedelta,
    max_bytes: int,
    max_uses: int,
    agent: str,
    provider: str,
    host: str,
    model: str,
    actor: str | None,
    as_json: bool,
) -> None:
    """Let payloads of a category leave unasked, within limits. Each is gated, counted and recorded all the same.

    One in which anything was found, or was replaced, is never covered: you are asked about it.
    """
    from b4tui.escalation.approvals.grant_bounds import beyond
    from b4tui.escalation.types import Grant
    from b4tui.events import now

    moment, hub = now(), place.find_hub()
    settings = place.settings(hub=hub.root)
    _check(settings, category, agent, provider)
    grant = Grant(
        id=secrets.token_hex(4),
        category=category,
        agent=agent,
        provider=provider,
        host=host,
        model=model,
        max_bytes=max_bytes,
        max_uses=max_uses,
        until=moment + length,
        made_by=actor_name(actor, hub.root),
        made_at=moment,
    )
    if words := beyond(grant, settings.policy.escalation):
        raise click.UsageError(words)
    with opened_desk(place, make=True) as desk:  # what is wrong was said before a ledger is made
        made = desk.store.grants.make(grant, moment)
    _report(made, f"{made.id}: {made.sentence}", as_json)


@command.command(short_help="End a standing approval now.")
@click.argument("grant_id", metavar="ID")
@place_options
@click.option("--actor", metavar="NAME", help="Who revokes it (default: BEADS_ACTOR, git's user.name).")
@json_option
@guarded
def revoke(grant_id: str, place: Place, actor: str | None, as_json: bool) -> None:
    """Revoke the grant ID (or the only one that begins so). What it approved and has not left stays here as well."""
    from b4tui.events import now

    with opened_desk(place) as desk:
        grant = find_grant(desk.store, grant_id, now())
        gone = desk.store.grants.revoke(grant.id, actor_name(actor, desk.hub.root), now())
    _report(gone, f"{gone.id} is revoked, after {gone.uses} of {gone.max_uses} uses", as_json)


def document(grant: Grant) -> dict[str, Any]:
    """A grant as one JSON object."""
    return {
        "id": grant.id,
        "sentence": grant.sentence,
        "category": grant.category,
        "agent": grant.agent,
        "provider": grant.provider,
        "host": grant.host,
        "model": grant.model,
        "max_bytes": grant.max_bytes,
        "max_uses": grant.max_uses,
        "uses": grant.uses,
        "until": grant.until.isoformat(timespec="seconds"),
        "made_by": grant.made_by,
        "made_at": grant.made_at.isoformat(timespec="seconds"),
        "doubt": grant.doubt,
        "revoked_at": grant.revoked_at.isoformat(timespec="seconds") if grant.revoked_at else None,
    }


def _is_listed(grant: Grant, moment: datetime) -> bool:
    """What holds, and what the record does not bear out: somebody has to revoke that."""
    from b4tui.escalation.approvals.grants import over

    return not over(grant, moment) or bool(grant.doubt and grant.revoked_at is None)


def _check(settings: Settings, category: str, agent: str, provider: str) -> None:
    """A grant for what there is not would never be used, and nobody would know why. Raises Failed and UsageError."""
    if settings.policy.escalation.local_only:
        raise Failed("with --local-only nothing can leave, so that no grant is made")
    for kind, name, known in (
        ("category that may leave", category, settings.policy.escalation.categories),
        ("agent of yours", agent, tuple(settings.agents)),
        ("provider in your settings", provider, tuple(settings.escalation)),
    ):
        if name and name not in known:
            raise click.UsageError(f"{name!r} is no {kind}; there are {', '.join(known) or 'none'}")


def _report(grant: Grant, words: str, as_json: bool) -> None:
    if as_json:
        print_json(document(grant))
    else:
        say(words)
