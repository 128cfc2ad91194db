"""Run by `test_crash.py`: stations that write numbered entries and say which ones were acknowledged."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from sqlalchemy import Column, Integer, MetaData, Table

from forecourt.clock import SYSTEM
from forecourt.csms.store.announced import Event
from forecourt.csms.store.errors import StoreAway
from forecourt.csms.store.opening import database_server, open_store
from forecourt.csms.store.rows import Rows
from forecourt.csms.store.work import Store

STATIONS = 20
TABLES = MetaData()
# Nothing here is unique: an entry written twice would stay twice.
written = Table("written", TABLES, Column("station", Integer), Column("number", Integer))
WRITTEN = Rows(written, "station", "number")


class NumberWritten(Event, frozen=True, kw_only=True):
    station_id: int
    number: int


async def station(store: Store, station_id: int, first: int) -> None:
    """Write entry after entry, every third in a transaction of its own, and report each one that is durable, or that is not known to be."""
    number = first
    while True:
        try:
            async with store.work(station_id) as work:
                if number % 3 == 0:
                    _ = await work.sql()
                work.add(WRITTEN, (station_id, number))
                work.announce(NumberWritten(station_id=station_id, number=number))
            outcome = ""
        except StoreAway:
            # The end of a transaction of its own may have gone unheard. A real station would say it again.
            outcome = " away"
        sys.stdout.write(f"{station_id} {number}{outcome}\n")
        sys.stdout.flush()
        number += 1


async def main(folder: Path, first: int) -> None:
    async with database_server("", folder) as addresses, open_store(addresses.owner, SYSTEM, hold_s=60.0) as store:
        async with store.database.engine.begin() as connection:
            await connection.run_sync(TABLES.create_all)
        async with asyncio.TaskGroup() as group:
            for station_id in range(STATIONS):
                group.create_task(station(store, station_id, first))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
