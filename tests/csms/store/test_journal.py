"""The journal: together when all is well, apart when one is at fault, never lost and never twice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from sqlalchemy import BigInteger, Column, Identity, Index, Integer, MetaData, SmallInteger, Table, Text, text

from forecourt.clock import SYSTEM
from forecourt.csms.store.announced import Event
from forecourt.csms.store.errors import EntryRefused, StoreAway, StoreFault
from forecourt.csms.store.journal import Journal
from forecourt.csms.store.rows import Latest, Once, Rows
from forecourt.csms.store.work import Store

TABLES = MetaData()
note = Table(
    "note",
    TABLES,
    Column("id", BigInteger, Identity(always=False), primary_key=True),
    Column("station", Integer, nullable=False),
    Column("words", Text, nullable=False),
    Column("size", SmallInteger),
    Index("note_words_idx", "words"),
)
state = Table("state", TABLES, Column("station", Integer, primary_key=True), Column("words", Text, nullable=False))
seen = Table("seen", TABLES, Column("station", Integer, primary_key=True), Column("number", Integer, primary_key=True))

NOTE = Rows(note, "station", "words", "size")
STATE = Latest(state, key=["station"], columns=["words"], adds=True)
SEEN = Once(seen, "station", "number", unique=["station", "number"])

Ask = Callable[[str], Awaitable[list[tuple[Any, ...]]]]


class LampSwitched(Event, frozen=True, kw_only=True):
    station_id: int
    on: bool


@pytest.fixture(autouse=True)
async def tables(store: Store) -> AsyncIterator[None]:
    async with store.database.engine.begin() as connection:
        await connection.run_sync(TABLES.create_all)
    yield
    async with store.database.engine.begin() as connection:
        await connection.run_sync(TABLES.drop_all)


@pytest.fixture
def ask(store: Store) -> Ask:
    async def asked(question: str) -> list[tuple[Any, ...]]:
        async with store.database.engine.begin() as connection:
            found = await connection.execute(text(question))
            return [tuple(row) for row in found] if found.returns_rows else []

    return asked


async def write(store: Store, station: int, words: str, size: int | None = None) -> bool:
    async with store.work(station) as work:
        work.add(NOTE, (station, words, size))
        return await work.commit()


async def all_of(*awaitables: Awaitable[bool]) -> list[bool | Exception]:
    """What each returns or raises, in order, all started in order."""

    async def caught(awaitable: Awaitable[bool]) -> bool | Exception:
        try:
            return await awaitable
        except Exception as error:
            return error

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(caught(awaitable)) for awaitable in awaitables]
    return [task.result() for task in tasks]


async def test_entries_of_many_stations_are_committed_in_few_transactions(store: Store, ask: Ask) -> None:
    assert not any(await all_of(*(write(store, number, "hello") for number in range(400))))
    assert await ask("SELECT count(*) FROM note") == [(400,)]
    assert store.journal.figures.entries == 400
    assert store.journal.figures.flushes <= 5


async def test_nobody_is_told_before_the_commit(store: Store, ask: Ask) -> None:
    async with store.database.engine.begin() as blocker:
        # The writer's first statement waits for this lock, so the flush cannot get further.
        await blocker.execute(text("SELECT FROM journal_writer FOR UPDATE"))
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(write(store, 1, "hello"))
            await asyncio.wait([waiting], timeout=0.1)
            assert not waiting.done()
            assert await ask("SELECT count(*) FROM note") == [(0,)]
            await blocker.rollback()
    assert waiting.result() is False
    assert await ask("SELECT count(*) FROM note") == [(1,)]


async def test_entries_of_one_station_keep_their_order(store: Store, ask: Ask) -> None:
    await all_of(*(write(store, 1, str(number)) for number in range(700)))
    rows = await ask("SELECT words FROM note ORDER BY id")
    assert [int(row[0]) for row in rows] == list(range(700))


async def test_the_latest_row_of_a_key_wins(store: Store, ask: Ask) -> None:
    async def switch(station: int, words: str) -> bool:
        async with store.work(station) as work:
            work.add(STATE, (station, words))
            return await work.commit()

    await all_of(switch(1, "a"), switch(2, "b"), switch(1, "c"))
    await switch(2, "d")
    assert await ask("SELECT station, words FROM state ORDER BY 1") == [(1, "c"), (2, "d")]


@pytest.mark.parametrize(
    ("words", "size", "sqlstate"),
    [
        pytest.param("nul \0 inside", 1, "22021", id="refused by the server"),
        pytest.param("hello", 100_000, "22000", id="refused by the driver's encoder"),
        pytest.param("half a \ud800 pair", 1, "22000", id="not a text at all"),
        pytest.param(None, 1, "23502", id="against a constraint"),
        pytest.param(random.Random(1).randbytes(20_000).hex(), 1, "54000", id="too long for its index"),
    ],
)
async def test_one_odd_value_among_five_hundred_costs_only_its_own_entry(
    store: Store, ask: Ask, words: str, size: int, sqlstate: str
) -> None:
    outcomes = await all_of(
        *(write(store, number, "fine", 1) for number in range(300)),
        write(store, 666, words, size),
        *(write(store, number, "fine", 1) for number in range(300, 500)),
    )
    error = outcomes.pop(300)
    assert isinstance(error, EntryRefused)
    assert error.sqlstate == sqlstate
    assert set(outcomes) == {False}
    assert await ask("SELECT count(*), count(DISTINCT station) FROM note") == [(500, 500)]
    ((key, kept_state, entry),) = await ask("SELECT key, sqlstate, entry FROM refused_entry")
    assert (key, kept_state) == ("666", sqlstate)
    assert b"note" in entry
    assert b"666" in entry


async def test_a_station_that_was_refused_writes_alone_for_a_while(store: Store) -> None:
    await all_of(write(store, 666, "\0"), *(write(store, number, "fine") for number in range(100)))
    before = store.journal.figures.attempts
    outcomes = await all_of(
        *(write(store, number, "fine") for number in range(50)),
        write(store, 666, "\0"),
        write(store, 666, "good again"),
        *(write(store, number, "fine") for number in range(50, 100)),
    )
    assert isinstance(outcomes[50], EntryRefused)
    assert outcomes[51] is False
    # The others together, the odd one, the good one; the first of them may have left before the rest were there.
    assert store.journal.figures.attempts - before <= 4


async def test_what_was_refused_is_on_record_before_its_caller_hears(store: Store, ask: Ask) -> None:
    await ask("ALTER TABLE refused_entry RENAME TO refused_entry_hidden")
    try:
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(all_of(write(store, 666, "\0")))
            # The record cannot be made: the entry is held, and the journal goes through a new connection to try again.
            while store.journal.available:
                await asyncio.wait([waiting], timeout=0.01)
            assert not waiting.done()
            await ask("ALTER TABLE refused_entry_hidden RENAME TO refused_entry")
    finally:
        await ask("ALTER TABLE IF EXISTS refused_entry_hidden RENAME TO refused_entry")
    assert isinstance(waiting.result()[0], EntryRefused)
    assert await ask("SELECT count(*) FROM refused_entry") == [(1,)]


async def test_a_table_that_is_missing_fails_only_the_entries_that_need_it(store: Store, ask: Ask) -> None:
    await ask("DROP TABLE state")

    async def switch(station: int) -> bool:
        async with store.work(station) as work:
            work.add(STATE, (station, "on"))
            return await work.commit()

    outcomes = await all_of(write(store, 1, "a"), switch(2), write(store, 3, "c"))
    assert isinstance(outcomes[1], StoreFault)
    assert [outcomes[0], outcomes[2]] == [False, False]
    assert await ask("SELECT count(*) FROM note") == [(2,)]
    assert await ask("SELECT count(*) FROM refused_entry") == [(0,)]


async def test_a_value_the_server_stumbles_over_is_found_and_not_held_with_all_others(store: Store, ask: Ask) -> None:
    await ask(
        "CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN IF NEW.words = ''odd'' THEN RAISE EXCEPTION ''cache lookup failed'' USING ERRCODE = ''XX000''; END IF;"
        " RETURN NEW; END'"
    )
    await ask("CREATE TRIGGER stumble BEFORE INSERT ON note FOR EACH ROW EXECUTE FUNCTION stumble()")
    outcomes = await all_of(write(store, 1, "fine"), write(store, 2, "odd"), write(store, 3, "fine"))
    await ask("DROP FUNCTION stumble CASCADE")
    assert isinstance(outcomes[1], StoreFault)
    assert [outcomes[0], outcomes[2]] == [False, False]
    assert store.journal.available


async def test_a_call_the_driver_does_not_understand_fails_its_own_entry(
    store: Store, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def misuse(rows: object) -> list[Any]:
        raise asyncpg.InterfaceError("the number of columns is wrong")

    monkeypatch.setattr(STATE, "arguments", misuse)

    async def switch() -> bool:
        async with store.work(2) as work:
            work.add(STATE, (2, "on"))
            return await work.commit()

    outcomes = await all_of(write(store, 1, "fine"), switch(), write(store, 3, "fine"))
    assert isinstance(outcomes[1], StoreAway)
    assert [outcomes[0], outcomes[2]] == [False, False]
    assert store.journal.available


async def test_a_row_somebody_else_has_locked_keeps_only_its_own_station_waiting(store: Store, ask: Ask) -> None:
    async def switch(station: int, words: str) -> bool:
        async with store.work(station) as work:
            work.add(STATE, (station, words))
            return await work.commit()

    await all_of(switch(1, "off"), switch(2, "off"))
    async with store.database.engine.begin() as blocker:
        await blocker.execute(text("SELECT FROM state WHERE station = 1 FOR UPDATE"))
        async with asyncio.TaskGroup() as group:
            stuck = group.create_task(switch(1, "on"))
            later = group.create_task(write(store, 1, "after that"))
            assert await group.create_task(switch(2, "on")) is False
            # What the station says later would find its place free, and must not overtake.
            await asyncio.wait([stuck, later], timeout=0.3)
            assert not stuck.done()
            assert not later.done()
            await blocker.rollback()
    assert await ask("SELECT station, words FROM state ORDER BY 1") == [(1, "on"), (2, "on")]
    assert await ask("SELECT words FROM note") == [("after that",)]


async def test_a_repetition_writes_nothing_at_all(store: Store, ask: Ask) -> None:
    async def hear(number: int, words: str) -> bool:
        async with store.work(1) as work:
            work.once(SEEN, (1, number))
            work.add(NOTE, (1, words, None))
            work.announce(LampSwitched(station_id=1, on=True))
            return await work.commit()

    assert await all_of(hear(1, "first"), hear(1, "again"), hear(2, "second")) == [False, True, False]
    assert await hear(1, "and again") is True
    assert await ask("SELECT words FROM note ORDER BY id") == [("first",), ("second",)]
    assert await ask("SELECT count(*) FROM event") == [(2,)]
    assert store.journal.figures.repeated == 2


async def test_events_share_the_transaction_of_their_rows_and_are_published_after_it(
    database_url: str, ask: Ask, store: Store
) -> None:
    published: list[tuple[str, int]] = []
    journal = Journal(
        store.database, SYSTEM, publish=lambda subject: published.append((subject, journal.figures.entries))
    )
    await journal.open()
    async with Store(store.database, journal, SYSTEM).work(7) as work:
        work.add(NOTE, (7, "hello", None))
        work.announce(LampSwitched(station_id=7, on=True), LampSwitched(station_id=7, on=False))
    await journal.close()
    assert published == [("events", 1)]
    assert await ask("SELECT kind, station_id, data FROM event ORDER BY xid, id") == [
        ("LampSwitched", 7, {"stationId": 7, "on": True}),
        ("LampSwitched", 7, {"stationId": 7, "on": False}),
    ]
    assert await ask("SELECT count(DISTINCT event.xid) FROM event JOIN note ON note.xmin = event.xid::xid") == [(1,)]


async def test_a_full_disk_is_waited_out(store: Store, ask: Ask) -> None:
    await ask(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN RAISE EXCEPTION ''no space left'' USING ERRCODE = ''53100''; END'"
    )
    await ask("CREATE TRIGGER full_disk BEFORE INSERT ON note EXECUTE FUNCTION full_disk()")
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(write(store, 1, "hello"))
        while store.journal.available:
            await asyncio.wait([waiting], timeout=0.01)
        await ask("DROP FUNCTION full_disk CASCADE")
    assert waiting.result() is False
    assert await ask("SELECT count(*) FROM note") == [(1,)]


@pytest.mark.parametrize("committed", [True, False])
async def test_a_connection_that_breaks_during_commit_writes_neither_twice_nor_never(
    store: Store, ask: Ask, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    execute = asyncpg.Connection.execute
    broken = 0

    async def breaking(self: asyncpg.Connection[Any], query: str, *arguments: Any, **options: Any) -> str:
        nonlocal broken
        if query != "COMMIT" or broken:
            return await execute(self, query, *arguments, **options)
        broken += 1
        if committed:
            await execute(self, query, *arguments, **options)
        self.terminate()
        raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")

    monkeypatch.setattr(asyncpg.Connection, "execute", breaking)
    outcomes = await all_of(*(write(store, number, "hello") for number in range(20)))
    assert broken == 1
    assert set(outcomes) == {False}
    assert await ask("SELECT count(*), count(DISTINCT station) FROM note") == [(20, 20)]
    assert store.journal.figures.entries == 20


async def test_a_backend_that_is_terminated_costs_no_entry(store: Store, ask: Ask) -> None:
    async def station(number: int) -> None:
        for count in range(20):
            assert await write(store, number, str(count)) is False

    async def terminate() -> None:
        for _ in range(5):
            await ask(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()"
            )
            await write(store, 99, "back")

    async with asyncio.TaskGroup() as group:
        for number in range(10):
            group.create_task(station(number))
        group.create_task(terminate())
    counts = await ask("SELECT count(*), count(DISTINCT (station, words)) FROM note WHERE station < 99")
    assert counts == [(200, 200)]


async def test_a_caller_that_goes_away_leaves_its_entry_to_be_written(store: Store, ask: Ask) -> None:
    async with store.database.engine.begin() as blocker:
        await blocker.execute(text("SELECT FROM journal_writer FOR UPDATE"))
        async with asyncio.TaskGroup() as group:
            caller = group.create_task(write(store, 1, "hello"))
            await asyncio.wait([caller], timeout=0.05)
            caller.cancel()
    await write(store, 2, "after")
    assert await ask("SELECT station FROM note ORDER BY id") == [(1,), (2,)]


async def test_closing_writes_what_is_waiting_and_takes_nothing_more(store: Store, ask: Ask) -> None:
    journal = Journal(store.database, SYSTEM, linger_s=60.0)
    await journal.open()
    other = Store(store.database, journal, SYSTEM)
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(write(other, 1, "hello"))
        await asyncio.wait([waiting], timeout=0.01)
        assert not waiting.done()
        await journal.close()
    assert waiting.result() is False
    with pytest.raises(StoreAway, match="closing"):
        await write(other, 1, "too late")
    assert await ask("SELECT count(*) FROM note") == [(1,)]
    # Only the fixture's own writer is left.
    assert await ask("SELECT count(*) FROM journal_writer") == [(1,)]


async def test_a_queue_that_is_full_refuses_at_once(store: Store) -> None:
    journal = Journal(store.database, SYSTEM, linger_s=60.0, most_waiting=2)
    await journal.open()
    other = Store(store.database, journal, SYSTEM)
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(write(other, number, "hello")) for number in range(2)]
        await asyncio.wait(waiting, timeout=0.01)
        with pytest.raises(StoreAway, match="too many"):
            await write(other, 3, "hello")
        await journal.close()
    assert [task.result() for task in waiting] == [False, False]


async def test_listeners_that_fail_do_not_stop_the_journal(
    store: Store, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(what: object) -> None:
        raise LookupError(what)

    journal = Journal(store.database, SYSTEM, linger_s=0.0, publish=fail, on_change=fail)
    await journal.open()
    for number in range(2):
        async with Store(store.database, journal, SYSTEM).work(1) as work:
            work.announce(LampSwitched(station_id=number, on=True))
    await journal.close()
    assert await ask("SELECT count(*) FROM event") == [(2,)]
    assert "LookupError" in caplog.text


async def test_a_defect_in_the_middle_of_a_flush_loses_nothing(
    store: Store, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    acknowledge = Journal._acknowledge
    failures = 0

    def fail_once(self: Journal, flush: Any) -> None:
        nonlocal failures
        failures += 1
        if failures == 1:
            raise LookupError
        acknowledge(self, flush)

    monkeypatch.setattr(Journal, "_acknowledge", fail_once)
    assert await write(store, 1, "hello") is False
    assert failures == 2
    assert await ask("SELECT count(*) FROM note") == [(1,)]


async def test_a_lonely_entry_is_written_when_it_has_lingered(store: Store, ask: Ask) -> None:
    journal = Journal(store.database, SYSTEM, linger_s=0.02)
    await journal.open()
    begun = SYSTEM.monotonic()
    await write(Store(store.database, journal, SYSTEM), 1, "hello")
    assert SYSTEM.monotonic() - begun >= 0.02
    await journal.close()


async def test_a_row_of_the_wrong_width_is_the_callers_mistake(store: Store) -> None:
    with pytest.raises(ValueError, match="3 values, not 2"):
        async with store.work(1) as work:
            work.add(NOTE, (1, "hello"))


async def test_a_writer_says_that_it_is_there_and_those_long_gone_are_forgotten(store: Store, ask: Ask) -> None:
    await ask(
        "INSERT INTO journal_writer (id, flush, opened_at) VALUES (gen_random_uuid(), 7, now() - interval '8 days')"
    )
    await ask("UPDATE journal_writer SET opened_at = now() - interval '6 days' WHERE flush < 7")
    assert await store.journal.tidy() == 1
    assert await ask("SELECT count(*), min(opened_at) > now() - interval '1 minute' FROM journal_writer") == [(1, True)]
    assert not await write(store, 1, "hello")
