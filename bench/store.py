"""How many entries a second the journal makes durable, with nothing in front of it.

Many stations in one process commit entry after entry, each waiting for the commit of its last one: one row of a message
log, four readings, the latest state of its transaction, and for every second station a guard against repetitions, into
an embedded PostgreSQL of its own. Fails unless every acknowledged entry is there exactly once.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import cProfile
import json
import os
import pstats
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, MetaData, Numeric, SmallInteger, Table, Text, text

from forecourt.clock import SYSTEM
from forecourt.csms.store.embedded import EmbeddedPostgres
from forecourt.csms.store.engine import Database
from forecourt.csms.store.opening import database_server, open_store
from forecourt.csms.store.partitions import Partitioned, create_ahead, create_default
from forecourt.csms.store.rows import Latest, Once, Rows
from forecourt.csms.store.work import Store

metadata = MetaData()
SPLIT = "RANGE (received_at)"

message = Table(
    "bench_message",
    metadata,
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("station_id", BigInteger, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Index("bench_message_received_at_idx", "received_at", postgresql_using="brin"),
    Index("bench_message_station_idx", "station_id", "received_at"),
    postgresql_partition_by=SPLIT,
)
reading = Table(
    "bench_reading",
    metadata,
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("station_time", DateTime(timezone=True), nullable=False),
    Column("transaction_id", BigInteger, nullable=False),
    Column("evse_id", Integer, nullable=False),
    Column("measurand", SmallInteger, nullable=False),
    Column("phase", SmallInteger),
    Column("value", Numeric, nullable=False),
    Index("bench_reading_received_at_idx", "received_at", postgresql_using="brin"),
    Index("bench_reading_transaction_idx", "transaction_id"),
    postgresql_partition_by=SPLIT,
)
charge = Table(
    "bench_transaction",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("seq_no", Integer, nullable=False),
    Column("energy_wh", Numeric, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
)
seen = Table(
    "bench_seen",
    metadata,
    Column("station_id", BigInteger, primary_key=True, autoincrement=False),
    Column("seq_no", Integer, primary_key=True, autoincrement=False),
)

MESSAGE = Rows(message, "received_at", "station_id", "message_id", "action", "payload", "answer")
READING = Rows(reading, "received_at", "station_time", "transaction_id", "evse_id", "measurand", "phase", "value")
CHARGE = Latest(charge, key=["id"], columns=["seq_no", "energy_wh", "updated_at"], adds=True)
SEEN = Once(seen, "station_id", "seq_no", unique=["station_id", "seq_no"])
PAYLOAD = json.dumps({"eventType": "Updated", "triggerReason": "MeterValuePeriodic", "filler": "x" * 600})


async def station(store: Store, number: int, until: float, waits_s: list[float]) -> int:
    """Commit entries until the time is up; returns how many were acknowledged."""
    count = 0
    while (begun := SYSTEM.monotonic()) < until:
        count += 1
        async with store.work(number) as work:
            if number % 2:
                work.once(SEEN, (number, count))
            now, energy = work.now, Decimal(count) * 7
            work.add(MESSAGE, (now, number, str(count), "TransactionEvent", PAYLOAD, "{}"))
            work.add(READING, *((now, now, number, 1, kind, kind or None, energy) for kind in range(4)))
            work.add(CHARGE, (number, count, energy, now))
        waits_s.append(SYSTEM.monotonic() - begun)
    return count


async def prepare(database: Database, now: datetime) -> None:
    """Build the tables, split by day as the real ones are."""
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
        for table in (message, reading):
            await connection.run_sync(create_default, table.name)
            await create_ahead(connection, Partitioned(table.name, "received_at", timedelta(days=1)), now)


async def measure(stations: int, seconds: float, profile: bool) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="forecourt-bench-", dir=".") as place:
        os.chmod(place, 0o711)
        async with (
            database_server("", Path(place) / "database") as addresses,
            open_store(addresses.owner, SYSTEM) as store,
        ):
            await prepare(store.database, SYSTEM.now())
            waits_s: list[float] = []
            profiler = cProfile.Profile()
            server = EmbeddedPostgres(Path(place) / "database").pids()
            ours_s, theirs_s = cpu_s([os.getpid()]), cpu_s(server)
            begun = SYSTEM.monotonic()
            with profiler if profile else contextlib.nullcontext():
                async with asyncio.TaskGroup() as group:
                    runs = [
                        group.create_task(station(store, number, begun + seconds, waits_s))
                        for number in range(stations)
                    ]
            took_s = SYSTEM.monotonic() - begun
            acknowledged = sum(run.result() for run in runs)
            cpu = {
                "cpu_us_per_entry": round((cpu_s([os.getpid()]) - ours_s) / acknowledged * 1e6, 1),
                "postgres_cpu_us_per_entry": round((cpu_s(server) - theirs_s) / acknowledged * 1e6, 1),
            }
            if profile:
                pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats(30)
            return {**await verdict(store, acknowledged, took_s, sorted(waits_s)), **cpu}


def cpu_s(pids: Sequence[int]) -> float:
    """The processor time that processes have used so far, as the system keeps it."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


async def verdict(store: Store, acknowledged: int, took_s: float, waits_s: list[float]) -> dict[str, object]:
    """Count what is there against what was acknowledged, and say how the server was set."""
    async with store.database.engine.connect() as connection:

        async def one(statement: str) -> object:
            return (await connection.execute(text(statement))).scalar_one()

        messages = await one("SELECT count(*) FROM bench_message")
        readings = await one("SELECT count(*) FROM bench_reading")
        durability = {name: await one(f"SHOW {name}") for name in ("fsync", "synchronous_commit", "full_page_writes")}
    if messages != acknowledged or readings != 4 * acknowledged or set(durability.values()) != {"on"}:
        raise SystemExit(f"acknowledged {acknowledged}, messages {messages}, readings {readings}, {durability}")
    figures = store.journal.figures
    return {
        "name": "store",
        "entries_per_s": round(acknowledged / took_s),
        "rows_per_s": round(acknowledged * 6.5 / took_s),
        "p50_ms": round(waits_s[len(waits_s) // 2] * 1000, 1),
        "p99_ms": round(waits_s[len(waits_s) * 99 // 100] * 1000, 1),
        "entries": acknowledged,
        "entries_per_flush": round(figures.entries / figures.flushes, 1),
        "flushes_per_s": round(figures.flushes / took_s),
        **durability,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stations", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--profile", action="store_true", help="say on stderr where our process spent its time")
    given = parser.parse_args()
    try:
        import uvloop

        runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    except ImportError:
        runner = asyncio.Runner()
    with runner:
        print(json.dumps(runner.run(measure(given.stations, given.seconds, given.profile))))


if __name__ == "__main__":
    main()
