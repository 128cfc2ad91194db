"""The journal: one writer per process that commits the entries of many stations together.

Entries are taken in the order they came, a few hundred at a time, and written by COPY and set-based statements in one
transaction; each caller waits for the commit that holds its entry. While one flush is on its way the next batch gathers,
so the busier the process, the larger the batches.

    what fails                          what becomes of the entry
    its values (class 22, 23)           refused: kept in `refused_entry`, its caller gets `EntryRefused`; all others go on
    lock or deadlock                    put off, with later entries of the same key, and tried alone until its deadline
    connection, shutdown, disk full     held until the database is back; at its deadline its caller gets `StoreAway`
    anything else                       its caller gets `StoreFault`

A connection that breaks during COMMIT leaves open whether it was committed. Every flush therefore writes its number into
this writer's row of `journal_writer`, and the next connection reads it there. Transaction numbers would not do: after a
crash of the server a number that never reached the disk is given out again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar
from uuid import uuid4

import asyncpg
from sqlalchemy import text

from forecourt.clock import Clock
from forecourt.csms.store.engine import Database
from forecourt.csms.store.entry import Entry, keep_aside, write
from forecourt.csms.store.errors import EntryRefused, StoreAway
from forecourt.csms.store.failures import DRIVER_MISUSED, Failure, judge, refusal, translated
from forecourt.csms.store.lineup import Lineup, Part, halved
from forecourt.csms.store.rows import Driver

_Said = TypeVar("_Said")
_LOG = logging.getLogger("forecourt.store")

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 1.0
# A flush is given at least this long, even for an entry that is about to expire: where thousands wait, being late is no
# sign that the database is away.
_SHORTEST_FLUSH_S = 5.0
# While we wait for an answer nobody's deadline is looked at.
_CONNECT_S = 2.0
# How long a row that somebody else has locked may keep all stations waiting.
_LOCK_WAIT = "200ms"
# What a writer had under way is given up within seconds, so its row means nothing long before this.
_FORGOTTEN_AFTER = timedelta(days=7)


@dataclass(slots=True)
class Figures:
    """What the journal has done since it was opened. `attempts` are transactions begun, `flushes` those committed."""

    attempts: int = 0
    flushes: int = 0
    entries: int = 0
    repeated: int = 0
    refused: int = 0
    expired: int = 0


@dataclass(slots=True)
class _Flush:
    """A flush whose outcome we have not heard yet."""

    number: int
    entries: Sequence[Entry]
    repeated: frozenset[int] = frozenset()


class _AwayError(Exception):
    """The connection is of no more use."""


class Journal:
    """See the module. Open it before use and close it at the end, both in the same event loop."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        linger_s: float = 0.002,
        batch_entries: int = 500,
        most_waiting: int = 50_000,
        publish: Callable[[str], None] = lambda subject: None,
        on_change: Callable[[bool], None] = lambda available: None,
    ) -> None:
        """`linger_s` is how long a lonely entry waits for company, `most_waiting` how many may wait in all.

        `publish` is called after a commit with each subject its entries wake, `on_change` when the database goes away or
        returns.
        """
        self.figures = Figures()
        self._database = database
        self._clock = clock
        self._linger_s = linger_s
        self._batch_entries = batch_entries
        self._most_waiting = most_waiting
        self._publish = publish
        self._on_change = on_change
        self._id = uuid4()
        self._number = 0
        self._lineup = Lineup()
        self._wake = asyncio.Event()
        self._full = asyncio.Event()
        self._driver: Driver | None = None
        self._unheard: _Flush | None = None
        self._available = False
        self._full_disk = False
        self._closing = False
        self._writer: asyncio.Task[None] | None = None

    @property
    def available(self) -> bool:
        """Whether the database took the last thing it was given."""
        return self._available

    @property
    def waiting(self) -> int:
        """How many units of work are not on their way yet."""
        return len(self._lineup)

    async def open(self) -> None:
        """Connect and begin to write. Raises `StoreAway`."""
        try:
            await self._connect()
        except Exception as error:
            raise StoreAway(f"the database does not answer: {error}") from error
        self._writer = asyncio.get_running_loop().create_task(self._run(), name="journal")

    async def tidy(self) -> int:
        """Say that this writer is there, and forget those that have not said so for long. Returns how many were forgotten.

        To be called more often than every few days, or another process takes this writer for one that was killed.
        """
        async with self._database.engine.begin() as connection:
            now = self._clock.now()
            await connection.execute(
                text("UPDATE journal_writer SET opened_at = :now WHERE id = :id"), {"now": now, "id": self._id}
            )
            gone = await connection.execute(
                text("DELETE FROM journal_writer WHERE opened_at < :old"), {"old": now - _FORGOTTEN_AFTER}
            )
            return gone.rowcount

    async def close(self) -> None:
        """Write what is waiting and stop. What the database does not take at once ends with `StoreAway`."""
        self._closing = True
        self._wake.set()
        self._full.set()
        if self._writer is not None:
            await self._writer
            self._writer = None
        if self._driver is not None:
            driver, self._driver = self._driver, None
            try:
                async with asyncio.timeout(_SHORTEST_FLUSH_S):
                    await driver.execute("DELETE FROM journal_writer WHERE id = $1", self._id)
                    await driver.close()
            except Exception as error:
                _LOG.debug("the journal's connection could not be closed in good order: %s", error)
                driver.terminate()

    async def commit(self, entry: Entry, hold_s: float) -> bool:
        """Return when `entry` is durable; True means that it was a repetition and that nothing of it was written.

        Waits at most about `hold_s` seconds for a database that is away. Raises `EntryRefused`, `StoreAway`,
        `StoreFault`; a caller that is cancelled leaves the entry to be written.
        """
        if self._closing or len(self._lineup) >= self._most_waiting:
            raise StoreAway("the store is closing" if self._closing else "too many entries are waiting")
        entry.since = self._now()
        entry.deadline = entry.since + hold_s
        entry.done = asyncio.get_running_loop().create_future()
        self._lineup.join(entry)
        self._wake.set()
        if len(self._lineup) >= self._batch_entries:
            self._full.set()
        return await entry.done

    # The writer.

    async def _run(self) -> None:
        while True:
            if not self._lineup and self._available:
                if self._closing and not self._lineup.any_put_off:
                    return
                await self._work()
            try:
                if self._driver is None and not await self._reconnect():
                    return
                await self._company()
                await self._store(self._lineup.take(self._batch_entries, self._now(), all_due=self._closing))
            except _AwayError as error:
                self._lose_connection(error)
            except Exception as error:
                # Nobody else writes, so this task must not end. What it was at is in `_unheard` or still in the queue.
                _LOG.exception("the journal failed unexpectedly")
                self._lose_connection(error)
                await self._clock.sleep(_FIRST_PAUSE_S)

    async def _work(self) -> None:
        """Wait until there is something to write, to try again, or to close."""
        self._wake.clear()
        timer = self._clock.call_at(self._lineup.retry_at, self._wake.set) if self._lineup.any_put_off else None
        await self._wake.wait()
        if timer is not None:
            timer.cancel()

    async def _company(self) -> None:
        """Wait until the oldest entry has lingered, or a whole batch is there."""
        if self._closing or not self._lineup or len(self._lineup) >= self._batch_entries:
            return
        until = self._lineup.oldest_since + self._linger_s
        if self._now() < until:
            self._full.clear()
            timer = self._clock.call_at(until, self._full.set)
            await self._full.wait()
            timer.cancel()

    async def _store(self, parts: list[Part]) -> None:
        """Write all parts, halving those that fail until the entry at fault stands alone."""
        try:
            while parts:
                part = parts[-1] = self._lineup.without_waiting(parts[-1])
                error = await self._flush(part) if part else None
                if error is not None and len(part) > 1:
                    halved(parts)
                    continue
                if error is not None:
                    await self._fail(part[0], error)
                parts.pop()
        finally:
            # What the connection broke on is in `_unheard`, unless it is known to be rolled back.
            if self._unheard is not None:
                parts.pop()
            for part in parts:
                self._lineup.return_to_front(part)

    async def _flush(self, part: Sequence[Entry]) -> Exception | None:
        """One transaction. Returns why it was rolled back, None when committed; raises `_AwayError`."""
        driver = self._driver
        assert driver is not None  # noqa: S101 - _run connects first
        self._number += 1
        self.figures.attempts += 1
        self._unheard = flush = _Flush(self._number, part)
        budget_s = max(_SHORTEST_FLUSH_S, min(entry.deadline for entry in part) - self._now())
        try:
            async with asyncio.timeout(budget_s):
                # Both in one round trip, which takes a statement without arguments; they are a number and a UUID of ours.
                begun = await driver.execute(
                    f"BEGIN; UPDATE journal_writer SET flush = {self._number} WHERE id = '{self._id}'"  # noqa: S608
                )
                if begun != "UPDATE 1":
                    raise _AwayError("this writer is no longer registered")
                flush.repeated = await write(driver, part)
                if await driver.execute("COMMIT") != "COMMIT":
                    raise _AwayError("the transaction was rolled back unasked")
        except _AwayError:
            raise
        except Exception as error:
            if driver.is_closed() or (judge(error) is Failure.AWAY and not isinstance(error, DRIVER_MISUSED)):
                raise _AwayError(f"{type(error).__name__}: {error}") from error
            await self._roll_back(driver)
            return error
        self._acknowledge(flush)
        return None

    async def _roll_back(self, driver: Driver) -> None:
        try:
            async with asyncio.timeout(_SHORTEST_FLUSH_S):
                await driver.execute("ROLLBACK")
        except Exception as error:
            raise _AwayError(f"{type(error).__name__}: {error}") from error
        self._unheard = None

    def _acknowledge(self, flush: _Flush) -> None:
        self._unheard = None
        self.figures.flushes += 1
        self.figures.entries += len(flush.entries)
        self.figures.repeated += len(flush.repeated)
        for index, entry in enumerate(flush.entries):
            entry.settle(index in flush.repeated)
        for subject in {subject for entry in flush.entries if entry.wakes for subject in entry.wakes}:
            _tell(self._publish, subject)

    async def _fail(self, entry: Entry, error: Exception) -> None:
        """Settle or put off an entry that failed by itself."""
        failure, now = judge(error), self._now()
        if failure is Failure.BUSY and entry.deadline > now:
            self._lineup.put_off(entry, now)
            return
        if failure is not Failure.VALUES:
            _LOG.error("an entry could not be written: %s", error, exc_info=error)
            entry.settle(translated(error))
            return
        refused = refusal(error)
        await self._keep_aside(entry, refused)
        self.figures.refused += 1
        self._lineup.suspect(entry.key, now)
        entry.settle(refused)

    async def _keep_aside(self, entry: Entry, refused: EntryRefused) -> None:
        """Only once it is on record does the caller hear of the refusal; otherwise the entry is tried again later."""
        driver = self._driver
        assert driver is not None  # noqa: S101 - a flush was refused on it
        try:
            async with asyncio.timeout(_SHORTEST_FLUSH_S):
                await keep_aside(driver, entry, refused, self._clock.now())
        except Exception as error:
            raise _AwayError(f"{type(error).__name__}: {error}") from error

    # The connection.

    def _lose_connection(self, error: Exception) -> None:
        self._full_disk = isinstance(error.__cause__, asyncpg.DiskFullError)
        if self._available:
            _LOG.warning("the database is away, entries are held: %s", error)
            self._available = False
            _tell(self._on_change, False)
        if self._driver is not None:
            self._driver.terminate()
            self._driver = None

    async def _reconnect(self) -> bool:
        """Return True once connected; False when there is nothing left to wait for."""
        pause_s = _FIRST_PAUSE_S
        while not self._closing:
            self._expire()
            try:
                await self._connect()
            except Exception as error:
                _LOG.debug("the database is still away: %s", error)
            else:
                _LOG.warning("the database is back")
                return True
            await self._clock.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        self._expire(everything=True)
        return False

    async def _connect(self) -> None:
        """Open a connection, and find out about the flush whose end we did not hear."""
        async with asyncio.timeout(_CONNECT_S):
            driver = await self._database.open_connection()
        try:
            async with asyncio.timeout(_SHORTEST_FLUSH_S):
                # One that still runs on the lost connection holds the lock on our row: this waits for its end.
                await driver.execute(f"SET lock_timeout = '{_LOCK_WAIT}'")
                committed = await driver.fetchval(
                    "INSERT INTO journal_writer AS known (id, flush, opened_at) VALUES ($1, 0, $2)"
                    " ON CONFLICT (id) DO UPDATE SET flush = known.flush RETURNING flush",
                    self._id,
                    self._clock.now(),
                )
                if self._full_disk:
                    await _need_room(driver)
        except BaseException:
            driver.terminate()
            raise
        unheard, self._unheard = self._unheard, None
        if unheard is not None and unheard.number == committed:
            self._acknowledge(unheard)
        elif unheard is not None:
            self._lineup.return_to_front(unheard.entries)
        self._driver = driver
        self._available = True
        _tell(self._on_change, True)

    def _expire(self, *, everything: bool = False) -> None:
        """Turn callers away whose deadline has passed."""
        late = self._lineup.expire(self._now(), everything=everything)
        # They may be found committed later, which nobody minds: a caller that was turned away comes again.
        for entry in self._unheard.entries if self._unheard else ():
            if not entry.expired and (everything or entry.deadline <= self._now()):
                entry.expired = True
                late.append(entry)
        self.figures.expired += len(late)
        for entry in late:
            entry.settle(StoreAway("the database was away for too long"))

    def _now(self) -> float:
        return self._clock.monotonic()


async def _need_room(driver: Driver) -> None:
    """Raise unless the disk has room again: a server whose disk is full takes connections and small changes all the same."""
    try:
        await driver.execute("BEGIN; CREATE TEMPORARY TABLE room ON COMMIT DROP AS SELECT repeat('-', 1000)")
    except asyncpg.InsufficientPrivilegeError:
        # Then the next flush will show.
        _LOG.debug("this account may make no temporary table, so the room on the disk cannot be tried")
    await driver.execute("ROLLBACK")


def _tell(listener: Callable[[_Said], object], what: _Said) -> None:
    """What a listener makes of it is no concern of those who write."""
    try:
        listener(what)
    except Exception:
        _LOG.exception("a listener of the journal failed")
