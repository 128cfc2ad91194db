"""Tables split by time: made ahead, dropped when old, and nothing lost when the job did not run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.csms.store.partitions import Partitioned, create_ahead, create_default, drop_old, existing
from forecourt.csms.store.work import Store

DAILY = Partitioned("reading", "received_at", ahead=2)
WEEKLY = Partitioned("reading", "received_at", step=timedelta(days=7), ahead=1)
NOW = datetime(2026, 11, 20, 13, 30, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
async def connection(store: Store) -> AsyncIterator[AsyncConnection]:
    async with store.database.engine.connect() as opened:
        await opened.execute(
            text(
                "CREATE TABLE reading (received_at timestamptz NOT NULL, gone int, value int NOT NULL DEFAULT 7 CHECK (value > 0))"
                " PARTITION BY RANGE (received_at)"
            )
        )
        await opened.execute(text("CREATE INDEX reading_received_at_idx ON reading USING brin (received_at)"))
        await opened.execute(text("CREATE INDEX reading_value_idx ON reading (value)"))
        await opened.run_sync(create_default, "reading")
        # Partitions made from now on have another order of columns inside than the default one.
        await opened.execute(text("ALTER TABLE reading DROP COLUMN gone"))
        await opened.commit()
        yield opened
        await opened.rollback()
        await opened.execute(text("DROP TABLE reading"))
        await opened.commit()


async def put(connection: AsyncConnection, *instants: datetime) -> None:
    for instant in instants:
        await connection.execute(text("INSERT INTO reading VALUES (:at)"), {"at": instant})
    await connection.commit()


async def places(connection: AsyncConnection) -> dict[str, int]:
    found = await connection.execute(text("SELECT tableoid::regclass::text, count(*) FROM reading GROUP BY 1"))
    return {row[0]: row[1] for row in found}


async def test_partitions_are_made_for_today_and_the_days_to_come(connection: AsyncConnection) -> None:
    made = await create_ahead(connection, DAILY, NOW)
    await connection.commit()
    assert [partition.name for partition in made] == ["reading_20261120", "reading_20261121", "reading_20261122"]
    assert made[0].start == datetime(2026, 11, 20, tzinfo=UTC)
    assert made[0].end == made[1].start
    assert await existing(connection, DAILY) == made
    assert await create_ahead(connection, DAILY, NOW) == []
    assert [partition.name for partition in await create_ahead(connection, DAILY, NOW + DAY)] == ["reading_20261123"]
    await connection.commit()
    await put(connection, NOW, NOW + DAY, NOW + 9 * DAY)
    assert await places(connection) == {"reading_20261120": 1, "reading_20261121": 1, "reading_default": 1}


async def test_a_partition_has_the_indexes_checks_and_defaults_of_its_table(connection: AsyncConnection) -> None:
    await create_ahead(connection, DAILY, NOW)
    await connection.commit()
    found = await connection.execute(
        text("SELECT indexdef FROM pg_indexes WHERE tablename = 'reading_20261120' ORDER BY 1")
    )
    assert [row[0].partition(" USING ")[2] for row in found] == ["brin (received_at)", "btree (value)"]
    await put(connection, NOW)
    assert (await connection.execute(text("SELECT value FROM reading_20261120"))).scalar_one() == 7
    with pytest.raises(DBAPIError, match="violates check constraint"):
        await connection.execute(text("INSERT INTO reading VALUES (:at, -1)"), {"at": NOW})


async def test_rows_that_came_before_their_partition_move_into_it(connection: AsyncConnection) -> None:
    await put(connection, NOW, NOW + timedelta(hours=10), NOW + DAY, NOW - DAY)
    assert await places(connection) == {"reading_default": 4}
    await create_ahead(connection, DAILY, NOW)
    await connection.commit()
    assert await places(connection) == {"reading_20261120": 2, "reading_20261121": 1, "reading_default": 1}


async def test_old_partitions_and_old_strays_are_dropped(connection: AsyncConnection) -> None:
    await create_ahead(connection, DAILY, NOW)
    await put(connection, NOW, NOW + DAY, NOW - 5 * DAY, NOW + 30 * DAY)
    # A partition goes when all of it is old, not before.
    assert await drop_old(connection, DAILY, datetime(2026, 11, 20, 23, 59, tzinfo=UTC)) == []
    dropped = await drop_old(connection, DAILY, datetime(2026, 11, 21, tzinfo=UTC))
    await connection.commit()
    assert [partition.name for partition in dropped] == ["reading_20261120"]
    assert await places(connection) == {"reading_20261121": 1, "reading_default": 1}


async def test_a_new_step_leaves_what_is_covered_as_it_is(connection: AsyncConnection) -> None:
    await create_ahead(connection, DAILY, NOW)
    made = await create_ahead(connection, WEEKLY, NOW)
    # The running week is partly covered by days; the next one, from Monday on, is not.
    assert [(partition.start.isoweekday(), partition.end - partition.start) for partition in made] == [(1, 7 * DAY)]
    assert made[0].start == datetime(2026, 11, 23, tzinfo=UTC)
    assert await create_ahead(connection, DAILY, NOW + 3 * DAY) == []


async def test_a_table_that_is_in_use_for_long_is_left_for_the_next_time(
    connection: AsyncConnection, store: Store
) -> None:
    await create_ahead(connection, DAILY, NOW)
    await connection.commit()
    async with store.database.engine.connect() as other:
        await other.execute(text("SELECT * FROM reading"))
        with pytest.raises(DBAPIError, match="lock timeout"):
            await drop_old(connection, DAILY, NOW + 9 * DAY)
    await connection.rollback()
    assert len(await existing(connection, DAILY)) == 3


async def test_writers_go_on_while_a_partition_is_made(connection: AsyncConnection, store: Store) -> None:
    await create_ahead(connection, DAILY, NOW)
    await connection.commit()
    async with store.database.engine.connect() as writer:
        await writer.execute(text("INSERT INTO reading VALUES (:at)"), {"at": NOW})
        # Its transaction is open, and so is ours: neither waits for the other.
        made: list[Any] = await create_ahead(connection, DAILY, NOW + DAY)
        await writer.execute(text("INSERT INTO reading VALUES (:at)"), {"at": NOW})
        await writer.commit()
    await connection.commit()
    assert len(made) == 1
    assert await places(connection) == {"reading_20261120": 2}
