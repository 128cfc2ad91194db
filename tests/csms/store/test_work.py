"""The unit of work: one interface, whether it is journaled or a transaction of its own."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, SmallInteger, Table, Text, insert, select, text

from forecourt.clock import SYSTEM
from forecourt.csms.store.announced import Event
from forecourt.csms.store.embedded import EmbeddedPostgres
from forecourt.csms.store.engine import connect
from forecourt.csms.store.errors import EntryRefused, StoreAway, StoreBusy, StoreFault
from forecourt.csms.store.opening import open_store
from forecourt.csms.store.rows import Once, Rows
from forecourt.csms.store.work import Store

TABLES = MetaData()
note = Table(
    "note", TABLES, Column("station", Integer, nullable=False), Column("words", Text), Column("size", SmallInteger)
)
seen = Table("seen", TABLES, Column("number", Integer, primary_key=True, autoincrement=False))
NOTE = Rows(note, "station", "words")
SEEN = Once(seen, "number", unique=["number"])


class DoorOpened(Event, frozen=True, kw_only=True):
    organisation_id: int


@pytest.fixture(autouse=True)
async def tables(store: Store) -> AsyncIterator[None]:
    async with store.database.engine.begin() as connection:
        await connection.run_sync(TABLES.create_all)
    yield
    async with store.database.engine.begin() as connection:
        await connection.run_sync(TABLES.drop_all)


async def ask(store: Store, question: str) -> list[tuple[Any, ...]]:
    async with store.database.engine.begin() as connection:
        return [tuple(row) for row in await connection.execute(text(question))]


@pytest.mark.parametrize("own", [False, True])
async def test_leaving_the_block_commits_rows_and_events_together(store: Store, own: bool) -> None:
    async with store.work(1) as work:
        if own:
            await (await work.sql()).execute(insert(note).values(station=1, words="by sql"))
        work.add(NOTE, (1, "a"), (1, "b"))
        work.announce(DoorOpened(organisation_id=5))
    assert len(await ask(store, "SELECT * FROM note")) == (3 if own else 2)
    assert await ask(store, "SELECT kind, organisation_id, station_id, data FROM event") == [
        ("DoorOpened", 5, None, {"organisationId": 5})
    ]
    # One transaction: every row was written by the same one.
    assert await ask(store, "SELECT count(*) > 0, bool_and(note.xmin = event.xid::xid) FROM note, event") == [(1, True)]


@pytest.mark.parametrize("own", [False, True])
async def test_an_exception_abandons_everything(store: Store, own: bool) -> None:
    async def failing() -> None:
        async with store.work(1) as work:
            if own:
                await (await work.sql()).execute(insert(note).values(station=1, words="by sql"))
            work.add(NOTE, (1, "a"))
            work.announce(DoorOpened(organisation_id=5))
            raise LookupError

    with pytest.raises(LookupError):
        await failing()
    assert await ask(store, "SELECT * FROM note") == []
    assert await ask(store, "SELECT * FROM event") == []


async def test_rows_of_an_own_transaction_are_written_all_or_none_even_without_any_sql(store: Store) -> None:
    async def half_wrong() -> None:
        async with store.work(1) as work:
            _ = await work.sql()
            work.add(NOTE, (1, "fine"))
            work.add(Rows(seen, "number"), (1,), (1,))

    with pytest.raises(EntryRefused) as caught:
        await half_wrong()
    assert caught.value.constraint == "seen_pkey"
    assert await ask(store, "SELECT * FROM note") == []


@pytest.mark.parametrize("own", [False, True])
async def test_a_repetition_is_told_and_writes_nothing(store: Store, own: bool) -> None:
    outcomes = []
    for _ in range(2):
        async with store.work(1) as work:
            if own:
                await (await work.sql()).execute(insert(note).values(station=1, words="by sql"))
            work.once(SEEN, (7,))
            work.add(NOTE, (1, "a"))
        outcomes.append(work.repeated)
    assert outcomes == [False, True]
    assert len(await ask(store, "SELECT * FROM note")) == (2 if own else 1)


@pytest.mark.parametrize("own", [False, True])
async def test_refused_values_are_kept_aside_and_their_caller_is_told(store: Store, own: bool) -> None:
    async def odd() -> None:
        async with store.work("CP-1") as work:
            if own:
                await (await work.sql()).execute(insert(note).values(station=1, words="by sql"))
            work.add(NOTE, (1, "nul \0"))

    with pytest.raises(EntryRefused) as caught:
        await odd()
    assert caught.value.sqlstate == "22021"
    assert await ask(store, "SELECT * FROM note") == []
    assert await ask(store, "SELECT key, sqlstate FROM refused_entry") == [("CP-1", "22021")]


async def test_values_refused_in_the_blocks_own_sql_are_kept_aside_too(store: Store) -> None:
    async def odd() -> None:
        async with store.work(1) as work:
            work.add(NOTE, (1, "fine"))
            await (await work.sql()).execute(insert(note).values(station=None))

    with pytest.raises(EntryRefused) as caught:
        await odd()
    assert (caught.value.sqlstate, caught.value.table, caught.value.column) == ("23502", "note", "station")
    assert await ask(store, "SELECT sqlstate, table_name, column_name FROM refused_entry") == [
        ("23502", "note", "station")
    ]


async def test_a_statement_that_is_wrong_is_our_fault(store: Store) -> None:
    with pytest.raises(StoreFault):
        async with store.work(1) as work:
            await (await work.sql()).execute(text("SELECT * FROM nowhere"))


async def test_a_deadlock_is_told_apart_because_trying_again_may_help(store: Store) -> None:
    await ask(store, "INSERT INTO note VALUES (1), (2) RETURNING station")
    lock = "SELECT station FROM note WHERE station = :station FOR UPDATE"
    first_has_one, second_has_two = asyncio.Event(), asyncio.Event()

    async def cross(mine: int, other: int, have: asyncio.Event, theirs: asyncio.Event) -> str:
        try:
            async with store.work(mine) as work:
                connection = await work.sql()
                await connection.execute(text(lock), {"station": mine})
                have.set()
                await theirs.wait()
                await connection.execute(text(lock), {"station": other})
        except StoreBusy:
            return "busy"
        return "done"

    async with asyncio.TaskGroup() as group:
        one = group.create_task(cross(1, 2, first_has_one, second_has_two))
        two = group.create_task(cross(2, 1, second_has_two, first_has_one))
    assert sorted([one.result(), two.result()]) == ["busy", "done"]


async def test_what_is_written_in_the_own_transaction_is_seen_by_its_sql_only(store: Store) -> None:
    async with store.work(1) as work:
        connection = await work.sql()
        await connection.execute(insert(note).values(station=1))
        assert (await connection.execute(select(note.c.station))).scalars().all() == [1]
        assert await ask(store, "SELECT * FROM note") == []


async def test_an_empty_unit_asks_nothing_of_the_database(store: Store) -> None:
    async with store.work(1):
        pass
    assert store.journal.figures.attempts == 0


async def test_a_finished_unit_is_finished(store: Store) -> None:
    async with store.work(1) as work:
        assert await work.commit() is False
        with pytest.raises(RuntimeError, match="finished"):
            await work.commit()
        with pytest.raises(RuntimeError, match="finished"):
            _ = await work.sql()


async def test_one_guard_is_all_a_unit_has(store: Store) -> None:
    async with store.work(1) as work:
        work.once(SEEN, (1,))
        with pytest.raises(ValueError, match="one guard"):
            work.once(SEEN, (2,))
        with pytest.raises(ValueError, match="1 values, not 2"):
            store.work(1).once(SEEN, (1, 2))


async def test_work_for_after_the_answer_is_only_remembered(store: Store) -> None:
    done = []

    async def call_back() -> None:
        done.append(True)

    async with store.work(1) as work:
        work.after_answer(call_back)
    assert not done
    await work.afterwards[0]()
    assert done


async def test_a_database_that_is_away_too_long_is_told_and_one_that_returns_is_waited_for(server_folder: Path) -> None:
    server = EmbeddedPostgres(server_folder)
    await asyncio.to_thread(server.start)
    try:
        async with open_store(server.url(), SYSTEM, hold_s=0.3) as store:
            changes: list[bool] = []
            store.journal._on_change = changes.append
            await asyncio.to_thread(server.stop)
            for own in (False, True):
                with pytest.raises(StoreAway):
                    await announce(store, own)
            assert changes == [False]
            assert not store.journal.available
            store.hold_s = 30.0
            async with asyncio.TaskGroup() as group:
                waiting = [group.create_task(announce(store, own)) for own in (False, True)]
                await asyncio.wait(waiting, timeout=0.2)
                assert not any(task.done() for task in waiting)
                server = EmbeddedPostgres(server_folder)
                await asyncio.to_thread(server.start)
            assert changes == [False, True]
            assert await ask(store, "SELECT count(*) FROM event") == [(2,)]
    finally:
        await asyncio.to_thread(server.stop)


async def announce(store: Store, own: bool) -> None:
    async with store.work(1) as work:
        if own:
            _ = await work.sql()
        work.announce(DoorOpened(organisation_id=1))


async def test_a_store_without_a_database_does_not_open() -> None:
    with pytest.raises(StoreAway, match="does not answer"):
        async with open_store("postgresql://nobody:secret@/nothing?host=/nowhere", SYSTEM):
            pass
    assert "secret" not in repr(connect("postgresql://nobody:secret@/nothing?host=/nowhere"))


@pytest.mark.parametrize("moment", ["before", "meanwhile", "at the commit"])
async def test_a_database_that_says_nothing_any_more_is_away(
    server_folder: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    monkeypatch.setattr("forecourt.csms.store.silence.GRACE_S", 0.3)
    monkeypatch.setattr("forecourt.csms.store.work.GRACE_S", 0.3)
    monkeypatch.setattr("forecourt.csms.store.work._SHORTEST_STATEMENT_S", 0.3)
    monkeypatch.setattr("forecourt.csms.store.work._LONGEST_COMMIT_S", 0.6)
    server = EmbeddedPostgres(server_folder)
    await asyncio.to_thread(server.start)

    def tell(number: signal.Signals) -> None:
        for pid in server.pids():
            os.kill(pid, number)

    async with open_store(server.url(), SYSTEM, hold_s=0.5) as own:
        async with own.work() as work:
            await (await work.sql()).execute(text("SELECT 1"))

        async def act() -> None:
            async with asyncio.timeout(20), own.work() as work:
                if moment == "before":
                    tell(signal.SIGSTOP)
                connection = await work.sql()
                if moment == "meanwhile":
                    tell(signal.SIGSTOP)
                await connection.execute(text("SELECT 2"))
                tell(signal.SIGSTOP)

        try:
            with pytest.raises(StoreAway):
                await act()
        finally:
            tell(signal.SIGCONT)
        async with own.work() as work:
            assert (await (await work.sql()).execute(text("SELECT 3"))).scalar_one() == 3
    await asyncio.to_thread(server.stop)
