"""Keeps the newest reading of the board: loads it in a thread when it changed, judges it, routes what is ready."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from random import Random

from b4tui.board.collector import collector_off
from b4tui.board.git import git
from b4tui.board.model import Bead, BoardState
from b4tui.board.rules import judge
from b4tui.board.store import BoardError, BoardStore
from b4tui.routing.rules import Routing
from b4tui.runtime.attempts import Attempts
from b4tui.runtime.backoff import Backoff
from b4tui.runtime.columns import columns
from b4tui.runtime.picture import Picture
from b4tui.runtime.queues import routed

LOOK_EVERY_S = 0.5


class BoardKeeper:
    """Reads the board when its fingerprint changed, when it is asked to, and never twice at the same time.

    `seen` gets every new picture, `failed` the reason why there is none; both on the loop's thread.
    """

    def __init__(
        self,
        store: BoardStore,
        attempts: Attempts,
        route: Callable[[Bead], Routing | None],
        *,
        seen: Callable[[Picture], None],
        failed: Callable[[str], None],
        rejudge_s: float,
        random: Random,
    ) -> None:
        self._store = store
        self._attempts = attempts
        self._route = route
        self._seen = seen
        self._failed = failed
        self._rejudge_s = rejudge_s
        self._backoff = Backoff(first=LOOK_EVERY_S, most=30.0)
        self._random = random
        self._judged_at = 0.0
        self._reading_s = 0.0  # a huge board that changes all the time is read at most half of the time
        self._fingerprint: str | None = None
        self._asked = 0
        self._answered = asyncio.Condition()
        self._done = 0
        self._wake = asyncio.Event()
        self.picture: Picture | None = None

    async def refresh(self) -> None:
        """Wait until the board was read (or could not be) by a reading that began after this call."""
        self._asked += 1
        wanted = self._asked
        self._wake.set()
        async with self._answered:
            await self._answered.wait_for(lambda: self._done >= wanted)

    async def run(self) -> None:
        """Watch for ever."""
        failures = 0
        while True:
            asked = self._asked
            try:
                await self._look(asked)
                failures = 0
            except BoardError as error:
                failures += 1
                self._fingerprint = None
                self._failed(str(error))
            finally:
                await self._answer(asked)
            if self._asked == asked:
                self._wake.clear()
                delay = self._backoff.delay(failures, self._random) or max(LOOK_EVERY_S, self._reading_s)
                try:
                    async with asyncio.timeout(delay):
                        await self._wake.wait()
                except TimeoutError:
                    continue

    async def _look(self, asked: int) -> None:
        fingerprint = await asyncio.to_thread(self._store.fingerprint)
        if fingerprint == self._fingerprint and asked <= self._done:
            return
        self._fingerprint = fingerprint
        began = time.monotonic()
        picture = await asyncio.to_thread(self._read)
        self._reading_s = time.monotonic() - began
        if picture is not self.picture:
            self.picture = picture
            self._seen(picture)

    async def _answer(self, asked: int) -> None:
        async with self._answered:
            self._done = max(self._done, asked)
            self._answered.notify_all()

    def _read(self) -> Picture:
        """Runs in a thread. The picture there is stays when nothing changed and no time passed that matters."""
        state = self._store.load()
        waiting = self._attempts.waiting()
        last, clock = self.picture, time.monotonic()
        branch = git(self._store.hub.root, ["symbolic-ref", "--short", "-q", "HEAD"], timeout_s=5.0).text.strip()
        unchanged = last is not None and last.state is state and last.waiting == waiting and last.branch == branch
        if last is not None and unchanged and clock - self._judged_at < self._rejudge_s:
            return last
        self._judged_at = clock
        with collector_off():
            return self._picture(state, waiting, branch, last if unchanged else None)

    def _picture(self, state: BoardState, waiting: frozenset[str], branch: str, last: Picture | None) -> Picture:
        """Judge the board; `last` is the picture to keep when nothing but time has passed and that changed nothing."""
        readiness = judge(state, time.time())
        if last is not None and last.readiness == readiness:
            return last
        return Picture(
            state=state,
            readiness=readiness,
            columns=columns(state, readiness),
            queues=routed(state, readiness, self._route, waiting),
            waiting=waiting,
            branch=branch,
        )
