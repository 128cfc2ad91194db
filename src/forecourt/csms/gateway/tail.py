"""The message log as it is written, for those who follow it. Each hears what its filters leave, and no more than it may see.

Nobody waits for a follower: what one does not take in time is left out, and it is told how much that was. While nobody
follows, nothing is done.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from forecourt.clock import Clock
from forecourt.csms.gateway.log import LOGGED
from forecourt.csms.stations.model import Station
from forecourt.csms.store.rows import Row
from forecourt.csms.store.scopes import Scope
from forecourt.csms.store.work import Work

MOST_HELD: Final = 500
"""Messages that wait for one follower."""

HEARTBEAT_S: Final = 15.0
_CALLER, _ACTION, _REQUEST, _ANSWER, _ERROR = (
    LOGGED.columns.index(name) for name in ("caller", "action", "request", "answer", "error")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """Which messages are followed, within what may be seen. None means all."""

    scope: Scope
    station: int | None = None
    site: int | None = None
    organisation: int | None = None
    caller: str | None = None
    action: str | None = None
    failed: bool | None = None
    words: str | None = None

    def takes(self, station: Station, row: Row) -> bool:
        """Whether a message is for this follower: the same as the list with these filters would say."""
        if self.station not in (None, station.key) or not self.scope.sees(station.organisation, station.site):
            return False
        if self.site not in (None, station.site) or self.organisation not in (None, station.organisation):
            return False
        if self.caller not in (None, row[_CALLER]) or self.action not in (None, row[_ACTION]):
            return False
        if self.failed is not None and self.failed is not bool(row[_ERROR]):
            return False
        if self.words is None:
            return True
        words = self.words.casefold()
        return any(words in str(row[place]).casefold() for place in (_REQUEST, _ANSWER))


@dataclass(frozen=True, slots=True)
class Lines:
    """What a follower is told next. `missed` is how many were left out before them."""

    rows: tuple[Row, ...] = ()
    missed: int = 0


class Tail:
    """The followers of this process."""

    def __init__(self, clock: Clock) -> None:
        self.over = False
        """Whether nothing more will come."""
        self._clock = clock
        self._followers: set[Follower] = set()

    def followers_of(self, owner: str) -> int:
        """How many of them are somebody's."""
        return sum(follower.owner == owner for follower in self._followers)

    @property
    def followers(self) -> int:
        """How many follow."""
        return len(self._followers)

    def follow(self, followed: Followed, owner: str) -> Follower:
        """Begin to hear what is written from now on. The follower has to be closed."""
        follower = Follower(self, self._clock, followed, owner)
        self._followers.add(follower)
        return follower

    def log(self, work: Work, station: Station, row: Row) -> None:
        """Write a row of the log in a unit of work; followers hear of it once it is there."""
        work.add(LOGGED, row)
        if self._followers:
            work.on_commit(lambda: self._tell(station, row))

    def close(self) -> None:
        """Let every follower end."""
        self.over = True
        for follower in self._followers:
            follower.woken.set()

    def forget(self, follower: Follower) -> None:
        """For followers."""
        self._followers.discard(follower)

    def _tell(self, station: Station, row: Row) -> None:
        for follower in self._followers:
            follower.hear(station, row)


class Follower:
    """Somebody who follows the log."""

    def __init__(self, tail: Tail, clock: Clock, followed: Followed, owner: str) -> None:
        self.owner = owner
        self.woken = asyncio.Event()
        self._tail = tail
        self._clock = clock
        self._followed = followed
        self._waiting: deque[Row] = deque()
        self._missed = 0

    def hear(self, station: Station, row: Row) -> None:
        """Take a message, if it is one that is followed."""
        if not self._followed.takes(station, row):
            return
        if len(self._waiting) >= MOST_HELD:
            self._missed += 1
            return
        self._waiting.append(row)
        self.woken.set()

    async def lines(self) -> AsyncIterator[Lines]:
        """What is written, in order. Now and then there is nothing new: that too is told. Ends with the tail."""
        while not self._tail.over:
            if not self._waiting:
                try:
                    async with self._clock.timeout(HEARTBEAT_S):
                        await self.woken.wait()
                except TimeoutError:
                    pass
            self.woken.clear()
            told = Lines(tuple(self._waiting), self._missed)
            self._waiting.clear()
            self._missed = 0
            yield told

    def close(self) -> None:
        """Follow no more; harmless when repeated."""
        self._tail.forget(self)
