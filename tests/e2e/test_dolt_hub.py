"""A hub of the real bd 1.0.5 (embedded Dolt), read and changed through the store, beside other bd processes."""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from b4tui.board.discover import open_hub
from b4tui.board.dolt import DoltStore
from b4tui.board.model import Changes, Hub, HubKind, NewBead
from b4tui.board.rules import judge
from b4tui.board.store import BoardError, Busy, ClaimLost, NoSuchBead, NothingChanged, Refused

pytestmark = pytest.mark.peers

GOLDEN = Path(__file__).parents[3] / "shared/data/beads/golden-bd-1.0.5"


@pytest.fixture(scope="module")
def program() -> Path:
    found = shutil.which("bd-1.0.5")
    if found is None:
        pytest.skip("the real bd-1.0.5 is not on the PATH")
    return Path(found)


class Place:
    """A hub on disk, the bd for it, and an environment of its own."""

    def __init__(self, root: Path, program: Path, home: Path) -> None:
        self.root = root
        self.program = program
        self.environ = {"PATH": os.environ["PATH"], "HOME": str(home), "BD_NON_INTERACTIVE": "1"}

    @property
    def hub(self) -> Hub:
        return open_hub(self.root)

    def store(self, patience_s: float = 60) -> DoltStore:
        return DoltStore(self.hub, program=self.program, environ=self.environ, patience_s=patience_s)

    def bd(self, *args: str) -> Any:
        """What somebody else's bd answers."""
        done = subprocess.run(
            [self.program, "--actor", "other", *args, "--json"],
            cwd=self.root,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=100,
        )
        return json.loads(done.stdout or b"null")

    @property
    def noms(self) -> Path:
        return next((self.root / ".beads/embeddeddolt").glob("*/.dolt/noms"))


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, program: Path) -> Place:
    """A new hub, made once; every test works on a copy."""
    base = tmp_path_factory.mktemp("dolt")
    place = Place(base / "hub", program, base)
    place.root.mkdir()
    git = ["git", "-c", "init.defaultBranch=main"]
    subprocess.run([*git, "init", "-q"], cwd=place.root, env=place.environ, check=True)
    for key, value in (("user.name", "Op Erator"), ("user.email", "op@example.org")):
        subprocess.run([*git, "config", key, value], cwd=place.root, env=place.environ, check=True)
    silent = ("--non-interactive", "--skip-agents", "--skip-hooks", "--quiet", "--role", "maintainer")
    subprocess.run(
        [program, "init", "-p", "t-hub", *silent],
        cwd=place.root,
        env=place.environ,
        stdin=subprocess.DEVNULL,
        check=True,
        timeout=100,
    )
    return place


@pytest.fixture
def place(first: Place, tmp_path: Path) -> Place:
    shutil.copytree(first.root, tmp_path / "hub", symlinks=True)
    return Place(tmp_path / "hub", first.program, tmp_path)


def test_a_bead_lives_from_created_to_closed(place: Place) -> None:
    store = place.store()
    assert store.hub.kind is HubKind.DOLT
    assert store.read_only == ""
    assert dict(store.load().beads) == {}

    blocker = store.create(NewBead(title="--first, 'quoted' \x00 \ud800", labels=("a,b", 'q"x')), "brenner")
    assert blocker.title == "--first, 'quoted' \ufffd \ufffd"
    assert set(blocker.labels) == {"a,b", 'q"x'}
    long = "## ünïcode ✈\n" + "line\n" * 40_000
    bead = store.create(
        NewBead(title="Write it", description=long, priority=0, dependencies=(("blocks", blocker.id),)), "brenner"
    )
    assert (bead.description, bead.priority, bead.created_by) == (long, 0, "brenner")
    assert [edge.depends_on_id for edge in bead.dependencies] == [blocker.id]

    with pytest.raises(ClaimLost, match="blocked by"):
        store.claim(bead.id, "codemonkey")
    store.close(blocker.id, "done\n\nevidence: `true`", "brenner")
    claimed = store.claim(bead.id, "codemonkey")
    assert (claimed.assignee, claimed.status) == ("codemonkey", "in_progress")
    with pytest.raises(ClaimLost):
        store.claim(bead.id, "codemonkey")

    assert [said.text for said in store.comment(bead.id, "--progress\n", "codemonkey").comments] == ["--progress"]
    released = store.release(bead.id, "codemonkey", "the model is down")
    assert (released.assignee, released.status) == ("", "open")
    store.claim(bead.id, "pltops")
    closed = store.close(bead.id, "done", "pltops")
    assert (closed.status, closed.close_reason) == ("closed", "done")
    with pytest.raises(NothingChanged):
        store.close(bead.id, "again", "pltops")
    assert store.load().beads[bead.id].close_reason == "done"

    assert store.reopen(bead.id, "op", "not yet").status == "open"
    detail = store.detail(bead.id)
    assert [(said.author, said.text) for said in detail.comments] == [
        ("codemonkey", "--progress"),
        ("codemonkey", "the model is down"),
        ("op", "not yet"),
    ]
    assert not list((place.root / ".beads").glob("*issues.jsonl"))
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=place.root, capture_output=True, check=True, text=True
    )
    assert status.stdout.split() == ["M", ".beads/interactions.jsonl"], "only bd's own log may be dirty"


