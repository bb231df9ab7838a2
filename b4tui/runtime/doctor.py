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
from dataclasses import dataclass
from enum import StrEnum

from b4tui.agents.sandbox import NoSandbox, find_sandbox
from b4tui.board.lint import lint
from b4tui.board.model import Hub, Severity
from b4tui.board.store import BoardError, BoardStore, NoHub
from b4tui.config import ConfigError, Settings
from b4tui.engines.names import find_model, is_cloud_name
from b4tui.engines.types import Engine, EngineError, ModelInfo
from b4tui.routing.words import Category
from b4tui.telemetry.sampler import Sampler


class Status(StrEnum):
    """How a check ended. `absent` is a part that is not there and need not be."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Check:
    """One check; `fix` says what to do, empty where nothing is to be done."""

    name: str
    status: Status
    detail: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class RoleModel:
    """The model of a role on an engine. `locality` is `unattested` until it is proven, `remote` when known so."""

    role: str
    name: str
    digest: str
    locality: str


@dataclass(frozen=True, slots=True)
class EngineReport:
    """An engine and the models that roles want of it."""

    name: str
    kind: str
    address: str
    version: str
    locality: str
    models: tuple[RoleModel, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The doctor's whole answer."""

    checks: tuple[Check, ...]
    engines: tuple[EngineReport, ...]

    @property
    def failed(self) -> bool:
        """Whether any check failed."""
        return any(check.status is Status.FAIL for check in self.checks)


def examine(
    read_settings: Callable[[], Settings],
    open_engines: Callable[[Settings], Mapping[str, Engine]],
    find_hub: Callable[[], Hub],
    open_store: Callable[[Hub], BoardStore],
) -> Report:
    """Run every check that can be run. Takes a few seconds; engines that do not answer cost their connect time-out.

    Settings that cannot be read fail their own check, and what depends on them is left out.
    """
    checks = [_python(), _git()]
    try:
        settings = read_settings()
    except ConfigError as error:
        return Report((*checks, Check("settings", Status.FAIL, str(error), "mend the key or file that is named")), ())
    checks.append(_settings(settings))
    checks += [*_hub(find_hub, open_store), _sandbox(settings), _gpu(settings)]
    try:
        engines = open_engines(settings)
    except ConfigError as error:
        return Report((*checks, Check("engines", Status.FAIL, str(error))), ())
    engine_checks, reports = asyncio.run(_engines(settings, engines))
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


def _gpu(settings: Settings) -> Check:
    if not settings.telemetry.gpu:
        return Check("gpu", Status.ABSENT, "GPU telemetry is off", "[telemetry] gpu = true")
    sample = Sampler().sample()
    if not sample.gpus:
        return Check("gpu", Status.ABSENT, sample.gpu_reason)
    names = ", ".join(
        f"{gpu.name} ({gpu.memory_total / (1 << 30):.0f} GiB)" if gpu.memory_total else gpu.name for gpu in sample.gpus
    )
    return Check("gpu", Status.OK, names)


async def _engines(settings: Settings, engines: Mapping[str, Engine]) -> tuple[list[Check], tuple[EngineReport, ...]]:
    checks: list[Check] = []
    reports = []
    used = {agent.role for agent in settings.agents.values() if agent.enabled}
    for name, engine in engines.items():
        health = await engine.health()
        wanted = {key: role.model for key, role in settings.roles.items() if role.engine == name}
        installed: tuple[ModelInfo, ...] = ()
        if not health.up:
            checks.append(Check(f"engine {name}", Status.FAIL, health.reason, _start_hint(engine.address)))
        else:
            detail = f"{engine.address}, version {health.version}{', SIMULATED' if health.simulated else ''}"
            checks.append(Check(f"engine {name}", Status.OK, detail))
            checks.append(_cloud(name, health.cloud_disabled))
            try:
                installed = await engine.models()
            except EngineError as error:
                checks.append(Check(f"engine {name} models", Status.FAIL, str(error)))
            else:
                checks += [_model(key, model, installed, key in used) for key, model in wanted.items()]
        models = tuple(_role_model(key, model, installed) for key, model in wanted.items())
        kind = settings.engines[name].kind
        reports.append(EngineReport(name, kind, engine.address, health.version, "unattested", models))
        await engine.aclose()
    return checks, tuple(reports)


def _start_hint(address: str) -> str:
    return f"start it (`ollama serve`), or say where it is: OLLAMA_HOST or [engines.ollama] address (now {address})"


def _cloud(name: str, disabled: bool | None) -> Check:
    title = f"engine {name} cloud"
    if disabled:
        return Check(title, Status.OK, "the server says that its cloud models are off")
    if disabled is None:
        return Check(title, Status.WARN, "the server cannot say whether its cloud models are off", "upgrade it")
    return Check(
        title,
        Status.WARN,
        "the server would pass requests for cloud models on to the internet",
        "start it with OLLAMA_NO_CLOUD=1",
    )


def _model(role: str, model: str, installed: tuple[ModelInfo, ...], used: bool) -> Check:
    """`used` when an agent that is enabled needs the role; a model that nobody needs may be missing."""
    title = f"model {role}"
    info = find_model(model, installed)
    if is_cloud_name(model) or (info is not None and info.remote):
        fix = f"choose a local model in [roles.{role}] model"
        return Check(title, Status.FAIL, f"{model} is not computed on this machine", fix)
    if info is None:
        if not used:
            return Check(title, Status.ABSENT, f"{model} is not on the engine; no agent uses this role")
        fix = f"`ollama pull {model}`, or name another in [roles.{role}] model"
        return Check(title, Status.FAIL, f"{model} is not on the engine", fix)
    known = (info.name, info.parameters, info.quantization.replace("unknown", ""), _size(info.size))
    return Check(title, Status.OK, ", ".join(text for text in known if text))


def _size(number: int) -> str:
    """Bytes for a person; "" where the server does not say."""
    if not number:
        return ""
    return f"{number / 1e9:.1f} GB" if number >= 1e8 else f"{number / 1e6:.1f} MB"


def _role_model(role: str, model: str, installed: tuple[ModelInfo, ...]) -> RoleModel:
    info = find_model(model, installed)
    remote = is_cloud_name(model) or (info is not None and info.remote)
    return RoleModel(role, model, info.digest if info else "", "remote" if remote else "unattested")
