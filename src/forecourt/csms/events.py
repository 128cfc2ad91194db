"""Reading what happened: every event, in one order, none skipped, however late its transaction commits.

Rows are numbered before they commit, so a reader that only remembers the highest number it saw skips what commits later.
The order here is `(xid, id)`, and a page ends before the oldest transaction that is still running: what is below it can
no longer change. An event is delivered at least once; its `id` tells a repetition.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.clock import Clock
from forecourt.csms.bus import Bus, Waking
from forecourt.csms.store.announced import EVENTS, Event
from forecourt.csms.store.engine import Database

__all__ = ["Cursor", "Event", "EventReader", "Page", "RecordedEvent", "beginning", "forget_events", "latest", "read"]

_LOG = logging.getLogger("forecourt.events")

_LEASE = timedelta(seconds=60)
_PAGE = 500
# How soon to look again for what a running transaction holds back: nobody tells us when that one ends.
_HELD_S = 0.1
_LOOK_S = 5.0
_LONGEST_PAUSE_S = 60.0


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """The place of an event in the order of all events; a reader's is that of the last event it has dealt with."""

    xid: int
    id: int

    def __str__(self) -> str:
        return f"{self.xid}-{self.id}"

    @classmethod
    def parse(cls, words: str) -> Self | None:
        """The cursor that `str` wrote, or None."""
        xid, dash, number = words.partition("-")
        numbers = xid.isascii() and xid.isdecimal() and number.isascii() and number.isdecimal()
        return cls(int(xid), int(number)) if dash and numbers and len(words) <= 40 else None


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event as it was recorded; `data` are the fields of its Struct, in camel case."""

    cursor: Cursor
    at: datetime
    kind: str
    organisation_id: int | None
    station_id: int | None
    data: dict[str, Any]

    @property
    def id(self) -> int:
        """What tells a repetition."""
        return self.cursor.id


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of the order. `full` says that there may be more, `held` that more is there but a running transaction may still put
    something before it; `resync` that events after the given cursor have been removed, so that whoever keeps a copy must read
    it anew."""

    events: tuple[RecordedEvent, ...]
    full: bool = False
    held: bool = False
    resync: bool = False

    @property
    def look_again_s(self) -> float:
        """After how many seconds to look for more at the latest, if nobody wakes the reader; 0 for at once."""
        if self.full or self.resync:
            return 0.0
        return _HELD_S if self.held else _LOOK_S


async def read(connection: AsyncConnection, after: Cursor, limit: int = _PAGE) -> Page:
    """The next events after a cursor, oldest first."""
    # In one statement: had the events been removed before we looked for them, their horizon is there.
    found = await connection.execute(
        text(
            "SELECT e.*, h.xid, h.id FROM (SELECT 1) AS one LEFT JOIN event_horizon AS h ON true LEFT JOIN LATERAL ("
            "SELECT xid, id, at, kind, organisation_id, station_id, data, xid < pg_snapshot_xmin(pg_current_snapshot())"
            " FROM event WHERE (xid, id) > (:xid, :id) ORDER BY xid, id LIMIT :limit) AS e ON true ORDER BY e.xid, e.id"
        ),
        {"xid": after.xid, "id": after.id, "limit": limit},
    )
    rows = found.all()
    horizon = rows[0][8:]
    if horizon[0] is not None and after < Cursor(*horizon):
        return Page((), resync=True)
    given = [row for row in rows if row[0] is not None]
    events = tuple(RecordedEvent(Cursor(row[0], row[1]), *row[2:7]) for row in given if row[7])
    return Page(events, held=len(events) < len(given), full=len(events) == limit)


async def latest(connection: AsyncConnection) -> Cursor:
    """Where a reader begins that wants only what is committed from now on."""
    snapshot = text("SELECT pg_snapshot_xmin(pg_current_snapshot())")
    return Cursor((await connection.execute(snapshot)).scalar_one(), 0)


async def beginning(connection: AsyncConnection) -> Cursor:
    """Where a reader begins that wants everything there still is."""
    return await _horizon(connection) or Cursor(0, 0)


