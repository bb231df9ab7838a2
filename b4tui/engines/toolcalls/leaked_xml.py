"""Tool calls of the qwen3-coder kind that leaked into text: <function=NAME><parameter=KEY>VALUE</parameter></function>

Values are raw text without escaping, so a value may hold the very tags that end it (research/runtime.md 1.8). So: a
value ends at the last </parameter> before the next parameter or the end of the call; closers may be missing; a call of
a known tool inside a value that is still open is part of that value. Where the text can be read in two ways, the
call is a problem and is not run.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

_TAG = re.compile(
    r"<function\s{0,8}=\s{0,8}(?P<function>[^\s<>/]{1,100})\s{0,8}>"
    r"|<parameter\s{0,8}=\s{0,8}(?P<parameter>[^\s<>]{1,100})\s{0,8}>"
    r"|(?P<end_parameter></parameter>)|(?P<end_function></function>)"
)
_WRAPPER = re.compile(r"(?:\s+|</?tool_call>)*+")
_SPACE = re.compile(r"\s*+")
_OPENER = re.compile(r"<tool_call>\s*+\Z")
_STOP = re.compile(r"</tool_call>|<\|im_end\|>")
_FENCE = re.compile(r"```|~~~")


@dataclass(slots=True)
class XmlCall:
    """A call as it stands in the text: where, its raw values, and what is wrong with it."""

    tool: str
    start: int
    end: int = 0
    closed: bool = False
    values: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Open:
    """A call being read. Positions in the text: `closed` the last </parameter> of the open value, `ended` the last
    </function>. `nested` counts calls inside a value that are not ended; `wavered` when some tag was taken for text.
    """

    call: XmlCall
    cursor: int
    declared: frozenset[str]
    key: str = ""
    begun: int = 0
    closed: int | None = None
    ended: int | None = None
    nested: int = 0
    wavered: bool = False


def find_calls(
    text: str, match: Callable[[str], str | None], declared: Callable[[str], frozenset[str]], truncated: bool
) -> list[XmlCall]:
    """The calls of known tools in the text, in order, without overlap.

    `match` gives the tool that a written name means, or None; `declared` the names of its parameters.
    `truncated`: the answer was cut off, so a last call that is not closed is a problem.
    """
    calls: list[XmlCall] = []
    current: _Open | None = None
    prose, quoted = 0, False  # where the text outside calls goes on, and whether it is in a code fence there
    for tag in _TAG.finditer(text):
        tool = match(tag["function"]) if tag["function"] else None
        if tool is None:
            if current is not None:
                _inside(text, current, tag)
            continue
        if current is not None and not _begins_another(text, current, tag.start()):
            if current.ended is None:
                current.nested += 1
                current.wavered = True
            continue
        start = _start(text, tag.start())
        if current is not None:
            calls.append(_finish(text, current, start, truncated=False))
            prose, current = calls[-1].end, None
        quoted ^= len(_FENCE.findall(text, prose, start)) % 2 == 1
        prose = start
        if not quoted and text[max(0, start - 1) : start] != "`":
            current = _Open(XmlCall(tool, start), tag.end(), declared(tool))
    if current is not None:
        calls.append(_finish(text, current, len(text), truncated))
    return [call for call in calls if call.values or call.closed or text.startswith("<tool_call>", call.start)]


def _begins_another(text: str, current: _Open, at: int) -> bool:
    """Whether a function tag begins the next call, or is text in a value of the current one."""
    if current.nested:
        return False
    if current.ended is None:
        after = current.closed if current.key else current.cursor
        return after is not None and _only(_WRAPPER, text, after, at)
    if _only(_WRAPPER, text, current.ended, at):
        return True
    # Prose between two calls: only after a call that ended in due form, and at the beginning of a line.
    in_form = not current.key or (
        current.closed is not None and _only(_SPACE, text, current.closed, _body_end(current))
    )
    line = text[max(current.ended, _start(text, at) - 40) : _start(text, at)]
    return in_form and "\n" in line and not line.rpartition("\n")[2].strip()


def _inside(text: str, current: _Open, tag: re.Match[str]) -> None:
    if current.nested:
        current.nested -= tag["end_function"] is not None
    elif tag["end_function"]:
        current.ended = tag.end()
    elif tag["end_parameter"]:
        if current.key:
            current.wavered |= current.ended is not None
            current.closed, current.ended = tag.end(), None
    elif tag["parameter"]:
        _parameter(text, current, tag)


def _parameter(text: str, current: _Open, tag: re.Match[str]) -> None:
    key = tag["parameter"]
    seen = key == current.key or key in current.call.values
    follows = current.closed is not None and _only(_SPACE, text, current.closed, tag.start())
    if current.key and not follows and (seen or key not in current.declared):
        return  # text in the value
    if seen:
        current.call.problems.append(f"{key} is given twice")
    if current.key:
        _store(text, current, tag.start())
    current.key, current.begun, current.closed, current.ended = key, tag.end(), None, None


def _store(text: str, current: _Open, limit: int) -> None:
    """Keep the value that is open; without its closer it ends at `limit`."""
    if current.closed is None:
        value = text[current.begun : limit].rstrip()
    else:
        value = text[current.begun : current.closed - len("</parameter>")].removesuffix("\n")
        if not _only(_SPACE, text, current.closed, limit):
            current.call.problems.append(f"it is unclear where {current.key} ends")
    current.call.values.setdefault(current.key, value.removeprefix("\n"))


def _finish(text: str, current: _Open, limit: int, truncated: bool) -> XmlCall:
    call = current.call
    if current.ended is not None:
        body_end, after = _body_end(current), current.ended
    else:
        body_end = after = current.closed or _stop(text, current, limit)
    call.closed = current.ended is not None
    call.end = _wrapper_end(text, after, limit)
    if current.nested or (current.wavered and not call.closed):
        call.problems.append("it is unclear where it ends")
    if truncated and not (call.closed and call.end == limit):
        call.problems.append("the answer was cut off in it")
    if current.key:
        _store(text, current, body_end)
    return call


def _body_end(current: _Open) -> int:
    return (current.ended or 0) - len("</function>")


def _stop(text: str, current: _Open, limit: int) -> int:
    """Where a call without closers ends."""
    stop = _STOP.search(text, max(current.begun, current.cursor), limit)
    return stop.start() if stop else limit


def _start(text: str, at: int) -> int:
    opener = _OPENER.search(text, max(0, at - 40), at)
    return opener.start() if opener else at


def _wrapper_end(text: str, after: int, limit: int) -> int:
    found = _WRAPPER.match(text, after, limit)
    return found.end() if found else after


def _only(pattern: re.Pattern[str], text: str, begin: int, end: int) -> bool:
    return pattern.fullmatch(text, begin, end) is not None
