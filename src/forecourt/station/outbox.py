"""What waits to be said, and in which order it goes.

Two queues and one call at a time. What belongs to transactions is kept over a loss of power, goes in order, and is tried
as often as configured (E13, 1.6 section 3.7.1); only an answer, or the last failed attempt at a management system that is there,
takes it out. Everything else lives as long as the power does; of that, at most `ROOM` wait, and periodic readings give way
first, the oldest before others. Of transaction messages, beyond `MOST_KEPT` every second periodic update is dropped, the
oldest first; begins and ends never are, and since sequence numbers are given when a message leaves, none is missing.

Between the queues the order of asking counts, but a driver who waits at the reader (`urgent`) goes first.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec

from forecourt.charging.ids import ConnectorId, EvseId
from forecourt.charging.readings import Reading
from forecourt.charging.schedule import OperationMode
from forecourt.charging.tokens import Token
from forecourt.clock import Timer
from forecourt.ocpp.message import Message
from forecourt.station import events
from forecourt.station.link import Answer, Failed
from forecourt.station.state import NUMBERINGS, Limits, Numbering
from forecourt.station.storage import Shelf

if TYPE_CHECKING:
    from forecourt.station.core import Station

ROOM: Final = 100
MOST_KEPT: Final = 500


class TransactionMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of a transaction, in our words. `seq` is None until it is sent for the first time.

    `kind` is Started, Updated or Ended; `trigger`, `state` and `reason` are words of 2.1. `register_wh` is the register
    at that moment. `readings` are for this message, `trail` (Ended only) what was collected on the way.
    """

    transaction_id: str
    kind: str
    trigger: str
    at: datetime
    evse_id: EvseId
    connector_id: ConnectorId
    state: str
    register_wh: Decimal
    offline: bool = False
    token: Token | None = None
    stop_token: Token | None = None
    remote_start_id: int | None = None
    reservation_id: int | None = None
    mode: OperationMode | None = None
    reason: str | None = None
    readings: tuple[Reading, ...] = ()
    trail: tuple[Reading, ...] = ()
    charging_s: int | None = None
    limits: Limits | None = None
    evse_told: bool = True
    seq: int | None = None
    attempts: int = 0


QUEUE: Shelf[TransactionMessage] = Shelf("queue", TransactionMessage)


class Waiting:
    """Something to be said once. `ended` is told False when it could not be."""

    __slots__ = ("ended", "notice", "order", "periodic")

    def __init__(self, notice: Any, order: int, periodic: bool, ended: Callable[[bool], object] | None) -> None:
        self.notice = notice
        self.order = order
        self.periodic = periodic
        self.ended = ended


