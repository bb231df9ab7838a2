"""`b4tui gate redact`: a text without what must stay on this machine."""

from __future__ import annotations

import sys
from collections import Counter

import click

from b4tui.cli.common import Place, guarded, json_option, place_options, print_json
from b4tui.cli.gate.check import LOCAL_ONLY_EXIT
from b4tui.cli.gate.opened import known_option, opened_gate
from b4tui.cli.gate.placeholder_words import placeholder_words
from b4tui.safe_text import visible


@click.command("redact", short_help="Print a text without what must stay on this machine.")
@click.argument("name", metavar="FILE|-")
@known_option
@place_options
@json_option
@guarded
def redact(place: Place, name: str, known: bool | None, as_json: bool) -> None:
    """Print FILE, or standard input (-), with placeholders for what must stay here; how many, on standard error.

    The same value has the same placeholder. The result has been checked again: nothing is found in it. Exit code 3
    when it cannot be made so; then nothing is printed.
    """
    from b4tui.cli.gate.targets import targets
    from b4tui.gate.opening import limits_of
    from b4tui.gate.redaction.placeholders import PLACEHOLDER
    from b4tui.gate.redaction.redacting import redact_text
    from b4tui.gate.types import GateError

    settings = place.settings()
    gate = opened_gate(place, settings, known=known is not False)
    (target,) = targets([name], limits_of(settings.gate), diff=False, staged=False)
    try:
        if target.refusal:
            raise GateError(target.refusal)
        done = redact_text(target.text, gate.scan_text)
    except GateError as error:
        click.echo(f"b4tui: {visible(target.name)} stays here: {visible(str(error))}", err=True)
        sys.exit(LOCAL_ONLY_EXIT)
    made = [PLACEHOLDER.fullmatch(placeholder) for placeholder in done.placeholders]
    counts = Counter(match["kind"] for match in made if match)
    if as_json:
        print_json({"text": done.text, "placeholders": list(done.placeholders), "counts": dict(sorted(counts.items()))})
        return
    sys.stdout.buffer.write(done.text.encode("utf-8"))
    sys.stdout.buffer.flush()
    words = ", ".join(placeholder_words(kind, count) for kind, count in sorted(counts.items()))
    click.echo(f"b4tui: replaced {words}" if words else "b4tui: nothing had to be replaced", err=True)
