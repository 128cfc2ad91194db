"""One reader of the event table for everybody who watches, however many they are.

What was read last is kept in a ring. A watcher is a place in the order and nothing more: it takes from the ring at its own
pace, and who has fallen behind that reads pages from the database until it has caught up. So a slow watcher costs nobody
anything. Readings are no events: of each station the newest are sent, at most once a second, and none is kept.
"""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from forecourt.clock import Clock
from forecourt.csms.blocks.metering.model import NewestReadings
from forecourt.csms.bus import Bus, Waking
from forecourt.csms.events import Cursor, RecordedEvent, latest, read
from forecourt.csms.feed.filters import Watched
from forecourt.csms.feed.readings import EvseReadings, readings_of
from forecourt.csms.stations.model import Station
from forecourt.csms.stations.registry import Stations
from forecourt.csms.store.announced import EVENTS
from forecourt.csms.store.engine import Database

_LOG = logging.getLogger("forecourt.feed")

RING: Final = 10_000
_PAGE: Final = 500
_PAUSE_S: Final = 1.0
_COALESCED_S: Final = 1.0
HEARTBEAT_S: Final = 15.0


class FeedEvent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Something that happened. `cursor` is its place in the order of all events, `id` tells a repetition."""

    cursor: str
    id: int
    at: Any
    kind: str
    organisation_id: int | None
    station_id: int | None
    data: dict[str, Any]

    @classmethod
    def of(cls, event: RecordedEvent) -> FeedEvent:
        return cls(
            cursor=str(event.cursor),
            id=event.id,
            at=event.at,
            kind=event.kind,
            organisation_id=event.organisation_id,
            station_id=event.station_id,
            data=event.data,
        )


@dataclass(frozen=True, slots=True)
class News:
    """What a watcher is told next. `cursor` is how far it has come by that; `resync` that events in between are gone."""

    cursor: Cursor
    events: tuple[RecordedEvent, ...] = ()
    readings: tuple[EvseReadings, ...] = ()
    resync: bool = False


class Feed:
    """The reader of this process, and its watchers."""

    def __init__(
        self, *, database: Database, bus: Bus, clock: Clock, stations: Stations, ring: int = RING, page: int = _PAGE
    ) -> None:
        self._database = database
        self._bus = bus
        self._clock = clock
        self._stations = stations
        self._size = ring
        self._page = page
        self._ring: list[RecordedEvent] = []
        self._places: list[Cursor] = []
        self._start: Cursor | None = None
        """Everything after it is in the ring, up to `_head`."""
        self._head: Cursor | None = None
        self._ready = asyncio.Event()
        self._watchers: set[Watcher] = set()
        self._coming = 0
        """How many are about to watch."""
        self._wanted = asyncio.Event()
        self._over = False
        self._tick = 0
        self._versions: dict[Station, int] = {}
        self._changed: OrderedDict[Station, int] = OrderedDict()
        """Stations with the tick at which their readings changed last, the latest at the end."""

    @property
    def watchers(self) -> int:
        """How many watch."""
        return len(self._watchers)

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self._over

    async def run(self) -> None:
        """Read for ever. Run it as a task of a group; cancelling it ends every watcher."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._read())
                group.create_task(self._tell_readings())
        finally:
            self._over = True
            self._ready.set()
            self._wake()

    def watchers_of(self, owner: str) -> int:
        """How many of them are somebody's."""
        return sum(watcher.owner == owner for watcher in self._watchers)

    async def watch(self, watched: Watched, after: Cursor | None, *, readings: bool, owner: str = "") -> Watcher:
        """Begin to watch after a place, or with what happens from now on. The watcher has to be closed."""
        self._coming += 1
        self._wanted.set()
        try:
            return await self._admit(watched, after, readings, owner)
        finally:
            self._coming -= 1

    async def _admit(self, watched: Watched, after: Cursor | None, readings: bool, owner: str) -> Watcher:
        await self._ready.wait()
        head = self._head or Cursor(0, 0)
        astray = False
        if after is not None and after > head:
            async with self._database.plain.connect() as connection:
                now = await latest(connection)
            # Nobody can have been told of what has yet to happen: it is a place in another database's order.
            astray = after > now
            head = now if astray else head
        watcher = Watcher(self, watched, head if after is None or astray else after, readings, owner, lost=astray)
        self._watchers.add(watcher)
        return watcher

    async def page(self, watched: Watched, after: Cursor | None, limit: int) -> News:
        """Events after a place, without waiting: those among the next `limit` that the watcher takes.

        Without a place there are none, and the cursor is where to begin.
        """
        async with self._database.plain.connect() as connection:
            if after is None:
                return News(await latest(connection))
            found = await read(connection, after, limit)
            now = await latest(connection)
            if found.resync or after > now:
                return News(now, resync=True)
        reached = found.events[-1].cursor if found.events else after
        return News(reached, tuple(event for event in found.events if watched.takes(event, self._stations)))

    def readings(self, watched: Watched) -> list[EvseReadings]:
        """The newest readings of all stations the watcher may see, as far as this process has heard any."""
        found: list[EvseReadings] = []
        for station in self._stations:
            if station.remembers(NewestReadings) and watched.takes_readings(station):
                found += readings_of(station)
        return found

    # For watchers.

    def forget(self, watcher: Watcher) -> None:
        self._watchers.discard(watcher)

    async def next_events(self, watched: Watched, after: Cursor) -> News:
        """What follows a place, from the ring or else from the database. Its cursor is `after` if nothing does."""
        if self._start is None or self._head is None:
            return News(after)
        if after >= self._start:
            first = bisect_right(self._places, after)
            found: Sequence[RecordedEvent] = self._ring[first : first + self._page]
            reached = found[-1].cursor if found else after
            return News(reached, tuple(event for event in found if watched.takes(event, self._stations)))
        return await self.page(watched, after, self._page)

    def changed_since(self, watched: Watched, tick: int) -> tuple[int, tuple[EvseReadings, ...]]:
        """Readings that changed after a tick, and the tick that they are of."""
        found: list[EvseReadings] = []
        for station, changed_at in reversed(self._changed.items()):
            if changed_at <= tick:
                break
            if watched.takes_readings(station):
                found += readings_of(station)
        return self._tick, tuple(found)

    async def pause(self, woken: asyncio.Event, longest_s: float) -> None:
        try:
            async with self._clock.timeout(longest_s):
                await woken.wait()
        except TimeoutError:
            pass

    # The reader.

    async def _read(self) -> None:
        async with Waking(self._bus, EVENTS, self._clock) as waking:
            while True:
                if not self._watchers and not self._coming:
                    await self._rest()
                waking.forget()
                try:
                    look_again_s = await self._step()
                except Exception:
                    _LOG.warning("events could not be read and will be tried again", exc_info=True)
                    await self._clock.sleep(_PAUSE_S)
                    continue
                if look_again_s > 0:
                    await waking.wait(look_again_s)

    async def _rest(self) -> None:
        """While nobody watches nothing is read. Whoever comes begins with what happens then, or reads his own way from before."""
        self._ready.clear()
        self._start = self._head = None
        self._ring.clear()
        self._places.clear()
        self._wanted.clear()
        await self._wanted.wait()

    async def _step(self) -> float:
        """Read one page. Returns after how many seconds to look again at the latest, 0 for at once."""
        async with self._database.plain.connect() as connection:
            if self._head is None:
                self._start = self._head = await latest(connection)
                self._ready.set()
                return 0.0
            page = await read(connection, self._head)
            if page.resync:
                # Older than retention: the database was away for long. Watchers read their own way from there.
                self._ring.clear()
                self._places.clear()
                self._start = self._head = await latest(connection)
                self._wake()
                return 0.0
        if page.events:
            self._ring += page.events
            self._places += [event.cursor for event in page.events]
            self._head = page.events[-1].cursor
            if len(self._ring) > 2 * self._size:
                cut = len(self._ring) - self._size
                self._start = self._places[cut - 1]
                del self._ring[:cut]
                del self._places[:cut]
            self._wake()
        return page.look_again_s

    def _wake(self) -> None:
        for watcher in self._watchers:
            watcher.woken.set()

    async def _tell_readings(self) -> None:
        while True:
            await self._clock.sleep(_COALESCED_S)
            if any(watcher.wants_readings for watcher in self._watchers):
                self._look_at_readings()

    def _look_at_readings(self) -> None:
        self._tick += 1
        changed = False
        for station in self._stations:
            if station.remembers(NewestReadings):
                version = station.recall(NewestReadings).version
                if self._versions.get(station) != version:
                    self._versions[station] = version
                    self._changed[station] = self._tick
                    self._changed.move_to_end(station)
                    changed = True
        if changed:
            self._wake()