class Outbox:
    """The queues of one station. `pump` says the next thing, if one may be said."""

    __slots__ = (
        "_due_at",
        "_flight",
        "_flying",
        "_order",
        "_plain",
        "_retry",
        "_station",
        "_timeout",
        "numberings",
        "queue",
    )

    def __init__(self, station: Station) -> None:
        self._station: Final = station
        self._plain: list[Waiting] = []
        self.queue: list[tuple[int, TransactionMessage]] = [
            (int(key), message) for key, message in station.storage.items(QUEUE)
        ]
        self.numberings = dict(station.storage.items(NUMBERINGS))
        self._order = self.queue[-1][0] + 1 if self.queue else 0
        self._flight: object | None = None
        self._flying: Waiting | None = None
        self._timeout: Timer | None = None
        self._retry: Timer | None = None
        self._due_at = 0.0

    @property
    def idle(self) -> bool:
        """Nothing is on its way and nothing waits."""
        return self._flight is None and not self.queue and not self._plain

    @property
    def waiting(self) -> int:
        return len(self.queue) + len(self._plain)

    def put(self, notice: Any, *, periodic: bool, urgent: bool, ended: Callable[[bool], object] | None) -> None:
        if len(self._plain) >= ROOM:
            self._make_room()
        if urgent:
            self._plain.insert(0, Waiting(notice, -1, periodic, ended))
        else:
            self._plain.append(Waiting(notice, self._next_order(), periodic, ended))

    def keep(self, message: TransactionMessage) -> None:
        order = self._next_order()
        self.queue.append((order, message))
        self._station.storage.put(QUEUE, f"{order:012}", message)
        if len(self.queue) > MOST_KEPT:
            self._thin_out()

    def follow(self, message: TransactionMessage) -> None:
        """Keep a message to be said before all others: it belongs to the one that has just been answered."""
        order = self.queue[0][0] - 1 if self.queue else self._next_order()
        self.queue.insert(0, (order, message))
        self._station.storage.put(QUEUE, f"{order:012}", message)

    def holds(self, transaction_id: str | None = None) -> bool:
        """Whether a message of this (of any) transaction has not been delivered."""
        return any(transaction_id in (None, message.transaction_id) for _, message in self.queue)

    def numbering(self, transaction_id: str) -> Numbering:
        return self.numberings.get(transaction_id, Numbering())

    def number(self, transaction_id: str, numbering: Numbering) -> None:
        self.numberings[transaction_id] = numbering
        self._station.storage.put(NUMBERINGS, transaction_id, numbering)

    def forget(self, transaction_id: str) -> None:
        """The last message of a transaction is gone."""
        if self.numberings.pop(transaction_id, None) is not None:
            self._station.storage.remove(NUMBERINGS, transaction_id)

    def disconnected(self) -> None:
        """What was on its way may have arrived or not: what is kept goes again, the rest is given up."""
        self._flight = None
        self._cancel_timers()
        self._due_at = 0.0
        lost = [*(() if self._flying is None else (self._flying,)), *self._plain]
        self._flying, self._plain = None, []
        for waiting in lost:
            if waiting.ended is not None:
                waiting.ended(False)

    def hurry(self) -> None:
        """Say what is due, without waiting for the interval between attempts."""
        self._due_at = 0.0

    def close(self) -> None:
        self._flight = None
        self._cancel_timers()

    # Sending.

    def pump(self) -> None:
        station = self._station
        while self._flight is None and station.connected_now:
            plain = next((one for one in self._plain if station.may_say(one.notice)), None)
            head = self._head()
            if plain is not None and (head is None or plain.order < head[0]):
                self._plain.remove(plain)
                self._say_plain(plain)
            elif head is not None:
                self._say_kept(*head)
            else:
                return

    def _head(self) -> tuple[int, TransactionMessage] | None:
        station = self._station
        if not self.queue or not station.accepted:
            return None
        wait_s = self._due_at - station.timeline.monotonic()
        if wait_s > 0:
            if self._retry is None:
                self._retry = station.timeline.after(wait_s, self._again)
            return None
        return self.queue[0]

    def _again(self) -> None:
        self._retry = None
        self._station.turn(lambda: None)

    def _say_plain(self, waiting: Waiting) -> None:
        station = self._station
        said = station.dialect.says.get(type(waiting.notice))
        request = None if said is None else said.say(station, waiting.notice)
        if request is None:
            if waiting.ended is not None:
                station.within(lambda: waiting.ended and waiting.ended(True))
            return

        def done(answer: Answer) -> None:
            self._flying = None
            if isinstance(answer, Failed):
                if waiting.ended is not None:
                    waiting.ended(False)
                return
            if said is not None and said.heard is not None:
                said.heard(station, waiting.notice, answer)
            if waiting.ended is not None:
                waiting.ended(True)

        self._flying = waiting
        self._call(request, done)

    def _say_kept(self, order: int, message: TransactionMessage) -> None:
        station = self._station
        said = station.dialect.says[TransactionMessage]
        if message.seq is None:
            numbering = self.numbering(message.transaction_id)
            message = msgspec.structs.replace(message, seq=numbering.next_seq)
            self.number(message.transaction_id, msgspec.structs.replace(numbering, next_seq=numbering.next_seq + 1))
        request = said.say(station, message)
        if request is None:
            self._drop_head(message)
            station.storage.commit()
            return
        self.queue[0] = (order, message)
        station.storage.put(QUEUE, f"{order:012}", message)
        station.storage.commit()

        def done(answer: Answer) -> None:
            if isinstance(answer, Failed):
                self._failed(message)
                return
            self._drop_head(message)
            if said.heard is not None:
                said.heard(station, message, answer)

        self._call(request, done)

    def _failed(self, message: TransactionMessage) -> None:
        """E13.FR.03: the wait grows with each attempt; E13.FR.04: after the last one the message is given up.

        An attempt that a lost connection or the loss of power has cut short does not count: nobody has failed to answer.
        """
        station = self._station
        model = station.model
        message = msgspec.structs.replace(message, attempts=message.attempts + 1)
        if message.attempts >= model.integer("OCPPCommCtrlr", "MessageAttempts", "TransactionEvent"):
            self._drop_head(message)
            return
        order, _ = self.queue[0]
        self.queue[0] = (order, message)
        station.storage.put(QUEUE, f"{order:012}", message)
        interval_s = model.integer("OCPPCommCtrlr", "MessageAttemptInterval", "TransactionEvent")
        self._due_at = station.timeline.monotonic() + interval_s * message.attempts

    def _drop_head(self, message: TransactionMessage) -> None:
        order, _ = self.queue.pop(0)
        self._station.storage.remove(QUEUE, f"{order:012}")
        if message.kind == "Ended":
            self.forget(message.transaction_id)

    def _call(self, request: Message, done: Callable[[Answer], object]) -> None:
        station = self._station
        flight = object()
        self._flight = flight

        def answered(answer: Answer) -> None:
            if self._flight is not flight:
                return
            self._flight = None
            if self._timeout is not None:
                self._timeout.cancel()
                self._timeout = None
            if station.watchers:
                station.show(events.Answered(request, answer))
            station.turn(lambda: done(answer))

        timeout_s = station.model.integer("OCPPCommCtrlr", "MessageTimeout", "Default")
        self._timeout = station.timeline.after(timeout_s, lambda: answered(Failed(reason="no answer in time")))
        station.talked()
        if station.watchers:
            station.show(events.Saying(request))
        station.link.call(request, answered)

    def _cancel_timers(self) -> None:
        for timer in (self._timeout, self._retry):
            if timer is not None:
                timer.cancel()
        self._timeout = self._retry = None

    # Bounds.

    def _next_order(self) -> int:
        self._order += 1
        return self._order

    def _make_room(self) -> None:
        given_up = next((one for one in self._plain if one.periodic), self._plain[0])
        self._plain.remove(given_up)
        if given_up.ended is not None:
            given_up.ended(False)

    def _thin_out(self) -> None:
        """Drop every second periodic update that has not been sent yet, except the head."""
        kept: list[tuple[int, TransactionMessage]] = []
        second = False
        for index, (order, message) in enumerate(self.queue):
            if index and message.seq is None and message.trigger in ("MeterValuePeriodic", "MeterValueClock"):
                second = not second
                if second:
                    self._station.storage.remove(QUEUE, f"{order:012}")
                    continue
            kept.append((order, message))
        self.queue = kept
