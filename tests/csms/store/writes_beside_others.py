"""Run by `test_two_writers.py`, several at once: a process that announces numbered events on a database others write to as well.

`python -m tests.csms.store.writes_beside_others URL NAME COUNT` prints a line when it is ready, begins at the end of its input,
and ends when all its events are durable.
"""

from __future__ import annotations

import asyncio
import sys

from forecourt.clock import SYSTEM
from forecourt.csms.store.announced import Event
from forecourt.csms.store.opening import open_store

STATIONS = 8


class Written(Event, frozen=True, kw_only=True):
    writer: str
    lane: int
    number: int


async def main(url: str, name: str, count: int) -> None:
    async with open_store(url, SYSTEM, hold_s=30.0) as store:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)

        async def write(lane: int) -> None:
            for number in range(count):
                async with store.work(lane) as work:
                    if number % 3 == 0:
                        # In a transaction of its own: its number is drawn long before it commits.
                        connection = await work.sql()
                        await connection.exec_driver_sql("SELECT pg_current_xact_id(), pg_sleep(0.002)")
                    work.announce(Written(writer=name, lane=lane, number=number))

        async with asyncio.TaskGroup() as group:
            for lane in range(STATIONS):
                group.create_task(write(lane))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
