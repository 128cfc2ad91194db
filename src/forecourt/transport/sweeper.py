"""One timer for all connections of an event loop: idle pings, dead peers, session deadlines, stalled handshakes.

A connection registers once and is visited when it said it is due. What makes it due later (bytes came in) costs nothing: the
visit finds that it is early and is booked again. Only what makes it due earlier needs `hasten`.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from typing import Protocol
from weakref import WeakKeyDictionary

from forecourt.clock import SYSTEM, Clock, Timer

_log = logging.getLogger(__name__)

# Visits are batched: a deadline is met this much late at the most.
_GRAIN_S = 0.05
# A timer that fires later than this says more about us than about our peers.
_LATE_S = 1.0


class Swept(Protocol):
    """What a sweeper visits."""

    def sweep(self, now: float) -> float | None:
        """Do what is due at `now`; return when the next visit is due, None when there is nothing more to watch."""


class Visit:
    """One booking, kept by its connection to hasten or end it."""

    __slots__ = ("due", "swept")

    def __init__(self, due: float, swept: Swept | None) -> None:
        self.due = due
        self.swept = swept

    @property
    def ended(self) -> bool:
        """Whether nobody is to be visited any more."""
        return self.swept is None

    def __lt__(self, other: Visit) -> bool:
        return self.due < other.due


class Sweeper:
    """Visits everything it watches when it is due. `of_loop` gives the one that all connections of an event loop share."""

    def __init__(self, clock: Clock = SYSTEM) -> None:
        self.clock = clock
        self._visits: list[Visit] = []
        self._live = 0
        self._timer: Timer | None = None
        self._timer_due = float("inf")
        self._put_off = False

    @classmethod
    def of_loop(cls) -> Sweeper:
        """The sweeper of the running event loop, on the machine's clock."""
        loop = asyncio.get_running_loop()
        sweeper = _OF_LOOPS.get(loop)
        if sweeper is None:
            sweeper = _OF_LOOPS[loop] = cls()
        return sweeper

    def watch(self, swept: Swept, due: float) -> Visit:
        """Visit `swept` at `due` and whenever it asks for from then on."""
        visit = Visit(due, swept)
        self._live += 1
        self._book(visit)
        return visit

    def hasten(self, visit: Visit, due: float) -> Visit:
        """Make a visit no later than `due`; return the booking that counts from now on."""
        if visit.due <= due or visit.swept is None:
            return visit
        earlier = Visit(due, visit.swept)
        visit.swept = None
        self._book(earlier)
        return earlier

    def end(self, visit: Visit) -> None:
        """Never visit again; harmless when the watch has ended already."""
        if visit.swept is not None:
            visit.swept = None
            self._live -= 1
            if not self._live:
                self._rest()

    def sweep(self, now: float) -> None:
        """Visit all that is due at `now`. The timer does this; a test does it by hand, with any `now` it likes."""
        visits = self._visits
        due_now = []
        while visits and visits[0].due <= now:
            due_now.append(heapq.heappop(visits))
        for visit in due_now:
            if visit.swept is None:
                continue
            try:
                due = visit.swept.sweep(now)
            except Exception:
                # One connection's failure must not leave the others unwatched.
                _log.exception("a sweep failed; its connection is no longer watched")
                due = None
            if due is None:
                self.end(visit)
            elif not visit.ended:
                visit.due = due
                heapq.heappush(visits, visit)
        self._arm()

    @property
    def watched(self) -> int:
        """How many are being watched."""
        return self._live

    def _book(self, visit: Visit) -> None:
        heapq.heappush(self._visits, visit)
        if visit.due < self._timer_due:
            self._arm()

    def _rest(self) -> None:
        """Hold on to nothing, not even to the event loop."""
        self._visits.clear()
        self._disarm()

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self._timer_due = float("inf")

    def _arm(self) -> None:
        self._disarm()
        while self._visits and self._visits[0].swept is None:
            heapq.heappop(self._visits)
        if self._visits:
            self._timer_due = max(self._visits[0].due, self.clock.monotonic() + _GRAIN_S)
            self._timer = self.clock.call_at(self._timer_due, self._fire)

    def _fire(self) -> None:
        due, now = self._timer_due, self.clock.monotonic()
        self._disarm()
        if now - due > _LATE_S and not self._put_off:
            # We were busy, so nobody was listened to: what peers have said meanwhile is read before anyone is judged by it.
            self._put_off = True
            self._timer_due = now + _GRAIN_S
            self._timer = self.clock.call_at(self._timer_due, self._fire)
            return
        self._put_off = False
        self.sweep(now)


_OF_LOOPS: WeakKeyDictionary[asyncio.AbstractEventLoop, Sweeper] = WeakKeyDictionary()
