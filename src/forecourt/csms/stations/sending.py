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
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import and_, select, update

from forecourt.clock import Clock
from forecourt.csms.redaction import MASK
from forecourt.csms.stations.commands import Command, CommandStatus, Outcome
from forecourt.csms.stations.dialects import Dialect
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Station, StationKey
from forecourt.csms.stations.orders import Order, end_recorded, record_new, record_step
from forecourt.csms.stations.registry import Stations
from forecourt.csms.stations.store import command as table
from forecourt.csms.stations.store import station as station_table
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

        Raises what `new` and `give` raise.
        """
        async with self._store.work(station.key) as work:
            order = self.new(work, station, command, asked_by=asked_by, expires_in=expires_in, bulk_id=bulk_id)
            await self.give(work, order)
        return order

    def new(
        self,
        work: Work,
        station: Station,
        command: Command,
        *,
        asked_by: str,
        expires_in: timedelta = DEFAULT_EXPIRY,
        bulk_id: UUID | None = None,
    ) -> Order:
        """A command that may be given to a station, not recorded yet.

        Raises Invalid for an impossible expiry or, if the station is connected, for a command its version has no words for.
        """
        if not timedelta(0) < expires_in <= LONGEST_EXPIRY:
            message = f"a command expires within {LONGEST_EXPIRY.days} days"
            raise Invalid("command_expiry", message, {"expiresInS": message})
        self._check_words(station, command)
        return Order(uuid4(), station, command, asked_by, work.now, work.now + expires_in, bulk_id=bulk_id)

    async def give(self, work: Work, order: Order) -> None:
        """Record a new command with all that `work` holds, commit that, and start it on its way.

        Where nothing else waits for a connected station, it is recorded as sent in the same commit: what is lost in between is
        unanswered, as is what is lost just after. Raises Invalid for values the database cannot hold (a NUL in a text),
        Conflict when too many wait already, StoreAway, StoreFault.
        """
        station = order.station
        queue = station.recall(_Queue)
        if len(queue.orders) + queue.arriving >= MOST_QUEUED:
            raise Conflict("commands_waiting", f"{MOST_QUEUED} commands wait for {station.wire_id} already")
        at_once = not (queue.busy or queue.orders or queue.arriving) and self._stations.link_if_any(station) is not None
        queue.arriving += 1
        queue.busy = queue.busy or at_once
        try:
            record_new(work, order, sent=at_once)
            await work.commit()
        except BaseException as error:
            if at_once:
                queue.busy = False
                self.go_on(station)
            if isinstance(error, EntryRefused):
                raise Invalid("command_not_storable", f"this command cannot be stored: {error.reason}") from error
            raise
        finally:
            queue.arriving -= 1
        self.steps[order.status] += 1
        if at_once:
            self.steps[CommandStatus.SENT] += 1
            order.become(CommandStatus.SENT)
            self._tasks.start(self._drain(station, queue, order))
        else:
            queue.orders.append(order)
            self.go_on(station)

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
                await end_recorded(work, table.c.id.in_([order.id for order in taken]), CommandStatus.EXPIRED, reason)
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
            await end_recorded(work, lost, CommandStatus.UNANSWERED, "the server was restarted")
            waiting = await connection.execute(
                select(table).where(table.c.status == CommandStatus.QUEUED).order_by(table.c.asked_at)
            )
            orders: list[Order] = []
            for row in waiting.mappings().all():
                command = self.restored(row["kind"], row["arguments"])
                if isinstance(command, str):
                    await end_recorded(work, table.c.id == row["id"], CommandStatus.FAILED, command)
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
            ended = await end_recorded(work, theirs, status, reason)
        self.steps[status] += ended
        return ended > 0

    # On its way.

    async def _drain(self, station: Station, queue: _Queue, sent: Order | None = None) -> None:
        """Send what waits; before that the one that is recorded as sent already."""
        try:
            if sent is not None:
                await self._deliver(sent)
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
        """Record that it is sent, and deliver it. Raises StoreAway, StoreFault if nothing was recorded or sent."""
        if type(order.command) not in link.dialect.says:
            await self._step(order, CommandStatus.FAILED, _no_words(link, order.command))
            return
        await self._record(order, CommandStatus.SENT)
        await self._deliver(order)

    async def _deliver(self, order: Order) -> None:
        """Send what is recorded as sent, over the newest connection, and record the outcome."""
        outcome = await _outcome(self._say(order))
        order.request_id = outcome.request_id
        await self._step(order, outcome.status, outcome.reason, outcome.result)

    async def _say(self, order: Order) -> Outcome:
        link = self._stations.link_of(order.station)
        said = link.dialect.says.get(type(order.command))
        if said is None:
            return Outcome(CommandStatus.FAILED, _no_words(link, order.command))
        return await said.say(link, order.command)

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
        async with self._store.work(order.station.key) as work:
            record_step(work, order, status, reason, result)
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


def _no_words(link: Link, command: Command) -> str:
    return f"OCPP {link.dialect.version.name} has no words for {command.kind}"


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
