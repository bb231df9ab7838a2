"""Rules that a model's answer keeps or breaks: pure, and the same for every model.

`broken` says in words why an answer breaks a rule, "" where it keeps it. What a model wrote is read, never run.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from b4tui.engines.types import ToolCall

JsonType = Literal["string", "integer", "number", "boolean"]
_TYPES: Mapping[JsonType, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
_FENCED = re.compile(r"\s*```[\w+-]*\n(?P<inside>.*?)\n?```\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said, and which tools it called."""

    text: str
    calls: tuple[ToolCall, ...] = ()


class _Rule(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Exact(_Rule):
    """The text and nothing else; blanks around it do not count."""

    kind: Literal["exact"]
    text: str

    def broken(self, answer: Answer) -> str:
        """Why the answer breaks the rule; "" where it keeps it."""
        return "" if answer.text.strip() == self.text else f"it is not “{self.text}” and nothing else"


class JsonObject(_Rule):
    """One JSON object with these fields, some of them with these values; a code fence around it does not count."""

    kind: Literal["json"]
    fields: Mapping[str, JsonType]
    equals: Mapping[str, Any] = {}

    def broken(self, answer: Answer) -> str:
        """Why the answer breaks the rule; "" where it keeps it."""
        try:
            value = json.loads(_unfenced(answer.text))
        except (ValueError, RecursionError):
            return "it is no JSON"
        if not isinstance(value, dict):
            return "it is JSON, but no object"
        for name, kind in self.fields.items():
            if name not in value:
                return f"the field {name} is missing"
            if not _is(value[name], kind):
                return f"the field {name} is no {kind}"
        wrong = [name for name, wanted in self.equals.items() if value.get(name) != wanted]
        return f"the field {wrong[0]} has a wrong value" if wrong else ""


class Called(_Rule):
    """Exactly one call, of this tool, with these arguments."""

    kind: Literal["call"]
    tool: str
    arguments: Mapping[str, Any]

    def broken(self, answer: Answer) -> str:
        """Why the answer breaks the rule; "" where it keeps it."""
        if not answer.calls:
            return "no tool was called"
        if len(answer.calls) > 1:
            return f"{len(answer.calls)} calls instead of one"
        (call,) = answer.calls
        if call.name != self.tool:
            return f"the tool {self.tool} was to be called"
        return "" if dict(call.arguments) == dict(self.arguments) else "the call's arguments are wrong"


class Summary(_Rule):
    """So many words at most, and these mentioned."""

    kind: Literal["summary"]
    most_words: PositiveInt
    mentions: tuple[str, ...]

    def broken(self, answer: Answer) -> str:
        """Why the answer breaks the rule; "" where it keeps it."""
        words = len(answer.text.split())
        if words > self.most_words:
            return f"{words} words instead of at most {self.most_words}"
        missing = [word for word in self.mentions if word.casefold() not in answer.text.casefold()]
        return f"it does not mention {missing[0]}" if missing else ""


class Function(_Rule):
    """Python that defines this function with so many arguments; a code fence around it does not count."""

    kind: Literal["function"]
    name: str
    arguments: PositiveInt

    def broken(self, answer: Answer) -> str:
        """Why the answer breaks the rule; "" where it keeps it."""
        try:
            tree = ast.parse(_unfenced(answer.text))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return "it is no Python"
        for part in tree.body:
            if isinstance(part, ast.FunctionDef) and part.name == self.name:
                right = len(part.args.args) == self.arguments
                return "" if right else f"{self.name} does not take {self.arguments} argument(s)"
        return f"it defines no function {self.name}"


class Declines(_Rule):
    """Says this word, and no figure."""

    kind: Literal["declines"]
    word: str

    def broken(self, answer: Answer) -> str:
        """Why the answer breaks the rule; "" where it keeps it."""
        if any(char.isdigit() for char in answer.text):
            return "it names a figure that nobody gave it"
        return "" if self.word.casefold() in answer.text.casefold() else f"it does not say {self.word}"


Rule = Annotated[Exact | JsonObject | Called | Summary | Function | Declines, Field(discriminator="kind")]


def _unfenced(text: str) -> str:
    """What is inside of the code fence, where the whole text is one."""
    found = _FENCED.fullmatch(text)
    return found["inside"] if found else text.strip()


def _is(value: object, kind: JsonType) -> bool:
    """Whether a JSON value is of a kind; to Python a boolean is a number, to JSON it is not."""
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
