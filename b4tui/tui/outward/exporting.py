"""A payload's exact bytes in a file, for those who look at them with their own tools."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from b4tui.escalation.types import Approval
from b4tui.runtime.operator import OperatorError

if TYPE_CHECKING:
    from b4tui.runtime.runtime import Runtime


async def export(runtime: Runtime, approval: Approval, path: Path) -> None:
    """Write an approval's exact bytes to a new file of mode 0600. Raises OperatorError in words."""
    shown = await runtime.payload(approval.id)
    try:
        await asyncio.to_thread(_write_privately, path, shown.body)
    except FileExistsError as error:
        raise OperatorError(f"{path} is there already: choose another name.") from error
    except OSError as error:
        raise OperatorError(f"{path} could not be written: {error.strerror}") from error


def _write_privately(path: Path, body: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(body)
