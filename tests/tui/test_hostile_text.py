"""Nothing foreign reaches the terminal as anything but characters to read: by construction, by property, by pty."""

import ast
import hashlib
import json
import random
import unicodedata
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path

from driving import settle, strike
from frozen_approvals import BareConsole
from frozen_machines import FIGURES, RICH
from frozen_world import HUB, NOW, WORLD, FrozenRuntime, clock
from textual import events

import b4tui.tui
from b4tui.board.model import Bead, BoardState
from b4tui.config import TuiConfig
from b4tui.engines.interface import LoadedModel
from b4tui.escalation.types import (
    Approval,
    ApprovalState,
    Cost,
    Destination,
    Grant,
    PayloadShown,
    Risk,
)
from b4tui.gate.types import Cause, Finding, Reason, Severity, Verdict
from b4tui.runtime.snapshot import (
    Activity,
    Columns,
    FileChange,
    Level,
    ModelView,
    OutwardView,
    QueueView,
    RequestView,
    Route,
    TokensView,
)
from b4tui.runtime.transcript import Kind, Piece, Transcript
from b4tui.telemetry.types import GpuProcess, ModelProcess, Program
from b4tui.tui.app import Console
from b4tui.tui.screens.approval import ApprovalScreen
from b4tui.tui.screens.approval_steps import typed_count, typed_host
from b4tui.tui.screens.approvals import ApprovalsScreen
from b4tui.tui.screens.bead import PANES, BeadScreen
from b4tui.tui.screens.dashboard import DashboardScreen
from b4tui.tui.screens.dialogs import NewBeadScreen
from b4tui.tui.screens.grant_form import GrantFormScreen
from b4tui.tui.screens.grants import GrantsScreen
from b4tui.tui.screens.machine import MachineScreen
from b4tui.tui.widgets.safe_input import SafeInput

ATTACKS = (
    "\x1b]52;c;cHduZWQ=\x07 \x1b[5;5HPWN\x1b[2J \x9b31m\x90q\x9d0;title\x9c",
    "[@click=app.quit]read the policy[/] [/foo] [red]",
    "\u202eevil\u202c\u2066\u200b\ufeff \ud800\udfff \U000e0041\U000e007f",
    "界" * 200 + "👩‍💻⚠️e\u0301" + "\u0301" * 500,
    "x" * 1_000_000,
    "a\r\nb\x00\x7f\t\v\f\b",
    "",
)
SHORT_ATTACKS = "".join(ATTACKS[place] for place in (0, 1, 2, 5))


def output(app: Console) -> str:
    """Every character of every cell, and every control code that Textual would write besides."""
    strips = app.screen._compositor.render_strips()
    assert all(not segment.control for strip in strips for segment in strip)
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


def assert_safe(app: Console) -> None:
    text = output(app).replace("\n", "")
    bad = {hex(ord(character)) for character in text if unicodedata.category(character) in {"Cc", "Cf", "Cs"}}
    assert not bad, bad
    text.encode("utf-8")
    assert all(strip.cell_length == app.size.width for strip in app.screen._compositor.render_strips())


