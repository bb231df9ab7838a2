"""Keep a conversation within the model's window: estimate its size, and give up the oldest tool output first.

Nothing else of it is ever changed, so that the server's prefix cache holds as long as it can. The task and the last
turns stay verbatim as long as they can (research/runtime.md 4.2).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from b4tui.engines.types import Message, Role, ToolSpec
from b4tui.provenance import Part, Source, SourceKind

CHARS_PER_TOKEN = 3
MESSAGE_TOKENS = 8
LEFT_OUT = Source(SourceKind.HOUSE, "left out")
OMITTED = "[this output was left out to make room; call the tool again if you need it]"


@dataclass(frozen=True, slots=True)
class Fitted:
    """A conversation that fits, or that cannot be made to; `omitted` counts the outputs given up this time."""

    messages: tuple[Message, ...]
    omitted: int
    tokens: int
    fits: bool


def characters(message: Message) -> int:
    """What a message weighs: its text, its thinking and its calls."""
    calls = sum(len(call.name) + len(json.dumps(dict(call.arguments), default=str)) for call in message.tool_calls)
    return len(message.content) + len(message.thinking) + calls


class Budget:
    """How many tokens a prompt may have, and the estimate of how many it has, corrected by what the server counted."""

    def __init__(self, *, window: int, answer: int, tools: Sequence[ToolSpec]) -> None:
        self.room = max(1, window - min(answer, window // 2))
        self._tool_chars = sum(len(tool.description) + len(json.dumps(dict(tool.parameters))) for tool in tools)
        self._factor = 1.0

    def estimate(self, messages: Sequence[Message]) -> int:
        """The prompt's size in tokens."""
        return round(self._plain(messages) * self._factor)

    def counted(self, messages: Sequence[Message], prompt_tokens: int) -> None:
        """The server counted this prompt: estimate by that from now on, and never by less than half of chars/3."""
        if prompt_tokens > 0:
            self._factor = min(3.0, max(0.5, prompt_tokens / self._plain(messages)))

    def fit(self, messages: Sequence[Message]) -> Fitted:
        """The conversation with as many of its oldest tool outputs left out as are needed."""
        fitted = list(messages)
        omitted = 0
        tokens = self.estimate(fitted)
        # Once it is too long, make room for several steps: every change of the prefix costs its cache.
        target = self.room if tokens <= self.room else self.room * 3 // 4
        for index in range(len(fitted) - 1):
            # The last turns are given up only when nothing older is left to give.
            if tokens <= target:
                break
            message = fitted[index]
            if message.role is Role.TOOL and len(message.content) > len(OMITTED):
                fitted[index] = replace(message, content=OMITTED, parts=(Part(OMITTED, LEFT_OUT, message.provenance),))
                omitted += 1
                tokens = self.estimate(fitted)
        return Fitted(tuple(fitted), omitted, tokens, tokens <= self.room)

    def _plain(self, messages: Sequence[Message]) -> float:
        weight = self._tool_chars + sum(characters(message) for message in messages)
        return weight / CHARS_PER_TOKEN + MESSAGE_TOKENS * (len(messages) + 1)


def output_chars(window: int, most: int) -> int:
    """How long one tool result may be: a fifth of the window at most, and never less than is useful."""
    return max(600, min(most, window * CHARS_PER_TOKEN // 5))
