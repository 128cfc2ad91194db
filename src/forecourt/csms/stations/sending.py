"""How a command reaches a station: recorded first, then sent, then its outcome recorded, whatever happens in between.

    queued ── sent ── accepted | refused | unanswered | failed
      │         └──── running ── finished | failed | expired
      └ expired | failed

Commands of one station go out one after another in the order they were asked for; those of an offline station wait until
it is back or they expire. After a restart a command that had been sent and not answered is `unanswered`: whether the
station acted is unknown, and sending it again is for whoever asked to decide.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import ColumnElement, and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.clock import Clock
from forecourt.csms.redaction import MASK, redacted_reply, redacted_value
from forecourt.csms.stations.commands import NEXT, Command, CommandStatus, Outcome
from forecourt.csms.stations.dialects import Dialect
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Station, StationKey
from forecourt.csms.stations.registry import Stations
from forecourt.csms.stations.store import command as table
from forecourt.csms.stations.store import station as station_table
from forecourt.csms.store.announced import Event
from forecourt.csms.store.errors import EntryRefused, StoreAway, StoreFault
from forecourt.csms.store.work import Store, Work
from forecourt.errors import AnsweredError, Conflict, Invalid, NoAnswer, NotFound, Offline, Refused
from forecourt.ocpp.errors import LocalProtocolError
from forecourt.transport.tasks import Tasks

_LOG = logging.getLogger("forecourt.commands")

DEFAULT_EXPIRY: Final = timedelta(minutes=15)
LONGEST_EXPIRY: Final = timedelta(days=30)
MOST_QUEUED: Final = 100
"""Commands that may wait for one station."""

_AWAY_PAUSE_S: Final = 2.0
_NOT_STORABLE: Final = "it answered what cannot be stored"
_LARGEST_REQUEST_ID: Final = 2**31 - 1
_UNDER_WAY: Final = (CommandStatus.QUEUED, CommandStatus.SENT)
_OPEN: Final = (*_UNDER_WAY, CommandStatus.RUNNING)


class CommandChanged(Event, frozen=True, kw_only=True):
    """A command has taken a step in its life."""

    organisation_id: int
    station_id: int
    command_id: UUID
    bulk_id: UUID | None
    kind: str
    status: str
    reason: str


@dataclass(slots=True, eq=False)
class Order:
    """A command on its way to one station. `command` itself may hold a secret; what is recorded of it does not."""

    id: UUID
    station: Station
    command: Command
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    status: CommandStatus = CommandStatus.QUEUED
    bulk_id: UUID | None = None
    reason: str = ""
    result: Mapping[str, Any] | None = None
    request_id: int | None = None
    answered: asyncio.Event | None = None
    """Set when the station has answered or never will; there is one while somebody waits for it."""

    @property
    def is_under_way(self) -> bool:
        """Whether the station has yet to answer."""
        return self.status in _UNDER_WAY

    def become(self, status: CommandStatus, reason: str = "", result: Mapping[str, Any] | None = None) -> None:
        """Take a step that is on record."""
        self.status, self.reason, self.result = status, reason, result
        if self.answered is not None and not self.is_under_way:
            self.answered.set()


class _Queue:
    """What waits for one station, and whether something is on its way. Kept with the station's memory."""

    __slots__ = ("arriving", "busy", "orders")

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.arriving = 0
        """How many more are being recorded."""
        self.busy = False


