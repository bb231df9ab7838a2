"""What happens in one run, as events for whoever watches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from b4tui import events, outward_events
from b4tui.agents.answer import Heard
from b4tui.agents.tools.base import Result, Tool, one_line
from b4tui.agents.tools.calling import told
from b4tui.agents.tools.text import valid
from b4tui.agents.workfolder import FileDiff
from b4tui.engines.types import Placed, Restarted, Thinking, ToolCall, Usage
from b4tui.provenance import Provenance, Source

MAX_NAME_CHARS = 60


class Reporter:
    """Publishes the events of one run, each with its time and with whom it is about.

    `placed` is where the run was said to be computed when it began; nothing is said of it before it changes.
    """

    def __init__(
        self,
        publish: Callable[[events.Event], None],
        clock: Callable[[], datetime],
        run: str,
        bead: str,
        agent: str,
        placed: Placed | None = None,
    ) -> None:
        self._publish = publish
        self._clock = clock
        self._who: dict[str, Any] = {"run": run, "bead": bead, "agent": agent}
        self._placed = placed

    def step(self, number: int) -> None:
        """Another step begins."""
        self._publish(events.StepStarted(at=self._clock(), step=number, **self._who))

    def heard(self, event: Heard) -> None:
        """A piece of an answer came in, or something happened to the answer as a whole."""
        at = self._clock()
        if isinstance(event, Placed):
            self._moved(event)
        elif isinstance(event, Restarted):
            self._publish(events.AnswerRestarted(at=at, reason=event.reason, **self._who))
        else:
            thinking = isinstance(event, Thinking)
            self._publish(events.TextStreamed(at=at, text=event.text, thinking=thinking, **self._who))

    def _moved(self, placed: Placed) -> None:
        if placed == self._placed:
            return
        self._placed = placed
        moved = events.RunMoved(
            at=self._clock(),
            engine=placed.engine,
            model=placed.model,
            locality=placed.locality,
            digest=placed.digest,
            profile=placed.profile,
            note=placed.note,
            **self._who,
        )
        self._publish(moved)

    def counted(self, usage: Usage, step: int) -> None:
        """The server counted the tokens of an answer."""
        counted = events.TokensCounted(
            at=self._clock(),
            step=step,
            prompt_tokens=usage.prompt_tokens,
            cached_tokens=usage.cached_tokens,
            generated_tokens=usage.generated_tokens,
            prompt_seconds=usage.prompt_seconds,
            generate_seconds=usage.generate_seconds,
            load_seconds=usage.load_seconds,
            first_token_seconds=usage.first_token_seconds,
            queue_seconds=usage.queue_seconds,
            engine=self._placed.engine if self._placed else "",
            model=self._placed.model if self._placed else "",
            **self._who,
        )
        self._publish(counted)

    def called(self, call: ToolCall, tools: Mapping[str, Tool[Any]]) -> None:
        """A call is about to be answered."""
        name = valid(call.name)[:MAX_NAME_CHARS]
        summary = told(call, tools)
        self._publish(events.ToolCalled(at=self._clock(), call=call.id, tool=name, summary=summary, **self._who))

    def answered(self, call: ToolCall, result: Result, seconds: float) -> None:
        """A call has its result; the events that the tool made of it come first."""
        for event in result.events:
            self._publish(event)
        finished = events.ToolFinished(
            at=self._clock(),
            call=call.id,
            tool=valid(call.name)[:MAX_NAME_CHARS],
            ok=result.ok,
            seconds=seconds,
            summary=result.summary,
            output=result.output,
            **self._who,
        )
        self._publish(finished)

    def changed(self, change: FileDiff) -> None:
        """A file of the folder is not as it was; 0 lines added and removed when it is as at the start again."""
        changed = events.FileChanged(
            at=self._clock(), path=change.path, added=change.added, removed=change.removed, **self._who
        )
        self._publish(changed)

    def private_read(self, source: Source, provenance: Provenance) -> None:
        """The run was told something that the policy keeps at home."""
        label = one_line(valid(source.label))
        self._publish(
            outward_events.PrivateRead(at=self._clock(), source=label, provenance=str(provenance), **self._who)
        )

    def warned(self, reason: str) -> None:
        """Something the operator should know, and that the run goes on with."""
        who = {"bead": self._who["bead"], "agent": self._who["agent"]}
        self._publish(events.Warned(at=self._clock(), reason=reason, **who))
