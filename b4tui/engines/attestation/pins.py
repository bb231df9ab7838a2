"""Which models the operator trusts, by digest: a file of this machine's user, shared by all hubs.

A model is trusted as it is when it is first used; one whose digest is another afterwards stops runs until the operator
accepts it (research/runtime.md 1.7, step 4). Written whole and under a lock, so that two programs lose nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from platformdirs import user_state_path

from b4tui.engines.names import whole_name


class PinError(Exception):
    """The pins cannot be read or written; the message says where and what to do."""


class PinnedBy(StrEnum):
    """Who said that a model is to be trusted."""

    FIRST_USE = "first use"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One trusted model: the engine's base URL, the model's name there, its digest, by whom and since when."""

    place: str
    model: str
    digest: str
    by: PinnedBy
    at: datetime


def pins_file() -> Path:
    """Where the user's pins are kept."""
    return user_state_path("b4tui") / "pins.json"


class Pins:
    """The pins in one file; it is read anew at each question, because other programs write it too.

    With `learns` False a first use is not written down: for those who look at models and do not use them. Without a
    file nothing is trusted, and nothing can be pinned.
    """

    def __init__(self, path: Path | None, *, learns: bool = True) -> None:
        self._path = path
        self._learns = learns and path is not None

    def all(self) -> tuple[Pin, ...]:
        """Every pin, sorted by place and model. Raises PinError for a file that cannot be read."""
        return tuple(self._read().values())

    def get(self, place: str, model: str) -> Pin | None:
        """The pin of a model on an engine. Raises PinError."""
        return self._read().get(_key(place, model))

    def trust(self, place: str, model: str, digest: str, at: datetime) -> Pin:
        """The pin of a model, made now if there is none. Raises PinError."""
        known = self.get(place, model)
        if known is not None:
            return known
        fresh = Pin(place=place, model=model, digest=digest, by=PinnedBy.FIRST_USE, at=at)
        if not self._learns:
            return fresh
        with self._changing() as pins:
            return pins.setdefault(_key(place, model), fresh)

    def pin(self, place: str, model: str, digest: str, at: datetime) -> Pin:
        """Trust this digest from now on, by the operator's word. Raises PinError."""
        made = Pin(place=place, model=model, digest=digest, by=PinnedBy.OPERATOR, at=at)
        with self._changing() as pins:
            pins[_key(place, model)] = made
        return made

    def unpin(self, place: str, model: str) -> Pin | None:
        """Forget a model, and say what was known of it. Raises PinError."""
        with self._changing() as pins:
            return pins.pop(_key(place, model), None)

    def _read(self) -> dict[str, Pin]:
        if self._path is None:
            return {}
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise PinError(f"{self._path}: the pinned models cannot be read ({error}); mend or remove it") from error
        try:
            pins = [_pin(row) for row in json.loads(text)["pins"]]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise PinError(f"{self._path}: this is no list of pinned models; mend or remove it") from error
        return {_key(pin.place, pin.model): pin for pin in sorted(pins, key=lambda pin: (pin.place, pin.model))}

    @contextlib.contextmanager
    def _changing(self) -> Iterator[dict[str, Pin]]:
        if self._path is None:
            raise PinError("these pins have no file, so nothing can be pinned")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._path.with_suffix(".lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                pins = self._read()
                yield pins
                self._write(self._path, pins)
        except OSError as error:
            raise PinError(
                f"{self._path}: the pinned models cannot be written ({error}); make its folder yours"
            ) from error

    @staticmethod
    def _write(path: Path, pins: dict[str, Pin]) -> None:
        rows = [{**asdict(pin), "at": pin.at.isoformat()} for pin in pins.values()]
        fresh = path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump({"pins": rows}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)


def _key(place: str, model: str) -> str:
    """One key for every spelling of a name: a pin made for `tiny:latest` is the one of `tiny`."""
    return f"{place} {whole_name(model)}"


def _pin(row: dict[str, str]) -> Pin:
    texts = {name: row[name] for name in ("place", "model", "digest")}
    if not all(isinstance(text, str) for text in texts.values()):
        raise TypeError("a pin holds text")
    at = datetime.fromisoformat(row["at"])
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return Pin(**texts, by=PinnedBy(row["by"]), at=at)
