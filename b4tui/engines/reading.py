"""What servers send, read without trust: JSON that may be none, errors in errors, digests, broken characters."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_DIGEST = re.compile("[0-9a-f]{1,128}")


class Malformed(Exception):
    """A line is not what the protocol says; the message says what is wrong with it."""


class MalformedCall(Malformed):
    """The line is in order, but the tool call in it cannot be read."""


def error_text(value: object) -> str:
    """The innermost message of an error. llama-server's own errors come as JSON inside Ollama's string (1.12)."""
    for _ in range(4):
        if isinstance(value, str) and value.lstrip().startswith("{"):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                break
        if not isinstance(value, dict):
            break
        inner = value.get("error", value.get("message", value.get("detail")))
        if inner is None:
            break
        kind = value.get("type")
        value = f"{inner} ({kind})" if isinstance(inner, str) and isinstance(kind, str) else inner
    return clean(value if isinstance(value, str) else json.dumps(value, default=str))


def plain_digest(value: object) -> str:
    """Hex alone: servers write a digest with and without `sha256:` (1.10). "" where it is none."""
    digest = value.casefold().removeprefix("sha256:") if isinstance(value, str) else ""
    return digest if _DIGEST.fullmatch(digest) else ""


def clean(text: str) -> str:
    """Text that every encoder takes: a surrogate with no partner becomes the replacement character."""
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


def strict_json(text: str) -> Any:
    """A JSON value, and none of what Python takes beside JSON (NaN, Infinity). Raises ValueError, RecursionError."""
    text = text.strip(" \t\n\r")
    value, end = _DECODER.raw_decode(text)
    if end != len(text):
        raise ValueError("more than one value")
    return value


def json_object(line: bytes) -> dict[str, Any]:
    """Bytes that must be one JSON object. Raises Malformed."""
    try:
        row = strict_json(line.decode("utf-8"))
    except UnicodeDecodeError:
        raise Malformed("a line that is not UTF-8") from None
    except ValueError:
        raise Malformed("a line that is not JSON") from None
    if not isinstance(row, dict):
        raise Malformed(f"a line that is {kind_of(row)}, not an object")
    return row


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


# Made once: `json.loads` with a hook makes one for each line, of which there are thousands a second.
_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def clean_value(value: object) -> object:
    """A JSON value in which every text is clean."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [clean_value(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): clean_value(item) for key, item in value.items()}
    return value


def kind_of(value: object) -> str:
    """What a JSON value is, in words."""
    names = {list: "a list", dict: "an object", str: "text", bool: "a yes or no", int: "a number", float: "a number"}
    return names.get(type(value), "null")


def call_arguments(value: object) -> dict[str, Any]:
    """A tool call's arguments, an object or JSON that says one; nothing makes a server send that (research/vllm.md 5).

    Raises MalformedCall.
    """
    if value is None:
        return {}
    if isinstance(value, str):
        try:
            value = strict_json(value) if value.strip() else {}
        except (ValueError, RecursionError):
            raise MalformedCall("a tool call whose arguments are not JSON") from None
    if not isinstance(value, dict):
        raise MalformedCall(f"a tool call whose arguments are {kind_of(value)}, not an object")
    return {clean(key): clean_value(item) for key, item in value.items()}
