"""What a run was told, from where, and what that means for what it writes; the one tool that asks outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from b4tui.agents.context import Budget
from b4tui.agents.origins import Origins
from b4tui.agents.outward import FrontierAnswer, Outward
from b4tui.agents.prompt import system_message, task_message
from b4tui.agents.tools import REGISTRY
from b4tui.agents.tools.base import Workbench
from b4tui.agents.tools.calling import carry_out
from b4tui.agents.workspace import WorkspaceFile
from b4tui.board.model import Bead
from b4tui.engines.types import ChatRequest, Message, Role, ToolCall
from b4tui.events import ToolFinished
from b4tui.gate.policy.placing import place as place_by_policy
from b4tui.outward_events import PrivateRead
from b4tui.outward_sections import ProvenanceConfig
from b4tui.provenance import Part, Provenance, Source, SourceKind, most_private

FINISH = ("finish", {"summary": "Done.", "evidence": "the file says so"})
World = Any


def place(source: Source) -> Provenance:
    """A policy in which memory and whatever is called `.env` are private."""
    if source.kind is SourceKind.MEMORY or ".env" in source.name:
        return Provenance.PRIVATE
    return Provenance.PUBLIC if source.kind in {SourceKind.HOUSE, SourceKind.WEB} else Provenance.INTERNAL


class TestMostPrivate:
    def test_the_most_private_part_decides(self) -> None:
        assert most_private([Provenance.PUBLIC, Provenance.INTERNAL]) is Provenance.INTERNAL
        assert most_private([Provenance.INTERNAL, Provenance.PRIVATE, Provenance.PUBLIC]) is Provenance.PRIVATE

    def test_nothing_is_private_because_nobody_vouches(self) -> None:
        assert most_private([]) is Provenance.PRIVATE
        assert Part("x").provenance is Provenance.PRIVATE


class TestWhatIsToldKeepsItsOrigin:
    def test_the_parts_of_a_prompt_are_its_text(self, world: World) -> None:
        profile = world.assignment.profile
        files = (WorkspaceFile("SOUL.md", "Be kind."), WorkspaceFile("memory/2026-01-01.md", "Met somebody."))
        system = system_message(profile, files, bash=False, place=place)
        assert "".join(part.text for part in system.parts) == system.content
        assert [part.source.label for part in system.parts] == [
            "house:rules",
            "persona:codemonkey/SOUL.md",
            "memory:codemonkey/memory/2026-01-01.md",
        ]
        assert system.provenance is Provenance.PRIVATE

    @pytest.mark.parametrize("name", ["./MEMORY.md", ".//memory/2026-01-01.md", "notes/Memory/x.md"])
    def test_memory_is_memory_however_a_hub_names_it(self, world: World, name: str) -> None:
        """A hub's settings say which file the persona is, and the operator may have opened what personas are."""
        system = system_message(world.assignment.profile, (WorkspaceFile(name, "x"),), bash=False, place=place)
        assert system.parts[1].source.kind is SourceKind.MEMORY and "/." not in system.parts[1].source.name

    def test_a_bead_is_told_field_by_field_and_never_its_owner(self) -> None:
        row = {
            "id": "x-1",
            "title": "T",
            "description": "D",
            "notes": "N",
            "owner": "who@owner.invalid",
            "labels": ["l"],
        }
        task = task_message(
            Bead({**row, "comments": [{"id": 1, "author": "a", "text": "c", "created_at": ""}]}), 9_000, place
        )
        assert "".join(part.text for part in task.parts) == task.content
        labels = [part.source.label for part in task.parts]
        assert labels == ["bead:title", "bead:labels", "bead:description", "bead:notes", "comment:x-1"]
        assert "owner.invalid" not in task.content

    def test_a_text_that_was_cut_is_as_private_as_the_whole(self) -> None:
        task = task_message(Bead({"id": "x", "title": "t", "description": "long " * 900}), 300, place)
        assert len(task.parts) == 1 and task.parts[0].text == task.content
        assert task.provenance is Provenance.INTERNAL

    def test_an_output_left_out_to_make_room_stays_as_private(self) -> None:
        part = Part("x" * 9_000, Source(SourceKind.FILE, "a"), Provenance.PRIVATE)
        message = Message.of_parts(Role.TOOL, (part,))
        [kept, _] = Budget(window=2_000, answer=100, tools=()).fit([message, Message(Role.USER, "go on")]).messages
        assert kept.content == kept.parts[0].text and kept.provenance is Provenance.PRIVATE


