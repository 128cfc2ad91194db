"""Tasks with an owner, so that none is left behind and no error is lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

_log = logging.getLogger(__name__)


class Tasks:
    """Tasks that somebody owns: their errors are logged, and `finish` leaves none behind."""

    __slots__ = ("_running",)

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Run `work` beside everything else."""
        # No done-callback: it would cost a turn of the loop for each task.
        self._running.add(asyncio.get_running_loop().create_task(self._own(work)))

    async def _own(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except Exception:
            _log.exception("a task failed")
        finally:
            task = asyncio.current_task()
            if task is not None:
                self._running.discard(task)

    async def finish(self) -> None:
        """Cancel what still runs and wait for its end."""
        running = [task for task in self._running if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)
