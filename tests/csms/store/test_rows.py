"""Descriptions of rows that cannot work are refused when they are declared, not when a station calls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as UUID_COLUMN

from forecourt.csms.stations.store import station
from forecourt.csms.store.entry import Entry, write
from forecourt.csms.store.rows import Absent, Latest, Once, Rows
from forecourt.csms.store.work import Store

TABLES = MetaData()
parent = Table("parent", TABLES, Column("id", Integer, primary_key=True, autoincrement=False))
child = Table("child", TABLES, Column("parent_id", Integer), Column("words", Text))
mixed = Table(
    "mixed",
    TABLES,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", DateTime(timezone=True)),
    Column("amount", Numeric(12, 3)),
    Column("words", Text),
    Column("data", JSONB),
    Column("raw", LargeBinary),
    Column("on", Boolean),
    Column("code", UUID_COLUMN(as_uuid=True)),
    Column("epoch", Integer, nullable=False, server_default="0"),
)
listed = Table("listed", TABLES, Column("id", Integer, primary_key=True), Column("many", ARRAY(Integer)))

VALUES = (
    datetime(2026, 11, 20, 12, 0, tzinfo=UTC),
    Decimal("12.345"),
    "Grüße",
    '{"a": [1, null]}',
    b"\0\xff",
    True,
    UUID(int=7),
)
NAMES = ("at", "amount", "words", "data", "raw", "on", "code")


@pytest.fixture(autouse=True)
async def tables(store: Store) -> AsyncIterator[None]:
    async with store.database.engine.begin() as connection:
        await connection.run_sync(TABLES.create_all)
        await connection.execute(text("ALTER TABLE child ADD FOREIGN KEY (parent_id) REFERENCES parent"))
    yield
    async with store.database.engine.begin() as connection:
        await connection.run_sync(TABLES.drop_all)


async def ask(store: Store, question: str) -> list[tuple[Any, ...]]:
    async with store.database.engine.begin() as connection:
        return [tuple(row) for row in await connection.execute(text(question))]


@pytest.mark.parametrize(
    "kind",
    [
        Rows(mixed, "id", *NAMES),
        Absent(mixed, "id", *NAMES),
        Latest(mixed, key=["id"], columns=NAMES, adds=True),
    ],
    ids=lambda kind: type(kind).__name__,
)
@pytest.mark.parametrize("values", [VALUES, (None,) * len(NAMES)], ids=["values", "nulls"])
async def test_every_way_of_writing_carries_every_type(store: Store, kind: Rows, values: tuple[Any, ...]) -> None:
    async with store.work() as work:
        work.add(kind, (1, *values))
    expected = tuple({"a": [1, None]} if value == '{"a": [1, null]}' else value for value in values)
    assert await ask(store, 'SELECT "at", amount, words, data, raw, "on", code FROM mixed') == [expected]


async def test_a_guard_carries_every_type(store: Store) -> None:
    guard = Once(mixed, "id", *NAMES, unique=["id"])
    async with store.work() as work:
        work.once(guard, (1, *VALUES))
    assert await ask(store, "SELECT amount, code FROM mixed") == [(Decimal("12.345"), UUID(int=7))]


async def test_a_parent_is_written_before_its_children_whatever_the_order_of_adding(store: Store) -> None:
    async with store.work() as work:
        work.add(Rows(child, "parent_id", "words", rank=1), (1, "a"))
        work.add(Rows(parent, "id"), (1,))
    assert await ask(store, "SELECT parent_id FROM child") == [(1,)]


@pytest.mark.parametrize("count", [1, 100])
async def test_arrays_are_written(store: Store, count: int) -> None:
    async with store.work() as work:
        work.add(Rows(parent, "id"), (1,))
        work.add(Rows(listed, "id", "many"), *((number, [number, 7]) for number in range(count)))
    assert await ask(store, "SELECT count(*), max(many) FROM listed") == [(count, [count - 1, 7])]


async def test_a_row_may_be_added_and_brought_up_to_date_at_once(store: Store) -> None:
    async with store.work() as work:
        work.add(Latest(mixed, key=["id"], columns=["words"], rank=1), (1, "then"))
        work.add(Rows(parent, "id"), (1,))
        work.add(Rows(mixed, "id", "words"), (1, "first"))
    assert await ask(store, "SELECT id, words FROM mixed") == [(1, "then")]


async def test_a_few_rows_of_several_kinds_are_one_statement_and_many_are_not(store: Store) -> None:
    driver = await store.database.open_connection()
    said: list[str] = []

    async def told(rows: int) -> list[str]:
        entry = Entry(None)
        entry.rows.append((Rows(parent, "id"), [(number,) for number in range(rows)]))
        entry.rows.append((Rows(child, "parent_id", "words", rank=1), [(0, "a")]))
        entry.rows.append((Latest(mixed, key=["id"], columns=["words"], adds=True, rank=2), [(1, "b")]))
        said.clear()
        async with driver.transaction():
            with driver.query_logger(lambda query: said.append(query.query)):
                await write(driver, [entry])
            found = await driver.fetchrow(
                "SELECT (SELECT count(*) FROM parent), (SELECT words FROM child), (SELECT words FROM mixed)"
            )
            assert found == (rows, "a", "b")
            await driver.execute("TRUNCATE parent, child, mixed")
        return said

    try:
        # The driver asks about types when it first meets them.
        await told(1)
        (one,) = await told(1)
        assert all(f'"{name}"' in one for name in ("parent", "child", "mixed"))
        # COPY, which is not told, and the others.
        (others,) = await told(100)
        assert '"parent"' not in others
    finally:
        await driver.close()


async def test_what_policies_look_into_is_written_before_what_they_judge(store: Store) -> None:
    driver = await store.database.open_connection()
    entry = Entry(None)
    entry.rows.append((Rows(child, "parent_id", "words", rank=2), [(None, "a")]))
    entry.rows.append((Rows(parent, "id"), [(1,)]))
    entry.rows.append((Latest(station, key=["id"], columns=["vendor"], rank=1), [(1, "us")]))
    said: list[str] = []
    try:
        async with driver.transaction():
            await write(driver, [entry])
            await driver.execute("TRUNCATE parent, child")
            with driver.query_logger(lambda query: said.append(query.query)):
                await write(driver, [entry])
    finally:
        await driver.close()
    before, judged = said
    assert '"parent"' in before
    assert '"station"' in before
    assert '"child"' in judged


async def test_absent_rows_are_added_and_present_ones_left_as_they_are(store: Store) -> None:
    kind = Absent(mixed, "id", "words")
    for rows in ([(1, "first")], [(1, "second"), (2, "new"), (2, "twice")]):
        async with store.work() as work:
            work.add(kind, *rows)
    assert await ask(store, "SELECT id, words FROM mixed ORDER BY id") == [(1, "first"), (2, "new")]


@pytest.mark.parametrize("adds", [False, True])
async def test_an_older_epoch_changes_nothing(store: Store, adds: bool) -> None:
    kind = Latest(mixed, key=["id"], columns=["epoch", "words"], adds=adds, unless_older="epoch")
    async with store.work() as work:
        work.add(Rows(mixed, "id", "epoch", "words"), (1, 5, "five"), (2, 5, "five"), (3, 5, "five"))
    async with store.work() as work:
        # In one flush the newest epoch wins too, wherever it stands.
        work.add(kind, (1, 4, "four"), (2, 5, "five again"), (3, 7, "seven"), (3, 6, "six"))
    assert await ask(store, "SELECT id, words FROM mixed ORDER BY id") == [(1, "five"), (2, "five again"), (3, "seven")]


async def test_a_row_nobody_has_is_brought_up_to_date_nowhere(store: Store) -> None:
    async with store.work() as work:
        work.add(Latest(mixed, key=["id"], columns=["words"]), (9, "nobody"))
    assert await ask(store, "SELECT * FROM mixed") == []


def test_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="no column nowhere"):
        Rows(mixed, "id", "nowhere")
    with pytest.raises(ValueError, match="none named"):
        Rows(mixed)


def test_an_array_cannot_travel_in_an_array_of_rows() -> None:
    Rows(listed, "id", "many")
    with pytest.raises(TypeError, match="jsonb"):
        Absent(listed, "id", "many")


def test_a_guard_needs_columns_that_are_always_there() -> None:
    with pytest.raises(ValueError, match="not be nullable"):
        Once(mixed, "id", "words", unique=["words"])


async def test_a_guard_is_not_for_adding(store: Store) -> None:
    guard = Once(mixed, "id", unique=["id"])
    with pytest.raises(TypeError, match=r"Work\.once"):
        store.work(1).add(guard, (1,))
