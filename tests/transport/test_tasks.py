"""Tasks with an owner: none is left behind, and none is missed."""

from __future__ import annotations

import asyncio
import gc

from forecourt.transport.tasks import Tasks


async def test_what_has_not_begun_at_the_end_is_given_up_without_a_complaint() -> None:
    begun = False

    async def work() -> None:
        nonlocal begun
        begun = True

    tasks = Tasks()
    tasks.start(work())
    # A coroutine that nobody has awaited complains when it is collected, and complaints are errors here.
    await tasks.finish()
    gc.collect()
    assert not begun


async def test_what_runs_at_the_end_is_cancelled_and_waited_for() -> None:
    ended = asyncio.Event()
    started = asyncio.Event()

    async def work() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    tasks = Tasks()
    tasks.start(work())
    await started.wait()
    await tasks.finish()
    assert ended.is_set()
    await tasks.finish()
