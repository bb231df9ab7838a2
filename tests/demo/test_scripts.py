"""Scripts are data: they validate, fit the hub and the tools, and what they claim really happens."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from b4tui.agents.loop import Assignment, work
from b4tui.agents.outcome import Outcome
from b4tui.agents.profiles import AgentProfile, profiles
from b4tui.agents.sandbox import NoSandbox, Sandbox, find_sandbox
from b4tui.agents.tools import REGISTRY, chosen
from b4tui.agents.tools.calling import checked
from b4tui.agents.workfolder import WorkFolder
from b4tui.board.discover import open_hub
from b4tui.board.model import Bead, NewBead
from b4tui.board.stores import open_store
from b4tui.config import EngineConfig, PolicyConfig, load
from b4tui.demo.hub import make_hub, sample_beads
from b4tui.demo.script import OUT_OF_STEPS, Call, Script, ScriptError, Scripts, Step, parse_scripts, read_scripts
from b4tui.demo.server import SimulatedOllama
from b4tui.engines.attestation.pins import Pins, pins_file
from b4tui.engines.ollama.engine import OllamaEngine
from b4tui.engines.types import ToolCall
from b4tui.events import RunOutcome
from b4tui.routing.rules import route

SCRIPTS = read_scripts()
NOT_TO_BE_DONE = {"hub-z0n"}  # its input is missing, and the script says so


def name(script: Script) -> str:
    return script.bead or script.title


def every_call() -> Iterator[tuple[Script, Call]]:
    return ((script, call) for script in SCRIPTS for step in script.steps for call in step.calls)


def task(bead: str, title: str = "Title") -> dict[str, Any]:
    return {"role": "user", "content": f"# {bead}: {title}\n\nDescription"}


class TestReading:
    def test_a_script_is_found_by_id_and_a_made_bead_by_its_title(self):
        known = Scripts(
            [Script(bead="x-1", steps=(Step(say="by id"),)), Script(title="Made", steps=(Step(say="by title"),))]
        )
        assert known.answer([task("x-1", "Made")]).say == "by id"
        assert known.answer([task("x-9", "Made")]).say == "by title"

    @pytest.mark.parametrize(
        ("text", "word"),
        [
            ("script = ", "Invalid value"),
            ("[[script]]\nbead = 'x'\nsteps = []", "at least 1"),
            ("[[script]]\nsteps = [{ say = 'hi' }]", "needs the id"),
            ("[[script]]\nbead = 'x'\nsteps = [{ sya = 'hi' }]", "sya"),
            ("[[script]]\nbead = 'x'\nsteps = [{ calls = [{ path = 'x' }] }]", "tool"),
        ],
    )
    def test_a_bad_file_is_named_with_what_is_wrong(self, text, word):
        with pytest.raises(ScriptError, match=rf"(?s)^bad\.toml: .*{word}"):
            parse_scripts(text, "bad.toml")

    def test_no_two_scripts_are_for_one_bead(self):
        names = [name(script) for script in SCRIPTS]
        assert len(names) == len(set(names))


class TestTheNextAnswer:
    script = Script(bead="x-1", steps=(Step(say="one"), Step(say="two", needs="passed"), Step(say="three")))
    known = Scripts([script])

    def after(self, *results: str) -> Step:
        messages = [task("x-1")]
        for result in results:
            messages += [{"role": "assistant", "content": "…"}, {"role": "tool", "content": result}]
        return self.known.answer(messages)

    def test_it_follows_from_the_number_of_answers_so_far(self):
        assert [self.after(*results).say for results in ((), ("passed",), ("passed", ""))] == ["one", "two", "three"]

    def test_a_new_run_starts_at_the_beginning(self):
        self.after("passed")
        assert self.after().say == "one"

    def test_a_check_that_did_not_pass_is_not_claimed_to_have_passed(self):
        step = self.after("FAILED")
        assert "“passed”" in step.say
        assert step.calls[0].arguments["success"] is False

    def test_only_the_results_since_the_last_answer_count(self):
        known = Scripts([Script(bead="x-1", steps=(Step(say="one"), Step(say="two"), Step(say="three", needs="ok")))])
        messages = [task("x-1"), {"role": "assistant"}, {"role": "tool", "content": "ok"}, {"role": "assistant"}]
        assert known.answer(messages).say != "three"
        assert known.answer([*messages, {"role": "tool", "content": "ok"}]).say == "three"

    def test_after_the_last_step_it_gives_up(self):
        assert self.after("passed", "", "") == OUT_OF_STEPS

    def test_a_bead_without_a_script_gets_an_honest_answer_and_is_not_done(self):
        first = self.known.answer([task("my-own")])
        assert "simulated" in first.say
        then = self.known.answer([task("my-own"), {"role": "assistant"}])
        assert then.calls[0].arguments["success"] is False

    @pytest.mark.parametrize("messages", [[], [{"role": "user", "content": None}], [{"role": "system"}], [{}]])
    def test_a_conversation_about_no_bead_does_not_break_it(self, messages):
        assert "simulated" in self.known.answer(messages).say


class TestTheyFit:
    @pytest.mark.parametrize("script", SCRIPTS, ids=name)
    def test_every_script_is_for_a_bead_of_the_hub_or_one_that_a_script_makes(self, script):
        made = {call.arguments["title"] for _, call in every_call() if call.tool == "create_bead"}
        beads = {bead.id for bead in sample_beads()}
        assert (script.bead in beads) if script.bead else (script.title in made)

    @pytest.mark.parametrize("script", SCRIPTS, ids=name)
    def test_its_agent_has_the_tools_it_calls_and_they_take_these_arguments(self, script):
        agent = agent_of(script)
        for step in script.steps:
            for call in step.calls:
                checked(ToolCall("c", call.tool, call.arguments), chosen(agent.tools))

    @pytest.mark.parametrize("script", SCRIPTS, ids=name)
    def test_it_ends_with_finish_and_finishes_nowhere_before(self, script):
        tools = [call.tool for step in script.steps for call in step.calls]
        assert tools.index("finish") == len(tools) - 1

    def test_some_see_a_check_fail_before_they_mend_it(self):
        assert sum(any("FAILED" in step.needs for step in script.steps) for script in SCRIPTS) >= 3

    def test_every_tool_is_used_by_some_script(self):
        assert {call.tool for _, call in every_call()} == set(REGISTRY)


def agent_of(script: Script) -> AgentProfile:
    settings = load(use_user_file=False)
    row = next(
        (
            {"id": bead.id, "title": bead.title, "labels": list(bead.labels), "description": bead.description}
            for bead in sample_beads()
            if bead.id == script.bead
        ),
        None,
    ) or next(
        {**call.arguments, "id": "made", "labels": call.arguments["labels"].split(",")}
        for _, call in every_call()
        if call.tool == "create_bead" and call.arguments["title"] == script.title
    )
    routed = route(Bead(row), settings.agents, settings.routing.fallback)
    assert routed is not None
    return next(profile for profile in profiles(settings, Path("no-hub")) if profile.key == routed.agent)


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    found = find_sandbox()
    if isinstance(found, NoSandbox):
        pytest.skip(f"no sandbox works here: {found.reason}")
    return found


class TestTheyReallyDoTheWork:
    @pytest.mark.parametrize("script", SCRIPTS, ids=name)
    async def test_every_check_says_what_the_script_waits_for(self, script, sandbox, tmp_path):
        outcome = await played(script, sandbox, tmp_path)
        wanted = RunOutcome.FAILED if script.bead in NOT_TO_BE_DONE else RunOutcome.FINISHED
        assert outcome.kind is wanted, outcome.reason
        assert outcome.steps == sum(not step.wants for step in script.steps)  # nobody outside can be asked here

    async def test_without_a_sandbox_nothing_is_claimed_that_was_not_run(self, tmp_path):
        script = next(script for script in SCRIPTS if script.bead == "hub-f3p")
        outcome = await played(script, NoSandbox("none here"), tmp_path)
        assert outcome.kind is RunOutcome.FAILED
        assert "“FAILED”" in outcome.reason


async def played(script: Script, sandbox: Sandbox | NoSandbox, place: Path) -> Outcome:
    """One bead through the real loop: real tools on a real hub, the model's answers over real HTTP."""
    hub = await asyncio.to_thread(make_hub, place / "hub")
    board, settings = open_store(open_hub(hub)), load(use_user_file=False)
    agent = agent_of(script)
    bead = board.load().beads[script.bead] if script.bead else board.create(NewBead(title=script.title), "operator")
    async with SimulatedOllama(speed=0) as server:
        engine = OllamaEngine(
            "ollama", EngineConfig(address=server.address), {}, pins=Pins(pins_file()), policy=PolicyConfig()
        )
        assignment = Assignment(
            run="run-1",
            bead=bead,
            profile=agent,
            chat=engine.chat,
            board=board,
            folder=WorkFolder.open(place / "work", bead.id),
            sandbox=sandbox,
            limits=settings.policy.limits,
        )
        try:
            return await work(assignment, lambda event: None)
        finally:
            await engine.aclose()


def test_a_step_that_wants_a_tool_is_left_out_where_there_is_none() -> None:
    known = Scripts([Script(bead="x-1", steps=(Step(say="I ask", wants="ask_frontier"), Step(say="I work")))])
    asked = [{"role": "user", "content": "# x-1: Try"}]
    assert known.answer(asked).say == "I work"
    assert known.answer(asked, tools={"ask_frontier"}).say == "I ask"
    assert known.answer([*asked, {"role": "assistant"}], tools={"ask_frontier"}).say == "I work"


def test_a_model_may_have_a_script_of_its_own() -> None:
    both = Script(bead="x-1", steps=(Step(say="anybody"),))
    own = Script(bead="x-1", model="qwen3:8b", steps=(Step(say="I alone"),))
    known = Scripts([own, both])
    asked = [{"role": "user", "content": "# x-1: Try"}]
    assert known.answer(asked, "qwen3:8b").say == "I alone"
    assert known.answer(asked, "qwen3:1.7b").say == known.answer(asked).say == "anybody"