def world_of(text: str):
    """A world in which every field that is foreign holds this text."""
    fields = """title description design acceptance_criteria notes assignee issue_type created_at updated_at created_by
    close_reason"""
    row = dict.fromkeys(fields.split(), text)
    ids = (text or "hub-0", "hub-1", "hub-2", "hub-3")
    extras = {
        "labels": [text, text],
        "comments": [{"id": text, "author": text, "text": text, "created_at": text}],
        "dependencies": [{"issue_id": ids[0], "depends_on_id": key, "type": text} for key in (*ids, text + "x")],
    }
    statuses = ("open", "in_progress", text, "closed")
    beads = {
        key: Bead({**row, **extras, "id": key, "status": status}) for key, status in zip(ids, statuses, strict=True)
    }
    ask = RequestView(agent=text, bead=text, model=text, request_class=text, since=NOW)
    run = replace(
        WORLD.runs["hub-77c"], bead=ids[1], model=text, engine=text, last_tool=text, reason=text, digest=text,
        profile=text, note=text, locality=text,
        files=(FileChange(path=text, added=1, removed=1),),
    )  # fmt: skip
    agent = replace(WORLD.agents[0], key=text, name=text, model=text, bead=ids[1], reason=text)
    engine = replace(
        RICH.engines[0], name=text, kind=text, address=text, version=text, locality=text, reason=text,
        models=(
            ModelView(
                name=text, roles=(text,), locality=text, digest=text, pinned=text + "x", profile=text, reason=text,
                fix=text,
            ),
        ),
        loaded=(
            LoadedModel(name=text, digest=text, size=9, vram=4, context=5, expires_at=text, weights=text),
            LoadedModel(name=text + "y", size=9, vram=4),
        ),
        queue=QueueView(running=(ask,), waiting=(ask, ask)),
    )  # fmt: skip
    gpu = replace(
        RICH.machine.gpus[0], name=text, throttle=(text,), processes=(GpuProcess(pid=1, memory=5, name=text),)
    )
    runner = ModelProcess(pid=1, program=Program.LLAMA_SERVER, memory=5, weights=text, orphan=True)
    return replace(
        WORLD,
        outward=outward_of(text),
        hub=text,
        branch=text,
        read_only=text,
        board=BoardState(HUB, beads, version=text[:50]),
        board_error=text,
        columns=Columns(ready=ids[:1], working=ids[1:2], blocked=ids[2:3], closed=ids[3:]),
        blocked_by={ids[2]: (text,)},
        routes={ids[0]: Route(agent=text, category=text, reason=text)},
        agents=(agent, *WORLD.agents[3:]),
        runs={ids[1]: run, ids[3]: replace(run, bead=ids[3], ended_at=NOW)},
        attempts_spent=frozenset({ids[0]}),
        engines=(engine,),
        machine=replace(RICH.machine, gpu_reason=text, gpus=(gpu,), processes=(runner,)),
        history=RICH.history[-3:],
        tokens=TokensView(total=FIGURES, agents={text: FIGURES}, models={text: FIGURES}),
        activity=tuple(Activity(at=NOW, who=text, text=text, bead=text, level=Level.ERROR) for _ in range(3)),
        revision=WORLD.revision + 1,
    )


def payload_of(text: str) -> bytes:
    """The text as it would be serialised, and as raw bytes behind it."""
    row = {"messages": [{"role": "user", "content": text[:50_000]}]}
    return json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogatepass") + text[:300].encode(
        "utf-8", "surrogatepass"
    )


def outward_of(text: str) -> OutwardView:
    """Approvals and grants in which everything that agents, rules or providers say is this text."""
    body = payload_of(text)
    place = Destination(provider=text, host=text, port=443, path=text, model=text)
    found = Finding(
        rule=text, version=1, finding_class=text, severity=Severity.ASK, part="body", start=2, end=9, preview=text,
        view=text, why=text, value_hash=text,
    )  # fmt: skip
    one = Approval(
        id="ap-1", version=1, state=ApprovalState.PENDING, agent=text, bead="hub-1", run=text, category=text,
        reason=text, destination=place, size=len(body), sha256=hashlib.sha256(body).hexdigest(), rules_sha256=text,
        gate_version=1, verdict=Verdict.MAY_ESCALATE, reasons=(Reason(Cause.SECRET, text),),
        findings=(found, replace(found, part=text)), risk=Risk.MEDIUM, risk_words=(text,),
        estimate=Cost(money=1.0, currency=text, tokens_in=1, tokens_out=1), asked_at=NOW, deadline=NOW,
        redacted={text: 1}, seen_by=text,
    )  # fmt: skip
    later = NOW + timedelta(hours=1)
    return OutwardView(
        guarded=True,
        providers=(text,),
        approvals=(
            replace(one, deadline=later),
            replace(one, id="ap-2", verdict=Verdict.LOCAL_ONLY, deadline=later + timedelta(hours=1)),
            replace(one, id="ap-3", state=ApprovalState.DENIED, decided_by=text, decision_reason=text, decided_at=NOW),
        ),
        grants=(
            Grant(id=text or "gr-1", category=text, agent=text, provider=text, host=text, model=text, max_bytes=5,
                  max_uses=2, until=later, made_by=text, made_at=NOW),
        ),
        gate_error=text,
        ledger_error=text,
        unsafe_rules=(text,),
    )  # fmt: skip


