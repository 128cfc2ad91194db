"""Reading for many at once: whoever asks while a query is under way shares the next one.

A storm of stations asks the same question fifteen thousand times, each for its own key. One by one, every question costs a
connection and a transaction; together they cost a few queries, and a single question still waits for nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.csms.store.work import Store
from forecourt.transport.tasks import Tasks

Key = TypeVar("Key")
Found = TypeVar("Found")

_MOST = 1_000


class Gathered(Generic[Key, Found]):
    """Answers what `read` finds for one key; `read` is given many and returns something for each of them."""

    def __init__(
        self,
        store: Store,
        tasks: Tasks,
        read: Callable[[AsyncConnection, Collection[Key]], Awaitable[Mapping[Key, Found]]],
    ) -> None:
        self.queries = 0
        self._store = store
        self._tasks = tasks
        self._read = read
        self._waiting: list[tuple[Key, asyncio.Future[Found]]] = []
        self._reading = False

    async def of(self, key: Key) -> Found:
        """What is committed of `key` now, or a moment later. Raises StoreAway."""
        answer: asyncio.Future[Found] = asyncio.get_running_loop().create_future()
        self._waiting.append((key, answer))
        if not self._reading:
            self._reading = True
            self._tasks.start(self._run())
        return await answer

    async def _run(self) -> None:
        under_way: list[tuple[Key, asyncio.Future[Found]]] = []
        try:
            while self._waiting:
                under_way, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
                await self._answer(under_way)
        finally:
            self._reading = False
            # Left over only if this was cancelled, at the end of the process.
            for _, answer in (*under_way, *self._waiting):
                answer.cancel()

    async def _answer(self, asked: Collection[tuple[Key, asyncio.Future[Found]]]) -> None:
        self.queries += 1
        try:
            async with self._store.work() as work:
                found = await self._read(await work.sql(), {key for key, _ in asked})
            outcomes: list[Found | Exception] = [found[key] for key, _ in asked]
        except Exception as error:
            # Whatever it is, it belongs to those who asked.
            outcomes = [error] * len(asked)
        for (_, answer), outcome in zip(asked, outcomes, strict=True):
            if answer.done():
                continue
            if isinstance(outcome, Exception):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)