class TestPrivacySticks:
    def origins(self) -> tuple[Origins, list[str]]:
        noted: list[str] = []
        return Origins(Outward(place=place), lambda source, provenance: noted.append(source.label)), noted

    def test_what_is_written_is_as_private_as_all_that_was_read(self) -> None:
        origins, noted = self.origins()
        origins.read("a", (Source(SourceKind.BEAD, "title"),))
        assert origins.written("w").provenance is Provenance.INTERNAL
        origins.read("b", (Source(SourceKind.FILE, "src/.env"),))
        origins.read("c", (Source(SourceKind.WEB, "page"),))
        assert origins.written("w").provenance is Provenance.PRIVATE
        assert noted == ["file:src/.env"]

    def test_one_private_source_among_many_decides_and_is_named(self) -> None:
        origins, noted = self.origins()
        part = origins.read("lines", (Source(SourceKind.FILE, "a.py"), Source(SourceKind.FILE, ".env")))
        assert part.provenance is Provenance.PRIVATE and part.source.name == ".env"
        assert noted == ["file:.env"]

    def test_each_source_is_told_of_once(self) -> None:
        origins, noted = self.origins()
        for _ in range(3):
            origins.read("b", (Source(SourceKind.FILE, ".env"),))
        assert noted == ["file:.env"]

    def test_without_a_policy_everything_is_private(self) -> None:
        origins = Origins(Outward(), lambda source, provenance: None)
        assert origins.read("x", (Source(SourceKind.HOUSE),)).provenance is Provenance.PRIVATE
        assert origins.written("w").provenance is Provenance.PRIVATE


class TestWhatOutlivesARun:
    async def test_whoever_keeps_marks_hears_of_a_private_source_before_the_run_goes_on(self, world: World) -> None:
        heard: list[int] = []
        world.assignment = replace(
            world.assignment, outward=Outward(place=place, kept=lambda: heard.append(len(world.engine.requests)))
        )
        (world.folder / ".env").write_text("x")
        world.engine.calls(("read", {"path": ".env"}))
        world.engine.calls(FINISH)
        await world.run()
        assert heard == [1]

    async def test_a_mark_that_cannot_be_made_ends_the_run(self, world: World) -> None:
        def full() -> None:
            raise OSError(28, "No space left on device")

        (world.folder / ".env").write_text("x")
        world.assignment = replace(world.assignment, outward=Outward(place=place, kept=full))
        world.engine.calls(("read", {"path": ".env"}))
        with pytest.raises(OSError, match="No space"):
            await world.run()

    async def test_what_a_private_run_left_here_makes_the_next_one_private(self, world: World) -> None:
        asked: list[ChatRequest] = []

        async def ask(chat: ChatRequest, reason: str) -> FrontierAnswer:
            asked.append(chat)
            return FrontierAnswer(text="Much.")

        left = Source(SourceKind.MEMORY, "what was left")
        world.assignment = replace(world.assignment, outward=Outward(place=place, ask=ask, left_here=(left,)))
        world.engine.calls(("ask_frontier", {"question": "What is known?", "reason": "It is recent."}))
        world.engine.calls(FINISH)
        await world.run()
        assert asked[0].messages[1].provenance is Provenance.PRIVATE
        assert [event.source for event in world.of(PrivateRead)] == ["memory:what was left"]

    @pytest.mark.parametrize(("labels", "made"), [(["local-only"], ["a", "local-only"]), (["x"], ["a"])])
    async def test_what_is_made_of_a_bead_that_stays_here_stays_here(
        self, bench: Workbench, world: World, labels: list[str], made: list[str]
    ) -> None:
        here = replace(bench, bead=Bead({**bench.bead.row, "labels": labels}))
        arguments = {"title": "More", "description": "of it", "labels": "a"}
        await carry_out(ToolCall("c1", "create_bead", arguments), REGISTRY, here)
        [new] = [bead for bead in world.store.load().beads.values() if bead.title == "More"]
        assert list(new.labels) == made


