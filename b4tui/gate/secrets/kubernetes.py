"""Values in Kubernetes Secrets, as YAML or JSON, whichever of `kind` and `data` comes first."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from b4tui.gate.detector import Positions
from b4tui.gate.patterns import lazily
from b4tui.gate.stand_ins import stands_for_a_value
from b4tui.gate.types import Hit

_REACH = 6000
"""Characters before and after `kind: Secret` that may belong to the same document."""
_KIND = lazily(r"""(?i)kind["']?[ \t]{0,4}:[ \t]{0,4}["']?secret(?:list)?["']?\s{0,4}(?=[,}\n#]|$)""")
_DATA = lazily(
    r"""(?i)(?:^|[\n{,])(?P<indent>[ \t]{0,40})["']?(?:string)?data["']?[ \t]{0,4}:[ \t]{0,4}"""
    r"""(?:(?P<flow>\{)\s{0,40}|\r?\n|$)"""
)
_ENTRY = lazily(
    r"""(?P<indent>[ \t]{0,40})(?:\#[^\n]{0,400}|["']?[\w.-]{1,120}["']?[ \t]{0,4}:[ \t]{0,4}"""
    r"""(?:[|>][+-]?[ \t]{0,4}\n[ \t]{1,40})?["']?(?P<value>[^\s"'{}][^\n"',}]{0,8000})?["']?)"""
    r"""[ \t]{0,4},?[ \t]{0,4}\r?(?:\n|$|(?=\}))"""
)
_SPLIT = lazily(r"\n[ \t]{0,8}(?:---[ \t]{0,8}|```[\w-]{0,20}[ \t]{0,8})(?:\r?\n|$)")
"""Where another document begins, or the block of one ends in a text."""
_TELLS = lazily(r"""[ \t]{0,40}["']?(?:type|url|name|project|insecure)["']?[ \t]{0,4}:""")
"""What a Secret says about what it is for."""


class KubernetesSecrets:
    """Finds what is in `data` and `stringData` of a Secret."""

    name = "kubernetes"
    words = frozenset(
        {"kind: secret", 'kind":"secret', 'kind": "secret', "kind': 'secret", 'kind: "secret', "kind:secret"}
    )

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """One finding for each Secret: its first value."""
        done = -1
        for start, _ in at.any_of(self.words):
            kind = _KIND.match(text, start)
            if kind is None or start < done:
                continue
            begin, end = _document(text, start)
            done = max(end, kind.end())
            read = begin
            for data in _DATA.finditer(text, begin, end):
                if data.end() < read:
                    continue
                span, read = _first_value(text, data.end(), end, -1 if data["flow"] else len(data["indent"]))
                if span:
                    yield Hit("kubernetes-secret", *span, "a value in a Kubernetes Secret")
                    break


def _document(text: str, at: int) -> tuple[int, int]:
    """The document around a place: to the lines of three hyphens, or as far as this reads."""
    begin, end = max(0, at - _REACH), min(len(text), at + _REACH)
    for split in _SPLIT.finditer(text, begin, end):
        if split.end() <= at:
            begin = split.start()
        else:
            return begin, split.start()
    return begin, end


def _first_value(text: str, at: int, end: int, indent: int) -> tuple[tuple[int, int] | None, int]:
    """The first value of a mapping, and how far it was read; its lines begin further in than the one above them."""
    while at < end and (entry := _ENTRY.match(text, at, end)):
        if len(entry["indent"]) <= indent and entry["value"] is not None:
            break
        value = entry["value"]
        if value is not None and not _TELLS.match(text, at) and _may_be_one(value.strip()):
            return entry.span("value"), entry.end()
        if entry.end() == at:
            break
        at = entry.end()
    return None, at


def _may_be_one(value: str) -> bool:
    if len(value) < 3 or value.startswith(("$", "<", "%", "!", "-----BEGIN")) or stands_for_a_value(value):
        return False
    try:
        told = base64.b64decode(value, validate=True).decode().strip()
    except ValueError:
        return True
    return bool(told) and not stands_for_a_value(told) and not _is_public(told)


def _is_public(told: str) -> bool:
    """Whether it is a certificate or a public key, and holds nothing else."""
    return told.startswith(("-----BEGIN CERTIFICATE", "-----BEGIN PUBLIC")) and "PRIVATE KEY" not in told
