"""The loop of an agent: messages, model, tool calls, results, until `finish` or a limit.

Read `work`, then `_Run.step`. Every ending but `finish` is an exception that `work` turns into an `Outcome`.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from b4tui.agents import context, prompt
from b4tui.agents.answer import Answer, AnswerFailed, ask
from b4tui.agents.assignment import Assignment
from b4tui.agents.confined import Confined
from b4tui.agents.limits import LimitReached, Limits
from b4tui.agents.origins import Origins
from b4tui.agents.outcome import Outcome
from b4tui.agents.reporting import Reporter
from b4tui.agents.sandbox import NoSandbox
from b4tui.agents.tools import chosen
from b4tui.agents.tools.base import Ending, Result, Tool, Workbench
from b4tui.agents.tools.calling import carry_out, spec
from b4tui.agents.tools.finish import FINISH
from b4tui.agents.tools.frontier import ASK_FRONTIER
from b4tui.agents.tools.text import clip, valid
from b4tui.agents.workfolder import FileDiff
from b4tui.agents.workspace import read_workspace
from b4tui.engines.toolcalls.recovery import recover
from b4tui.engines.types import ChatRequest, FailureKind, Message, Restarted, Role, ToolCall
from b4tui.events import Event, RunOutcome

__all__ = ["Assignment", "work"]

MAX_CALLS = 32
RETRIES = 2
RETRY_WARMER = 0.2


class ContextFull(Exception):
    """The conversation cannot be made to fit the model's window."""


async def work(assignment: Assignment, publish: Callable[[Event], None]) -> Outcome:
    """Do one bead. Everything that happens is published; cancelling leaves no process and no open stream behind."""
    run = _Run(assignment, publish)
    scope = assignment.wall_clock.limit(assignment.limits.wall_clock_s)
    try:
        async with scope:
            await run.prepare()
            while (ending := await run.step()) is None:
                pass
            return _ended(ending, run.limits.steps)
    except (LimitReached, ContextFull) as error:
        return Outcome(kind=RunOutcome.FAILED, steps=run.limits.steps, reason=str(error))
    except AnswerFailed as error:
        failure = error.failure
        # A prompt that does not fit is this bead's trouble; everything else would meet every bead.
        kind = RunOutcome.FAILED if failure.kind is FailureKind.OVERFLOW else RunOutcome.ENGINE
        return Outcome(kind=kind, steps=run.limits.steps, reason=failure.message, retry_later=failure.transient)
    except TimeoutError:
        if not scope.expired():
            raise
        reason = f"the run took longer than {assignment.limits.wall_clock_s:g} seconds"
        return Outcome(kind=RunOutcome.FAILED, steps=run.limits.steps, reason=reason)


def _ended(ending: Ending, steps: int) -> Outcome:
    return Outcome(
        kind=RunOutcome.FINISHED if ending.success else RunOutcome.FAILED,
        steps=steps,
        summary=ending.summary,
        evidence=ending.evidence,
        reason="" if ending.success else ending.summary,
        gave_up=not ending.success,
    )


