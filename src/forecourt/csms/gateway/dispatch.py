"""A call of a station, from typed message to committed answer. Both doors, WebSocket and SOAP, go through here.

One call, one unit of work: the handler adds its rows and events, the row of the message log joins them, all of it is
committed, and only then is there an answer. What cannot be committed because of us is never turned into an answer the
station could take for a verdict (DESIGN section 4): the caller is told to let the connection go.
"""

from __future__ import annotations

import logging
from typing import Final

import msgspec

from forecourt.clock import Clock
from forecourt.csms.gateway.clocks import astray
from forecourt.csms.gateway.log import DEVIATED, row_of_call, storable
from forecourt.csms.gateway.tail import Tail
from forecourt.csms.redaction import MASK, SECRET_ACTIONS, redacted_excerpt, redacted_text
from forecourt.csms.stations.dialects import Handler, Later
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Registration
from forecourt.csms.store.errors import EntryRefused, StoreAway, StoreBroke, StoreError, StoreFault
from forecourt.csms.store.work import Store, Work
from forecourt.ocpp import v2, v16
from forecourt.ocpp.deviations import Deviation
from forecourt.ocpp.errors import ErrorCode, LocalProtocolError, ProtocolError, RemoteProtocolError
from forecourt.ocpp.message import Message
from forecourt.ocpp.writing import write
from forecourt.transport.tasks import Tasks

_LOG = logging.getLogger("forecourt.gateway")

TRANSACTION_MESSAGES: Final = frozenset(
    {v16.StartTransaction, v16.StopTransaction, v16.MeterValues, v2.TransactionEvent}
)
"""What a station must not be made to discard: it is answered truly or not at all (E13, 1.6 section 3.7.1)."""

_PAUSE_S: Final = 0.1

NEEDS_NO_DATABASE: Final = frozenset({v16.Heartbeat, v2.Heartbeat})
"""What is answered also while the database is away (DESIGN section 4)."""

BEFORE_ACCEPTED: Final = {
    Registration.PENDING: frozenset({v16.BootNotification, v2.BootNotification, v2.NotifyReport}),
    Registration.REJECTED: frozenset({v16.BootNotification, v2.BootNotification}),
}
"""What is heard from a station that has not been accepted, beyond what it was asked for (B02.FR.09, B03.FR.07, B03.FR.08)."""


class Heard(msgspec.Struct, frozen=True):
    """A call as it came through its door. `payload` is the request as it was on the wire, for the log."""

    message_id: str
    action: str
    message: Message
    payload: bytes
    deviations: tuple[Deviation, ...] = ()


class Given(msgspec.Struct, frozen=True):
    """What a call is answered: a message or an error, and what is to be done once that has left."""

    answer: Message | ProtocolError
    work: Work | None = None


class Unanswerable(Exception):
    """We cannot answer this call truly now. The connection has to go, so that the station keeps what it has to say."""


