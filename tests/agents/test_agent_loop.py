"""The loop: what the model says, what is carried out, what is published, and how a run ends."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from b4tui.agents.loop import work
from b4tui.agents.sandbox import Sandbox
from b4tui.config import EngineConfig, PolicyConfig
from b4tui.demo.script import Call, Script, Step
from b4tui.demo.server import SimulatedOllama
from b4tui.engines.attestation.pins import Pins, pins_file
from b4tui.engines.ollama.engine import OllamaEngine
from b4tui.engines.types import (
    ChatRequest,
    Done,
    Failure,
    FailureKind,
    Placed,
    Restarted,
    Role,
    StreamEvent,
    Text,
    Thinking,
    ToolCall,
    Usage,
)
from b4tui.events import (
    AnswerRestarted,
    BeadCommented,
    BeadCreated,
    FileChanged,
    Locality,
    RunMoved,
    RunOutcome,
    StepStarted,
    TextStreamed,
    TokensCounted,
    ToolCalled,
    ToolFinished,
    Warned,
)

FINISH = ("finish", {"summary": "Wrote hello.py.", "evidence": "python3 hello.py printed hello"})
World = Any


def failing(kind: FailureKind) -> list[Failure]:
    return [Failure(kind, f"it was {kind}")]


class TestABead:
    async def test_from_first_step_to_finish(self, world: World) -> None:
        world.engine.calls(("write", {"path": "hello.py", "content": "print('hello')\n"}))
        world.engine.calls(
            ("comment", {"text": "Output: hello.py"}), ("create_bead", {"title": "T", "description": "D"})
        )
        world.engine.calls(FINISH)
        outcome = await world.run()
        assert (outcome.kind, outcome.steps) == (RunOutcome.FINISHED, 3)
        assert (outcome.summary, outcome.evidence) == ("Wrote hello.py.", "python3 hello.py printed hello")
        assert (world.folder / "hello.py").read_text() == "print('hello')\n"
        assert [event.step for event in world.of(StepStarted)] == [1, 2, 3]
        assert [(event.path, event.added) for event in world.of(FileChanged)] == [("hello.py", 1)]

    async def test_the_board_hears_of_it_in_the_agents_name(self, world: World) -> None:
        world.engine.calls(
            ("comment", {"text": "half"}), ("create_bead", {"title": "More", "description": "D"}), FINISH
        )
        await world.run()
        board, bead = world.store.load(), world.assignment.bead
        assert [(c.author, c.text) for c in board.beads[bead.id].comments] == [("codemonkey", "half")]
        [made] = world.of(BeadCreated)
        [edge] = board.beads[made.bead].dependencies
        assert (edge.type, edge.depends_on_id, made.discovered_from) == ("discovered-from", bead.id, bead.id)
        assert world.of(BeadCommented)[0].text == "half"

    async def test_every_call_has_one_result_in_order(self, world: World) -> None:
        world.engine.calls(("read", {"path": "no"}), ("nonsense", {}), ("bash", {"command": "ls"}))
        world.engine.calls(FINISH)
        await world.run()
        said = world.engine.requests[1].messages
        [asked] = [message for message in said if message.role is Role.ASSISTANT]
        answered = [message for message in said if message.role is Role.TOOL]
        assert [call.id for call in asked.tool_calls] == [message.call_id for message in answered]
        assert [event.call for event in world.of(ToolCalled)] == [event.call for event in world.of(ToolFinished)]
        assert "there is no file no" in answered[0].content
        assert "there is no tool 'nonsense'" in answered[1].content
        assert "no sandbox" in answered[2].content

    async def test_calls_without_ids_or_with_one_id_twice(self, world: World) -> None:
        twice = [
            ToolCall("", "read", {"path": "a"}),
            ToolCall("x", "read", {"path": "b"}),
            ToolCall("x", "read", {"path": "c"}),
        ]
        world.engine.answers.append([*twice, Done("stop")])
        world.engine.calls(FINISH)
        await world.run()
        ids = [event.call for event in world.of(ToolFinished)]
        assert len(set(ids)) == 4 and "" not in ids

    async def test_text_thinking_and_tokens_are_published(self, world: World) -> None:
        usage = Usage(prompt_tokens=100, generated_tokens=5, generate_seconds=0.5)
        call = ToolCall("c", *FINISH)
        world.engine.answers.append([Thinking("hm"), Text("I "), Text("do"), call, usage, Done("stop")])
        await world.run()
        assert [(event.text, event.thinking) for event in world.of(TextStreamed)] == [
            ("hm", True),
            ("I ", False),
            ("do", False),
        ]
        [counted] = world.of(TokensCounted)
        assert (counted.prompt_tokens, counted.generated_tokens, counted.generate_seconds) == (100, 5, 0.5)

    async def test_thinking_goes_back_to_the_model(self, world: World) -> None:
        world.engine.answers.append([Thinking("hm"), ToolCall("c", "read", {"path": "."}), Done("stop")])
        world.engine.calls(FINISH)
        await world.run()
        assert world.engine.requests[1].messages[2].thinking == "hm"

    async def test_a_flood_of_calls_is_cut_and_the_cut_is_said(self, world: World) -> None:
        world.engine.calls(*[("read", {"path": f"{number}"}) for number in range(500)])
        world.engine.calls(FINISH)
        assert (await world.run()).kind is RunOutcome.FINISHED
        assert len(world.of(ToolFinished)) == 32 + 1
        assert "only the first 32" in world.engine.requests[1].messages[-1].content

    async def test_it_cannot_be_done(self, world: World) -> None:
        world.engine.calls(("finish", {"summary": "No access.", "evidence": "", "success": False}))
        outcome = await world.run()
        assert (outcome.kind, outcome.reason) == (RunOutcome.FAILED, "No access.")

    @pytest.mark.parametrize("evidence", ["", "  ", "None", "n/a", "done."])
    async def test_finish_needs_evidence(self, world: World, evidence: str) -> None:
        world.engine.calls(("finish", {"summary": "Did it.", "evidence": evidence}))
        world.engine.calls(FINISH)
        assert (await world.run()).steps == 2
        assert "Evidence is" in world.of(ToolFinished)[0].output

    async def test_calls_after_finish_are_not_carried_out(self, world: World) -> None:
        world.engine.calls(FINISH, ("write", {"path": "late", "content": "x"}))
        await world.run()
        assert not (world.folder / "late").exists()

    async def test_finish_is_not_accepted_together_with_a_call_that_failed(self, world: World) -> None:
        world.engine.calls(("read", {"path": "missing"}), FINISH)
        world.engine.calls(FINISH)
        outcome = await world.run()
        assert (outcome.kind, outcome.steps) == (RunOutcome.FINISHED, 2)
        answers = [message.content for message in world.engine.requests[1].messages if message.role is Role.TOOL]
        assert len(answers) == 2 and "finish was not accepted" in answers[1]

    async def test_giving_up_is_accepted_at_any_time(self, world: World) -> None:
        world.engine.calls(
            ("read", {"path": "missing"}), ("finish", {"summary": "No.", "evidence": "", "success": False})
        )
        assert (await world.run()).reason == "No."

    async def test_commands_run_in_the_folder(self, world: World, any_sandbox: Sandbox) -> None:
        world.assignment = replace(world.assignment, sandbox=any_sandbox)
        world.engine.calls(("bash", {"command": "echo hi > made && cat made"}))
        world.engine.calls(FINISH)
        await world.run()
        assert "hi\n[exit status 0]" in world.of(ToolFinished)[0].output
        assert [event.path for event in world.of(FileChanged)] == ["made"]

    async def test_no_stream_is_open_while_a_tool_runs(self, world: World) -> None:
        open_then: list[int] = []
        world.engine.calls(("read", {"path": "."}))
        world.engine.calls(FINISH)
        published = world.events.append

        def watch(event: object) -> None:
            if isinstance(event, ToolCalled | ToolFinished):
                open_then.append(world.engine.open_streams)
            published(event)

        await work(world.assignment, watch)
        assert open_then == [0] * 4

    async def test_an_answer_that_began_anew_is_taken_from_its_new_beginning(self, world: World) -> None:
        usage = Usage(prompt_tokens=10, generated_tokens=2)
        call = ToolCall("c", *FINISH)
        void = ToolCall("v", "write", {"path": "never", "content": ""})
        world.engine.answers.append(
            [Text("half"), void, Restarted("it crashed"), Text("whole"), call, usage, Done("stop")]
        )
        assert (await world.run()).kind is RunOutcome.FINISHED
        assert not (world.folder / "never").exists()
        [restarted] = world.of(AnswerRestarted)
        assert (restarted.reason, restarted.bead) == ("it crashed", world.assignment.bead.id)

    async def test_where_the_answer_comes_from_is_told_when_it_changes(self, world: World) -> None:
        here = Placed(engine="ollama", model="tiny", locality=Locality.ATTESTED, digest="d")
        there = replace(here, engine="embedded", note="instead of ollama: it is down")
        usage = Usage(prompt_tokens=10, generated_tokens=2, queue_seconds=1.5)
        world.assignment = replace(world.assignment, placed=here)
        for place in (here, there, there):
            world.engine.answers.append([place, ToolCall("c", "read", {"path": "."}), usage, Done("stop")])
        world.engine.calls(FINISH)
        await world.run()
        [moved] = world.of(RunMoved)
        assert (moved.engine, moved.note) == ("embedded", "instead of ollama: it is down")
        assert [event.engine for event in world.of(TokensCounted)] == ["ollama", "embedded", "embedded"]
        assert world.of(TokensCounted)[0].queue_seconds == 1.5


class TestThePrompt:
    async def test_the_load_profile_is_the_roles(self, world: World) -> None:
        world.role(num_ctx=8192, num_predict=777, temperature=0.25, keep_alive="9m", options={"num_gpu": 0})
        world.engine.calls(FINISH)
        await world.run()
        [request] = world.engine.requests
        assert (request.num_ctx, request.num_predict, request.temperature) == (8192, 777, 0.25)
        assert (request.keep_alive, request.options, request.seed) == ("9m", {"num_gpu": 0}, None)

    async def test_the_bead_is_the_first_user_message(self, world: World) -> None:
        world.engine.calls(FINISH)
        await world.run()
        system, task = world.engine.requests[0].messages
        assert system.role is Role.SYSTEM
        assert task.content.splitlines()[0] == f"# {world.assignment.bead.id}: Write a script"

    async def test_each_prompt_begins_with_the_one_before(self, world: World) -> None:
        for step in range(4):
            world.engine.calls(("read", {"path": f"{step}"}))
        world.engine.calls(FINISH)
        await world.run()
        prompts = [request.messages for request in world.engine.requests]
        assert all(after[: len(before)] == before for before, after in itertools.pairwise(prompts))

    async def test_old_output_goes_first_and_is_said(self, world: World) -> None:
        world.role(num_ctx=4096, num_predict=512)
        (world.folder / "long").write_text("word " * 2000)
        for start in range(8):
            world.engine.calls(("read", {"path": "long", "end": start + 1}))
        world.engine.calls(FINISH)
        assert (await world.run()).kind is RunOutcome.FINISHED
        last = world.engine.requests[-1].messages
        assert last[:2] == world.engine.requests[0].messages
        assert "left out to make room" in last[3].content
        assert "word" in last[-1].content
        assert any("left out of the prompt" in event.reason for event in world.of(Warned))

    async def test_a_bead_of_a_megabyte_is_cut_and_the_cut_is_said(self, world: World) -> None:
        bead = type(world.assignment.bead)({**world.assignment.bead.row, "description": "x" * 1_000_000 + "\ud800"})
        world.assignment = replace(world.assignment, bead=bead)
        world.engine.calls(FINISH)
        assert (await world.run()).kind is RunOutcome.FINISHED
        assert "characters cut here" in world.engine.requests[0].messages[1].content

    async def test_a_conversation_that_cannot_fit_ends_the_run(self, world: World) -> None:
        world.role(num_ctx=1500, num_predict=100)
        for number in range(9):
            world.engine.calls(("write", {"path": f"{number}.txt", "content": "word " * 200}))
        outcome = await world.run()
        assert outcome.kind is RunOutcome.FAILED
        assert "larger num_ctx" in outcome.reason


class TestLeakedAndBrokenCalls:
    LEAKED = (
        "<function=write>\n<parameter=path>\na.txt\n</parameter>\n<parameter=content>\nhi\n</parameter>\n</function>"
    )

    async def test_a_leaked_call_is_carried_out(self, world: World) -> None:
        world.engine.answers.append([Text(self.LEAKED), Done("stop")])
        world.engine.calls(FINISH)
        assert (await world.run()).kind is RunOutcome.FINISHED
        assert (world.folder / "a.txt").read_text() == "hi"
        [call] = world.engine.requests[1].messages[2].tool_calls
        assert call.recovered

    async def test_half_a_leaked_call_is_not(self, world: World) -> None:
        world.engine.answers.append([Text(self.LEAKED[:60]), Done("length")])
        world.engine.calls(FINISH)
        await world.run()
        assert not (world.folder / "a.txt").exists()
        assert world.engine.requests[1].messages[-1].role is Role.USER

    async def test_calls_of_an_answer_that_was_cut_off_are_not_carried_out(self, world: World) -> None:
        world.engine.answers.append([ToolCall("c", "write", {"path": "a", "content": "ha"}), Done("length")])
        world.engine.calls(FINISH)
        await world.run()
        assert not (world.folder / "a").exists()
        assert "cut off at 8192 tokens" in world.engine.requests[1].messages[-1].content

    async def test_calls_of_a_stream_that_broke_off_are_not_carried_out(self, world: World) -> None:
        world.engine.answers.append([ToolCall("c", "write", {"path": "a", "content": "ha"})])
        outcome = await world.run()
        assert (outcome.kind, outcome.retry_later) == (RunOutcome.ENGINE, True)
        assert not (world.folder / "a").exists()

    @pytest.mark.parametrize(
        "answer", [[Text("well"), Done("stop")], [Done("stop")], [Failure(FailureKind.TOOL_FORMAT, "XML")]]
    )
    async def test_user_and_assistant_take_turns_for_strict_templates(self, world: World, answer: list[Any]) -> None:
        for _ in range(2):
            world.engine.answers += [answer] * (3 if isinstance(answer[0], Failure) else 1)
        world.engine.calls(("read", {"path": "."}))
        world.engine.calls(FINISH)
        assert (await world.run()).kind is RunOutcome.FINISHED
        said = world.engine.requests[-1].messages
        turns = "user assistant user assistant user assistant tool"
        assert [message.role.value for message in said] == ["system", *turns.split()]
        assert all(message.content or message.tool_calls for message in said)

    async def test_prose_is_answered_and_the_third_time_ends_the_run(self, world: World) -> None:
        world.engine.answers += [[Text("I would say"), Done("stop")]] * 3
        outcome = await world.run()
        assert (outcome.kind, outcome.steps) == (RunOutcome.FAILED, 3)
        assert "held no tool call" in outcome.reason
        assert "call finish" in world.engine.requests[1].messages[-1].content

    async def test_format_errors_count_in_a_row(self, world: World) -> None:
        for number in range(3):
            world.engine.answers += [[Text("well"), Done("stop")]] * 2
            world.engine.answers.append([ToolCall("c", "read", {"path": f"{number}"}), Done("stop")])
        world.engine.calls(FINISH)
        assert (await world.run()).kind is RunOutcome.FINISHED

    async def test_calls_that_do_not_fit_say_how_and_end_the_run_in_the_end(self, world: World) -> None:
        for number in range(3):
            world.engine.calls(("read", {"file": f"{number}"}))
        outcome = await world.run()
        assert "did not fit the tools" in outcome.reason
        output = world.of(ToolFinished)[0].output
        assert "'path' is missing" in output and "no parameter 'file'" in output and "Example:" in output


class TestFailures:
    async def test_a_call_the_server_cannot_read_is_asked_again_with_other_dice(self, world: World) -> None:
        world.assignment = replace(world.assignment, seeds=iter([11, 12]).__next__)
        world.engine.answers += [[Text("I write"), *failing(FailureKind.TOOL_FORMAT)]] * 2
        world.engine.calls(FINISH)
        outcome = await world.run()
        heard = [event for event in world.events if isinstance(event, TextStreamed | AnswerRestarted)]
        assert [type(event) for event in heard] == [TextStreamed, AnswerRestarted] * 2, "what was heard is void"
        assert heard[1].reason == "it was tool_format"
        assert (outcome.kind, outcome.steps) == (RunOutcome.FINISHED, 1)
        assert [request.seed for request in world.engine.requests] == [None, 11, 12]
        assert [request.temperature for request in world.engine.requests] == pytest.approx([0.7, 0.9, 1.1])

    async def test_and_then_the_model_is_told(self, world: World) -> None:
        world.engine.answers += [failing(FailureKind.TOOL_FORMAT)] * 3
        world.engine.calls(FINISH)
        assert (await world.run()).steps == 2
        assert "could not read your tool call" in world.engine.requests[-1].messages[-1].content

    @pytest.mark.parametrize("kind", [kind for kind in FailureKind if kind is not FailureKind.TOOL_FORMAT])
    async def test_a_server_that_fails_ends_the_run_with_its_reason(self, world: World, kind: FailureKind) -> None:
        world.engine.calls(("write", {"path": "kept", "content": "x"}))
        world.engine.answers.append([Text("half"), *failing(kind)])
        outcome = await world.run()
        transient = {"unreachable", "timeout", "busy", "incomplete", "crashed"}
        # What does not fit is the bead's trouble, not the server's: it counts as one of the bead's attempts.
        blamed = RunOutcome.FAILED if kind is FailureKind.OVERFLOW else RunOutcome.ENGINE
        assert (outcome.kind, outcome.reason) == (blamed, f"it was {kind}")
        assert outcome.retry_later == (kind.value in transient)
        assert len(world.engine.requests) == 2
        assert (world.folder / "kept").exists()


class TestLimits:
    async def test_steps(self, world: World) -> None:
        world.limit(steps=2)
        for number in range(3):
            world.engine.calls(("read", {"path": f"{number}"}))
        outcome = await world.run()
        assert (outcome.kind, outcome.steps) == (RunOutcome.FAILED, 2)
        assert "2 steps" in outcome.reason

    async def test_the_same_call_again_and_again(self, world: World) -> None:
        for _ in range(3):
            world.engine.calls(("read", {"path": "."}))
        outcome = await world.run()
        assert "the same call of read was made 3 times" in outcome.reason
        assert ["ends the run" in event.output for event in world.of(ToolFinished)] == [False, True]

    async def test_a_check_after_every_change_is_no_loop(self, world: World) -> None:
        for number in range(5):
            world.engine.calls(("write", {"path": "a.txt", "content": f"{number}"}), ("read", {"path": "a.txt"}))
        world.engine.calls(FINISH)
        assert (await world.run()).kind is RunOutcome.FINISHED

    @pytest.mark.parametrize("path", ["{0}", "same"])
    async def test_a_change_over_and_over_is_one(self, world: World, path: str) -> None:
        (world.folder / "same").write_text("x")
        for number in range(3):
            world.engine.calls(("write", {"path": "a", "content": "x"}), ("read", {"path": path.format(number)}))
        assert "the same call of write was made 3 times" in (await world.run()).reason

    async def test_tokens(self, world: World) -> None:
        world.limit(tokens=100)
        usage = Usage(prompt_tokens=90, generated_tokens=10)
        world.engine.answers.append([ToolCall("c", "read", {"path": "."}), usage, Done("stop")])
        assert "100 tokens" in (await world.run()).reason

    async def test_wall_clock_in_the_middle_of_an_answer(self, world: World) -> None:
        world.limit(wall_clock_s=0.2)
        world.engine.answers.append([Text("..."), asyncio.Event().wait])
        outcome = await world.run()
        assert outcome.kind is RunOutcome.FAILED
        assert "longer than 0.2 seconds" in outcome.reason
        assert world.engine.open_streams == 0

    async def test_the_wall_clock_stands_still_while_others_have_their_turn(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """By the loop's clock, which the test sets."""
        loop, ahead = asyncio.get_running_loop(), 0.0
        real = loop.time
        monkeypatch.setattr(loop, "time", lambda: real() + ahead)
        world.limit(wall_clock_s=60)
        clock, answered = world.assignment.wall_clock, world.assignment.chat

        async def pass_by(seconds: float) -> None:
            nonlocal ahead
            ahead += seconds
            await asyncio.sleep(0)  # what is due by now rings

        async def chat(request: ChatRequest) -> AsyncGenerator[StreamEvent, None]:
            clock.in_line(True)
            await pass_by(100)  # somebody else's answer
            clock.in_line(False)
            async with aclosing(answered(request)) as events:
                async for event in events:
                    yield event

        async def hang() -> None:
            await pass_by(61)
            await asyncio.Event().wait()

        world.assignment = replace(world.assignment, chat=chat, monotonic=lambda: loop.time())
        world.engine.calls(("read", {"path": "."}))
        world.engine.calls(FINISH)
        assert (await world.run()).kind is RunOutcome.FINISHED
        assert 200 <= clock.waited < 260
        world.engine.answers.append([Text("..."), hang])
        assert "longer than 60 seconds" in (await world.run()).reason


