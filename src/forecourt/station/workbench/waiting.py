"""Waiting for what happens at a workbench, for tests of a management system."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from forecourt.clock import SYSTEM, Clock
from forecourt.station.workbench.records import Record
from forecourt.station.workbench.workbench import Workbench


async def happens(
    bench: Workbench,
    kind: str,
    action: str = "*",
    *,
    after: Record | None = None,
    such: Callable[[Record], bool] = lambda record: True,
    within_s: float = 30.0,
    clock: Clock = SYSTEM,
) -> Record:
    """The first record of a kind and action that comes after another one (None: from the beginning), past or to come.

    Raises AssertionError, with what came instead, when it does not within `within_s` seconds.
    """
    news = asyncio.Event()
    stop = bench.follow(lambda record: news.set())
    last = 0 if after is None else after.number
    try:
        async with clock.timeout(within_s):
            while True:
                for record in bench.records:
                    if record.number > last and record.kind == kind and action in ("*", record.action) and such(record):
                        return record
                news.clear()
                await news.wait()
    except TimeoutError:
        came = "\n".join(record.line() for record in bench.records if record.number > last)
        raise AssertionError(f"{kind} {action} did not come within {within_s:g} s, but:\n{came}") from None
    finally:
        stop()
