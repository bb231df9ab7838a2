"""Check every part of an installation; say what is wrong and how to mend it.

The shape of the answer is fixed (design section 6): `{"checks": [{name, status, detail, fix}], "engines": [...]}`.
Nothing here changes anything, and nothing but engines on their own addresses is asked over HTTP.
"""

from __future__ import annotations

import asyncio
import platform
import shutil
import subprocess
from collections.abc import Callable, Mapping

from b4tui.agents.sandbox import NoSandbox, find_sandbox
from b4tui.board.lint import lint
from b4tui.board.model import Hub, Severity
from b4tui.board.store import BoardError, BoardStore, NoHub, NotThere
from b4tui.config import ConfigError, Settings
from b4tui.engines.attestation.pins import Pins
from b4tui.engines.interface import Engine
from b4tui.routing.words import Category
from b4tui.runtime.doctor.diagnosis import Check, Report, Status
from b4tui.runtime.doctor.engine_checks import examine_engines
from b4tui.runtime.doctor.machine_checks import gpu_checks, ollama_servers, orphan_checks, prompt_log_check
from b4tui.runtime.doctor.outward_checks import gate_checks, guard_check, ledger_check, provider_check
from b4tui.runtime.outside.opening import Surroundings
from b4tui.telemetry.sampler import sampler_for


def examine(
    read_settings: Callable[[], Settings],
    open_engines: Callable[[Settings], Mapping[str, Engine]],
    find_hub: Callable[[], Hub],
    open_store: Callable[[Hub], BoardStore],
    pins: Pins,
    surroundings: Surroundings,
) -> Report:
    """Run every check that can be run. Takes a few seconds; engines that do not answer cost their connect time-out.

    Settings that cannot be read fail their own check, and what depends on them is left out. The engines that are opened
    must not learn (see Pins): whoever only looks does not decide what is trusted.
    """
    checks = [_python(), _git()]
    try:
        settings = read_settings()
    except ConfigError as error:
        return Report((*checks, Check("settings", Status.FAIL, str(error), "mend the key or file that is named")), ())
    checks.append(_settings(settings))
    checks += [*_hub(find_hub, open_store), _sandbox(settings), *_outward(settings, find_hub, surroundings)]
    checks += _machine(settings)
    try:
        engines = open_engines(settings)
    except ConfigError as error:
        return Report((*checks, Check("engines", Status.FAIL, str(error))), ())
    engine_checks, reports = asyncio.run(examine_engines(settings, engines, pins))
    return Report((*checks, *engine_checks), reports)


def _python() -> Check:
    return Check("python", Status.OK, f"{platform.python_version()} on {platform.system()} {platform.machine()}")


def _git() -> Check:
    program = shutil.which("git")
    if program is None:
        return Check("git", Status.FAIL, "git is not installed", "install git: every change of a board is a commit")
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False)
    return Check("git", Status.OK, answer.stdout.strip().removeprefix("git version "))


def _settings(settings: Settings) -> Check:
    """Settings that could be read: what is left to be wrong are kinds of work that no bead is ever of."""
    unknown = [
        f"agents.{key}.capabilities: {word}"
        for key, agent in settings.agents.items()
        for word in agent.capabilities
        if word not in set(Category)
    ]
    if unknown:
        told = f"no bead is of this kind: {', '.join(unknown)}"
        return Check("settings", Status.WARN, told, f"the kinds are {', '.join(Category)}")
    return Check("settings", Status.OK, f"{len(settings.agents)} agents, {len(settings.roles)} model roles")


def _hub(find_hub: Callable[[], Hub], open_store: Callable[[Hub], BoardStore]) -> list[Check]:
    try:
        hub = find_hub()
    except NotThere as error:
        return [Check("hub", Status.FAIL, str(error), "name another one, or make this one with `b4tui init PATH`")]
    except NoHub as error:
        return [Check("hub", Status.ABSENT, str(error), "`b4tui init PATH` makes one; --hub PATH names one")]
    except BoardError as error:
        return [Check("hub", Status.FAIL, str(error), "mend it, or name another hub with --hub PATH")]
    try:
        store = open_store(hub)
        state = store.load()
    except BoardError as error:
        return [Check("hub", Status.FAIL, f"{hub.root}: {error}", "`b4tui board lint` says more")]
    if store.read_only:
        found = Check("hub", Status.WARN, f"{hub.root} ({hub.kind}) can only be read: {store.read_only}")
    else:
        found = Check("hub", Status.OK, f"{hub.root} ({hub.kind}), {_count(len(state.beads), 'bead')}")
    problems = lint(state)
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    if not problems:
        return [found, Check("board", Status.OK, "nothing is wrong with it")]
    status = Status.FAIL if errors else Status.WARN
    told = f"{_count(len(problems), 'problem')}, {_count(errors, 'error')} among them"
    return [found, Check("board", status, told, "`b4tui board lint` names each")]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _sandbox(settings: Settings) -> Check:
    found = find_sandbox(settings.policy.sandbox)
    if isinstance(found, NoSandbox):
        fix = "install bubblewrap, or run a kernel with Landlock (Linux 5.13 or newer); until then `bash` is refused"
        return Check("sandbox", Status.WARN, found.reason, fix)
    return Check("sandbox", Status.OK, f"{found.kind}: commands of agents have no network")


def _outward(settings: Settings, find_hub: Callable[[], Hub], around: Surroundings) -> list[Check]:
    try:
        hub = find_hub()
    except BoardError:
        hub = None  # its own check has said so
    return [
        guard_check(around.guard),
        *gate_checks(settings, hub, around.environ, around.home),
        provider_check(settings, around.environ),
        ledger_check(settings, hub),
    ]


def _machine(settings: Settings) -> list[Check]:
    sample = sampler_for(settings.telemetry).sample()
    gpu = gpu_checks(sample, asked=settings.telemetry.gpu)
    return [*gpu, *orphan_checks(sample.processes), *prompt_log_check(ollama_servers())]
