"""What an agent is told, and what of it stays the same; its profile; its workspace; its limits; its window."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b4tui.agents.context import OMITTED, Budget, output_chars
from b4tui.agents.limits import LimitReached, Limits
from b4tui.agents.profiles import AgentProfile, profiles
from b4tui.agents.prompt import system_message, task_message
from b4tui.agents.workspace import MAX_FILE_CHARS, MAX_TOTAL_CHARS, WorkspaceFile, read_workspace
from b4tui.board.model import Bead
from b4tui.config import ConfigError, LimitsConfig, RoleConfig, load
from b4tui.engines.types import Message, Role, ToolCall
from b4tui.provenance import Provenance

TODAY = date(2026, 3, 1)


@pytest.fixture
def profile(tmp_path: Path) -> AgentProfile:
    return AgentProfile(
        key="brew",
        name="Brew",
        capabilities=("url_summary",),
        tools=("read", "bash"),
        role_name="summarizer",
        role=RoleConfig(model="tiny"),
        workspace=tmp_path,
    )


class TestProfiles:
    def test_the_five_agents_of_the_built_in_settings(self, tmp_path: Path) -> None:
        found = profiles(load(use_user_file=False), tmp_path)
        assert [agent.key for agent in found] == ["codemonkey", "pltops", "romanov", "brenner", "brew"]
        assert found[0].workspace == tmp_path / "agents" / "codemonkey"
        assert found[4].role.model == "qwen3:8b"

    @pytest.mark.parametrize(("key", "value"), [("role", "wizard"), ("tools", ["launch"])])
    def test_what_is_not_there_is_an_error_with_names(self, tmp_path: Path, key: str, value: Any) -> None:
        with pytest.raises(ConfigError, match=r"there is no (role|tool)"):
            profiles(load(use_user_file=False, overrides={"agents": {"brew": {key: value}}}), tmp_path)

    def test_a_workspace_of_ones_own(self, tmp_path: Path) -> None:
        overrides = {"agents": {"brew": {"workspace": "crew/brew"}, "pltops": {"workspace": "/srv/pltops"}}}
        found = {agent.key: agent for agent in profiles(load(use_user_file=False, overrides=overrides), tmp_path)}
        assert found["brew"].workspace == tmp_path / "crew" / "brew"
        assert found["pltops"].workspace == Path("/srv/pltops")


class TestSystemMessage:
    def test_the_same_bytes_each_time(self, profile: AgentProfile) -> None:
        files = (WorkspaceFile("SOUL.md", "Be kind."),)
        assert system_message(profile, files, bash=True) == system_message(profile, files, bash=True)
        assert system_message(profile, files, bash=True).provenance is Provenance.PRIVATE

    def test_without_a_workspace_it_still_says_who(self, profile: AgentProfile) -> None:
        assert "You are Brew" in system_message(profile, (), bash=True).content
        assert "summarise" in system_message(profile, (), bash=True).content
        assert system_message(replace(profile, capabilities=()), (), bash=True).content

    def test_it_says_when_there_are_no_commands(self, profile: AgentProfile) -> None:
        assert "cannot be run" in system_message(profile, (), bash=False).content


class TestTaskMessage:
    def test_the_first_line_is_id_and_title(self) -> None:
        bead = Bead({"id": "hub-1", "title": "Two\nlines", "description": "D", "acceptance_criteria": "A"})
        lines = task_message(bead, 10_000).content.splitlines()
        assert lines[0] == "# hub-1: Two lines"
        assert lines[lines.index("## Done when") + 2] == "A"

    def test_of_many_comments_the_last_stay(self) -> None:
        comments = [{"id": n, "author": "a", "text": f"no {n}", "created_at": ""} for n in range(30)]
        content = task_message(Bead({"id": "x", "title": "t", "comments": comments}), 10_000).content
        assert "no 29" in content and "no 19" not in content and "20 older comments are left out" in content

    @given(st.dictionaries(st.sampled_from(["id", "title", "description", "notes", "labels", "comments"]), st.text()))
    def test_no_bead_is_too_strange(self, row: dict[str, Any]) -> None:
        content = task_message(Bead(row), 500).content
        assert len(content) < 600
        content.encode()


class TestWorkspace:
    def read(self, folder: Path, **more: Any) -> dict[str, str]:
        return {file.name: file.text for file in read_workspace(folder, "SOUL.md", TODAY, **more)}

    def test_none_at_all(self, tmp_path: Path) -> None:
        assert self.read(tmp_path / "missing") == {}

    def test_in_order_with_markers_for_the_missing_and_without_the_blank(self, tmp_path: Path) -> None:
        (tmp_path / "SOUL.md").write_text("kind")
        (tmp_path / "TOOLS.md").write_text("  \n")
        assert self.read(tmp_path) == {
            "AGENTS.md": "[missing file: AGENTS.md]",
            "SOUL.md": "kind",
            "MEMORY.md": "[missing file: MEMORY.md]",
        }

    @pytest.mark.parametrize("where", ["~/private", "/etc", "agents/../../private"])
    def test_a_hubs_own_settings_name_no_folder_outside_it(self, tmp_path: Path, where: str) -> None:
        (tmp_path / "b4tui.toml").write_text(f'[agents.brew]\nworkspace = "{where}"\npersona = "id_ed25519"\n')
        with pytest.raises(ConfigError, match=r"agents\.brew\.workspace: a hub may only name a folder within it"):
            load(hub=tmp_path, use_user_file=False)

    def test_a_workspace_of_a_hub_does_not_lead_out_of_it(self, tmp_path: Path) -> None:
        hub, private = tmp_path / "hub", tmp_path / "private"
        (hub / "agents").mkdir(parents=True)
        private.mkdir()
        (private / "SOUL.md").write_text("s3cret")
        (hub / "agents" / "brew").symlink_to(private)
        [brew] = [one for one in profiles(load(use_user_file=False), hub) if one.key == "brew"]
        assert "s3cret" not in str(read_workspace(brew.workspace, brew.persona, date(2026, 8, 21), hub=brew.hub))
        (hub / "agents" / "brew").unlink()
        private.rename(hub / "agents" / "brew")
        assert "s3cret" in str(read_workspace(brew.workspace, brew.persona, date(2026, 8, 21), hub=brew.hub))

    def test_memory_of_today_and_yesterday(self, tmp_path: Path) -> None:
        (tmp_path / "memory").mkdir()
        for day in ("2026-02-27", "2026-02-28", "2026-03-01"):
            (tmp_path / "memory" / f"{day}.md").write_text(day)
        assert [name for name in self.read(tmp_path) if name.startswith("memory/")] == [
            "memory/2026-02-28.md",
            "memory/2026-03-01.md",
        ]

    def test_memory_is_private(self, tmp_path: Path) -> None:
        (tmp_path / "memory").mkdir()
        (tmp_path / "memory" / "2026-03-01.md").write_text("secret")
        (tmp_path / "MEMORY.md").write_text("secret")
        assert "secret" not in "".join(self.read(tmp_path, private=False).values())
        assert self.read(tmp_path)["MEMORY.md"] == "secret"

    def test_the_legacy_name(self, tmp_path: Path) -> None:
        (tmp_path / "memory.md").write_text("old")
        assert self.read(tmp_path)["memory.md"] == "old"

    def test_too_long_is_truncated_and_marked(self, tmp_path: Path) -> None:
        for name in ("AGENTS.md", "SOUL.md", "TOOLS.md", "MEMORY.md"):
            (tmp_path / name).write_text("ä" * 30_000)
        found = self.read(tmp_path)
        assert found["AGENTS.md"].count("ä") == MAX_FILE_CHARS
        assert "[truncated: AGENTS.md" in found["AGENTS.md"]
        assert sum(text.count("ä") for text in found.values()) <= MAX_TOTAL_CHARS
        assert "[truncated: MEMORY.md" in found["MEMORY.md"]

    def test_hostile_files(self, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("s3cret")
        workspace = tmp_path / "w"
        workspace.mkdir()
        (workspace / "SOUL.md").symlink_to(tmp_path / "secret")
        (workspace / "AGENTS.md").write_bytes(b"\xff\xfe\0")
        (workspace / "TOOLS.md").mkdir()
        found = self.read(workspace)
        assert found["SOUL.md"] == "[missing file: SOUL.md]"
        assert found["TOOLS.md"] == "[missing file: TOOLS.md]"
        "".join(found.values()).encode()


class TestLimits:
    def limits(self, **more: Any) -> Limits:
        return Limits(LimitsConfig(**more), started=100.0)

    def test_steps_count_from_one(self) -> None:
        limits = self.limits(steps=2)
        assert [limits.step(100), limits.step(100)] == [1, 2]
        with pytest.raises(LimitReached, match="2 steps"):
            limits.step(100)

    def test_wall_clock(self) -> None:
        limits = self.limits(wall_clock_s=10)
        limits.step(109.9)
        with pytest.raises(LimitReached, match="10 seconds"):
            limits.step(110)

    def test_identical_calls_among_the_last_eight(self) -> None:
        limits = self.limits(identical_calls=3)
        for number in range(20):
            limits.called("read", {"path": f"{number % 4}"} if number % 4 else {"path": "x", "n": number})
            if number == 7:
                break
        limits.called("read", {"b": 1, "a": 2})
        limits.called("read", {"a": 2, "b": 1})
        with pytest.raises(LimitReached, match="same call of read"):
            limits.called("read", {"a": 2, "b": 1})

    def test_the_same_call_far_apart_is_none(self) -> None:
        limits = self.limits(identical_calls=2)
        for number in itertools.chain([0], range(1, 9), [0]):
            limits.called("read", {"n": number})

    def test_tokens_and_format_errors(self) -> None:
        limits = self.limits(tokens=10, format_errors=2)
        limits.format_error("bad")
        limits.well_formed()
        limits.format_error("bad")
        with pytest.raises(LimitReached, match="bad"):
            limits.format_error("bad")
        limits.used(10)
        with pytest.raises(LimitReached, match="10 tokens"):
            limits.step(100)


def conversation(turns: int, size: int) -> list[Message]:
    messages = [Message(Role.SYSTEM, "s"), Message(Role.USER, "task")]
    for number in range(turns):
        call = ToolCall(f"c{number}", "read", {"path": "a"})
        messages.append(Message(Role.ASSISTANT, "", tool_calls=(call,)))
        messages.append(Message(Role.TOOL, "x" * size, tool_name="read", call_id=call.id))
    return messages


class TestContext:
    def test_what_fits_stays_as_it_is(self) -> None:
        messages = conversation(3, 100)
        fitted = Budget(window=4096, answer=512, tools=()).fit(messages)
        assert fitted.fits and not fitted.omitted and list(fitted.messages) == messages

    @given(st.integers(1, 30), st.integers(0, 3000))
    def test_the_oldest_outputs_go_first_and_only_they(self, turns: int, size: int) -> None:
        messages = conversation(turns, size)
        fitted = Budget(window=4096, answer=512, tools=()).fit(messages)
        gone = [index for index, message in enumerate(fitted.messages) if message.content == OMITTED]
        assert gone == [2 * turn + 3 for turn in range(len(gone))]
        kept = [index for index in range(len(messages)) if index not in gone]
        assert [fitted.messages[index] for index in kept] == [messages[index] for index in kept]
        assert fitted.messages[-1] == messages[-1]

    def test_the_servers_count_corrects_the_estimate(self) -> None:
        budget = Budget(window=100_000, answer=512, tools=())
        messages = conversation(5, 1000)
        before = budget.estimate(messages)
        budget.counted(messages, before * 2)
        assert budget.estimate(messages) == pytest.approx(before * 2, rel=0.01)
        budget.counted(messages, 0)
        assert budget.estimate(messages) == pytest.approx(before * 2, rel=0.01)

    def test_outputs_are_scaled_to_the_window(self) -> None:
        assert output_chars(32768, 16_000) == 16_000
        assert output_chars(4096, 16_000) < 4096
