"""What a process does now and then beside serving: expire commands, notice silent stations, make and drop partitions."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import text

from forecourt.clock import Clock
from forecourt.csms.config import Retention
from forecourt.csms.events import forget_events
from forecourt.csms.store.engine import Database
from forecourt.csms.store.partitions import Partitioned, create_ahead, drop_old

_LOG = logging.getLogger("forecourt.upkeep")

OFTEN_S: Final = 5.0
SELDOM_S: Final = 3600.0

MESSAGE_LOG: Final = Partitioned("message_log", "received_at")


@dataclass(frozen=True, slots=True)
class Kept:
    """A partitioned table and for how long its rows are kept."""

    split: Partitioned
    days: int


class Upkeep:
    """The two rounds of a process: one every few seconds in memory, one every hour in the database."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        often: Sequence[Callable[[], Awaitable[object]]],
        kept: Sequence[Kept],
        retention: Retention,
        seldom: Sequence[Callable[[], Awaitable[object]]] = (),
    ) -> None:
        """`often` and `seldom` are what others have done in the two rounds."""
        self._database = database
        self._clock = clock
        self._often = often
        self._seldom = seldom
        self._kept = kept
        self._retention = retention

    async def run(self) -> None:
        """Work for ever. Cancelling it is how it ends."""
        seldom_at = self._clock.monotonic()
        while True:
            for task in self._often:
                await self._attempt(task)
            if self._clock.monotonic() >= seldom_at:
                for task in (self.tidy, *self._seldom):
                    await self._attempt(task)
                seldom_at = self._clock.monotonic() + SELDOM_S
            await self._clock.sleep(OFTEN_S)

    async def tidy(self) -> None:
        """Make the partitions that are needed next, and drop what retention no longer keeps."""
        now = self._clock.now()
        for kept in self._kept:
            async with self._database.engine.begin() as connection:
                await create_ahead(connection, kept.split, now)
            async with self._database.engine.begin() as connection:
                await drop_old(connection, kept.split, now - timedelta(days=kept.days))
        old = now - timedelta(days=self._retention.message_log_days)
        async with self._database.engine.begin() as connection:
            for table, column in (("deviation", "received_at"), ("refused_handshake", "at")):
                await connection.execute(text(f"DELETE FROM {table} WHERE {column} < :old"), {"old": old})  # noqa: S608 - our own names
        before = now - timedelta(days=self._retention.event_days)
        while True:
            async with self._database.engine.begin() as connection:
                if not await forget_events(connection, before):
                    return

    async def _attempt(self, task: Callable[[], Awaitable[object]]) -> None:
        try:
            await task()
        except Exception:
            # The database may be away; the next round is soon enough.
            _LOG.warning("upkeep failed and will be tried again", exc_info=True)
