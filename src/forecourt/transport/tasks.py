"""Tasks with an owner, so that none is left behind and no error is lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

_log = logging.getLogger(__name__)


class Tasks:
    """Tasks that somebody owns: their errors are logged, and `finish` leaves none behind."""

    __slots__ = ("_running",)

    def __init__(self) -> None:
        self._running: dict[Coroutine[Any, Any, object], asyncio.Task[None]] = {}

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Run `work` beside everything else."""
        # No done-callback: it would cost a turn of the loop for each task.
        self._running[work] = asyncio.get_running_loop().create_task(self._own(work))

    async def _own(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except Exception:
            _log.exception("a task failed")
        finally:
            self._running.pop(work, None)

    async def finish(self) -> None:
        """Cancel what still runs and wait for its end."""
        running = {work: task for work, task in self._running.items() if task is not asyncio.current_task()}
        for task in running.values():
            task.cancel()
        if running:
            await asyncio.wait(running.values())
        for work in running:
            # What was cancelled before its first step has never begun and would be missed.
            work.close()
            self._running.pop(work, None)


@asynccontextmanager
async def beside(*work: Coroutine[None, None, None]) -> AsyncGenerator[None, None]:
    """Endless work beside everything else, cancelled at the end of the block."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in work]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