def wear(runtime: FrozenRuntime, text: str) -> None:
    """Put a world in which everything foreign is this text in the place of the one before."""
    world = world_of(text)
    runtime.change(**{field.name: getattr(world, field.name) for field in fields(world) if field.name != "revision"})
    told = Transcript()
    for kind in Kind:
        told.add(Piece(kind, text, detail=text, ok=False))
    runtime.transcripts = {"hub-1": told}

    class Folder:
        def changes(self):
            return (FileChange(path=text, added=1, removed=0),)

        def diff(self, _path: str) -> str:
            return f"@@\n+{text}\n-{text}\n"

    runtime.folders = {"hub-1": Folder()}
    body = payload_of(text)
    headers = ((text, text),)
    runtime.payloads = {
        id_: PayloadShown(approval=id_, body=body, previous=b"{}" + body, headers=headers) for id_ in ("ap-1", "ap-2")
    }


def runtime_of(text: str) -> FrozenRuntime:
    runtime = FrozenRuntime()
    wear(runtime, text)
    return runtime


async def walk(app: Console, pilot, until) -> None:
    """Look at everything there is to see."""
    await until(lambda: app.screen_stack and isinstance(app.screen, DashboardScreen) and app.screen.drawable)
    app.screen.show(app.runtime.snapshot)
    for go in (lambda: app.screen.go_to_column(1), app.screen.action_agents, app.screen.action_activity):
        go()
        await settle(pilot)
        assert_safe(app)
    app.say(app.runtime.snapshot.hub, wrong=True)
    app.action_machine()
    await until(lambda: isinstance(app.screen, MachineScreen) and app.screen.drawable)
    for section in range(6):
        app.screen.go_to_section(section)
        await settle(pilot)
        assert_safe(app)
        app.screen.action_copy_pane()
    app.screen.action_back()
    await until(lambda: isinstance(app.screen, DashboardScreen))
    app.open_bead("hub-1")
    await until(lambda: isinstance(app.screen, BeadScreen) and app.screen.drawable)
    for tab in range(6):
        app.screen.go_to_tab(tab)
        app.screen.tick()
        pane = app.screen.query_one(PANES[tab])
        pane.action_edge(False)
        pane.action_open()
        await settle(pilot)
        assert_safe(app)
    app.screen.action_copy()
    app.screen.action_copy_pane()
    await settle(pilot)
    assert_safe(app)
    app.clear_notifications()
    app.screen.action_back()
    await until(lambda: isinstance(app.screen, DashboardScreen))


async def walk_outward(app: Console, pilot, until) -> None:
    """Look at everything that has to do with leaving."""
    app.action_approvals()
    await until(lambda: isinstance(app.screen, ApprovalsScreen) and app.screen.drawable and app.screen.list.keys)
    app.screen.action_mark_kind()
    await settle(pilot)
    assert_safe(app)
    app.screen.action_grants()
    await until(lambda: isinstance(app.screen, GrantsScreen) and app.screen.drawable)
    await settle(pilot)
    assert_safe(app)
    app.screen.action_back()
    one = app.snapshot.outward.approvals[0]
    app.push_screen(ApprovalScreen(one.id))
    await until(lambda: isinstance(app.screen, ApprovalScreen) and app.screen.complete)
    for act, *args in (("page", 1), ("next_mark", 1), ("hex",), ("diff",), ("wrap",), ("other", 1)):
        getattr(app.screen, f"action_{act}")(*args)
        await settle(pilot)
        assert_safe(app)
    for screen in (GrantFormScreen(one), typed_host(one), typed_count(app.snapshot.outward.approvals)):
        app.push_screen(screen)
        await settle(pilot)
        assert_safe(app)
        app.pop_screen()
    app.pop_screen()
    app.pop_screen()


