"""What can go wrong with an engine of our own, in words that say what to do. `engine` is its name in the settings."""

from __future__ import annotations

from b4tui.engines.causes import cause
from b4tui.engines.embedded.reports import Report, Stage
from b4tui.engines.errors import plain
from b4tui.engines.types import Failure, FailureKind

SERVER = "llama.cpp"
SILENCE = "by b4tui, after a long silence"
NOT_YET = "not started yet; starts with the first request"
INSTALL = "pip install 'b4tui[embedded]'"


def no_package(detail: str = "") -> Failure:
    """xllamacpp is not installed, or cannot be imported."""
    why = f" ({plain(detail, 200)})" if detail else ""
    return Failure(FailureKind.REFUSED, f"a model file needs the package xllamacpp{why}: {INSTALL}")


def bad_weights(engine: str, what: str) -> Failure:
    """The model file cannot be used; `what` is a sentence about it."""
    return Failure(FailureKind.NO_MODEL, f"{plain(what)}: mend engines.{engine}.model_file")


def no_socket(what: str) -> Failure:
    """The operating system would not start the child."""
    return Failure(FailureKind.REFUSED, f"{SERVER} cannot be started: {plain(what)}")


def not_started(engine: str, alias: str, report: Report, reason: str) -> Failure:
    """The child said that it will not serve, or ended before it did."""
    if report.stage is Stage.NO_PACKAGE:
        return no_package(report.detail)
    why = plain(reason or report.detail)
    if report.stage is Stage.DIED:
        kind, what = FailureKind.CRASHED, f"{SERVER} ended ({_how(report.detail)}) while it loaded {alias}"
    else:
        kind, what = FailureKind.REFUSED, f"{SERVER} cannot load {alias}"
    kind = _worse(kind, why)
    if kind is FailureKind.OUT_OF_MEMORY:
        return Failure(
            kind,
            f"{alias} does not fit into memory: lower num_ctx in the roles, engines.{engine}.slots or gpu_layers, or "
            f"choose a smaller model. {SERVER} says: {why}",
        )
    return Failure(kind, f"{what}: get the file again or name another in engines.{engine}.model_file. It says: {why}")


def closing() -> Failure:
    """The engine was closed while somebody waited for it."""
    return Failure(FailureKind.UNREACHABLE, f"{SERVER} was told to end while it started: b4tui is closing")


def slow_start(engine: str, alias: str, seconds: float) -> Failure:
    """The child did not serve in time."""
    return Failure(
        FailureKind.TIMEOUT,
        f"{SERVER} did not load {alias} within {seconds:g} s: "
        f"raise engines.{engine}.first_token_timeout_s if the disk is slow",
    )


def too_long(alias: str, window: int, failure: Failure) -> Failure:
    """The prompt does not fit into what a slot holds, which is the largest `num_ctx` of the roles."""
    _, _, said = failure.message.partition(f"{SERVER} says: ")
    return Failure(
        failure.kind,
        f"the prompt is too long for the {window} tokens of {alias}: raise num_ctx in its role or give it less"
        + (f". {SERVER} says: {said}" if said else ""),
        failure.status,
    )


def died(alias: str, how: str, reason: str) -> Failure:
    """The child ended in the middle of an answer."""
    why = plain(reason)
    return Failure(
        _worse(FailureKind.CRASHED, why),
        f"{SERVER} ended ({_how(how)}) while {alias} was at work; it starts again with the next request"
        + (f". It said: {why}" if why else ""),
    )


def silent(failure: Failure) -> Failure:
    """An answer was waited for in vain, and nothing else was heard meanwhile; the child was ended."""
    return Failure(
        failure.kind,
        f"{failure.message}. It gave no other sign of life either, so it was ended: it starts again with the next "
        "request",
    )


def resting(last: Failure, failures: int, seconds: float) -> Failure:
    """It failed again and again, so it is left alone for a while."""
    times = f"{failures} times in a row" if failures > 1 else "once"
    return Failure(last.kind, f"{last.message} (failed {times}; tried again in {seconds:.0f} s)")


def _how(how: str) -> str:
    """How it ended, with what that often means."""
    return f"{how}, as when memory runs out" if how == "SIGKILL" else how


def _worse(kind: FailureKind, why: str) -> FailureKind:
    """The memory's or the card's fault, where the words say so."""
    said = cause(None, why)
    return said if said in {FailureKind.OUT_OF_MEMORY, FailureKind.GPU} else kind