def test_fields_labels_and_edges_change_and_nothing_is_written_twice(place: Place) -> None:
    store = place.store()
    one = store.create(NewBead(title="One", labels=("keep", "drop")), "op")
    two = store.create(NewBead(title="Two", parent=one.id), "op")
    assert (two.id, two.labels) == (f"{one.id}.1", ())
    changes = Changes(title="1", description="d", priority=4, add_labels=("n,l",), remove_labels=("drop",), notes="n")
    changed = store.update(one.id, changes, "op")
    assert (changed.title, changed.description, changed.priority, changed.notes) == ("1", "d", 4, "n")
    assert set(changed.labels) == {"keep", "n,l"}
    with pytest.raises(NothingChanged):
        store.update(one.id, changes, "op")
    assert store.update(one.id, Changes(description=""), "op").description == ""

    other = store.create(NewBead(title="Other"), "op")
    assert store.add_dependency(other.id, one.id, "blocks", "op").dependencies
    with pytest.raises(NothingChanged):
        store.add_dependency(other.id, one.id, "blocks", "op")
    for edge in ((one.id, other.id, "blocks"), (one.id, one.id, "blocks"), (other.id, one.id, "related")):
        with pytest.raises(Refused):
            store.add_dependency(*edge, "op")
    with pytest.raises(Refused, match="blocked by open"):
        store.close(other.id, "done", "op")
    assert store.close(other.id, "done", "op", force=True).status == "closed"
    assert store.remove_dependency(other.id, one.id, "op").dependencies == ()
    before = store.fingerprint()
    for refused in (
        NewBead(title=""),
        NewBead(title="t" * 501),
        NewBead(title="t", priority=7),
        NewBead(title="t", issue_type="odd"),
    ):
        with pytest.raises(Refused):
            store.create(refused, "op")
    with pytest.raises(Refused, match="invalid status"):
        store.update(one.id, Changes(status="odd"), "op")
    assert store.fingerprint() == before


def test_the_golden_board_is_read_as_bd_reads_it(place: Place) -> None:
    issues = GOLDEN / "cli/issues.jsonl"
    if not issues.is_file():
        pytest.skip("the golden answers of bd 1.0.5 are not beside this checkout")
    place.bd("import", str(issues))
    state = place.store().load()
    golden = json.loads((GOLDEN / "cli/list_--all_--json_-n_0.out").read_text())
    assert [*state.beads] == [row["id"] for row in golden]
    ready = place.bd("ready", "-n", "0")
    assert judge(state, time.time()).ready == tuple(row["id"] for row in ready)


def test_reading_changes_nothing_and_a_change_of_others_is_noticed(place: Place) -> None:
    store = place.store()
    made = store.create(NewBead(title="T"), "op")
    before = store.fingerprint()
    state = store.load()
    age = (place.noms / "manifest").stat().st_mtime_ns
    place.bd("list", "--all")
    place.store().load()
    store.detail(made.id)
    assert (place.noms / "manifest").stat().st_mtime_ns != age
    assert store.fingerprint() == before
    assert store.load() is state
    place.bd("comment", made.id, "of somebody else")
    assert store.fingerprint() != before
    assert [said.author for said in store.detail(made.id).comments] == ["other"]


