"""Events become a snapshot: each says what it changes, and streamed text costs nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from b4tui import events as e
from b4tui import outward_events as o
from b4tui.config import load
from b4tui.engines.interface import LoadedModel
from b4tui.runtime.engine_views import with_seen
from b4tui.runtime.engine_watch import Seen
from b4tui.runtime.fold import ACTIVITY_LINES, fold, with_machine, with_rates
from b4tui.runtime.gauges.meter import Meter, Reading
from b4tui.runtime.snapshot import AgentView, FileChange, Level, Snapshot
from b4tui.runtime.transcripts import Transcripts

SETTINGS = load(use_user_file=False)
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
WHO = {"run": "r1", "bead": "w-1", "agent": "pltops"}
EMPTY = Snapshot(hub="hub", agents=(AgentView(key="pltops", name="PltOps", state=e.AgentState.IDLE, model="m"),))
STARTED = e.RunStarted(at=AT, engine="ollama", model="m", context_limit=1000, **WHO)


def read(source: str) -> o.PrivateRead:
    return o.PrivateRead(at=AT, source=source, provenance="private", **WHO)


def after(*events: e.Event, snapshot: Snapshot = EMPTY) -> Snapshot:
    for event in events:
        snapshot = fold(snapshot, event)
    return snapshot


def call(tool: str, summary: str) -> e.ToolCalled:
    return e.ToolCalled(at=AT, call="c", tool=tool, summary=summary, **WHO)


def result(tool: str, summary: str, ok: bool = True) -> e.ToolFinished:
    return e.ToolFinished(at=AT, call="c", tool=tool, ok=ok, seconds=2.13, summary=summary, output="…", **WHO)


def test_a_run_fills_its_view_and_its_agents_panel():
    counted = {"cached_tokens": None, "prompt_seconds": None, "load_seconds": None, "first_token_seconds": None}
    snapshot = after(
        e.AgentChanged(at=AT, agent="pltops", state=e.AgentState.WORKING, bead="w-1"),
        STARTED,
        e.StepStarted(at=AT, step=2, **WHO),
        call("bash", "ls"),
        e.FileChanged(at=AT, path="a", added=1, removed=0, **WHO),
        e.FileChanged(at=AT, path="a", added=3, removed=1, **WHO),
        e.TokensCounted(at=AT, step=1, prompt_tokens=100, generated_tokens=20, generate_seconds=0.5, **counted, **WHO),
        e.TokensCounted(at=AT, step=2, prompt_tokens=150, generated_tokens=30, generate_seconds=None, **counted, **WHO),
    )
    view = snapshot.runs["w-1"]
    assert (view.step, view.last_tool, view.files) == (2, "bash ls", (FileChange(path="a", added=3, removed=1),))
    assert (view.prompt_tokens, view.generated_tokens, view.context_used) == (250, 50, 180)
    assert view.tokens_per_s == 40.0
    agent = snapshot.agents[0]
    assert (agent.state, agent.bead, agent.run) == (e.AgentState.WORKING, "w-1", "r1")
    ended = after(
        e.RunFinished(at=AT, outcome=e.RunOutcome.FAILED, reason="no", steps=2, seconds=1.0, **WHO), snapshot=snapshot
    )
    assert (ended.runs["w-1"].outcome, ended.runs["w-1"].ended_at) == (e.RunOutcome.FAILED, AT)
    assert (ended.agents[0].bead, ended.agents[0].run) == ("", "")


def test_events_of_an_earlier_run_do_not_touch_the_latest():
    snapshot = after(STARTED, replace(STARTED, run="r2"))
    assert after(e.StepStarted(at=AT, step=9, **WHO), snapshot=snapshot).runs["w-1"].step == 0


def test_streamed_text_changes_nothing_in_the_snapshot():
    snapshot = after(STARTED)
    assert fold(snapshot, e.TextStreamed(at=AT, text="x", **WHO)) is snapshot


def test_the_revision_grows_with_each_change():
    snapshot = after(STARTED, call("bash", "ls"))
    assert (EMPTY.revision, snapshot.revision) == (0, 2)


@pytest.mark.parametrize(
    ("event", "line", "level"),
    [
        (result("bash", "exit 0"), "ran ansible-lint site.yml (2.1 s, exit 0)", Level.INFO),
        (result("bash", "exit 2", ok=False), "ran ansible-lint site.yml (2.1 s, exit 2)", Level.ATTENTION),
        (e.FileChanged(at=AT, path="prune.sh", added=31, removed=0, **WHO), "wrote prune.sh +31 -0", Level.INFO),
        (result("edit", "old_text is not there", ok=False), "edit failed: old_text is not there", Level.ATTENTION),
        (e.BeadClosed(at=AT, reason="all\n green", **WHO), "closed: all green", Level.GOOD),
        (e.BeadReopened(at=AT, reason="tests failed", **WHO), "back to ready: tests failed", Level.ERROR),
        (e.Warned(at=AT, reason="look here"), "look here", Level.ATTENTION),
        (e.BoardFailed(at=AT, reason="locked"), "the board: locked", Level.ERROR),
        (e.GpuLost(at=AT, reason="RTX 4090: GPU is lost"), "the GPU is gone: RTX 4090: GPU is lost", Level.ERROR),
        (
            read("model:what a private run left behind"),
            "has read what a private run left behind, which is private",
            Level.INFO,
        ),
        (
            read("tool:bash: kubectl get pods"),
            "has read what bash: kubectl get pods gave back, which is private",
            Level.INFO,
        ),
        (read("comment:hub-1"), "has read what was said on hub-1, which is private", Level.INFO),
        (read("file:.env"), "has read the file .env, which is private", Level.INFO),
        (read("unknown"), "has read unknown, which is private", Level.INFO),
        (e.GpuFound(at=AT, names=("RTX 4090", "T4")), "the GPU can be read: RTX 4090, T4", Level.INFO),
    ],
)
def test_activity_is_told_in_words(event, line, level):
    told = after(STARTED, call("bash", "ansible-lint site.yml"), event).activity[-1]
    assert (told.text, told.level) == (line, level)


@pytest.mark.parametrize(
    "event", [result("write", "a: 3 lines"), e.StepStarted(at=AT, step=1, **WHO), call("bash", "ls")]
)
def test_what_is_told_otherwise_makes_no_line(event):
    assert after(STARTED, event).activity == ()


def test_activity_names_agents_as_people_know_them_and_is_bounded():
    snapshot = after(*[e.BeadClaimed(at=AT + timedelta(seconds=n), bead=f"w-{n}", agent="pltops") for n in range(500)])
    assert len(snapshot.activity) == ACTIVITY_LINES
    assert (snapshot.activity[-1].who, snapshot.activity[-1].bead) == ("PltOps", "w-499")


def test_a_megabyte_in_a_reason_makes_a_short_line():
    (line,) = after(e.Warned(at=AT, reason="x " * 500_000)).activity
    assert len(line.text) <= 300


def test_engines_come_and_go():
    up = e.EngineChanged(at=AT, engine="o", address="http://x", status=e.EngineStatus.UP, version="1", simulated=True)
    snapshot = with_seen(after(up), Seen(engine="o", loaded=(LoadedModel(name="m"),)), SETTINGS)
    assert (snapshot.engines[0].simulated, snapshot.engines[0].loaded) == (True, (LoadedModel(name="m"),))
    down = after(replace(up, status=e.EngineStatus.DOWN, version="", reason="gone"), snapshot=snapshot)
    assert (down.engines[0].status, down.engines[0].version, down.engines[0].loaded) == (e.EngineStatus.DOWN, "1", ())
    assert down.activity[-1].level is Level.ERROR


def test_rates_come_in_only_when_they_changed():
    snapshot = after(e.AgentChanged(at=AT, agent="pltops", state=e.AgentState.WORKING, bead="w-1"), STARTED)
    faster = with_rates(snapshot, {"r1": Reading(41.0, (39.0, 41.0))})
    assert (faster.runs["w-1"].tokens_per_s, faster.runs["w-1"].rates) == (41.0, (39.0, 41.0))
    assert with_rates(faster, {"r1": Reading(None, (39.0, 41.0))}) is faster
    assert with_rates(faster, {"other": Reading(1.0, ())}) is faster
    assert with_machine(faster, None) is faster


def streamed(meter: Meter, *times: float) -> None:
    for at in times:
        meter.piece("r1", at)


def test_the_meter_counts_pieces_a_second_and_keeps_a_minute():
    meter = Meter()
    meter.begin("r1", 0.0)
    for quarter in range(1, 4 * 90):
        streamed(meter, *((quarter - 1) / 4 + step / 40 for step in range(10)))
        reading = meter.read(quarter / 4)["r1"]
    assert reading.tokens_per_s == pytest.approx(40.0)
    assert len(reading.rates) == 60 and set(reading.rates) == {40.0}
    assert meter.read(100.0)["r1"].rates[-1] < 40.0
    assert meter.read(102.0)["r1"].tokens_per_s is None
    meter.end("r1")
    streamed(meter, 102.5)
    assert meter.read(103.0) == {}


@pytest.mark.parametrize("speed", [2.0, 5.0, 40.0, 100.0])
def test_a_speed_is_that_of_the_pieces_however_short_the_burst_and_however_slow_the_model(speed):
    meter = Meter()
    meter.begin("r1", 0.0)
    streamed(meter, *(0.1 + step / speed for step in range(1 + max(1, int(0.3 * speed)))))
    assert meter.read(1.0)["r1"].tokens_per_s == pytest.approx(speed)


def test_one_piece_or_one_packet_of_them_says_nothing_of_the_speed():
    meter = Meter()
    meter.begin("r1", 0.0)
    streamed(meter, 0.5)
    assert meter.read(0.6)["r1"].tokens_per_s is None
    streamed(meter, 0.5001, 0.5002, 0.5003)
    assert meter.read(0.7)["r1"].tokens_per_s is None
    assert meter.read(1.0)["r1"].rates == (4.0,)


def test_a_transcript_says_once_why_a_bead_was_closed():
    transcripts = Transcripts()
    reason = "The parser takes the 31st. Output: dates.py"
    ended = e.RunFinished(at=AT, outcome=e.RunOutcome.FINISHED, reason=reason, steps=1, seconds=22.4, **WHO)
    for event in (STARTED, e.BeadClosed(at=AT, reason=reason, **WHO), ended):
        transcripts.add(event)
    told = [piece.text for piece in transcripts.of(WHO["bead"]).since(0)[2]]
    assert told == [f"closed: {reason}", "finished after 1 step, 22 s"]
    transcripts.add(replace(ended, outcome=e.RunOutcome.FAILED, reason="no model answers", steps=2))
    told = [piece.text for piece in transcripts.of(WHO["bead"]).since(0)[2]]
    assert told[-1] == "failed after 2 steps, 22 s: no model answers"


def test_transcripts_hold_the_latest_run_of_the_last_beads():
    transcripts = Transcripts()
    transcripts.add(STARTED)
    transcripts.add(e.TextStreamed(at=AT, text="old", **WHO))
    transcripts.add(replace(STARTED, run="r2"))
    transcripts.add(e.TextStreamed(at=AT, text="late", **WHO))
    transcripts.add(e.TextStreamed(at=AT, text="hello", thinking=True, run="r2", bead="w-1", agent="pltops"))
    transcripts.add(e.BoardFailed(at=AT, reason="no bead"))
    assert [(piece.kind, piece.text) for piece in transcripts.of("w-1").since(0)[2]] == [("thinking", "hello")]
    for n in range(200):
        transcripts.add(replace(STARTED, bead=f"x-{n}"))
    assert transcripts.of("w-1") is None and transcripts.of("x-199") is not None


def test_an_engine_that_goes_down_is_one_line_however_many_agents_wait_for_it():
    down = e.EngineChanged(
        at=AT, engine="ollama", address="x", status=e.EngineStatus.DOWN, reason="nobody answers at x"
    )
    waits = e.AgentChanged(at=AT, agent="pltops", state=e.AgentState.BACKOFF, reason="nobody answers at x")
    paused = e.AgentChanged(at=AT, agent="pltops", state=e.AgentState.PAUSED)
    lines = [line.text for line in after(down, waits, replace(waits, agent="brew"), paused).activity]
    assert sorted(lines) == ["down: nobody answers at x", "paused"]


def test_a_result_is_told_without_the_name_that_its_call_has():
    transcripts = Transcripts()
    transcripts.add(STARTED)
    transcripts.add(call("read", "notes.md"))
    transcripts.add(result("read", "42 lines"))
    pieces = transcripts.of("w-1").since(0)[2]
    assert [piece.text for piece in pieces][-2:] == ["read notes.md", "42 lines"]


MOVED = e.RunMoved(
    at=AT, engine="embedded", model="m.gguf", locality=e.Locality.ATTESTED, digest="bb", profile="4k",
    note="on the CPU: out of GPU memory", **WHO,
)  # fmt: skip
RESTARTED = e.AnswerRestarted(at=AT, reason="the server broke off", **WHO)


def test_a_run_knows_where_it_is_computed_and_when_that_changes():
    placed = replace(STARTED, locality=e.Locality.ATTESTED, digest="aa", profile="32k", note="the first engine is down")
    view = after(placed).runs["w-1"]
    assert (view.locality, view.digest, view.profile, view.note) == (
        e.Locality.ATTESTED, "aa", "32k", "the first engine is down",
    )  # fmt: skip
    moved = after(placed, e.StepStarted(at=AT, step=3, **WHO), MOVED).runs["w-1"]
    assert (moved.engine, moved.model, moved.digest, moved.profile) == ("embedded", "m.gguf", "bb", "4k")
    assert (moved.note, moved.step) == ("on the CPU: out of GPU memory", 3)
    late = after(STARTED, replace(STARTED, run="r2"), MOVED).runs["w-1"]
    assert (late.run, late.engine) == ("r2", "ollama")


def test_what_engines_have_said_is_not_said_again_by_every_agent_that_waits_for_them():
    down = [
        e.EngineChanged(at=AT, engine=name, address="x", status=e.EngineStatus.DOWN, version="", simulated=False,
                        reason=reason)
        for name, reason in (("one", "one is off: start it"), ("two", "two is slow; `ollama ps` shows it"))
    ]  # fmt: skip
    both = e.AgentChanged(
        at=AT, agent="brew", state=e.AgentState.BACKOFF, reason="; ".join(event.reason for event in down), bead=""
    )
    assert len(after(*down, both).activity) == 2
    more = replace(both, reason=f"{both.reason}; m on three is not there")
    assert after(*down, more).activity[-1].text == f"waits: {more.reason}"


def test_a_run_that_moves_and_an_answer_that_restarts_are_told():
    back = replace(MOVED, engine="ollama", model="m", note="")
    lines = [line.text for line in after(STARTED, MOVED, RESTARTED, back).activity]
    assert lines == [
        "goes on with m.gguf on embedded: on the CPU: out of GPU memory",
        "asks again: the server broke off",
        "is back at m on ollama",
    ]


def test_and_stand_in_the_live_output():
    transcripts = Transcripts()
    for event in (STARTED, e.TextStreamed(at=AT, text="half an ans", **WHO), RESTARTED, MOVED):
        transcripts.add(event)
    pieces = transcripts.of("w-1").since(0)[2]
    assert [(piece.kind, piece.text) for piece in pieces] == [
        ("text", "half an ans"),
        ("void", "the server broke off"),
        ("note", "m.gguf on embedded, attested: on the CPU: out of GPU memory"),
    ]


def test_an_engines_locality_is_what_was_last_proven():
    up = e.EngineChanged(at=AT, engine="o", address="http://x", status=e.EngineStatus.UP, locality=e.Locality.ATTESTED)
    assert after(up).engines[0].locality is e.Locality.ATTESTED
    assert after(up, replace(up, locality=e.Locality.UNATTESTED)).engines[0].locality is e.Locality.UNATTESTED