class Sending:
    """Takes commands and sees them through to their outcome."""

    def __init__(
        self, store: Store, stations: Stations, dialects: Iterable[Dialect], clock: Clock, tasks: Tasks
    ) -> None:
        self._store = store
        self._stations = stations
        self._clock = clock
        self._tasks = tasks
        self._kinds = {command.kind: command for dialect in dialects for command in dialect.says}
        self.steps: Counter[CommandStatus] = Counter()
        """How many commands have come to each status in this process."""

    async def ask(
        self,
        station: Station,
        command: Command,
        *,
        asked_by: str,
        expires_in: timedelta = DEFAULT_EXPIRY,
        bulk_id: UUID | None = None,
    ) -> Order:
        """Record a command and start it on its way. The order returned lives on: its status follows the command's life.

        Raises Invalid for an impossible expiry, for values the database cannot hold (a NUL in a text) or, if the station is
        connected, for a command its version has no words for; Conflict when too many wait already; StoreAway, StoreFault.
        """
        if not timedelta(0) < expires_in <= LONGEST_EXPIRY:
            message = f"a command expires within {LONGEST_EXPIRY.days} days"
            raise Invalid("command_expiry", message, {"expiresInS": message})
        queue = station.recall(_Queue)
        if len(queue.orders) + queue.arriving >= MOST_QUEUED:
            raise Conflict("commands_waiting", f"{MOST_QUEUED} commands wait for {station.wire_id} already")
        self._check_words(station, command)
        queue.arriving += 1
        try:
            async with self._store.work(station.key) as work:
                order = Order(uuid4(), station, command, asked_by, work.now, work.now + expires_in, bulk_id=bulk_id)
                await _record_new(await work.sql(), order)
                _announce(work, order, order.status)
        except EntryRefused as error:
            raise Invalid("command_not_storable", f"this command cannot be stored: {error.reason}") from error
        finally:
            queue.arriving -= 1
        self.steps[order.status] += 1
        queue.orders.append(order)
        self.go_on(station)
        return order

    async def wait(self, order: Order, longest_s: float) -> bool:
        """Wait until the station has answered a command or never will. Returns whether that is so now."""
        if order.is_under_way:
            order.answered = order.answered or asyncio.Event()
            try:
                async with self._clock.timeout(longest_s):
                    await order.answered.wait()
            except TimeoutError:
                pass
        return not order.is_under_way

    async def cancel(self, which: Callable[[Order], bool], cancelled_by: str) -> int:
        """End commands that wait; one that is on its way is not among them. Returns how many. Raises StoreError."""
        taken: list[Order] = []
        for station in self._stations:
            if station.remembers(_Queue):
                queue = station.recall(_Queue)
                taken += (order for order in queue.orders if which(order))
                queue.orders = [order for order in queue.orders if not which(order)]
        if not taken:
            return 0
        reason = f"cancelled by {cancelled_by}"
        try:
            async with self._store.work() as work:
                await _end(work, table.c.id.in_([order.id for order in taken]), CommandStatus.EXPIRED, reason)
        except BaseException:
            for order in taken:
                order.station.recall(_Queue).orders.insert(0, order)
            raise
        for order in taken:
            order.become(CommandStatus.EXPIRED, reason)
        return len(taken)

    def has_words(self, station: Station, command: type[Command]) -> bool | None:
        """Whether a station's version can say a command, None while it is not connected."""
        link = self._stations.link_if_any(station)
        return None if link is None else command in link.dialect.says

    def restored(self, kind: str, arguments: Mapping[str, Any]) -> Command | str:
        """The command that was stored, or why it cannot be had."""
        if MASK in msgspec.json.encode(arguments).decode():
            return "it held a secret, which is not stored; ask again"
        known = self._kinds.get(kind)
        try:
            return "this version of the server does not know it" if known is None else msgspec.convert(arguments, known)
        except msgspec.ValidationError as error:
            return f"this version of the server does not understand it: {error}"

    def go_on(self, station: Station) -> None:
        """Send what waits for `station`, if it is connected and nothing is on its way. Call it whenever that may have changed."""
        queue = station.recall(_Queue)
        if queue.orders and not queue.busy:
            queue.busy = True
            self._tasks.start(self._drain(station, queue))

    async def expire(self) -> int:
        """Expire what has waited too long; called every few seconds by the process. Returns how many."""
        now = self._clock.now()
        late: list[Order] = []
        # All at once: while one is recorded, stations are added and queues move on.
        for station in self._stations:
            if station.remembers(_Queue):
                queue = station.recall(_Queue)
                late += [order for order in queue.orders if order.expires_at <= now]
                queue.orders = [order for order in queue.orders if order.expires_at > now]
        for order in late:
            await self._step(order, CommandStatus.EXPIRED, "the station did not connect in time")
        return len(late)

    async def resume(self) -> None:
        """After a start: bring back what was queued, and end what was on its way with an unknown outcome."""
        async with self._store.work() as work:
            connection = await work.sql()
            lost = table.c.status == CommandStatus.SENT
            await _end(work, lost, CommandStatus.UNANSWERED, "the server was restarted")
            waiting = await connection.execute(
                select(table).where(table.c.status == CommandStatus.QUEUED).order_by(table.c.asked_at)
            )
            orders: list[Order] = []
            for row in waiting.mappings().all():
                command = self.restored(row["kind"], row["arguments"])
                if isinstance(command, str):
                    await _end(work, table.c.id == row["id"], CommandStatus.FAILED, command)
                    continue
                station = self._stations.of_key(StationKey(row["station_id"]))
                times = row["asked_at"], row["expires_at"]
                orders.append(Order(row["id"], station, command, row["asked_by"], *times, bulk_id=row["bulk_id"]))
        for order in orders:
            order.station.recall(_Queue).orders.append(order)

    async def finish(self, station: Station, request_id: int, *, failed: bool, reason: str) -> bool:
        """End the running command that `request_id` belongs to.

        False when none is on record as running: it has ended, or the station was quicker than our own record of its answer.
        """
        theirs = and_(
            table.c.station_id == station.key,
            table.c.request_id == request_id,
            table.c.status == CommandStatus.RUNNING,
        )
        async with self._store.work(station.key) as work:
            status = CommandStatus.FAILED if failed else CommandStatus.FINISHED
            ended = await _end(work, theirs, status, reason)
        self.steps[status] += ended
        return ended > 0

    # On its way.

    async def _drain(self, station: Station, queue: _Queue) -> None:
        try:
            while queue.orders:
                try:
                    link = self._stations.link_of(station)
                except Offline:
                    return
                order = queue.orders.pop(0)
                if order.expires_at <= self._clock.now():
                    await self._step(order, CommandStatus.EXPIRED, "it waited too long")
                    continue
                try:
                    await self._send(link, order)
                except (StoreAway, StoreFault) as error:
                    # Nothing was sent: it waits on, and may expire or find another connection until the database is back.
                    _LOG.warning("a command to %s waits for the database: %s", station.wire_id, error)
                    queue.orders.insert(0, order)
                    await self._clock.sleep(_AWAY_PAUSE_S)
        finally:
            queue.busy = False

    async def _send(self, link: Link, order: Order) -> None:
        """Record that it is sent, send it, record the outcome. Raises StoreAway, StoreFault if nothing was recorded or sent."""
        said = link.dialect.says.get(type(order.command))
        if said is None:
            version = link.dialect.version.name
            await self._step(order, CommandStatus.FAILED, f"OCPP {version} has no words for {order.command.kind}")
            return
        await self._record(order, CommandStatus.SENT)
        outcome = await _outcome(said.say(link, order.command))
        order.request_id = outcome.request_id
        await self._step(order, outcome.status, outcome.reason, outcome.result)

    async def _step(
        self, order: Order, status: CommandStatus, reason: str = "", result: Mapping[str, Any] | None = None
    ) -> None:
        """Record a step that has happened and is not forgotten because our database is away."""
        while True:
            try:
                await self._record(order, status, reason, result)
                return
            except EntryRefused as error:
                # What the station said cannot be stored (a NUL in a text). That it has answered can.
                _LOG.warning("an answer of %s cannot be stored: %s", order.station.wire_id, error)
                reason, result = _NOT_STORABLE, None
            except (StoreAway, StoreFault) as error:
                _LOG.warning("an outcome of %s waits for the database: %s", order.station.wire_id, error)
                await self._clock.sleep(_AWAY_PAUSE_S)

    async def _record(
        self, order: Order, status: CommandStatus, reason: str = "", result: Mapping[str, Any] | None = None
    ) -> None:
        if status not in NEXT[order.status]:
            raise RuntimeError(f"a command that is {order.status} does not become {status}")
        async with self._store.work(order.station.key) as work:
            ended_at = work.now if status not in _OPEN else None
            when = {"sent_at": work.now} if status is CommandStatus.SENT else {"ended_at": ended_at}
            # A station may repeat in its own words what it was told.
            told = msgspec.to_builtins(order.command)
            kept = None if result is None else redacted_reply(told, msgspec.to_builtins(dict(result)))
            reason = redacted_reply(told, reason)
            await (await work.sql()).execute(
                update(table)
                .where(table.c.id == order.id)
                .values(status=status, reason=reason, result=kept, request_id=order.request_id, **when)
            )
            _announce(work, order, status, reason)
        self.steps[status] += 1
        order.become(status, reason, result)

    def _check_words(self, station: Station, command: Command) -> None:
        try:
            dialect = self._stations.link_of(station).dialect
        except Offline:
            return
        if type(command) not in dialect.says:
            message = f"OCPP {dialect.version.name}, which {station.wire_id} speaks, has no words for {command.kind}"
            raise Invalid("not_in_this_version", message, {"kind": message})