def test_a_deleted_bead_never_stands_for_its_child(place: Place) -> None:
    """Rule 5: bd itself would close the child and say that all is well."""
    store = place.store()
    parent = store.create(NewBead(title="Parent"), "op")
    child = store.create(NewBead(title="Child", parent=parent.id), "op")
    place.bd("delete", parent.id, "--force")
    with pytest.raises(NoSuchBead):
        store.close(parent.id, "done", "op")
    assert store.load().beads[child.id].status == "open"


def _claims(root: Path, program: Path, home: Path, actor: str, ids: list[str], go: Any, won: Any) -> None:
    store = Place(root, program, home).store()
    go.wait(60)
    for bead_id in ids:
        try:
            store.claim(bead_id, actor)
        except ClaimLost:
            continue
        won.put((actor, bead_id))


@pytest.mark.parametrize("actors", [("amy", "bob", "cat", "dan"), ("amy", "amy", "amy", "amy")])
def test_of_four_processes_one_wins_each_bead(place: Place, actors: tuple[str, ...]) -> None:
    """Under four names, and, which bd alone does not prevent, under one."""
    store = place.store()
    ids = [store.create(NewBead(title=f"Race {number}"), "op").id for number in range(2)]
    context = multiprocessing.get_context("spawn")
    go, won = context.Barrier(len(actors)), context.Queue()
    racers = [
        context.Process(target=_claims, args=(place.root, place.program, place.root.parent, actor, ids, go, won))
        for actor in actors
    ]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(100)
    assert [racer.exitcode for racer in racers] == [0] * len(actors)
    winners = dict(reversed(won.get(timeout=60)) for _ in ids)
    assert sorted(winners) == sorted(ids)
    assert won.empty()
    beads = store.load().beads
    assert {bead_id: (beads[bead_id].assignee, beads[bead_id].status) for bead_id in ids} == {
        bead_id: (actor, "in_progress") for bead_id, actor in winners.items()
    }


def test_a_hub_that_somebody_keeps_locked_is_busy_and_nothing_is_written(place: Place) -> None:
    bead = place.store().create(NewBead(title="T"), "op")
    store = place.store(patience_s=3)
    store.load()
    before = store.fingerprint()
    with (place.noms / "LOCK").open("r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Busy, match="try again"):
            store.claim(bead.id, "amy")
        assert store.load().beads[bead.id].status == "open"  # nothing changed, so no bd is needed to know it
    assert store.fingerprint() == before
    assert place.store().claim(bead.id, "amy").assignee == "amy"


def _kill_bds(program: Path, stop: threading.Event, killed: list[int]) -> None:
    """Kill every `bd create` of this process, each a little later after its start than the one before."""
    seen: set[int] = set()
    while not stop.is_set():
        for pid in (int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()):
            if pid in seen or not _creates(pid, program):
                continue
            seen.add(pid)
            time.sleep(0.06 * (len(seen) % 8))
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)


def _creates(pid: int, program: Path) -> bool:
    try:
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
        return parent == os.getpid() and words[0] == str(program) and "create" in words
    except (OSError, ValueError, IndexError):
        return False


def test_kill_9_in_a_write_loses_nothing_and_doubles_nothing(place: Place) -> None:
    """After every kill the board is read again, so what the store says of each bead is so (section 9)."""
    store = place.store()
    made: list[str] = []
    refused: list[str] = []
    killed: list[int] = []
    stop = threading.Event()
    killer = threading.Thread(target=_kill_bds, args=(place.program, stop, killed))
    killer.start()
    try:
        for number in range(6):
            try:
                made.append(store.create(NewBead(title=f"Bead {number}"), "amy").title)
            except BoardError as error:
                assert "no such bead was made" in str(error)
                refused.append(f"Bead {number}")
    finally:
        stop.set()
        killer.join()
    assert killed
    titles = [bead.title for bead in store.load().beads.values()]
    assert sorted(titles) == sorted(made)
    assert not set(refused) & set(titles)
    assert store.create(NewBead(title="after all that"), "amy").created_by == "amy"
