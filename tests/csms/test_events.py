"""Readers of events miss nothing, however late a transaction commits and whoever else reads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.clock import SYSTEM, VirtualClock
from forecourt.csms.bus import LocalBus
from forecourt.csms.events import Cursor, Event, EventReader, RecordedEvent, beginning, forget_events, latest, read
from forecourt.csms.store.opening import open_store
from forecourt.csms.store.restored import reorder_restored_events
from forecourt.csms.store.work import Store

INSERT = "INSERT INTO event (at, kind, data) VALUES ('2026-11-20Z', :kind, '{}')"


class Counted(Event, frozen=True, kw_only=True):
    number: int
    station_id: int | None = None


async def announce(store: Store, *numbers: int) -> None:
    async with store.work() as work:
        work.announce(*(Counted(number=number) for number in numbers))


async def everything(store: Store, cursor: Cursor | None = None) -> list[RecordedEvent]:
    async with store.database.engine.connect() as connection:
        return list((await read(connection, cursor or Cursor(0, 0))).events)


def numbers(events: Sequence[RecordedEvent]) -> list[int]:
    return [event.data["number"] for event in events]


class Listener:
    """A reader under test and what it was given."""

    def __init__(self, store: Store, node: str = "a", *, clock: VirtualClock | None = None, fails: int = 0) -> None:
        self.heard: list[RecordedEvent] = []
        self.resyncs = 0
        self.fails = fails
        self.bus = LocalBus(SYSTEM)
        self.got_some = asyncio.Event()
        self.reader = EventReader(
            "webhooks",
            self.handle,
            database=store.database,
            bus=self.bus,
            clock=clock or SYSTEM,
            node=node,
            resync=self.resync,
            from_beginning=True,
        )

    async def handle(self, events: Sequence[RecordedEvent]) -> None:
        if self.fails:
            self.fails -= 1
            raise ConnectionError("the receiver is down")
        self.heard += events
        self.got_some.set()

    async def resync(self) -> None:
        self.resyncs += 1


@pytest.fixture
async def late_writer(store: Store) -> AsyncIterator[AsyncConnection]:
    """A transaction that has written an event and is still open."""
    async with store.database.engine.connect() as connection:
        await connection.execute(text(INSERT), {"kind": "Late"})
        yield connection


async def test_an_event_of_a_transaction_that_commits_late_is_not_skipped(
    store: Store, late_writer: AsyncConnection
) -> None:
    """The late one has the lower number and the later commit: a reader of plain numbers would have passed it."""
    listener = Listener(store)
    await announce(store, 1, 2)
    assert await listener.reader.step() > 0
    assert listener.heard == []
    await late_writer.commit()
    await listener.reader.step()
    assert [event.kind for event in listener.heard] == ["Late", "Counted", "Counted"]
    await announce(store, 3)
    await listener.reader.step()
    assert [event.kind for event in listener.heard] == ["Late", "Counted", "Counted", "Counted"]


async def test_numbers_and_transactions_in_different_orders_make_one_order(store: Store) -> None:
    """The first transaction to begin is the last to write: its event has the higher number and the lower transaction."""
    async with store.database.engine.connect() as first:
        await first.execute(text("SELECT pg_current_xact_id()"))
        await announce(store, 1)
        await first.execute(text(INSERT), {"kind": "Late"})
        await first.commit()
    cursor, found = Cursor(0, 0), list[RecordedEvent]()
    async with store.database.engine.connect() as connection:
        while page := (await read(connection, cursor, limit=1)).events:
            found += page
            cursor = page[-1].cursor
    assert [event.kind for event in found] == ["Late", "Counted"]
    assert found[0].id > found[1].id


async def test_a_writer_that_gives_up_holds_nothing_back(store: Store, late_writer: AsyncConnection) -> None:
    await announce(store, 1)
    assert await everything(store) == []
    await late_writer.rollback()
    assert numbers(await everything(store)) == [1]


async def test_two_writers_at_once_and_a_reader_in_between_agree_on_everything(store: Store) -> None:
    listener = Listener(store)

    async def write(first: int) -> None:
        for number in range(first, first + 60):
            async with store.database.engine.connect() as connection:
                await connection.execute(text(INSERT), {"kind": str(number)})
                # Let the others run between our writing and our commit.
                await connection.execute(text("SELECT pg_sleep(0.001)"))
                await connection.commit()

    async def listen(writers: Sequence[asyncio.Task[None]]) -> None:
        while not all(task.done() for task in writers):
            await listener.reader.step()

    async with asyncio.TaskGroup() as group:
        writers = [group.create_task(write(first)) for first in (0, 1000, 2000)]
        group.create_task(listen(writers))
    while await listener.reader.step() == 0:
        pass
    heard = [int(event.kind) for event in listener.heard]
    assert sorted(heard) == [first + number for first in (0, 1000, 2000) for number in range(60)]
    for first in (0, 1000, 2000):
        assert [number for number in heard if first <= number < first + 60] == list(range(first, first + 60))


async def test_pages_follow_each_other_without_gap_or_repetition(store: Store) -> None:
    for number in range(0, 30, 3):
        await announce(store, number, number + 1, number + 2)
    cursor, found = Cursor(0, 0), list[RecordedEvent]()
    async with store.database.engine.connect() as connection:
        while page := (await read(connection, cursor, limit=7)).events:
            found += page
            cursor = page[-1].cursor
    assert numbers(found) == list(range(30))


async def test_what_a_reader_failed_to_deal_with_comes_again(store: Store) -> None:
    listener = Listener(store, fails=1)
    await announce(store, 1)
    with pytest.raises(ConnectionError):
        await listener.reader.step()
    await listener.reader.step()
    await listener.reader.step()
    assert numbers(listener.heard) == [1]


async def test_a_reader_goes_on_where_its_name_was(store: Store) -> None:
    await announce(store, 1)
    await Listener(store).reader.step()
    await announce(store, 2)
    second = Listener(store)
    await second.reader.step()
    assert numbers(second.heard) == [2]


async def test_only_one_process_at_a_time_reads_for_a_name(store: Store) -> None:
    clock = VirtualClock(SYSTEM.now())
    first, second = Listener(store, "a", clock=clock), Listener(store, "b", clock=clock)
    await first.reader.step()
    await announce(store, 1)
    await second.reader.step()
    assert second.heard == []
    # The first one is not heard of any more, and its lease runs out.
    await clock.advance(61)
    await second.reader.step()
    assert numbers(second.heard) == [1]
    # Too late: what the first one would say about its place no longer counts.
    await first.reader._advance(Cursor(0, 0))
    await announce(store, 2)
    await second.reader.step()
    assert numbers(second.heard) == [1, 2]


async def test_a_running_reader_is_woken_by_the_commit(database_url: str) -> None:
    # Its clock stands still, so nothing but the wake-up can make it look again.
    clock = VirtualClock(SYSTEM.now())
    bus = LocalBus(clock)
    async with open_store(database_url, SYSTEM, linger_s=0.0, publish=bus.publish) as store:
        listener = Listener(store, clock=clock)
        listener.reader._bus = bus
        async with asyncio.TaskGroup() as group:
            running = group.create_task(listener.reader.run())
            for number in range(3):
                listener.got_some.clear()
                await announce(store, number)
                await listener.got_some.wait()
            running.cancel()
    assert numbers(listener.heard) == [0, 1, 2]


async def test_a_running_reader_survives_a_receiver_that_is_down(store: Store) -> None:
    clock = VirtualClock(SYSTEM.now())
    listener = Listener(store, clock=clock, fails=2)
    await announce(store, 1)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(listener.reader.run())
        while not listener.got_some.is_set():
            await clock.advance(1.0)
        running.cancel()
    assert numbers(listener.heard) == [1]
    assert listener.fails == 0


async def test_a_reader_that_was_away_longer_than_events_are_kept_is_told(store: Store) -> None:
    listener = Listener(store)
    await announce(store, 1)
    await listener.reader.step()
    await announce(store, 2, 3)
    async with store.database.engine.begin() as connection:
        assert await forget_events(connection, SYSTEM.now() + timedelta(days=1)) == 3
    await announce(store, 4)
    await listener.reader.step()
    assert listener.resyncs == 1
    # What came before the copy was read anew is in the copy.
    await announce(store, 5)
    await listener.reader.step()
    assert numbers(listener.heard) == [1, 5]


async def test_a_reader_that_had_seen_everything_is_not_bothered_by_retention(store: Store) -> None:
    listener = Listener(store)
    await announce(store, 1)
    await listener.reader.step()
    async with store.database.engine.begin() as connection:
        await forget_events(connection, SYSTEM.now() + timedelta(days=1))
    await announce(store, 2)
    await listener.reader.step()
    assert (numbers(listener.heard), listener.resyncs) == ([1, 2], 0)


async def test_retention_goes_by_time_and_in_portions(store: Store) -> None:
    await announce(store, *range(10))
    async with store.database.engine.begin() as connection:
        assert await forget_events(connection, datetime(2020, 1, 1, tzinfo=UTC)) == 0
        assert await forget_events(connection, SYSTEM.now() + timedelta(days=1), limit=4) == 4
        assert await beginning(connection) == (await everything(store))[3].cursor
    assert numbers(await everything(store, Cursor(2**62, 0))) == []
    async with store.database.engine.connect() as connection:
        left = await read(connection, await beginning(connection))
    assert numbers(left.events) == list(range(4, 10))


async def test_who_begins_at_the_end_hears_only_what_comes(store: Store, late_writer: AsyncConnection) -> None:
    await late_writer.rollback()
    await announce(store, 1)
    async with store.database.engine.connect() as connection:
        cursor = await latest(connection)
    await announce(store, 2)
    assert numbers(await everything(store, cursor)) == [2]


async def test_restored_events_come_before_new_ones_and_nobody_misses_any(store: Store) -> None:
    async with store.database.engine.begin() as connection:
        # As if dumped on a server a million transactions older; the reader had come to the second event.
        for xid, number in ((10**9, 1), (10**9 + 1, 3), (10**9 + 2, 2), (10**9 + 3, 4)):
            await connection.execute(
                text("INSERT INTO event (xid, id, at, kind, data) VALUES (:xid, :id, '2026-11-20Z', 'Counted', :data)"),
                {"xid": xid, "id": number, "data": f'{{"number": {number}}}'},
            )
        await connection.execute(text("INSERT INTO event_cursor (name, xid, id) VALUES ('webhooks', '1000000001', 3)"))
        await connection.execute(text("SELECT setval('event_id_seq', 10)"))
        assert await reorder_restored_events(connection)
    async with store.database.engine.begin() as connection:
        assert not await reorder_restored_events(connection)
    listener = Listener(store)
    await announce(store, 5)
    await listener.reader.step()
    # 3 was heard before and comes once more, because 2 was not.
    assert numbers(listener.heard) == [2, 3, 4, 5]


async def test_a_restored_reader_that_was_behind_retention_is_still_told(store: Store) -> None:
    async with store.database.engine.begin() as connection:
        await connection.execute(text(INSERT), {"kind": "Old"})
        await connection.execute(text("UPDATE event SET xid = '1000000009', id = 9"))
        await connection.execute(text("INSERT INTO event_horizon (single, xid, id) VALUES (1, '1000000005', 5)"))
        await connection.execute(
            text(
                "INSERT INTO event_cursor (name, xid, id) VALUES ('webhooks', '1000000004', 4), ('fine', '1000000006', 6)"
            )
        )
        await reorder_restored_events(connection)
        told = {}
        for row in await connection.execute(text("SELECT name, xid, id FROM event_cursor")):
            told[row[0]] = (await read(connection, Cursor(row[1], row[2]))).resync
    assert told == {"webhooks": True, "fine": False}


@pytest.mark.parametrize("words", ["", "5", "5-", "-5", "a-5", "5-٣", "1-2-3", "9" * 60 + "-1"])
def test_words_that_are_no_cursor_are_none(words: str) -> None:
    assert Cursor.parse(words) is None


def test_a_cursor_survives_being_written() -> None:
    assert Cursor.parse(str(Cursor(12, 34))) == Cursor(12, 34)
