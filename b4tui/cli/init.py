"""`b4tui init`: make a hub."""

from __future__ import annotations

from pathlib import Path

import click

from b4tui.cli.common import Place, guarded, json_option, place_options, print_json, say


@click.command("init")
@click.argument("path", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.option("--prefix", metavar="P", help="The beads' prefix (default: the folder's name).")
@place_options
@json_option
@guarded
def command(place: Place, as_json: bool, path: Path | None, prefix: str | None) -> None:
    """Make PATH (default: --hub, else here) a hub. What is there already stays as it is."""
    from b4tui.runtime.setup import make_hub

    made = make_hub(path or place.hub or Path.cwd(), place.settings(), prefix)
    if as_json:
        print_json({"hub": str(made.root), "prefix": made.prefix, "created": list(made.created)})
        return
    for name in made.created:
        say(f"made {name}")
    say(f"{made.root} is a hub." if made.created else f"{made.root} was a hub already; nothing was changed.")
    say("Next: `b4tui board create 'Title'` makes a bead, `b4tui doctor` checks the engine, `b4tui` opens the console.")
