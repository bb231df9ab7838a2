"""`b4tui models check`: the same questions to a model as it was trusted and as it is now."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from b4tui.cli.common import Failed, Place, guarded, json_option, place_options, print_json, say
from b4tui.cli.engines_used import engine_option, engine_with, finish, opened
from b4tui.safe_text import visible

if TYPE_CHECKING:
    from b4tui.config import Settings
    from b4tui.engines.interface import Engine, ModelInfo
    from b4tui.engines.trials.check import ModelCheck, Side
    from b4tui.engines.trials.diff import Compared
    from b4tui.engines.trials.run import TrialResult
    from b4tui.engines.trials.trials import LoadedAs, TrialSet


@click.command("check", short_help="Compare a changed model with the trusted one.")
@click.argument("name")
@place_options
@engine_option
@json_option
@guarded
def check(name: str, place: Place, engine_name: str | None, as_json: bool) -> None:
    """Put a fixed set of public questions to the model NAME and to the one that is trusted, and show what changed.

    Exit code 1 if a rule that was kept is broken now. Accepting the model is `b4tui models pin NAME`.
    """
    from b4tui.engines.trials.trials import read_trials

    trials = read_trials()
    engine, found = finish(_check(place.settings_here(), name, engine_name, trials))
    if as_json:
        print_json(_document(engine, found))
    else:
        _print(engine, found, {trial.name: trial.title for trial in trials.trial})
    if found.worse:
        raise click.exceptions.Exit(1)


async def _check(settings: Settings, name: str, only: str | None, trials: TrialSet) -> tuple[str, ModelCheck]:
    from b4tui import events
    from b4tui.engines.attestation.pins import Pins, pins_file
    from b4tui.engines.trials.check import Checking, check_model
    from b4tui.engines.trials.records import Records, records_folder
    from b4tui.runtime.role_models import roles_of

    # With no pins the engine takes the model as new: one that changed is stopped from work, not from being looked at.
    async with opened(settings, Pins(None), only) as engines:
        engine, info, stock = await engine_with(settings, engines, name)
        digest = await _digest_of(engine, info)
        roles = roles_of(settings, engines, engine.name, info.name, {engine.name: stock})
        how = Checking(
            trials=trials,
            records=Records(records_folder()),
            health=await engine.health(),
            loaded=_as_its_role(settings, engine.name, roles),
            told=_told,
            clock=time.monotonic,
            now=events.now,
        )
        pin = Pins(pins_file()).get(engine.address, info.name)
        return engine.name, await check_model(engine, info, digest, pin, stock, how)


async def _digest_of(engine: Engine, info: ModelInfo) -> str:
    """What the model is known by now. Raises EngineError; Failed for a model that is computed elsewhere."""
    from b4tui.engines.interface import EngineError
    from b4tui.events import Locality

    attestation = await engine.attest(info.name, fresh=True)
    if info.remote or attestation.locality is Locality.REMOTE:
        raise Failed(f"{info.name} is not computed at {engine.address}, so nothing was sent: choose a local model")
    if attestation.failure is not None:
        raise EngineError(attestation.failure)
    return attestation.digest or info.digest


def _as_its_role(settings: Settings, engine: str, roles: tuple[str, ...]) -> LoadedAs:
    """The model loaded as its roles have it; a model of no role as the questions need it."""
    from b4tui.engines.dispatch.profile import profile_of
    from b4tui.engines.dispatch.roles import model_there
    from b4tui.engines.trials.trials import LoadedAs

    if not roles:
        return LoadedAs()
    role = settings.roles[roles[0]]
    profile = profile_of(settings, engine, model_there(settings, engine, role.model))
    return LoadedAs(num_ctx=profile.num_ctx, keep_alive=role.keep_alive, options=profile.applied(role.options))


def _told(name: str, result: TrialResult) -> None:
    """Each answer as it comes, on standard error."""
    kept = "rule kept" if result.passed else f"rule broken: {result.why}"
    click.echo(visible(f"{name}  {result.trial:<12} {result.seconds:5.1f} s  {kept}"), err=True)


def _print(engine: str, found: ModelCheck, titles: dict[str, str]) -> None:
    where = f"{engine}, SIMULATED" if found.simulated else engine
    say(f"{found.new.name} on {where}: {found.new.digest[:12]}, compared with {_in_words(found.old)}")
    for row in found.rows:
        say("")
        say(f"{_mark(row)} {row.new.trial}: {titles[row.new.trial]}")
        say(f"    new: {_figures(row.new)}")
        if row.old is not None:
            say(f"    old: {_figures(row.old)}")
        _print_answer(row)
    say("")
    say(_verdict(found))


def _in_words(old: Side) -> str:
    if not old.digest:
        return old.note
    where = f" ({old.name})" if old.name else ""
    return f"{old.digest[:12]}{where}{': ' + old.note if old.note else ''}"


def _mark(row: Compared) -> str:
    if row.worse:
        return "✗ WORSE"
    if row.better:
        return "✓ better"
    return "✓" if row.new.passed else "▲"


def _figures(result: TrialResult) -> str:
    rate = "n/a" if result.rate is None else f"{result.rate:.1f} tokens/s"
    kept = "rule kept" if result.passed else f"rule broken: {result.why}"
    return f"{kept}; {len(result.text)} characters, {rate}"


def _print_answer(row: Compared) -> None:
    """The answer with what changed in it: old words red in [-…-], new ones green in {+…+}."""
    from b4tui.engines.trials.diff import Change

    if row.old is None or row.same_words:
        say(_indented(visible(row.new.text)) + ("" if row.old is None else "\n    (the same words as before)"))
        return
    text = ""
    for piece in row.pieces:
        shown = visible(piece.text)
        match piece.change:
            case Change.SAME:
                text += shown
            case Change.GONE:
                text += click.style(f"[-{shown}-]", fg="red")
            case Change.NEW:
                text += click.style(f"{{+{shown}+}}", fg="green")
    click.echo(_indented(text))


def _indented(text: str) -> str:
    return "\n".join(f"    │ {line}" for line in text.split("\n"))


def _verdict(found: ModelCheck) -> str:
    worse = [row.new.trial for row in found.rows if row.worse]
    if worse:
        return (
            f"worse in {', '.join(worse)}. To accept it all the same: `b4tui models pin {found.new.name}`{_back(found)}"
        )
    if all(row.old is None for row in found.rows):
        return "nothing to compare with; the answers are recorded for the next check"
    same = sum(row.same_words for row in found.rows)
    told = f"no rule got worse; {same} of {len(found.rows)} answers are the same"
    return (
        told if found.old.digest == found.new.digest else f"{told}. To accept it: `b4tui models pin {found.new.name}`"
    )


def _back(found: ModelCheck) -> str:
    """How the one before comes back, where the server still has it."""
    from b4tui.engines.trials.check import Source

    if found.old.source is not Source.SERVER:
        return ""
    return f"; to go back: `ollama cp {found.old.name} {found.new.name}`"


def _document(engine: str, found: ModelCheck) -> dict[str, Any]:
    return {
        "engine": engine,
        "simulated": found.simulated,
        "model": found.new.name,
        "new": _side(found.new),
        "old": _side(found.old),
        "worse": found.worse,
        "trials": [
            {
                "name": row.new.trial,
                "worse": row.worse,
                "same_words": row.same_words,
                "new": _result(row.new),
                "old": _result(row.old) if row.old is not None else None,
                "diff": [[piece.change, piece.text] for piece in row.pieces],
            }
            for row in found.rows
        ],
    }


def _side(side: Side) -> dict[str, str]:
    return {"name": side.name, "digest": side.digest, "source": side.source, "note": side.note}


def _result(result: TrialResult) -> dict[str, Any]:
    return {
        "passed": result.passed,
        "why": result.why,
        "text": result.text,
        "characters": len(result.text),
        "tokens": result.tokens,
        "tokens_per_second": result.rate,
        "seconds": round(result.seconds, 3),
    }
