"""The two settings files of a hub: `metadata.json` and `config.yaml` (research/beads.md 1.1, 1.2).

Trackers write a small, flat YAML: `key: value`, one level of nesting, lists of words. That much is read here, so that
a YAML library is no dependency; what is more than that is left out, never an error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_LIMIT = 1 << 20  # bytes; real files have a few hundred


class Unreadable(Exception):
    """The file is there and cannot be understood; the message says why."""


def read_metadata(beads_dir: Path) -> Mapping[str, Any]:
    """`metadata.json` as an object; empty where there is none. Raises Unreadable."""
    try:
        with (beads_dir / "metadata.json").open("rb") as file:
            data = file.read(_LIMIT)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise Unreadable(f"metadata.json cannot be read: {error.strerror}") from None
    try:
        value = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise Unreadable("metadata.json is no JSON") from None
    if not isinstance(value, dict):
        raise Unreadable("metadata.json is no JSON object")
    return value


def read_config(beads_dir: Path) -> Mapping[str, Any]:
    """`config.yaml` with nested keys joined by dots (`sync.remote`); empty where it is absent or no text."""
    try:
        with (beads_dir / "config.yaml").open("rb") as file:
            text = file.read(_LIMIT).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return {}
    return _flat(text)


def _flat(text: str) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    parents: list[tuple[int, str]] = []  # (indent, dotted key) of the mappings the line stands in
    for raw in text.splitlines():
        line = _without_comment(raw).rstrip()
        words = line.lstrip()
        indent = len(line) - len(words)
        if not words or words == "---":
            continue
        while parents and (indent < parents[-1][0] or (indent == parents[-1][0] and not words.startswith("- "))):
            parents.pop()
        if words.startswith("- "):
            if parents:
                items = settings.setdefault(parents[-1][1], [])
                if isinstance(items, list):
                    items.append(_scalar(words[2:].strip()))
            continue
        key, colon, value = words.partition(":")
        if not colon:
            continue
        dotted = ".".join([*(name for _, name in parents[-1:]), key.strip().strip("\"'")])
        if value.strip():
            settings[dotted] = _scalar(value.strip())
        else:
            parents.append((indent, dotted))
    return settings


def _without_comment(line: str) -> str:
    quote = ""
    for at, char in enumerate(line):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char == "#" and (at == 0 or line[at - 1].isspace()):
            return line[:at]
    return line


def _scalar(text: str) -> Any:
    if text.startswith("[") and text.endswith("]"):
        return [_scalar(item.strip()) for item in text[1:-1].split(",") if item.strip()]
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if text in ("null", "~"):
        return None
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 19 else text
