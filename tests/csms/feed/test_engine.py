"""The feed by itself: one order for all, whoever is slow, and no more than somebody may see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.clock import SYSTEM
from forecourt.csms.bus import LocalBus
from forecourt.csms.events import Cursor, Event, Page, forget_events, read
from forecourt.csms.feed import engine
from forecourt.csms.feed.engine import Feed, News, Watcher
from forecourt.csms.feed.filters import Watched, check_kinds, kinds
from forecourt.csms.stations.model import OrganisationKey, SiteKey, Station, StationKey
from forecourt.csms.stations.registry import Stations
from forecourt.csms.store.opening import open_store
from forecourt.csms.store.scopes import Scope
from forecourt.csms.store.work import Store
from forecourt.errors import Invalid

EVERYTHING = Watched(scope=Scope(organisations=None))
LIMIT_S = 20.0


class Happened(Event, frozen=True, kw_only=True):
    """Something of these tests."""

    number: int
    organisation_id: int | None = 1
    station_id: int | None = None


class World:
    """A database, a bus and a feed."""

    def __init__(self, store: Store, bus: LocalBus) -> None:
        self.store = store
        self.bus = bus
        self.stations = Stations()
        self._station(1, organisation=1, site=7)
        self._station(2, organisation=1, site=8)
        self._station(3, organisation=2, site=9)

    def _station(self, key: int, *, organisation: int, site: int) -> None:
        self.stations.add(Station(StationKey(key), f"CP{key}", OrganisationKey(organisation), site=SiteKey(site)))

    async def happen(self, *numbers: int, organisation: int | None = 1, station: int | None = None) -> None:
        async with self.store.work() as work:
            work.announce(
                *(Happened(number=number, organisation_id=organisation, station_id=station) for number in numbers)
            )

    @asynccontextmanager
    async def feed(self, **sizes: int) -> AsyncIterator[Feed]:
        feed = Feed(database=self.store.database, bus=self.bus, clock=SYSTEM, stations=self.stations, **sizes)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(feed.run())
            yield feed
            task.cancel()


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    bus = LocalBus(SYSTEM)
    async with open_store(database_url, SYSTEM, publish=bus.publish) as store:
        yield World(store, bus)


async def take(watcher: Watcher, count: int) -> list[int]:
    """The numbers of the next events."""
    found: list[int] = []
    async with asyncio.timeout(LIMIT_S):
        async for news in watcher.news():
            found += [event.data["number"] for event in news.events]
            if len(found) >= count:
                break
    return found


async def first(watcher: Watcher) -> News:
    async with asyncio.timeout(LIMIT_S):
        async for news in watcher.news():
            return news
    raise AssertionError("nothing came")


async def test_whoever_watches_hears_what_happens_from_then_on_in_order(world: World) -> None:
    await world.happen(1)
    async with world.feed() as feed:
        watcher = await feed.watch(EVERYTHING, None, readings=False)
        await world.happen(2, 3)
        await world.happen(4)
        assert await take(watcher, 3) == [2, 3, 4]


@pytest.mark.parametrize("ring", [2, 1000])
async def test_a_reader_that_comes_again_misses_nothing_and_gets_nothing_twice(world: World, ring: int) -> None:
    """Whether what it missed is in the ring or has to be read from the database."""
    async with world.feed(ring=ring, page=3) as feed:
        watcher = await feed.watch(EVERYTHING, None, readings=False)
        heard: list[int] = []
        told = 0
        for size in (1, 4, 9, 2, 20):
            await world.happen(*range(told, told + size))
            told += size
            place = watcher.cursor
            watcher.close()
            watcher = await feed.watch(EVERYTHING, place, readings=False)
            heard += await take(watcher, 1)
        heard += await take(watcher, told - len(heard))
        assert heard == list(range(told))


async def test_while_nobody_watches_nothing_is_read_and_who_comes_again_misses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    places: list[Cursor] = []

    async def counted(connection: AsyncConnection, after: Cursor, limit: int = 500) -> Page:
        places.append(after)
        return await read(connection, after, limit)

    monkeypatch.setattr(engine, "read", counted)
    async with world.feed() as feed:
        watcher = await feed.watch(EVERYTHING, None, readings=False)
        await world.happen(1)
        assert await take(watcher, 1) == [1]
        place = watcher.cursor
        watcher.close()
        # It may have been about to look once more.
        await world.happen(2)
        before = len(places)
        for number in range(3, 9):
            await world.happen(number)
        assert len(places) <= before + 1
        watcher = await feed.watch(EVERYTHING, place, readings=False)
        assert await take(watcher, 7) == list(range(2, 9))


async def test_a_slow_reader_keeps_its_place_and_costs_the_others_nothing(world: World) -> None:
    async with world.feed(ring=5, page=4) as feed:
        slow = await feed.watch(EVERYTHING, None, readings=False)
        quick = await feed.watch(EVERYTHING, None, readings=False)
        for number in range(40):
            await world.happen(number)
            assert await take(quick, 1) == [number]
        assert len(feed._ring) <= 10
        assert await take(slow, 40) == list(range(40))


async def test_what_commits_late_is_neither_skipped_nor_told_early(world: World) -> None:
    async with world.feed() as feed:
        watcher = await feed.watch(EVERYTHING, None, readings=False)
        async with world.store.work() as late:
            await (await late.sql()).execute(text("SELECT pg_current_xact_id()"))
            late.announce(Happened(number=1))
            await world.happen(2)
        assert await take(watcher, 2) == [1, 2]


async def test_a_place_older_than_retention_is_told_to_read_anew(world: World) -> None:
    async with world.feed() as feed:
        await world.happen(1, 2, 3)
        place = Cursor(0, 0)
        async with world.store.database.engine.begin() as connection:
            assert await forget_events(connection, SYSTEM.now() + timedelta(days=1), limit=2) == 2
        watcher = await feed.watch(EVERYTHING, place, readings=False)
        news = await first(watcher)
        assert news.resync
        await world.happen(4)
        assert (await take(watcher, 1))[-1] == 4
        assert (await feed.page(EVERYTHING, place, 10)).resync


async def test_a_place_of_another_database_is_told_to_read_anew(world: World) -> None:
    async with world.feed() as feed:
        beyond = Cursor(2**60, 1)
        watcher = await feed.watch(EVERYTHING, beyond, readings=False)
        assert (await first(watcher)).resync
        assert (await feed.page(EVERYTHING, beyond, 10)).resync
        await world.happen(1)
        assert 1 in await take(watcher, 1)


@pytest.mark.parametrize(
    ("watched", "expected"),
    [
        (Watched(scope=Scope(organisations=None)), [1, 2, 3, 4, 5]),
        (Watched(scope=Scope(organisations=frozenset({1}))), [1, 2, 4]),
        (Watched(scope=Scope(organisations=frozenset({2}))), [3]),
        (Watched(scope=Scope()), []),
        (Watched(scope=Scope(frozenset({1}), frozenset({7}))), [1]),
        (Watched(scope=Scope(frozenset({1, 2}), frozenset({7}), frozenset({2}))), [1, 3]),
        (Watched(scope=Scope(organisations=None), station=2), [2]),
        (Watched(scope=Scope(organisations=None), site=9), [3]),
        (Watched(scope=Scope(organisations=frozenset({1})), site=9), []),
        (Watched(scope=Scope(organisations=None), organisation=2), [3]),
        (Watched(scope=Scope(organisations=None), kinds=frozenset({"Other"})), []),
        (Watched(scope=Scope(organisations=None), kinds=frozenset({"Happened"})), [1, 2, 3, 4, 5]),
    ],
)
async def test_nobody_is_told_what_he_may_not_see_or_does_not_ask_for(
    world: World, watched: Watched, expected: list[int]
) -> None:
    async with world.feed() as feed:
        watcher = await feed.watch(watched, None, readings=False)
        control = await feed.watch(EVERYTHING, None, readings=False)
        begin = watcher.cursor
        await world.happen(1, station=1)
        await world.happen(2, station=2)
        await world.happen(3, organisation=2, station=3)
        await world.happen(4)
        await world.happen(5, organisation=None)
        assert await take(control, 5) == [1, 2, 3, 4, 5]
        found = await feed.next_events(watched, begin)
        assert [event.data["number"] for event in found.events] == expected
        assert found.cursor == control.cursor
        paged = await feed.page(watched, begin, 100)
        assert paged.events == found.events


async def test_the_end_of_the_feed_ends_whoever_watches(world: World) -> None:
    async with world.feed() as feed:
        watcher = await feed.watch(EVERYTHING, None, readings=False)
    async with asyncio.timeout(LIMIT_S):
        assert [news async for news in watcher.news()] == []


async def test_who_watches_no_more_is_forgotten(world: World) -> None:
    async with world.feed() as feed:
        watcher = await feed.watch(EVERYTHING, None, readings=False, owner="mia")
        assert (feed.watchers, feed.watchers_of("mia"), feed.watchers_of("tom")) == (1, 1, 0)
        watcher.close()
        watcher.close()
        assert feed.watchers == 0


def test_a_misspelt_kind_is_answered_with_the_nearest_one() -> None:
    import forecourt.csms.app  # noqa: F401 - so that every block has declared its events

    assert "TransactionStarted" in kinds()
    assert "TransactionFacts" not in kinds()
    with pytest.raises(Invalid) as caught:
        check_kinds(frozenset({"TransactionStared"}), "kind")
    assert "TransactionStarted" in caught.value.message
