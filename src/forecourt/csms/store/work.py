"""The unit of work: what one action writes and announces, committed together or not at all.

A unit is *journaled* until it asks for SQL: its rows and events then travel with those of other stations (`journal.py`),
which is right when the action's rules need only what is in memory, or `Once`, `Absent` and `Latest`. The first `sql()`
turns it into a transaction of its own; whatever it adds is written there, just before the commit. The interface is the
same, and so are the errors.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime
from types import TracebackType
from typing import NoReturn, Self

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.clock import Clock
from forecourt.csms.store.announced import ANNOUNCED, EVENTS, Event, row_of
from forecourt.csms.store.engine import Database
from forecourt.csms.store.entry import Entry, keep_aside, write
from forecourt.csms.store.errors import EntryRefused, StoreAway, StoreBroke
from forecourt.csms.store.failures import DRIVER_ERRORS, Failure, judge, translated
from forecourt.csms.store.journal import Journal
from forecourt.csms.store.rows import Driver, Once, Row, Rows
from forecourt.csms.store.scopes import Scope
from forecourt.csms.store.silence import GRACE_S, expect

_PAUSE_S = 0.1
# A unit that had to wait for its connection still has the time a statement needs.
_SHORTEST_STATEMENT_S = 2.0
# For all statements of a commit together, of a server that may have stopped answering.
_LONGEST_COMMIT_S = 60.0


class Store:
    """The one place where units of work begin."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        clock: Clock,
        *,
        hold_s: float = 15.0,
        publish: Callable[[str], None] = lambda subject: None,
        scope: Scope | None = None,
    ) -> None:
        """`hold_s` is how long an action waits for a database that is away; `publish` wakes a subject after a commit.

        With a `scope`, `database` is the API's: every unit is a transaction of its own that sees and writes only what is in
        the scope.
        """
        self.database = database
        self.journal = journal
        self.clock = clock
        self.hold_s = hold_s
        self.publish = publish
        self.scope = scope

    def within(self, database: Database, scope: Scope, *, hold_s: float) -> Store:
        """The same store for somebody whom row-level security binds, through the connections of `database`."""
        return Store(database, self.journal, self.clock, hold_s=hold_s, publish=self.publish, scope=scope)

    def work(self, key: Hashable = None) -> Work:
        """A unit of work, to be entered with `async with`. `key` is whose it is: entries of one key keep their order."""
        return Work(self, key)