class TestCancelling:
    async def test_in_the_middle_of_an_answer(self, world: World) -> None:
        reached = asyncio.Event()

        async def hang() -> None:
            reached.set()
            await asyncio.Event().wait()

        world.engine.answers.append([Text("..."), hang])
        task = asyncio.create_task(world.run())
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert world.engine.open_streams == 0

    async def test_in_the_middle_of_a_command(self, world: World, any_sandbox: Sandbox) -> None:
        world.assignment = replace(world.assignment, sandbox=any_sandbox)
        world.engine.calls(("bash", {"command": "while true; do echo x >> alive; sleep 0.05; done"}))
        task = asyncio.create_task(world.run())
        await _until((world.folder / "alive").exists)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        size = (world.folder / "alive").stat().st_size
        await asyncio.to_thread(lambda: None)
        assert (world.folder / "alive").stat().st_size == size


async def _until(predicate: Callable[[], bool], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        for pause in itertools.repeat(0.01):
            if predicate():
                return
            await asyncio.sleep(pause)


async def test_a_run_over_real_http(world: World, any_sandbox: Sandbox) -> None:
    steps = (
        Step(say="First the file.", calls=(Call(tool="write", path="hello.py", content="print('hello')\n"),)),
        Step(calls=(Call(tool="bash", command="python3 hello.py"),)),
        Step(needs="hello", calls=(Call(tool="finish", summary="Wrote it.", evidence="It printed hello."),)),
    )
    async with SimulatedOllama([Script(title="Write a script", steps=steps)], speed=math.inf) as server:
        engine = OllamaEngine(
            "ollama", EngineConfig(address=server.address), {}, pins=Pins(pins_file()), policy=PolicyConfig()
        )
        world.role(model="qwen3-coder-next:latest")
        world.assignment = replace(world.assignment, chat=engine.chat, sandbox=any_sandbox)
        outcome = await world.run()
        await engine.aclose()
    assert outcome.kind is RunOutcome.FINISHED, outcome.reason
    assert all(event.ok for event in world.of(ToolFinished))
    assert world.of(TokensCounted)[0].generated_tokens > 0
