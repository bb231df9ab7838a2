"""`b4tui ARGUMENTS` in the test's own process: what a command says and its exit code, without what a process costs."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner

from b4tui.cli import main


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def run_here(arguments: tuple[str, ...], cwd: Path, environ: Mapping[str, str], stdin: str | None = None) -> Answer:
    """Run it in a folder, with this environment and no other. A first `--` is lost to the runner."""
    clean: dict[str, str | None] = {**dict.fromkeys(os.environ), **environ}
    with contextlib.chdir(cwd):
        result = CliRunner().invoke(_program, arguments, input=stdin, env=clean)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Answer(result.exit_code, result.stdout, result.stderr)


@click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def _program(arguments: tuple[str, ...]) -> None:
    main(arguments)