class Work:
    """One action's unit of work. Leaving the block commits, an exception abandons; see the module."""

    def __init__(self, store: Store, key: Hashable) -> None:
        self.now: datetime = store.clock.now()
        """The instant of this action, taken once."""
        self.repeated = False
        """After the commit: the entry's guard was there already, and nothing was written."""
        self.afterwards: list[Callable[[], Awaitable[None]]] = []
        """What is to be done once the station has our answer; run by whoever sends that answer."""
        self._committed: list[Callable[[], None]] = []
        self._store = store
        self._entry = Entry(key)
        self._own: tuple[AsyncConnection, Driver] | None = None
        self._deadline = store.clock.monotonic() + store.hold_s
        self._finished = False
        self._ended = False

    def add(self, kind: Rows, *rows: Row) -> None:
        """Write `rows` at the commit. Raises `ValueError` for a row that is not as wide as `kind` says."""
        if isinstance(kind, Once):
            raise TypeError(f"{kind!r} is a guard: give it to Work.once")
        for row in rows:
            if len(row) != kind.width:
                raise ValueError(f"a row of {kind!r} has {kind.width} values, not {len(row)}")
        if rows:
            self._entry.rows.append((kind, rows))

    def once(self, guard: Once, row: Row) -> None:
        """Let this unit happen only if `row` is new. A unit has at most one guard."""
        if self._entry.once is not None:
            raise ValueError("a unit of work has one guard")
        if len(row) != guard.width:
            raise ValueError(f"a row of {guard!r} has {guard.width} values, not {len(row)}")
        self._entry.once = (guard, row)

    def announce(self, *events: Event) -> None:
        """Record that something happened. Readers see it after the commit, in the order of announcing."""
        self.add(ANNOUNCED, *(row_of(event, self.now) for event in events))
        self._entry.wakes.add(EVENTS)

    def wake(self, subject: str) -> None:
        """Publish `subject` on the bus after the commit, without content: whoever listens looks into the database."""
        self._entry.wakes.add(subject)

    @property
    def is_own(self) -> bool:
        """Whether this unit is a transaction of its own by now. What it has written or locked only its own `sql` can see."""
        return self._own is not None

    def after_answer(self, function: Callable[[], Awaitable[None]]) -> None:
        """Remember work that needs the station or the outside, and so must not delay our answer."""
        self.afterwards.append(function)

    def on_commit(self, function: Callable[[], None]) -> None:
        """Remember what is true once this is durable, for what is kept in memory. Not run for a repetition or a failure."""
        self._committed.append(function)

    async def sql(self) -> AsyncConnection:
        """This unit's own transaction, begun by the first call. Never commit it, never use it after the block.

        Waits for a database that is away. Raises `StoreAway`.
        """
        if self._finished:
            raise RuntimeError("this unit of work is finished")
        while self._own is None:
            remaining_s = self._deadline - self._store.clock.monotonic()
            try:
                self._own = await self._begin(max(remaining_s, _SHORTEST_STATEMENT_S))
            except (*DRIVER_ERRORS, OSError) as error:
                remaining_s = self._deadline - self._store.clock.monotonic()
                if judge(error) is not Failure.AWAY or remaining_s <= _PAUSE_S:
                    raise translated(error) from error
                await self._store.clock.sleep(_PAUSE_S)
        return self._own[0]

    async def commit(self) -> bool:
        """Make everything durable; True means that it was a repetition and that nothing was written.

        Leaving the block does this; call it to act on the result inside. Raises `EntryRefused`, `StoreAway`, `StoreFault`.
        """
        if self._finished:
            raise RuntimeError("this unit of work is finished")
        if self._store.scope is not None and (self._entry.rows or self._entry.once):
            _ = await self.sql()
        self._finished = True
        if self._own is not None:
            self.repeated = await self._commit_own(self._own[1])
        elif self._entry.rows or self._entry.once:
            self.repeated = await self._store.journal.commit(self._entry, self._store.hold_s)
        if not self.repeated:
            for function in self._committed:
                function()
        return self.repeated

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None and not self._finished:
                await self.commit()
            elif isinstance(error, DRIVER_ERRORS):
                await self._give_up(error)
        finally:
            self._finished = True
            await self._end_own()

    async def _begin(self, longest_s: float) -> tuple[AsyncConnection, Driver]:
        connection = await self._store.database.plain.connect()
        while (driver := await _driver_of(connection)).is_closed():
            # The server was restarted while nobody used it.
            await connection.invalidate()
            await connection.close()
            connection = await self._store.database.plain.connect()
        try:
            # All in one round trip, which takes statements without arguments; they are numbers of ours.
            begin = f"BEGIN; SET LOCAL statement_timeout = {int(longest_s * 1000)}"
            scope = self._store.scope
            statement = begin if scope is None else f"{begin}; {scope.statement()}"
            await driver.execute(statement, timeout=longest_s + GRACE_S)
            expect(connection, longest_s)
        except BaseException:
            await _let_go(connection, driver)
            raise
        return connection, driver

    async def _end_own(self) -> None:
        if self._own is not None:
            own, self._own = self._own, None
            await _let_go(*own, ended=self._ended)

    async def _commit_own(self, driver: Driver) -> bool:
        try:
            async with asyncio.timeout(_LONGEST_COMMIT_S):
                if await write(driver, [self._entry], bound=self._store.scope is not None):
                    return True
                if await driver.execute("COMMIT") != "COMMIT":
                    raise RuntimeError("the transaction was rolled back unasked")
            self._ended = True
        except Exception as error:
            await self._give_up(error)
        for subject in self._entry.wakes:
            self._store.publish(subject)
        return False

    async def _give_up(self, error: Exception) -> NoReturn:
        """Raise the store's own error for `error`, after keeping aside what the schema refused."""
        told = translated(error)
        if type(told) is StoreAway and self._own is not None:
            told = StoreBroke(*told.args)
        if isinstance(told, EntryRefused):
            await self._end_own()
            # Whoever asked through the API is told, and has the values; a station would send them for ever.
            if self._store.scope is None:
                await self._keep_aside(told)
        raise told from error

    async def _keep_aside(self, refused: EntryRefused) -> None:
        try:
            async with self._store.database.engine.begin() as connection:
                await connection.execute(text("SET LOCAL statement_timeout = '5s'"))
                await keep_aside(await _driver_of(connection), self._entry, refused, self.now)
        except (*DRIVER_ERRORS, OSError) as error:
            raise StoreAway("values were refused, and the database went away before that was on record") from error


async def _let_go(connection: AsyncConnection, driver: Driver, *, ended: bool = False) -> None:
    """Roll back what was not `ended` and give the connection back, or throw it away if it is broken.

    What breaks on the driver breaks behind SQLAlchemy's back, which would go on to use it.
    """
    try:
        if not connection.closed and not driver.is_closed():
            expect(connection, None)
        # Also when nobody knows whether it was begun.
        if not ended and not driver.is_closed():
            async with asyncio.timeout(_SHORTEST_STATEMENT_S):
                await driver.execute("ROLLBACK")
        if driver.is_closed() and not connection.closed and not connection.invalidated:
            await connection.invalidate()
        await connection.close()
    except (*DRIVER_ERRORS, TimeoutError):
        driver.terminate()
        if not connection.closed:
            await connection.invalidate()
            await connection.close()


async def _driver_of(connection: AsyncConnection) -> Driver:
    raw = (await connection.get_raw_connection()).driver_connection
    assert isinstance(raw, asyncpg.Connection)  # noqa: S101 - the engine knows no other driver
    return raw
