"""Circles in a directed graph, found in one walk over it (Tarjan), without recursion: boards may be deep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence


def components(ahead: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """The strongly connected parts of two and more nodes. `ahead` maps a node to those its edges lead to."""
    walk = _Walk(ahead)
    for root in ahead:
        if root not in walk.number:
            walk.go(root)
    return walk.found


class _Walk:
    """The state of the walk: each node's number, and the lowest number it can get back to."""

    def __init__(self, ahead: Mapping[str, Sequence[str]]) -> None:
        self.ahead = ahead
        self.number: dict[str, int] = {}
        self.lowest: dict[str, int] = {}
        self.open: list[str] = []
        self.is_open: set[str] = set()
        self.found: list[list[str]] = []

    def go(self, root: str) -> None:
        path = [(root, self._enter(root))]
        while path:
            here, targets = path[-1]
            onward = self._next(here, targets)
            if onward is not None:
                path.append((onward, self._enter(onward)))
                continue
            path.pop()
            if path:
                above = path[-1][0]
                self.lowest[above] = min(self.lowest[above], self.lowest[here])
            if self.lowest[here] == self.number[here]:
                self._leave(here)

    def _enter(self, node: str) -> Iterator[str]:
        self.number[node] = self.lowest[node] = len(self.number)
        self.open.append(node)
        self.is_open.add(node)
        return iter(self.ahead.get(node, ()))

    def _next(self, here: str, targets: Iterator[str]) -> str | None:
        for target in targets:
            if target not in self.number:
                return target
            if target in self.is_open:
                self.lowest[here] = min(self.lowest[here], self.number[target])
        return None

    def _leave(self, node: str) -> None:
        members: list[str] = []
        while not members or members[-1] != node:
            members.append(self.open.pop())
        self.is_open.difference_update(members)
        if len(members) > 1:
            self.found.append(members)