async def test_known_attacks_are_shown_not_obeyed_on_every_screen(until) -> None:
    runtime = FrozenRuntime()
    app = Console(runtime, TuiConfig(bell=False), clock=clock)
    async with app.run_test(size=(130, 34), notifications=True) as pilot:
        for text in (SHORT_ATTACKS + ATTACKS[3], ATTACKS[4], ATTACKS[6]):
            wear(runtime, text)
            await walk(app, pilot, until)
            assert app.is_running, ascii(text[:40])


async def test_known_attacks_are_shown_not_obeyed_where_something_may_leave(until) -> None:
    runtime = FrozenRuntime()
    app = BareConsole(runtime, TuiConfig(bell=False), clock=clock)
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await until(lambda: app.screen_stack and app.screen.drawable)
        for text in (SHORT_ATTACKS + ATTACKS[3], ATTACKS[4]):
            wear(runtime, text)
            await until(lambda: app.snapshot.outward is runtime.snapshot.outward)
            await walk_outward(app, pilot, until)


ANY = [*"\x1b\x9b[]/@\u202e\ud800界\n\t", *map(chr, range(0x20, 0x180)), *"\u0300\u200d\u2066😀\U000e0041"]


async def test_any_text_is_shown_not_obeyed(until) -> None:
    dice = random.Random(20260501)
    texts = ["".join(dice.choices(ANY, k=300)) for _ in range(2)]
    runtime = FrozenRuntime()
    app = Console(runtime, TuiConfig(bell=False), clock=clock)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        for text in texts:
            wear(runtime, text)
            await walk(app, pilot, until)


async def test_pasted_text_is_shown_not_obeyed(until) -> None:
    app = Console(FrozenRuntime(), TuiConfig(bell=False), clock=clock)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: app.screen_stack and app.screen.drawable)
        for keys in (("slash",), ("escape", "n"), ("tab",), ("escape", "ctrl+p")):
            await strike(pilot, *keys)
            for text in ATTACKS:
                if len(text) < 10_000:
                    app.post_message(events.Paste(text))
                    await settle(pilot)
                    assert_safe(app)


async def test_a_value_set_by_program_is_safe_too(until) -> None:
    app = Console(FrozenRuntime(), TuiConfig(bell=False), clock=clock)
    async with app.run_test(size=(80, 24)) as pilot:
        await strike(pilot, "n")
        await until(lambda: isinstance(app.screen, NewBeadScreen))
        app.screen.query_one("#title", SafeInput).value = ATTACKS[0]
        await settle(pilot)
        assert_safe(app)


class TestTheBoundaryIsOne:
    """In b4tui/tui no widget that could show text by itself is handed anything but a literal."""

    SHOWS = frozenset(
        {"Static", "Label", "Markdown", "RichLog", "Log", "Button", "Collapsible", "DataTable", "OptionList", "Tree"}
    )

    def calls(self):
        for path in sorted(Path(b4tui.tui.__file__).parent.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                yield path, node

    def test_no_widget_of_textual_that_shows_text_is_used(self) -> None:
        for path, node in self.calls():
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("textual.widgets"):
                assert not {name.name for name in node.names} & self.SHOWS, path

    def test_notices_go_out_in_one_place_without_markup(self) -> None:
        notices = [
            (path.name, node)
            for path, node in self.calls()
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "notify"
        ]
        assert [name for name, _ in notices] == ["app.py"]
        assert any(word.arg == "markup" and word.value.value is False for word in notices[0][1].keywords)

    def test_titles_in_borders_are_literals_or_made_by_title(self) -> None:
        for path, node in self.calls():
            if not isinstance(node, ast.Assign):
                continue
            names = {
                part.attr for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Attribute)
            }
            if names & {"border_title", "border_subtitle", "tooltip"}:
                values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
                for value in values:
                    made = isinstance(value, ast.Call) and ast.unparse(value.func) in {"title", "paint.title"}
                    assert made or isinstance(value, ast.Constant), f"{path.name}:{node.lineno}"

    def test_segments_are_made_in_one_place(self) -> None:
        users = {path.name for path, node in self.calls() if isinstance(node, ast.Name) and node.id == "Segment"}
        assert users == {"paint.py"}