class Dispatch:
    """Answers calls of stations of every version."""

    def __init__(self, store: Store, clock: Clock, tasks: Tasks | None = None, tail: Tail | None = None) -> None:
        """With `tasks`, what needs no database is answered before it is on record; `tail` tells those who follow the log."""
        self._store = store
        self._clock = clock
        self._tasks = tasks
        self._tail = tail or Tail(clock)

    async def answer(self, link: Link, heard: Heard) -> Given:
        """The committed answer to `heard`. Raises Unanswerable."""
        kind = type(heard.message)
        try:
            handler = self._handler(link, heard)
            if self._tasks is not None and kind in NEEDS_NO_DATABASE and not isinstance(handler, Later):
                return await self._handle_at_once(link, heard, handler, self._tasks)
            return await self._hold(link, heard, handler)
        except LocalProtocolError as error:
            # An answer that cannot be said is our mistake, not the station's: its code is not for the station.
            return await self._fail(link, heard, error)
        except ProtocolError as error:
            return await self._refuse(link, heard, error)
        except EntryRefused as error:
            # Its own values are at fault; they are kept aside whole, and sending them again would change nothing.
            refusal = RemoteProtocolError(
                ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, f"not storable: {error.reason}"[:255]
            )
            return await self._refuse(link, heard, refusal)
        except (StoreAway, StoreFault) as error:
            raise Unanswerable(str(error)) from error
        except Exception as error:
            # R27: the root of a call's task.
            return await self._fail(link, heard, error)

    def _handler(self, link: Link, heard: Heard) -> Handler | Later:
        kind = type(heard.message)
        registration = link.station.registration
        early = registration is not Registration.ACCEPTED and kind not in BEFORE_ACCEPTED[registration]
        if early and heard.action not in link.asked_for:
            raise ProtocolError(ErrorCode.SECURITY_ERROR, f"the station is {registration.value}; boot first")
        handler = link.dialect.hears.get(kind)
        if handler is None:
            raise ProtocolError(ErrorCode.NOT_SUPPORTED, f"{heard.action} is not supported")
        return handler

    async def _hold(self, link: Link, heard: Heard, handler: Handler | Later) -> Given:
        """Handle, and begin again while the database goes away in the middle of it, for as long as a call may be held.

        A unit whose commit was not heard may be there: the second attempt is to it what a repetition by the station would be.
        """
        deadline = self._clock.monotonic() + self._store.hold_s
        while True:
            try:
                return await self._handle(link, heard, handler)
            except StoreBroke:
                if self._clock.monotonic() + _PAUSE_S >= deadline:
                    raise
            await self._clock.sleep(_PAUSE_S)

    async def _handle(self, link: Link, heard: Heard, handler: Handler | Later) -> Given:
        station = link.station
        began = self._clock.monotonic()
        async with self._store.work(station.key) as work:
            if isinstance(handler, Later):
                if handler.refusal is None:
                    raise ProtocolError(ErrorCode.NOT_SUPPORTED, f"{heard.action} is not supported yet")
                answer = handler.refusal(heard.message)
            else:
                answer = await handler(link, work, heard.message)
            # Written here and not only by the door, so that what cannot be said is found before anything is committed.
            payload = write(link.dialect.version, answer)
            duration_s = self._clock.monotonic() - began
            self._tail.log(work, station, self._row(link, work, heard, payload, "", duration_s))
            self._add_deviations(link, work, heard)
            await work.commit()
        station.last_seen_at = work.now
        return Given(answer, work)

    async def _handle_at_once(self, link: Link, heard: Heard, handler: Handler, tasks: Tasks) -> Given:
        """Answer without waiting for the commit: nothing is promised by the answer, so a database that is away delays nothing."""
        work = self._store.work(link.station.key)
        answer = await handler(link, work, heard.message)
        payload = write(link.dialect.version, answer)
        self._tail.log(work, link.station, self._row(link, work, heard, payload, "", 0.0))
        self._add_deviations(link, work, heard)
        tasks.start(_commit_if_possible(work, link.station.wire_id))
        link.station.last_seen_at = work.now
        return Given(answer, work)

    async def _fail(self, link: Link, heard: Heard, error: Exception) -> Given:
        """Answer for an error of ours, without its words."""
        _LOG.error("%s of %s failed", heard.action, link.station.wire_id, exc_info=error)
        if type(heard.message) in TRANSACTION_MESSAGES:
            raise Unanswerable("an error of ours") from error
        return await self._refuse(link, heard, ProtocolError(ErrorCode.INTERNAL_ERROR, "an error of the server"))

    async def _refuse(self, link: Link, heard: Heard, error: ProtocolError) -> Given:
        try:
            async with self._store.work(link.station.key) as work:
                self._tail.log(work, link.station, self._row(link, work, heard, b"", error.code, 0.0))
                self._add_deviations(link, work, heard)
        except EntryRefused:
            # What its own handler could not store the log cannot either; it is kept aside.
            _LOG.warning("a message of %s could not be logged", link.station.wire_id)
        except (StoreAway, StoreFault) as away:
            raise Unanswerable(str(away)) from away
        return Given(error)

    def _row(
        self, link: Link, work: Work, heard: Heard, answer: bytes, error: str, duration_s: float
    ) -> tuple[object, ...]:
        return row_of_call(
            link.station,
            received_at=work.now,
            by_station=True,
            version=link.dialect.version.name,
            message_id=heard.message_id,
            action=heard.action,
            request=heard.payload,
            answer=answer,
            error=error,
            duration_s=duration_s,
            odd=bool(heard.deviations),
        )

    def _add_deviations(self, link: Link, work: Work, heard: Heard) -> None:
        found = heard.deviations
        clock = astray(heard.message, work.now)
        if clock is not None:
            found = (*found, clock)
        if found:
            secret = heard.action in SECRET_ACTIONS
            work.add(DEVIATED, *(deviation_row(link, work, heard.action, one, secret=secret) for one in found))


async def _commit_if_possible(work: Work, wire_id: str) -> None:
    try:
        async with work:
            pass
    except StoreError:
        _LOG.info("a heartbeat of %s is not on record", wire_id)


def note_deviation(link: Link, work: Work, action: str, one: Deviation) -> None:
    """Record in a unit of work that a station did something against the specification that was made sense of."""
    work.add(DEVIATED, deviation_row(link, work, action, one, secret=action in SECRET_ACTIONS))


def deviation_row(link: Link, work: Work, action: str, one: Deviation, *, secret: bool) -> tuple[object, ...]:
    """The row of a deviation; of an action that may carry secrets only where and what kind, not the value."""
    return (
        work.now,
        link.station.key,
        link.station.organisation,
        link.dialect.version.name,
        storable(action),
        one.kind.value,
        storable(one.path),
        MASK if secret else storable(redacted_excerpt(one.path, one.value)),
        storable(redacted_text(one.detail)),
    )
