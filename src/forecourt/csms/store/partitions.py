"""Tables split by time, so that old rows leave by dropping a table and not by deleting them one by one.

The owner of such a table creates it in its migration, `PARTITION BY RANGE` on an instant, followed by
`create_default`; a job calls `create_ahead` and `drop_old` with the owner's `Partitioned`. Such a table has no identity
column, and its unique keys contain the instant. A row for which no partition is there goes to the default one, and moves
when its partition is made: a wrong clock or a job that did not run loses nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

_EPOCH = datetime(1970, 1, 5, tzinfo=UTC)  # a Monday, so that weeks begin where people expect it
# While we wait for the lock, writers queue behind us.
_LOCK_WAIT = "2s"
_BOUNDS = re.compile(r"FROM \('([^']+)'\) TO \('([^']+)'\)")


@dataclass(frozen=True, slots=True)
class Partitioned:
    """A table split by `column` into partitions of `step` (whole days), made `ahead` steps before they are needed."""

    table: str
    column: str
    step: timedelta = timedelta(days=1)
    ahead: int = 3

    def start_of(self, instant: datetime) -> datetime:
        """The beginning of the partition that `instant` belongs to."""
        return _EPOCH + (instant - _EPOCH) // self.step * self.step


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition: rows from `start` until just before `end`."""

    name: str
    start: datetime
    end: datetime


def create_default(connection: Connection, table: str) -> None:
    """Give a new partitioned table its default partition. For migrations."""
    connection.execute(text(f'CREATE TABLE "{table}_default" PARTITION OF "{table}" DEFAULT'))


async def existing(connection: AsyncConnection, split: Partitioned) -> list[Partition]:
    """The partitions there are, the default one excepted, oldest first."""
    found = await connection.execute(
        text(
            "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = to_regclass(:table)"
        ),
        {"table": f'"{split.table}"'},
    )
    partitions = []
    for name, bounds in found:
        if match := _BOUNDS.search(bounds):
            # Connections are set to UTC, so PostgreSQL says +00.
            start, end = (datetime.fromisoformat(bound).astimezone(UTC) for bound in match.groups())
            partitions.append(Partition(name, start, end))
    return sorted(partitions, key=lambda partition: partition.start)


async def create_ahead(connection: AsyncConnection, split: Partitioned, now: datetime) -> list[Partition]:
    """Make the partitions for `now` and the coming steps that are not there yet, in the caller's transaction.

    Several processes may call this at once. Raises the driver's error if the table stays locked.
    """
    await _exclusive(connection, split)
    there = await existing(connection, split)
    made = []
    for number in range(split.ahead + 1):
        start = split.start_of(now) + number * split.step
        end = start + split.step
        # The owner may have changed the step: what is covered already stays as it is.
        if any(partition.start < end and start < partition.end for partition in there):
            continue
        partition = Partition(f"{split.table}_{start:%Y%m%d}", start, end)
        await _create(connection, split, partition)
        made.append(partition)
    return made


async def drop_old(connection: AsyncConnection, split: Partitioned, before: datetime) -> list[Partition]:
    """Drop the partitions that end at or before `before`, and such rows of the default one, in the caller's transaction."""
    await _exclusive(connection, split)
    old = [partition for partition in await existing(connection, split) if partition.end <= before]
    for partition in old:
        await connection.execute(text(f'DROP TABLE "{partition.name}"'))
    await connection.execute(
        text(f'DELETE FROM "{split.table}_default" WHERE "{split.column}" < :before'),  # noqa: S608
        {"before": before},
    )
    return old


async def _exclusive(connection: AsyncConnection, split: Partitioned) -> None:
    await connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'"))
    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:table))"), {"table": split.table})


async def _create(connection: AsyncConnection, split: Partitioned, partition: Partition) -> None:
    """Build beside the table, then attach: that does not stop those who write to it meanwhile."""
    parent, default, name, column = split.table, f"{split.table}_default", partition.name, split.column
    columns = ", ".join(
        f'"{row[0]}"'
        for row in await connection.execute(
            text(
                "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(:table)"
                " AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum"
            ),
            {"table": f'"{parent}"'},
        )
    )
    bounds = {"start": partition.start, "end": partition.end}
    await connection.execute(
        text(f'CREATE TABLE "{name}" (LIKE "{parent}" INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED)')
    )
    # Nobody may add to the default partition what belongs into the new one, between moving the rows and attaching.
    await connection.execute(text(f'LOCK TABLE "{default}" IN ACCESS EXCLUSIVE MODE'))
    await connection.execute(
        text(
            f'WITH moved AS (DELETE FROM "{default}" WHERE "{column}" >= :start AND "{column}" < :end RETURNING {columns})'  # noqa: S608
            f' INSERT INTO "{name}" ({columns}) SELECT {columns} FROM moved'
        ),
        bounds,
    )
    await connection.execute(
        text(
            f'ALTER TABLE "{parent}" ATTACH PARTITION "{name}"'
            f" FOR VALUES FROM ('{partition.start.isoformat()}') TO ('{partition.end.isoformat()}')"
        )
    )