async def forget_events(connection: AsyncConnection, before: datetime, limit: int = 10_000) -> int:
    """Remove up to `limit` of the oldest events recorded before an instant, in the caller's transaction; returns how many.

    Readers that had not come that far are told to `resync`.
    """
    removed = await connection.execute(
        text(
            "WITH gone AS (DELETE FROM event WHERE (xid, id) IN"
            " (SELECT xid, id FROM event WHERE at < :before ORDER BY xid, id LIMIT :limit) RETURNING xid, id),"
            " last AS (SELECT xid, id FROM gone ORDER BY xid DESC, id DESC LIMIT 1),"
            " horizon AS (INSERT INTO event_horizon AS h (single, xid, id) SELECT 1, xid, id FROM last"
            " ON CONFLICT (single) DO UPDATE SET xid = excluded.xid, id = excluded.id"
            " WHERE (h.xid, h.id) < (excluded.xid, excluded.id))"
            " SELECT count(*) FROM gone"
        ),
        {"before": before, "limit": limit},
    )
    return int(removed.scalar_one())


async def _horizon(connection: AsyncConnection) -> Cursor | None:
    row = (await connection.execute(text("SELECT xid, id FROM event_horizon"))).one_or_none()
    return None if row is None else Cursor(*row)


class EventReader:
    """A durable reader: its place is kept in the database under its name, and one process at a time reads for it."""

    def __init__(
        self,
        name: str,
        handle: Callable[[Sequence[RecordedEvent]], Awaitable[None]],
        *,
        database: Database,
        bus: Bus,
        clock: Clock,
        node: str,
        resync: Callable[[], Awaitable[None]],
        from_beginning: bool = False,
    ) -> None:
        """`handle` gets some events in order and returns when it has dealt with them; until then they are not behind us.

        What it raises is logged, and it gets the same events again later. It should take less than a minute, after which
        another process may begin with the same ones. `resync` is called instead when events it had not seen are gone.
        """
        self._name = name
        self._handle = handle
        self._resync = resync
        self._database = database
        self._bus = bus
        self._clock = clock
        self._node = node
        self._from_beginning = from_beginning

    async def run(self) -> None:
        """Read for ever. Run it as a task of a group; cancelling it is how it ends."""
        pause_s = 0.0
        async with Waking(self._bus, EVENTS, self._clock) as waking:
            while True:
                waking.forget()
                try:
                    look_again_s = await self.step()
                    pause_s = 0.0
                except Exception:
                    _LOG.exception("reading events for %s failed", self._name)
                    pause_s = look_again_s = min(max(1.0, 2 * pause_s), _LONGEST_PAUSE_S)
                    await self._clock.sleep(pause_s)
                    continue
                if look_again_s > 0:
                    await waking.wait(look_again_s)

    async def step(self) -> float:
        """Deal with one page. Returns after how many seconds to look again at the latest, 0 for at once."""
        cursor = await self._claim()
        if cursor is None:
            return _LOOK_S
        async with self._database.engine.connect() as connection:
            page = await read(connection, cursor)
            # Taken before the copy is read anew, so that nothing falls between.
            behind = await latest(connection) if page.resync else cursor
        if page.resync:
            await self._resync()
            await self._advance(behind)
            return 0.0
        if page.events:
            await self._handle(page.events)
            await self._advance(page.events[-1].cursor)
        return page.look_again_s

    async def _claim(self) -> Cursor | None:
        """Our place, or None while another process reads for this name."""
        now = self._clock.now()
        given = {"name": self._name, "node": self._node, "now": now, "until": now + _LEASE}
        claim = text(
            "UPDATE event_cursor SET leased_by = :node, leased_until = :until"
            " WHERE name = :name AND (leased_by = :node OR leased_until IS NULL OR leased_until <= :now) RETURNING xid, id"
        )
        async with self._database.engine.begin() as connection:
            row = (await connection.execute(claim, given)).one_or_none()
            if row is None:
                start = await (beginning if self._from_beginning else latest)(connection)
                await connection.execute(
                    text("INSERT INTO event_cursor (name, xid, id) VALUES (:name, :xid, :id) ON CONFLICT DO NOTHING"),
                    {"name": self._name, "xid": start.xid, "id": start.id},
                )
                row = (await connection.execute(claim, given)).one_or_none()
        return None if row is None else Cursor(*row)

    async def _advance(self, cursor: Cursor) -> None:
        """Put the page behind us, unless another process has taken over because we were too slow."""
        async with self._database.engine.begin() as connection:
            await connection.execute(
                text("UPDATE event_cursor SET xid = :xid, id = :id WHERE name = :name AND leased_by = :node"),
                {"xid": cursor.xid, "id": cursor.id, "name": self._name, "node": self._node},
            )
