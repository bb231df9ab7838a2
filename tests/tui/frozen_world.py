"""A prepared world for layout tests: one snapshot with everything in it, and a runtime that holds it still."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from b4tui.board.model import Bead, BoardState, Hub, HubKind
from b4tui.engines.interface import LoadedModel
from b4tui.events import AgentState, EngineStatus, Locality, RunOutcome
from b4tui.runtime.snapshot import (
    Activity,
    AgentView,
    Columns,
    EngineView,
    FileChange,
    Level,
    ModelView,
    OutwardView,
    QueueView,
    RequestView,
    Route,
    RunView,
    Snapshot,
)
from b4tui.runtime.transcript import Kind, Piece, Transcript
from b4tui.telemetry.types import GpuSample, HostSample, MachineSample

NOW = datetime(2026, 3, 6, 14, 2, 11, tzinfo=UTC)
HUB = Hub(root=Path("beads-hub"), beads_dir=Path("beads-hub/.beads"), kind=HubKind.CLASSIC, data_file=None)


def clock() -> datetime:
    """The frozen present."""
    return NOW


def stamp(**ago: float) -> str:
    """A time before the frozen present, as a tracker writes it."""
    return (NOW - timedelta(**ago)).isoformat().replace("+00:00", "Z")


def request(agent: str, bead: str, seconds: float, request_class: str = "agent_step") -> RequestView:
    """A request that was made so long ago."""
    since = NOW - timedelta(seconds=seconds)
    return RequestView(agent=agent, bead=bead, model=CODER, request_class=request_class, since=since)


def bead(id_: str, title: str, priority: int = 2, **more: object) -> Bead:
    """A bead made two hours ago."""
    return Bead({"id": id_, "title": title, "priority": priority, "created_at": stamp(hours=2), **more})


CODER = "qwen3-coder-next:latest"
CODER_DIGEST = "ca06e9e4087c" + 52 * "7"
BEADS = (
    bead("hub-a1f", "Rotate backup keys", 0, labels=["infra", "backup"]),
    bead("hub-b20", "Review diff of the retry patch", 1, created_at=stamp(hours=5)),
    bead("hub-c31", "Summarise release notes of the inference server", 2, created_at=stamp(days=1)),
    bead("hub-d42", "Research: KV cache quantisation on 24 GB cards", 2, created_at=stamp(days=3)),
    bead("hub-e53", "Upgrade the helm chart", 2, created_at=stamp(days=2)),
    bead("hub-f64", "Script: prune container images older than 30 days", 3, created_at=stamp(days=9)),
    bead("hub-g75", "Write the restore drill", 3),
    bead("hub-h86", "Tidy the playbook inventory", 4, created_at=stamp(days=40)),
    bead(
        "hub-77c",
        "Playbook for node-3",
        1,
        status="in_progress",
        assignee="pltops",
        description="Write a playbook that installs the node exporter on node-3.\n\nKeep it idempotent.",
        acceptance_criteria="- ansible-lint is silent\n- a second run changes nothing",
        labels=["infra", "agent:pltops"],
        dependencies=[
            {"issue_id": "hub-77c", "depends_on_id": "hub-31e", "type": "blocks"},
            {"issue_id": "hub-77c", "depends_on_id": "hub-a1f", "type": "related"},
        ],
        comments=[
            {"id": "1", "author": "goern", "text": "Please use the role we have.", "created_at": stamp(hours=1)},
            {
                "id": "2",
                "author": "pltops",
                "text": "Progress: 50%\nThe role is in place.",
                "created_at": stamp(minutes=4),
            },
        ],
    ),
    bead("hub-52b", "Script: prune images", 1, status="in_progress", assignee="codemonkey"),
    bead("hub-60d", "Plan the week", 2, status="in_progress", assignee="brenner"),
    bead("hub-9d2", "Move DNS to the new zone", 1),
    bead("hub-c0a", "Docs for restore", 2, created_at=stamp(days=4)),
    bead("hub-e77", "Announce the maintenance window", 2, created_at=stamp(days=6)),
    bead(
        "hub-31e",
        "Summary: MoE routing",
        2,
        status="closed",
        closed_at=stamp(seconds=4),
        close_reason="Output: summary.md",
    ),
    bead("hub-0fa", "Fix the parser for dates", 1, status="closed", closed_at=stamp(minutes=12), close_reason="done"),
    bead("hub-1b0", "Label the racks", 3, status="closed", closed_at=stamp(hours=3), close_reason="done by hand"),
)


def run(id_: str, agent: str, seconds: float, **more: object) -> RunView:
    """A run that began `seconds` ago."""
    return RunView(
        run=f"run-{id_}",
        bead=id_,
        agent=agent,
        engine="ollama",
        model=CODER,
        started_at=NOW - timedelta(seconds=seconds),
        context_limit=32768,
        **{"locality": Locality.ATTESTED, "digest": f"sha256:{CODER_DIGEST}", "profile": "32k", **more},
    )


RUNS = {
    item.bead: item
    for item in (
        run(
            "hub-77c",
            "pltops",
            72,
            step=4,
            tokens_per_s=41.2,
            rates=(3, 12, 28, 40, 41, 37, 41.2),
            last_tool="bash ansible-lint site.yml",
            context_used=11264,
            generated_tokens=2210,
            files=(FileChange(path="site.yml", added=31, removed=0),),
        ),
        run("hub-52b", "codemonkey", 18, step=2, tokens_per_s=38.0, rates=(20, 36, 38), last_tool="write prune.sh"),
        run("hub-60d", "brenner", 5, step=1),
        run(
            "hub-0fa",
            "codemonkey",
            900,
            step=6,
            ended_at=NOW - timedelta(seconds=777),
            outcome=RunOutcome.FINISHED,
            generated_tokens=4310,
            files=(
                FileChange(path="dates.py", added=9, removed=2),
                FileChange(path="test_dates.py", added=20, removed=0),
            ),
        ),
        run(
            "hub-e53",
            "pltops",
            600,
            step=9,
            ended_at=NOW - timedelta(seconds=400),
            outcome=RunOutcome.FAILED,
            reason="helm lint fails",
        ),
        run(
            "hub-b20",
            "codemonkey",
            300,
            ended_at=NOW - timedelta(seconds=200),
            outcome=RunOutcome.FAILED,
            reason="tests failed",
        ),
    )
}

AGENTS = (
    AgentView(key="codemonkey", name="CodeMonkey", state=AgentState.WORKING, model=CODER, bead="hub-52b",
              run="run-hub-52b", queue=("hub-b20", "hub-f64")),
    AgentView(key="pltops", name="PltOps", state=AgentState.WORKING, model=CODER, bead="hub-77c",
              run="run-hub-77c", queue=("hub-a1f", "hub-h86")),
    AgentView(key="romanov", name="Romanov", state=AgentState.PAUSED, model=CODER, queue=("hub-d42",)),
    AgentView(key="brenner", name="Brenner", state=AgentState.WAITING, model=CODER, bead="hub-60d",
              run="run-hub-60d", queue=("hub-g75",)),
    AgentView(key="brew", name="Brew", state=AgentState.IDLE, model="qwen3:8b",
              next_poll_at=NOW + timedelta(seconds=12),
              queue=("hub-c31",)),
)  # fmt: skip

MACHINE = MachineSample(
    at=NOW - timedelta(seconds=1),
    gpus=(
        GpuSample(index=0, name="NVIDIA GeForce RTX 4090", memory_used=19_600_000_000, memory_total=24_000_000_000,
                  utilisation=74, temperature=61, power=287.0, power_limit=450.0),
    ),
    gpu_reason="",
    host=HostSample(cpu=31.0, memory_used=22_000_000_000, memory_total=64_000_000_000, swap_used=0,
                    swap_total=8_000_000_000, load=2.1, cores=16),
)  # fmt: skip

ACTIVITY = tuple(
    Activity(at=NOW - timedelta(seconds=ago), who=who, text=text, bead=bead_id, level=level)
    for ago, who, text, bead_id, level in (
        (2, "PltOps", "ran ansible-lint (2.1 s, exit 0)", "hub-77c", Level.INFO),
        (4, "Brew", "closed: Output: summary.md", "hub-31e", Level.GOOD),
        (8, "CodeMonkey", "wrote prune.sh +31 −0", "hub-52b", Level.INFO),
        (200, "CodeMonkey", "tests failed; attempts spent", "hub-b20", Level.ATTENTION),
        (400, "PltOps", "helm lint fails; the bead goes back", "hub-e53", Level.ERROR),
    )
)

WORLD = Snapshot(
    hub="beads-hub",
    branch="main",
    loading=False,
    board=BoardState(hub=HUB, beads={item.id: item for item in BEADS}, version="1"),
    columns=Columns(
        ready=("hub-a1f", "hub-b20", "hub-c31", "hub-d42", "hub-e53", "hub-f64", "hub-g75", "hub-h86"),
        working=("hub-77c", "hub-52b", "hub-60d"),
        blocked=("hub-9d2", "hub-c0a", "hub-e77"),
        closed=("hub-31e", "hub-0fa", "hub-1b0"),
    ),
    blocked_by={"hub-9d2": ("hub-a1f",), "hub-c0a": ("hub-g75", "hub-a1f"), "hub-e77": ("hub-9d2",)},
    routes={
        "hub-a1f": Route(agent="pltops", category="infrastructure_ops", reason="title says rotate"),
        "hub-b20": Route(agent="codemonkey", category="code_review", reason="title says review"),
        "hub-c31": Route(agent="brew", category="url_summary", reason="title says summarise"),
        "hub-d42": Route(agent="romanov", category="deep_research", reason="title begins with Research:"),
        "hub-e53": Route(agent="pltops", category="infrastructure_ops", reason="title says helm"),
        "hub-f64": Route(agent="codemonkey", category="code_generation", reason="title says script"),
        "hub-g75": Route(agent="brenner", category="conversation", reason="no rule fits"),
        "hub-h86": Route(agent="pltops", category="infrastructure_ops", reason="title says playbook"),
    },
    agents=AGENTS,
    runs=RUNS,
    attempts_spent=frozenset({"hub-b20"}),
    engines=(
        EngineView(
            name="ollama",
            address="http://127.0.0.1:11434",
            status=EngineStatus.UP,
            version="0.33.3",
            locality=Locality.ATTESTED,
            queue=QueueView(slots=3, running=(request("codemonkey", "hub-52b", 2), request("pltops", "hub-77c", 12))),
            loaded=(
                LoadedModel(
                    name=CODER,
                    digest=CODER_DIGEST,
                    size=50_000_000_000,
                    vram=17_900_000_000,
                    context=32768,
                    expires_at=stamp(hours=-23.5),
                ),
            ),
            models=(
                ModelView(
                    name=CODER,
                    roles=("workhorse",),
                    locality=Locality.ATTESTED,
                    profile="32k",
                    digest=CODER_DIGEST,
                    pinned=CODER_DIGEST,
                ),
            ),
        ),
    ),
    machine=MACHINE,
    activity=ACTIVITY,
    outward=OutwardView(guarded=True),
    revision=1,
)

EMPTY = Snapshot(hub="beads-hub", branch="main", outward=OutwardView(guarded=True), revision=1)
"""Before the board was read for the first time."""


def transcript() -> Transcript:
    """What the agent of hub-77c said and did."""
    told = Transcript()
    for piece in (
        Piece(Kind.STEP, "1"),
        Piece(Kind.THINKING, "The role is there already. "),
        Piece(Kind.THINKING, "I only need a playbook that uses it."),
        Piece(Kind.TEXT, "I look at the role first.\n"),
        Piece(Kind.CALL, "read roles/exporter/tasks/main.yml"),
        Piece(Kind.RESULT, "42 lines", detail="- name: install\n  apt:\n    name: exporter", seconds=0.01),
        Piece(Kind.STEP, "2"),
        Piece(Kind.TEXT, "Now the playbook, then the linter."),
        Piece(Kind.CALL, "write site.yml"),
        Piece(Kind.RESULT, "31 lines", seconds=0.02),
        Piece(Kind.CALL, "bash ansible-lint site.yml"),
        Piece(Kind.RESULT, "exit 2", detail="site.yml:3: yaml[truthy]", ok=False, seconds=2.1),
        Piece(Kind.STEP, "3"),
        Piece(Kind.TEXT, "The linter wants `true` instead of `yes`; I ch"),
    ):
        told.add(piece)
    return told


class RecordingOperator:
    """Takes every verb and writes it down."""

    name = "operator"

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []

    def __getattr__(self, verb: str):  # type: ignore[no-untyped-def]
        async def record(*args: object) -> str:
            self.calls.append((verb, *args))
            return "hub-new"

        return record


class FrozenRuntime:
    """Holds a snapshot still; `change` puts another in its place."""

    def __init__(self, snapshot: Snapshot = WORLD) -> None:
        self.snapshot = snapshot
        self.operator = RecordingOperator()
        self.hub = HUB
        self.started = self.stopped = False
        self.transcripts = {"hub-77c": transcript()}
        self.folders: dict[str, object] = {}
        self.payloads: dict[str, object] = {}
        self.ledger: object = None

    def change(self, **fields: object) -> None:
        """The next snapshot."""
        self.snapshot = replace(self.snapshot, revision=self.snapshot.revision + 1, **fields)

    async def start(self) -> None:
        self.started = True

    async def stop(self, reason: str) -> None:
        self.stopped = True

    async def detail(self, bead_id: str) -> Bead:
        assert self.snapshot.board is not None
        return self.snapshot.board.beads[bead_id]

    async def payload(self, approval_id: str) -> object:
        return self.payloads[approval_id]

    def transcript(self, bead_id: str) -> Transcript | None:
        return self.transcripts.get(bead_id)

    def folder(self, bead_id: str) -> object:
        return self.folders.get(bead_id)