async def allot_request_id(work: Work, station: Station) -> int:
    """A number for a request whose later messages must be told from those of other requests. Unique per station."""
    allotted = await (await work.sql()).execute(
        update(station_table)
        .where(station_table.c.id == station.key)
        .values(next_request_id=station_table.c.next_request_id % _LARGEST_REQUEST_ID + 1)
        .returning(station_table.c.next_request_id)
    )
    return int(allotted.scalar_one())


async def _outcome(saying: Awaitable[Outcome]) -> Outcome:
    """The outcome of saying a command, also when the station does not do what it was asked."""
    try:
        return await saying
    except Offline:
        return Outcome(CommandStatus.UNANSWERED, "the connection was lost before the station answered")
    except NoAnswer as error:
        return Outcome(CommandStatus.UNANSWERED, str(error))
    except Refused as error:
        return Outcome.refused(error.reason)
    except AnsweredError as error:
        return Outcome.refused(error.code, description=error.description)
    except (LocalProtocolError, NotFound, Invalid) as error:
        # It cannot be said to this station: nothing was sent.
        return Outcome(CommandStatus.FAILED, str(error))
    except Exception:
        # R27: the root of a command's task.
        _LOG.exception("a command failed")
        return Outcome(CommandStatus.FAILED, "an error of the server")


