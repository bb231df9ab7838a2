"""The agents of one runtime, as the operator's verbs see them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from b4tui.runtime.agent_worker import AgentWorker
from b4tui.runtime.attempts import Attempts
from b4tui.runtime.board_keeper import BoardKeeper
from b4tui.runtime.cooldowns import Cooldowns
from b4tui.runtime.operator import OperatorError
from b4tui.runtime.settlement import Interruption


class WorkerCrew:
    """Implements `operator.Crew` over the workers. `known` are all configured agents, those of other b4tui included."""

    def __init__(
        self,
        workers: Mapping[str, AgentWorker],
        known: tuple[str, ...],
        keeper: BoardKeeper,
        attempts: Attempts,
        cooldowns: Cooldowns,
    ) -> None:
        self._workers = workers
        self._keeper = keeper
        self._attempts = attempts
        self._cooldowns = cooldowns
        self.known = known

    @property
    def keys(self) -> tuple[str, ...]:
        """The config keys of the agents that run here."""
        return tuple(self._workers)

    def pause(self, agent: str) -> None:
        """Let this agent take no new bead; a running one goes on."""
        self._workers[agent].pause()

    def resume(self, agent: str) -> None:
        """Let this agent take beads again."""
        self._workers[agent].resume()

    async def cancel(self, bead_id: str, comment: str, *, hold: bool) -> None:
        """Stop the bead's run and wait until the bead went back."""
        for worker in self._workers.values():
            if worker.bead == bead_id:
                await worker.interrupt(Interruption(comment, hold))
        await self._keeper.refresh()

    async def allow(self, bead_id: str) -> None:
        """Forget the attempts and the hold of a bead, and look at the board again. Raises OperatorError."""
        try:
            await asyncio.to_thread(self._attempts.forget, bead_id)
        except OSError as error:
            raise OperatorError(f"The attempts of {bead_id} cannot be forgotten: {error}") from error
        self._cooldowns.clear(bead_id)
        await self._keeper.refresh()

    async def refresh(self) -> None:
        """Read the board anew, now."""
        await self._keeper.refresh()