class _Run:
    """The state of one run: the conversation, the counters, and what was last seen of the folder."""

    def __init__(self, assignment: Assignment, publish: Callable[[Event], None]) -> None:
        self._a = assignment
        self._report = Reporter(
            publish, assignment.clock, assignment.run, assignment.bead.id, assignment.profile.key, assignment.placed
        )
        role = assignment.profile.role
        self._origins = Origins(assignment.outward, self._report.private_read)
        self._tools = _usable(chosen(assignment.profile.tools), assignment)
        self._specs = tuple(spec(tool) for tool in self._tools.values())
        self._budget = context.Budget(window=role.num_ctx, answer=role.num_predict, tools=self._specs)
        self._messages: list[Message] = []
        self._changes: dict[str, FileDiff] = {}
        self.limits = Limits(assignment.limits, self._now())
        self._bench = Workbench(
            files=Confined(assignment.folder.path),
            sandbox=assignment.sandbox,
            board=assignment.board,
            bead=assignment.bead,
            actor=assignment.profile.key,
            tools=tuple(self._tools),
            limits=assignment.limits,
            output_chars=context.output_chars(role.num_ctx, assignment.limits.output_chars),
            clock=assignment.clock,
            seconds_left=lambda: self.limits.seconds_left(self._now()),
            written=functools.partial(self._origins.written, name="question"),
            ask_frontier=assignment.outward.ask,
        )

    def _now(self) -> float:
        """Seconds of the run's own time."""
        return self._a.monotonic() - self._a.wall_clock.waited

    async def prepare(self) -> None:
        """Mark the folder and put the first two messages together."""
        profile = self._a.profile
        today = self._a.clock().astimezone().date()
        await asyncio.to_thread(self._a.folder.mark)
        files = await asyncio.to_thread(read_workspace, profile.workspace, profile.persona, today, hub=profile.hub)
        can_run = not isinstance(self._a.sandbox, NoSandbox)
        most = self._budget.room * context.CHARS_PER_TOKEN // 3
        place = self._a.outward.place
        system = prompt.system_message(profile, files, bash=can_run, place=place)
        task = prompt.task_message(self._a.bead, most, place)
        self._origins.told((*system.origins(), *task.origins()))
        if self._a.outward.left_here:
            self._origins.read("", self._a.outward.left_here)
        if len(system.content) > most:
            self._report.warned(f"the workspace of {profile.name} is too long for its model's window and was cut")
            system = prompt.clipped(system, most)
        self._messages = [system, task]

    async def step(self) -> Ending | None:
        """One question to the model and all calls of its answer; the ending when one of them was `finish`."""
        number = self.limits.step(self._now())
        self._report.step(number)
        self._make_room()
        try:
            answer = await self._answer(number)
        except AnswerFailed as error:
            if error.failure.kind is not FailureKind.TOOL_FORMAT:
                raise
            self._messages.append(self._said(prompt.NOT_READ))
            self._bad_answer(prompt.UNREADABLE.format(reason=clip(error.failure.message, 300)))
            return None
        return await self._act(answer, number)

    def _make_room(self) -> None:
        fitted = self._budget.fit(self._messages)
        if not fitted.fits:
            raise ContextFull(
                f"the conversation needs about {fitted.tokens} tokens and the model's window leaves "
                f"{self._budget.room}; split the bead, or give the role a larger num_ctx"
            )
        if fitted.omitted:
            self._report.warned(f"{fitted.omitted} old tool outputs were left out of the prompt to make room")
        self._messages = list(fitted.messages)

    async def _answer(self, step: int) -> Answer:
        """Ask; when the server cannot read the call that the model made, ask again with other dice."""
        for attempt in range(RETRIES):
            try:
                return await self._ask(step, attempt)
            except AnswerFailed as error:
                if error.failure.kind is not FailureKind.TOOL_FORMAT:
                    raise
                self._report.heard(Restarted(error.failure.message))  # whatever came of it does not count
        return await self._ask(step, RETRIES)

    async def _ask(self, step: int, attempt: int) -> Answer:
        role = self._a.profile.role
        request = ChatRequest(
            model=role.model,
            messages=tuple(self._messages),
            tools=self._specs,
            num_ctx=role.num_ctx,
            num_predict=role.num_predict,
            temperature=role.temperature + RETRY_WARMER * attempt,
            think=role.think,
            keep_alive=role.keep_alive,
            seed=self._a.seeds() if attempt else None,
            options=role.options,
        )
        answer = await ask(self._a.chat, request, self._report.heard)
        self._count(answer, step)
        return answer

    def _count(self, answer: Answer, step: int) -> None:
        usage = answer.usage
        if usage is None:
            return
        self._budget.counted(self._messages, usage.prompt_tokens)
        self.limits.used(usage.prompt_tokens + usage.generated_tokens)
        self._report.counted(usage, step)

    async def _act(self, answer: Answer, step: int) -> Ending | None:
        text, calls = answer.text, answer.calls
        problems: tuple[str, ...] = ()
        if not calls:
            recovered = recover(text, self._specs, answer.cut_off)
            text, calls, problems = recovered.rest, recovered.calls, recovered.problems
        if len(calls) > MAX_CALLS:
            problems = (*problems, f"of {len(calls)} calls only the first {MAX_CALLS} were carried out")
        calls = _told_apart(calls[:MAX_CALLS], step)
        # Templates of some models refuse an answer of nothing at all.
        said = valid(text) or ("" if calls else prompt.NOTHING_SAID)
        self._messages.append(self._said(said, thinking=valid(answer.thinking), tool_calls=calls))
        if not calls:
            self._bad_answer(" ".join((*problems, prompt.CALL_A_TOOL)))
            return None
        if answer.cut_off:
            self._not_carried_out(calls)
            return None
        return await self._carry_out_all(calls, problems)

    def _said(self, text: str, **rest: Any) -> Message:
        """What the model said, as private as all it was told."""
        return Message.of_parts(Role.ASSISTANT, (self._origins.written(text),), **rest)

    def _bad_answer(self, reason: str) -> None:
        """Tell the model what was wrong with its answer, as a user: there is no call to answer.

        Its answer, or what stands for it, comes before: many templates want users and assistants to take turns.
        """
        self._messages.append(Message.of_parts(Role.USER, (self._origins.written(clip(reason, 2000), "its mistake"),)))
        self.limits.format_error("they held no tool call")

    def _not_carried_out(self, calls: tuple[ToolCall, ...]) -> None:
        """An answer that was cut off may hold half a call: none of them is run, each is answered."""
        reason = prompt.CUT_OFF.format(limit=self._a.profile.role.num_predict)
        for call in calls:
            self._report.called(call, self._tools)
            self._answered(call, Result(ok=False, output=reason, summary="the answer was cut off"), 0.0)
        self.limits.format_error("they were cut off")

    async def _carry_out_all(self, calls: tuple[ToolCall, ...], problems: tuple[str, ...]) -> Ending | None:
        results: list[Result] = []
        for call in calls:
            last_time = self.limits.called(call.name, call.arguments)
            notes = [prompt.LAST_TIME] if last_time else []
            if problems and call is calls[-1]:
                notes.append(f"Not all calls were carried out: {'; '.join(problems)}")
            if call.name == FINISH.name and not _gives_up(call) and not all(result.ok for result in results):
                results.append(self._too_early(call))
                continue
            results.append(await self._carry_out(call, notes))
            if results[-1].ending is not None:
                return results[-1].ending
        if all(result.malformed for result in results):
            self.limits.format_error("their calls did not fit the tools")
        else:
            self.limits.well_formed()
        return None

    def _too_early(self, call: ToolCall) -> Result:
        """The model said that all is done before it saw that something failed."""
        result = Result(ok=False, output=f"Error: {prompt.TOO_EARLY}", summary="not accepted: a call before it failed")
        self._report.called(call, self._tools)
        self._answered(call, result, 0.0)
        return result

    async def _carry_out(self, call: ToolCall, notes: Sequence[str]) -> Result:
        self._report.called(call, self._tools)
        began = self._a.monotonic()
        result = await carry_out(call, self._tools, self._bench)
        if notes:
            result = replace(result, output="\n".join([result.output, *notes]))
        self._answered(call, result, self._a.monotonic() - began)
        tool = self._tools.get(call.name)
        if tool is not None and tool.changes_files and await self._report_changes():
            self.limits.changed(call.name, call.arguments)
        return result

    def _answered(self, call: ToolCall, result: Result, seconds: float) -> None:
        """The one result of a call: for the model, and for whoever watches."""
        part = self._origins.read(result.output, result.sources)
        self._messages.append(Message.of_parts(Role.TOOL, (part,), tool_name=call.name, call_id=call.id))
        self._report.answered(call, result, seconds)

    async def _report_changes(self) -> bool:
        """Publish what changed in the folder since the last look, and say whether anything did."""
        now = {change.path: change for change in await asyncio.to_thread(self._a.folder.changes)}
        before, self._changes = self._changes, now
        fresh = [path for path in before.keys() | now.keys() if _content(before.get(path)) != _content(now.get(path))]
        for path in sorted(fresh):
            self._report.changed(now.get(path, FileDiff(path, 0, 0)))
        return bool(fresh)


def _usable(tools: dict[str, Tool[Any]], assignment: Assignment) -> dict[str, Tool[Any]]:
    """The tools without those that could only refuse: a model that has them tries them."""
    unusable = set() if assignment.outward.ask else {ASK_FRONTIER.name}
    return {name: tool for name, tool in tools.items() if name not in unusable}


def _content(change: FileDiff | None) -> str | None:
    return None if change is None else change.content


def _gives_up(call: ToolCall) -> bool:
    return str(call.arguments.get("success", True)).casefold() == "false"


def _told_apart(calls: tuple[ToolCall, ...], step: int) -> tuple[ToolCall, ...]:
    """Every call with an id of its own: servers may leave it out or use one twice."""
    seen: set[str] = set()
    named = []
    for index, call in enumerate(calls):
        fresh = call.id if call.id and call.id not in seen else f"call_{step}_{index}"
        seen.add(fresh)
        named.append(replace(call, id=fresh, name=valid(call.name)))
    return tuple(named)
