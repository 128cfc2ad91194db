"""Whoever asks while a query is under way shares the next one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.clock import SYSTEM
from forecourt.csms.store.errors import StoreAway
from forecourt.csms.store.gathered import Gathered
from forecourt.csms.store.work import Store
from forecourt.transport.tasks import Tasks


class Squares:
    """What is read: squares, by the database; the first query waits until it is let go."""

    def __init__(self, failing: Exception | None = None) -> None:
        self.asked: list[set[int]] = []
        self.let_go = asyncio.Event()
        self.begun = asyncio.Event()
        self.failing = failing

    async def __call__(self, connection: AsyncConnection, keys: Collection[int]) -> dict[int, int]:
        self.asked.append(set(keys))
        self.begun.set()
        await self.let_go.wait()
        failing, self.failing = self.failing, None
        if failing is not None:
            raise failing
        rows = await connection.execute(
            text("SELECT n, n * n FROM unnest(CAST(:keys AS int[])) AS n"), {"keys": list(keys)}
        )
        return {row[0]: row[1] for row in rows}


@pytest.fixture
async def tasks() -> AsyncIterator[Tasks]:
    owned = Tasks()
    yield owned
    await owned.finish()


async def test_many_who_ask_at_once_share_one_query(store: Store, tasks: Tasks) -> None:
    read = Squares()
    gathered = Gathered(store, tasks, read)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        first = group.create_task(gathered.of(1))
        await read.begun.wait()
        others = [group.create_task(gathered.of(number)) for number in (2, 3, 4, 4)]
        await SYSTEM.sleep(0)
        read.let_go.set()
    assert first.result() == 1
    assert [one.result() for one in others] == [4, 9, 16, 16]
    assert read.asked == [{1}, {2, 3, 4}]
    assert gathered.queries == 2
    assert await gathered.of(5) == 25


async def test_a_failure_is_told_to_those_who_asked_and_to_nobody_else(store: Store, tasks: Tasks) -> None:
    read = Squares(failing=StoreAway("the database is away"))
    gathered = Gathered(store, tasks, read)
    async with asyncio.timeout(10):
        first = asyncio.get_running_loop().create_task(gathered.of(1))
        await read.begun.wait()
        second = asyncio.get_running_loop().create_task(gathered.of(2))
        await SYSTEM.sleep(0)
        read.let_go.set()
        with pytest.raises(StoreAway):
            await first
        assert await second == 4


async def test_one_who_goes_away_keeps_nobody_from_an_answer(store: Store, tasks: Tasks) -> None:
    read = Squares()
    gathered = Gathered(store, tasks, read)
    async with asyncio.timeout(10):
        gone = asyncio.get_running_loop().create_task(gathered.of(1))
        stays = asyncio.get_running_loop().create_task(gathered.of(2))
        await read.begun.wait()
        gone.cancel()
        read.let_go.set()
        assert await stays == 4


async def test_at_the_end_nobody_is_left_waiting(store: Store) -> None:
    owned, read = Tasks(), Squares()
    gathered = Gathered(store, owned, read)
    async with asyncio.timeout(10):
        first = asyncio.get_running_loop().create_task(gathered.of(1))
        await read.begun.wait()
        second = asyncio.get_running_loop().create_task(gathered.of(2))
        await SYSTEM.sleep(0)
        await owned.finish()
        for one in (first, second):
            with pytest.raises(asyncio.CancelledError):
                await one
