"""Find a hub on disk and say what it is (research/beads.md 1.1, research/beads-dolt.md section 0 rule 1).

Nothing is started and nothing is written here: whether a hub is a Dolt hub is decided from `metadata.json` alone,
because the bd program makes an empty database when it is asked in the wrong folder.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from b4tui.board.hubconfig import Unreadable, read_config, read_metadata
from b4tui.board.model import Hub, HubKind
from b4tui.board.store import NoHub, NotThere

BEADS = ".beads"
CLASSIC_NAMES = ("issues.jsonl", "beads.jsonl", "beads.base.jsonl")
_SNIFF = 1 << 18  # bytes of a data file that are looked at to tell an export from a classic file


def find_hub(start: Path, environ: Mapping[str, str], configured: str = "") -> Hub:
    """The hub for work in `start`: `BEADS_DIR`, else the nearest `.beads/` upwards, else the configured path.

    `BEADS_DIR` goes first as it does in bd, so that both always mean the same board. Raises NoHub.
    """
    named = environ.get("BEADS_DIR", "").strip()
    if named:
        return _open_named(Path(named).expanduser(), "BEADS_DIR")
    found = _upwards(start)
    if found is not None:
        return _open(found)
    if configured:
        return _open_named(Path(configured).expanduser(), "the configured hub")
    raise NoHub(
        f"no hub at {start} or above it: there is no folder .beads; make one with `b4tui init`, "
        "or name one with --hub PATH"
    )


def open_hub(path: Path) -> Hub:
    """The hub at an explicit path: a repository, any folder or file below it, or `.beads` itself. Raises NoHub."""
    return _open_named(path.expanduser(), "--hub")


def readable_copy(hub: Hub) -> Hub | None:
    """A Dolt hub seen through the export or the backup tables that lie beside its database; None where there are none.

    What they hold may be older than the database; `note` says so.
    """
    export = _data_file(hub.beads_dir, hub.metadata)
    if export is not None:
        note = f"read from the export {export.name}, which may be older than the Dolt database"
        return replace(hub, kind=HubKind.EXPORT, data_file=export, note=note)
    tables = _backup_tables(hub.beads_dir)
    if tables is not None:
        note = "read from the backup tables in .beads/backup, which may be older than the Dolt database"
        return replace(hub, kind=HubKind.BACKUP, data_file=tables, note=note)
    return None


def _open_named(path: Path, source: str) -> Hub:
    if not path.exists():
        raise NotThere(f"{source} names {path}, which does not exist")
    folder = path if path.is_dir() else path.parent
    if folder.name == BEADS:
        return _open(folder)
    if (folder / BEADS).is_dir():
        return _open(folder / BEADS)
    if _looks_like_hub(folder) and (folder / "metadata.json").is_file():
        return _open(folder)  # BEADS_DIR may be a folder of any name
    found = _upwards(folder)
    if found is None:
        raise NotThere(
            f"{source} names {path}: there is no folder .beads there or above it; make one with `b4tui init`"
        )
    return _open(found)


def _upwards(start: Path) -> Path | None:
    here = start.absolute()
    for folder in (here, *here.parents):
        beads = folder / BEADS
        if beads.is_dir() and _looks_like_hub(beads):
            return beads
    return None


def _looks_like_hub(folder: Path) -> bool:
    """Some tools keep a `.beads` of their own (in the home folder) that holds no board."""
    names = ("metadata.json", "config.yaml", "redirect", "backup/issues.jsonl")
    return any((folder / name).exists() for name in names) or any(folder.glob("*.jsonl")) or any(folder.glob("*.db"))


def _open(beads_dir: Path) -> Hub:
    beads_dir = _redirected(beads_dir.absolute())
    config = read_config(beads_dir)
    try:
        metadata = read_metadata(beads_dir)
    except Unreadable as error:
        return _unknown(beads_dir, config, str(error))
    hub = Hub(beads_dir.parent, beads_dir, HubKind.CLASSIC, None, metadata, config)
    if str(metadata.get("backend") or "").lower() == "dolt":
        return _dolt(hub)
    data_file = _data_file(beads_dir, metadata)
    if data_file is not None:
        return replace(hub, kind=HubKind.EXPORT if is_export(data_file) else HubKind.CLASSIC, data_file=data_file)
    tables = _backup_tables(beads_dir)
    if tables is not None:
        note = "read from the backup tables in .beads/backup, the only data there is"
        return replace(hub, kind=HubKind.BACKUP, data_file=tables, note=note)
    note = "its SQLite database is not read: run `bd sync` or `bd export` first" if any(beads_dir.glob("*.db")) else ""
    fresh = beads_dir / (_export_name(metadata) or CLASSIC_NAMES[0])
    if fresh.exists():  # a folder, or a pipe that would hold every reader up
        raise NoHub(f"{fresh} is no plain file: move it away, or put the board's file in its place")
    return replace(hub, data_file=fresh, note=note)


def _unknown(beads_dir: Path, config: Mapping[str, Any], why: str) -> Hub:
    """Without its metadata a hub may be a Dolt hub, whose files must not be written: it is shown as an export."""
    hub = Hub(beads_dir.parent, beads_dir, HubKind.EXPORT, None, {}, config)
    note = f"{why}, so it is not known whether this is a Dolt hub: mend or remove the file"
    return replace(readable_copy(hub) or replace(hub, data_file=beads_dir / CLASSIC_NAMES[0]), note=note)


def _dolt(hub: Hub) -> Hub:
    database = _database(hub)
    if database is not None:
        return replace(hub, kind=HubKind.DOLT)
    copy = readable_copy(hub)
    if copy is not None:
        return replace(copy, note=f"its Dolt database is not on this machine: {copy.note}")
    note = "its Dolt database is not on this machine: fetch it with `bd bootstrap --yes`"
    return replace(hub, kind=HubKind.DOLT, note=note)


def _database(hub: Hub) -> Path | None:
    """The folder of the Dolt database, embedded or kept for a server on this machine."""
    name = str(hub.metadata.get("dolt_database") or "beads")
    if "/" in name or "\\" in name or name in (".", ".."):
        return None
    server = hub.beads_dir / "dolt"
    for folder in (hub.beads_dir / "embeddeddolt" / name / ".dolt", server / name / ".dolt", server / ".dolt"):
        if folder.is_dir():
            return folder.parent
    return None


def _redirected(beads_dir: Path) -> Path:
    """Where `.beads/redirect` points, one level only; a relative path counts from the folder that holds `.beads`."""
    try:
        lines = (beads_dir / "redirect").read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return beads_dir
    words = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not words:
        return beads_dir
    target = Path(words[0]).expanduser()
    for candidate in (beads_dir.parent / target, beads_dir / target):
        if candidate.is_dir():
            inner = candidate / BEADS
            return (inner if candidate.name != BEADS and inner.is_dir() else candidate).resolve()
    raise NotThere(
        f"{beads_dir / 'redirect'} points to {words[0]}, which is no folder: mend the path or remove the file"
    )


def _export_name(metadata: Mapping[str, Any]) -> str:
    """The data file's name by `metadata.json`, which must stay inside `.beads`."""
    name = metadata.get("jsonl_export")
    return (
        name
        if isinstance(name, str) and name == Path(name).name and name not in ("", ".", "..") and "\0" not in name
        else ""
    )


def _data_file(beads_dir: Path, metadata: Mapping[str, Any]) -> Path | None:
    for name in (_export_name(metadata), *CLASSIC_NAMES):
        if name and (beads_dir / name).is_file():
            return beads_dir / name
    return None


def _backup_tables(beads_dir: Path) -> Path | None:
    issues = beads_dir / "backup" / "issues.jsonl"
    return issues if issues.is_file() else None


def is_export(data_file: Path) -> bool:
    """True where the file has the rows of a modern export: `_type` in a row, or a header with `_schema`."""
    try:
        with data_file.open("rb") as file:
            head = file.read(_SNIFF)
    except OSError:
        return False
    for line in head.split(b"\n")[:20]:
        words = line.lstrip(b"\xef\xbb\xbf \t\r")
        if words.startswith((b'{"_type"', b'{"_schema"')):
            return True
        try:
            row = json.loads(words)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict) and ("_type" in row or "_schema" in row):
            return True
    return False