class TestAskFrontier:
    async def asked(self, world: World, answer: FrontierAnswer, **outward: Any) -> list[ChatRequest]:
        requests: list[ChatRequest] = []

        async def ask(chat: ChatRequest, reason: str) -> FrontierAnswer:
            requests.append(chat)
            return answer

        world.assignment = replace(world.assignment, outward=Outward(**{"place": place, "ask": ask, **outward}))
        world.engine.calls(("ask_frontier", {"question": "What is known?", "reason": "It is recent."}))
        world.engine.calls(FINISH)
        await world.run()
        return requests

    async def test_only_our_words_and_the_question_would_leave(self, world: World) -> None:
        [chat] = await self.asked(world, FrontierAnswer(text="Much."))
        assert [message.role for message in chat.messages] == [Role.SYSTEM, Role.USER]
        assert chat.messages[0].provenance is Provenance.PUBLIC
        assert chat.messages[1].content == "What is known?"
        assert chat.messages[1].parts[0].source.label == "model:question"
        assert not chat.tools

    async def test_the_question_is_as_private_as_what_the_run_has_read(self, world: World) -> None:
        (world.folder / ".env").write_text("x")
        world.engine.calls(("read", {"path": ".env"}))
        [chat] = await self.asked(world, FrontierAnswer(text="Much."))
        assert chat.messages[1].provenance is Provenance.PRIVATE
        assert [event.source for event in world.of(PrivateRead)] == ["file:.env"]

    async def test_without_private_reading_the_question_is_internal(self, world: World) -> None:
        [chat] = await self.asked(world, FrontierAnswer(text="Much."))
        assert chat.messages[1].provenance is Provenance.INTERNAL

    async def test_the_answer_comes_back_as_the_tools_result(self, world: World) -> None:
        await self.asked(world, FrontierAnswer(text="It is known."))
        [asked, _] = world.of(ToolFinished)
        assert asked.ok and asked.output == "It is known."

    async def test_a_refusal_is_told_and_the_run_goes_on(self, world: World) -> None:
        await self.asked(world, FrontierAnswer(refused="personal data (2)"))
        asked = world.of(ToolFinished)[0]
        assert not asked.ok and "nothing was sent: personal data (2)" in asked.output

    async def test_what_failed_on_its_way_is_not_called_unsent(self, world: World) -> None:
        await self.asked(world, FrontierAnswer(refused="the answer broke off", failed=True))
        asked = world.of(ToolFinished)[0]
        assert "nothing was sent" not in asked.output and "there is no answer: the answer broke off" in asked.output

    @pytest.mark.parametrize("answer", [FrontierAnswer(text="Much."), FrontierAnswer(refused="denied")])
    async def test_neither_an_answer_nor_a_refusal_makes_the_run_private(
        self, world: World, answer: FrontierAnswer
    ) -> None:
        """By the real policy: the next question may be asked like the first."""
        real = ProvenanceConfig(internal=("persona:*", "memory:*"))
        world.engine.calls(("ask_frontier", {"question": "And then?", "reason": "It is recent."}))
        chats = await self.asked(world, answer, place=lambda source: place_by_policy(source, real))
        assert [chat.messages[1].provenance for chat in chats] == [Provenance.INTERNAL] * 2

    async def test_where_nothing_can_leave_there_is_no_such_tool(self, world: World) -> None:
        world.engine.calls(FINISH)
        await world.run()
        assert "ask_frontier" not in {tool.name for tool in world.engine.requests[0].tools}

    @pytest.mark.parametrize("arguments", [{"question": " ", "reason": "r"}, {"question": "q", "reason": ""}])
    async def test_an_empty_question_or_reason_is_sent_back(self, world: World, arguments: dict[str, str]) -> None:
        world.engine.calls(("ask_frontier", arguments))
        assert len(await self.asked(world, FrontierAnswer(text="x"))) == 1


class TestSearchNamesItsFiles:
    def test_every_file_that_a_line_came_from_is_a_source(self, call: Callable[..., Any], world: World) -> None:
        (world.folder / "a.py").write_text("needle")
        (world.folder / ".env").write_text("needle=1")
        sources = call("search", pattern="needle").sources
        assert {source.label for source in sources} == {"file:a.py", "file:.env"}


def test_a_workspace_in_the_hub_is_named_as_it_lies_there(world: World, tmp_path: Path) -> None:
    profile = replace(world.assignment.profile, hub=tmp_path)
    system = system_message(profile, (WorkspaceFile("SOUL.md", "x"),), bash=True, place=place)
    assert system.parts[1].source.label == "persona:agents/codemonkey/SOUL.md"
