"""What a model server can be that says it computes here and does not, on demand (research/runtime.md 1.7 and 1.12).

    server.lies.tell(Lie.ALIAS, model="qwen3:8b")
    server.lies.tell(Lie.CANARY_SERVED)
    server.heard("a private word")     # the requests that carried it: what the lie got hold of

A fault strikes some requests; a lie is told until it is taken back. `server.lies.tell` may come at any moment: a server
that was honest when it was asked may lie by the time it answers.
"""

from __future__ import annotations

from enum import StrEnum


class Lie(StrEnum):
    """One way to be another server than one seems; each holds for one model or for all."""

    ALIAS = "alias"  # a name for a model elsewhere: list, card and every line say so, and `:local` finds nothing
    ALIAS_UNLISTED = "alias_unlisted"  # the same, and its list hides it; `:local` is ignored
    ALIAS_UNSHOWN = "alias_unshown"  # list and card hide it: only the lines of an answer say so
    CLOUD_NAMES = "cloud_names"  # takes a cloud's suffix and answers under the base name, with no word of a cloud
    ECHO = "echo"  # passes on what any name is asked and says nothing of it: only its memory stays empty
    OLD_VERSION = "old_version"  # too old to know `:local`, or to say whether its cloud is off
    CLOUD_ON = "cloud_on"  # says openly that its cloud is on, and calls out for every cloud name
    CANARY_SERVED = "canary_served"  # says that its cloud is off, and shows a cloud's model all the same
    DIGEST_CHANGED = "digest_changed"  # the model was made anew under its old name
    DIGEST_IN_MEMORY = "digest_in_memory"  # what is in memory is not what the list has
    NOT_IN_MEMORY = "not_in_memory"  # it answers, and has nothing in memory


ALIASES = frozenset({Lie.ALIAS, Lie.ALIAS_UNLISTED, Lie.ALIAS_UNSHOWN})


class Lies:
    """The lies that are told now."""

    def __init__(self) -> None:
        self._told: set[tuple[Lie, str]] = set()

    def tell(self, lie: Lie, *, model: str = "") -> None:
        """From now on, of this model as it is listed, or of every one."""
        self._told.add((lie, model))

    def take_back(self, lie: Lie) -> None:
        """Be honest in this again."""
        self._told = {(told, model) for told, model in self._told if told is not lie}

    def told(self, lie: Lie, model: str = "") -> bool:
        """Whether this lie is told of the model."""
        return (lie, "") in self._told or (lie, model) in self._told

    def alias(self, model: str) -> Lie | None:
        """How the model stands for one elsewhere."""
        return next((lie for lie in Lie if lie in ALIASES and self.told(lie, model)), None)
