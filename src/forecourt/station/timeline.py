"""Time for many stations in one process: a heap of callbacks, driven by the machine's clock or by hand.

A station has no task and no thread. Whatever it waits for is a callback here; thousands of stations share one heap, and
an event loop, where there is one, knows a single timer.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from forecourt.clock import Clock, Timer


class Timeline(Protocol):
    """What a station may ask of time."""

    def now(self) -> datetime:
        """This instant, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; never steps back."""

    def after(self, delay_s: float, callback: Callable[[], object]) -> Timer:
        """Run `callback` in `delay_s` seconds, in the order of the moments and then of the asking."""


class _Due:
    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], object]) -> None:
        self.callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        self.callback = None


_Heap = list[tuple[float, int, _Due]]


class VirtualTimeline:
    """Time that stands still until it is advanced, without an event loop: a simulated day costs what happens in it."""

    __slots__ = ("_elapsed_s", "_heap", "_order", "_start")

    def __init__(self, start: datetime = datetime(2030, 1, 1, tzinfo=UTC)) -> None:
        self._start: Final = start
        self._elapsed_s = 0.0
        self._heap: _Heap = []
        self._order = itertools.count()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed_s)

    def monotonic(self) -> float:
        return self._elapsed_s

    def after(self, delay_s: float, callback: Callable[[], object]) -> Timer:
        due = _Due(callback)
        heapq.heappush(self._heap, (self._elapsed_s + max(0.0, delay_s), next(self._order), due))
        return due

    def advance(self, seconds: float) -> None:
        """Move time on and run, in order, all that falls due on the way."""
        target = self._elapsed_s + seconds
        heap = self._heap
        while heap and heap[0][0] <= target:
            when, _, due = heapq.heappop(heap)
            callback, due.callback = due.callback, None
            if callback is not None:
                self._elapsed_s = max(self._elapsed_s, when)
                callback()
        self._elapsed_s = target


class RealTimeline:
    """The time of a clock, with one timer of it for all that waits. Needs a running event loop."""

    __slots__ = ("_armed", "_clock", "_heap", "_order", "_when")

    def __init__(self, clock: Clock) -> None:
        self._clock: Final = clock
        self._heap: _Heap = []
        self._order = itertools.count()
        self._armed: Timer | None = None
        self._when = 0.0

    def now(self) -> datetime:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def after(self, delay_s: float, callback: Callable[[], object]) -> Timer:
        due = _Due(callback)
        heapq.heappush(self._heap, (self._clock.monotonic() + max(0.0, delay_s), next(self._order), due))
        self._arm()
        return due

    def close(self) -> None:
        """Run nothing any more."""
        self._heap.clear()
        if self._armed is not None:
            self._armed.cancel()
            self._armed = None

    def _arm(self) -> None:
        if not self._heap:
            return
        when = self._heap[0][0]
        if self._armed is not None:
            if self._when <= when:
                return
            self._armed.cancel()
        self._when = when
        self._armed = self._clock.call_at(when, self._run)

    def _run(self) -> None:
        self._armed = None
        try:
            while self._heap and self._heap[0][0] <= self._clock.monotonic():
                _, _, due = heapq.heappop(self._heap)
                callback, due.callback = due.callback, None
                if callback is not None:
                    callback()
        finally:
            self._arm()
