"""`b4tui models pin` and `unpin`: the operator's word on which model is trusted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from b4tui.cli.common import Failed, Place, guarded, json_option, place_options, print_json, say
from b4tui.cli.engines_used import engine_option, engine_with, finish, opened

if TYPE_CHECKING:
    from b4tui.config import Settings
    from b4tui.engines.attestation.pins import Pin
    from b4tui.engines.interface import Engine, ModelInfo

_DIGEST = re.compile(r"(sha256:)?(?P<hex>[0-9a-f]{12,64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pinned:
    engine: str
    model: str
    old: str
    new: str
    dropped: str  # the name under which the model before was kept


@click.command("pin", short_help="Trust a model as it is now.")
@click.argument("name")
@place_options
@engine_option
@click.option("--digest", metavar="D", help="Pin only if the model has this digest (12 or more of its hex digits).")
@json_option
@guarded
def pin(name: str, place: Place, engine_name: str | None, digest: str | None, as_json: bool) -> None:
    """Trust the model NAME as it is now: its digest is pinned, and any other stops runs until it is accepted."""
    wanted = _expected(digest)
    made = finish(_pin(place.settings_here(), name, engine_name, wanted))
    if as_json:
        print_json({"engine": made.engine, "model": made.model, "old": made.old, "digest": made.new})
        return
    before = made.old[:12] if made.old else "nothing"
    say(f"{made.model} on {made.engine} is pinned to {made.new[:12]} (before: {before})")
    if made.dropped:
        say(f"the one before is kept no longer ({made.dropped} is taken off the server)")


@click.command("unpin", short_help="Forget that a model is trusted.")
@click.argument("name")
@place_options
@engine_option
@json_option
@guarded
def unpin(name: str, place: Place, engine_name: str | None, as_json: bool) -> None:
    """Forget that the model NAME is trusted; its next use pins it as it is then. The engine need not answer."""
    engine, gone = finish(_unpin(place.settings_here(), name, engine_name))
    if as_json:
        print_json({"engine": engine, "model": name, "old": gone.digest})
        return
    say(f"{name} on {engine} is no longer pinned (it was pinned to {gone.digest[:12]})")


def _expected(digest: str | None) -> str:
    """The digits of `--digest`. Raises UsageError."""
    if digest is None:
        return ""
    match = _DIGEST.fullmatch(digest.strip().lower())
    if match is None:
        raise click.UsageError(f"--digest {digest!r} is no digest: give 12 to 64 hex digits of it")
    return match["hex"]


async def _pin(settings: Settings, name: str, only: str | None, wanted: str) -> _Pinned:
    from b4tui import events
    from b4tui.engines.attestation.pins import Pins, pins_file
    from b4tui.engines.interface import EngineError
    from b4tui.engines.ollama.stale import put_out_stale
    from b4tui.events import Locality

    pins = Pins(pins_file(), learns=False)
    async with opened(settings, pins, only) as engines:
        engine, info, stock = await engine_with(settings, engines, name)
        attestation = await engine.attest(info.name, fresh=True)
        missing = attestation.missing
        if info.remote or attestation.locality is Locality.REMOTE:
            why = f": {missing.detail}. {missing.fix}" if missing else ""
            raise Failed(f"{name} is not computed at {engine.address} and cannot be trusted{why}")
        if attestation.failure is not None:
            raise EngineError(attestation.failure)
        if not attestation.digest:
            raise Failed(f"{engine.address} gives {name} no digest to know it by: upgrade the server")
        if not attestation.digest.startswith(wanted):
            raise Failed(
                f"{name} on {engine.name} has the digest {attestation.digest[:12]}, not {wanted[:12]}: nothing is "
                f"pinned. Look at it with `b4tui models check {name}`"
            )
        before = pins.get(engine.address, info.name)
        pins.pin(engine.address, info.name, attestation.digest, events.now())
        await put_out_stale(engine, info.name, attestation.digest)
        return _Pinned(
            engine=engine.name,
            model=info.name,
            old=before.digest if before else "",
            new=attestation.digest,
            dropped=await _drop_kept(engine, info, stock),
        )


async def _drop_kept(engine: Engine, model: ModelInfo, stock: tuple[ModelInfo, ...]) -> str:
    """Take away the model before, which was kept for the check; its name, "" where none was. Raises EngineError."""
    from b4tui.engines.names import find_model
    from b4tui.engines.ollama.engine import OllamaEngine
    from b4tui.engines.ollama.kept import kept_name
    from b4tui.engines.ollama.leaving import put_out

    kept = find_model(kept_name(model.name), stock)
    if kept is None or not isinstance(engine, OllamaEngine):
        return ""
    await put_out(engine, kept.name)  # what is in memory under a name that is gone can be shown by nobody
    await engine.delete(kept.name)
    return kept.name


async def _unpin(settings: Settings, name: str, only: str | None) -> tuple[str, Pin]:
    from b4tui.engines.attestation.pins import Pins, pins_file
    from b4tui.runtime.role_models import names_on

    pins = Pins(pins_file(), learns=False)
    async with opened(settings, pins, only) as engines:
        known = {
            key: (engine.address, called)
            for key, engine in engines.items()
            for called in names_on(settings, engine, name)
            if pins.get(engine.address, called) is not None
        }
    if len(known) > 1:
        raise click.UsageError(f"{name} is pinned on {', '.join(known)}: say which with --engine")
    for key, (address, called) in known.items():
        gone = pins.unpin(address, called)
        if gone is not None:
            return key, gone
    raise Failed(f"{name} is not pinned{f' on {only}' if only else ''}: `b4tui models list` shows what is")
