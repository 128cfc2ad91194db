"""The only place of the project that reads a clock, sleeps or sets a timer.

Instants are aware UTC datetimes (`now`), durations and deadlines are seconds of a clock that never jumps (`monotonic`).
Code that waits takes a `Clock` as an argument, `SYSTEM` being the machine's own; a test hands in a `VirtualClock`, whose
time stands still until `advance` moves it. Virtual time knows nothing of sockets and databases: advance it only while no
such work is outstanding.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Protocol

_SETTLING_TURNS = 50


class Timer(Protocol):
    """A callback that is yet to run."""

    def cancel(self) -> None:
        """Never run it; harmless when it has run already."""


class Clock(Protocol):
    """What code may ask of time."""

    def now(self) -> datetime:
        """Return this instant, aware, in UTC."""

    def monotonic(self) -> float:
        """Return seconds since an arbitrary start; never steps back."""

    async def sleep(self, delay_s: float) -> None:
        """Return after `delay_s` seconds; 0 lets other work run once."""

    def timeout(self, delay_s: float | None) -> AbstractAsyncContextManager[object]:
        """Return a block that raises TimeoutError when it lasts longer than `delay_s` seconds (None: never)."""

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        """Run `callback` once `monotonic()` has reached `when`. Needs a running event loop."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, delay_s: float) -> None:
        await asyncio.sleep(delay_s)

    def timeout(self, delay_s: float | None) -> AbstractAsyncContextManager[object]:
        return asyncio.timeout(delay_s)

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        return asyncio.get_running_loop().call_later(max(0.0, when - time.monotonic()), callback)


class _VirtualTimer:
    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], object]) -> None:
        self.callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        self.callback = None


class VirtualClock:
    """A clock that stands still until it is advanced."""

    def __init__(self, start: datetime = datetime(2030, 1, 1, tzinfo=UTC)) -> None:
        self._start = start
        self._elapsed_s = 0.0
        self._order = itertools.count()
        self._timers: list[tuple[float, int, _VirtualTimer]] = []

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed_s)

    def monotonic(self) -> float:
        return self._elapsed_s

    async def sleep(self, delay_s: float) -> None:
        if delay_s <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self.call_at(self._elapsed_s + delay_s, lambda: None if woken.done() else woken.set_result(None))
        try:
            await woken
        finally:
            timer.cancel()

    @asynccontextmanager
    async def timeout(self, delay_s: float | None) -> AsyncGenerator[object, None]:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(None) as block:
            if delay_s is None:
                yield block
                return
            timer = self.call_at(self._elapsed_s + delay_s, lambda: block.reschedule(loop.time()))
            try:
                yield block
            finally:
                timer.cancel()

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        timer = _VirtualTimer(callback)
        heapq.heappush(self._timers, (when, next(self._order), timer))
        return timer

    async def advance(self, seconds: float) -> None:
        """Move time on, run in order all that falls due on the way, and let the woken tasks proceed before each next step."""
        target = self._elapsed_s + seconds
        await self._settle()
        while self._timers and self._timers[0][0] <= target:
            when, _, timer = heapq.heappop(self._timers)
            if timer.callback is None:
                continue
            self._elapsed_s = max(self._elapsed_s, when)
            timer.callback()
            await self._settle()
        self._elapsed_s = target
        await self._settle()

    async def _settle(self) -> None:
        for _ in range(_SETTLING_TURNS):
            await asyncio.sleep(0)


SYSTEM = SystemClock()
