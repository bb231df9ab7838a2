"""Where everything came from that a run was told. It never forgets: what was read once is in all that is written after.

A source that fell out of the prompt, to make room, still counts (design section 4, research/gate.md 0.3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from b4tui.agents.outward import Outward
from b4tui.provenance import Part, Provenance, Source, SourceKind, most_private


class Origins:
    """The memory of one run. `private_read` is told of each source that the policy keeps at home, once."""

    def __init__(self, outward: Outward, private_read: Callable[[Source, Provenance], None]) -> None:
        self._outward = outward
        self._private_read = private_read
        self._told: set[Provenance] = set()
        self._known: set[str] = set()

    def told(self, parts: Sequence[Part]) -> None:
        """The run has been shown these."""
        for part in parts:
            self._told.add(part.provenance)
            label = part.source.label
            if part.provenance in self._outward.kept_home and label not in self._known:
                self._outward.kept()
                self._known.add(label)
                self._private_read(part.source, part.provenance)

    def read(self, text: str, sources: Sequence[Source]) -> Part:
        """A text that comes from these sources, as private as the most private of them; the run is told it."""
        rated = [Part(text, source, self._outward.place(source)) for source in sources] or [Part(text)]
        self.told(rated)
        worst = most_private(part.provenance for part in rated)
        return next(part for part in rated if part.provenance is worst)

    def written(self, text: str, name: str = "") -> Part:
        """A text that the model wrote: as private as all it was told.

        That the operator released the run changes nothing of that; it changes what may be asked about.
        """
        return Part(text, Source(SourceKind.MODEL, name), most_private(self._told))