class Watcher:
    """Somebody who watches: his place, and what he may see."""

    def __init__(
        self, feed: Feed, watched: Watched, cursor: Cursor, wants_readings: bool, owner: str, *, lost: bool
    ) -> None:
        self._feed = feed
        self._watched = watched
        self.cursor = cursor
        """The place of the last event he was told of, or that was not for him."""
        self.wants_readings = wants_readings
        self.owner = owner
        self.woken = asyncio.Event()
        self._tick = 0
        self._lost = lost

    async def news(self) -> AsyncIterator[News]:
        """Everything that happens, in order. Now and then there is nothing new: that too is told. Ends with the feed."""
        if self._lost:
            yield News(self.cursor, resync=True)
        while not self._feed.over:
            self.woken.clear()
            found = await self._feed.next_events(self._watched, self.cursor)
            readings: tuple[EvseReadings, ...] = ()
            if self.wants_readings:
                self._tick, readings = self._feed.changed_since(self._watched, self._tick)
            moved = found.cursor != self.cursor
            self.cursor = found.cursor
            if found.events or found.resync or readings:
                yield News(found.cursor, found.events, readings, found.resync)
            elif not moved:
                before = self._feed.over
                await self._feed.pause(self.woken, HEARTBEAT_S)
                if not self.woken.is_set() and not before:
                    yield News(self.cursor)

    def close(self) -> None:
        """Watch no more; harmless when repeated."""
        self._feed.forget(self)