async def _record_new(connection: AsyncConnection, order: Order) -> None:
    await connection.execute(
        insert(table).values(
            id=order.id,
            organisation_id=order.station.organisation,
            station_id=order.station.key,
            bulk_id=order.bulk_id,
            kind=order.command.kind,
            arguments=redacted_value(msgspec.to_builtins(order.command)),
            status=order.status,
            asked_by=order.asked_by,
            asked_at=order.asked_at,
            expires_at=order.expires_at,
        )
    )


async def _end(work: Work, which: ColumnElement[bool], status: CommandStatus, reason: str) -> int:
    """End commands of which there is only the record. Returns how many."""
    ended = await (await work.sql()).execute(
        update(table)
        .where(which)
        .values(status=status, reason=reason, ended_at=work.now)
        .returning(table.c.id, table.c.organisation_id, table.c.station_id, table.c.bulk_id, table.c.kind)
    )
    rows = ended.all()
    for row in rows:
        work.announce(
            CommandChanged(
                organisation_id=row.organisation_id,
                station_id=row.station_id,
                command_id=row.id,
                bulk_id=row.bulk_id,
                kind=row.kind,
                status=status,
                reason=reason,
            )
        )
    return len(rows)


def _announce(work: Work, order: Order, status: CommandStatus, reason: str = "") -> None:
    work.announce(
        CommandChanged(
            organisation_id=order.station.organisation,
            station_id=order.station.key,
            command_id=order.id,
            bulk_id=order.bulk_id,
            kind=order.command.kind,
            status=status,
            reason=reason,
        )
    )
