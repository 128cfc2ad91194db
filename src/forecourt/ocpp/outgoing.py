"""Our calls to the peer: one on the wire at a time, the others in a bounded queue, each with its deadlines (Part 4, 4.1.1).

A call may give way: others go before it, and once one of them waits, the peer has less time to answer it.
"""

from __future__ import annotations

from math import inf
from typing import Final

import msgspec

from forecourt.ocpp.deviations import Deviation
from forecourt.ocpp.errors import ErrorCode, LocalProtocolError, RemoteProtocolError
from forecourt.ocpp.events import (
    Answered,
    AnsweredError,
    BreachKind,
    Cancelled,
    Disconnected,
    Event,
    Unanswered,
    Unusable,
)
from forecourt.ocpp.faults import FrameError
from forecourt.ocpp.frames import (
    CALLERROR,
    CALLRESULT,
    CALLRESULTERROR,
    ID_LENGTH,
    Call,
    CallError,
    CallResult,
    call_result_error,
    encode,
    heard_code,
)
from forecourt.ocpp.line import Line, in_words
from forecourt.ocpp.message import Message
from forecourt.ocpp.reading import read
from forecourt.ocpp.writing import write

_TIMED_OUT_KEPT: Final = 8


class QueueFull(LocalProtocolError):
    """As many calls wait as may wait. Nothing was sent."""

    def __init__(self, limit: int) -> None:
        super().__init__(ErrorCode.GENERIC_ERROR, f"{limit} calls are waiting already")


class OwnCall(msgspec.Struct, gc=False):
    """A call of ours.

    `deadline` ends the caller's wait wherever the call is. On the wire the peer has `timeout_s` from the moment of sending,
    that is until `answer_by`; before, no other call is sent, even if nobody waits for the answer any more. One that gives way
    has only `yields_after_s` while another waits that does not. `overdue` and `cancelled` say that the outcome has been told
    already.
    """

    id: str
    request: Message
    response: type[Message]
    frame: bytes
    timeout_s: float
    deadline: float
    answer_by: float = inf
    yields_after_s: float = inf
    sent_at: float = inf
    overdue: bool = False
    cancelled: bool = False

    @property
    def ended(self) -> bool:
        """Whether its outcome has been told."""
        return self.overdue or self.cancelled

    @property
    def yields(self) -> bool:
        """Whether it gives way to others."""
        return self.yields_after_s < inf


class Outgoing:
    """The queue of our calls, and the one that the peer has to answer.

    A call that timed out leaves its id behind for a while, so that a late answer can be told from an invented one. So does one
    that gave way, with when its answer would have been late: what comes before that is no fault of the peer.
    """

    __slots__ = ("_gave_way", "_line", "_outstanding", "_queue", "_timed_out")

    def __init__(self, line: Line) -> None:
        self._line = line
        self._outstanding: OwnCall | None = None
        self._queue: list[OwnCall] = []
        self._timed_out: tuple[str, ...] = ()
        self._gave_way: dict[str, float] = {}

    def put(
        self,
        message_id: str,
        message: Message,
        timeout_s: float | None,
        deadline: float | None,
        yields_after_s: float | None = None,
    ) -> None:
        """Queue a call, written as it will be sent. Raises LocalProtocolError, see `Session.call`."""
        action = self._line.own_action(message)
        if action.response is None:
            raise LocalProtocolError(ErrorCode.NOT_SUPPORTED, f"{action.name} is sent, not called")
        if not 0 < len(message_id) <= ID_LENGTH:
            raise LocalProtocolError(ErrorCode.GENERIC_ERROR, f"a message id has 1 to {ID_LENGTH} characters")
        if any(call.id == message_id for call in self._all()):
            raise LocalProtocolError(ErrorCode.GENERIC_ERROR, f"a call {message_id} is under way already")
        limits = self._line.limits
        if self._outstanding is not None and len(self._queue) >= limits.queued_calls:
            raise QueueFull(limits.queued_calls)
        frame = encode(Call(message_id, action.name, msgspec.Raw(write(self._line.version, message))))
        if timeout_s is None:
            timeout_s = limits.call_timeout_s
        call = OwnCall(message_id, message, action.response, frame, timeout_s, inf if deadline is None else deadline)
        if yields_after_s is None:
            # Before those that give way.
            self._queue.insert(sum(not waiting.yields for waiting in self._queue), call)
        else:
            call.yields_after_s = yields_after_s
            self._queue.append(call)

    def go_on(self, now: float) -> None:
        """Write the first call whose time is not up, unless the peer owes us an answer. Its time to answer starts now."""
        if self._outstanding is not None:
            if self._queue and not self._queue[0].yields:
                call = self._outstanding
                call.answer_by = min(call.answer_by, max(call.sent_at + call.yields_after_s, now))
            return
        for at, call in enumerate(self._queue):
            if call.deadline > now:
                del self._queue[at]
                call.sent_at, call.answer_by = now, now + call.timeout_s
                self._outstanding = call
                self._line.outbox.append(call.frame)
                return

    def on_result(self, frame: CallResult, now: float, deviations: tuple[Deviation, ...], events: list[Event]) -> None:
        """The peer answered."""
        call = self._settle(frame.id, now, events)
        if call is None:
            return
        try:
            answer = read(self._line.version, call.response, frame.payload, self._line.reading)
        except RemoteProtocolError as error:
            if CALLRESULTERROR in self._line.rules.types:
                self._line.write(call_result_error(call.id, error.code, in_words(error)))
            events.append(Unusable(call.id, call.request, error.code, error.reason, error.path))
        else:
            events.append(Answered(call.id, call.request, answer.message, deviations + answer.deviations))

    def on_error(self, frame: CallError, now: float, deviations: tuple[Deviation, ...], events: list[Event]) -> None:
        """The peer answered with an error."""
        call = self._settle(frame.id, now, events)
        if call is not None:
            code = heard_code(frame.code)
            events.append(AnsweredError(call.id, call.request, code, frame.description, frame.details, deviations))

    def on_fault(self, error: FrameError, events: list[Event]) -> None:
        """A frame was faulty. If it was to answer our call, this is all the answer there will be."""
        call = self._outstanding
        if call is None or call.id != error.message_id or error.message_type not in (CALLRESULT, CALLERROR):
            return
        self._outstanding = None
        if not call.ended:
            events.append(Unusable(call.id, call.request, error.code, error.reason))

    def cancel(self, message_id: str) -> list[Event]:
        """Give up a call. On the wire it stays until the peer answers or time is up."""
        for at, waiting in enumerate(self._queue):
            if waiting.id == message_id:
                del self._queue[at]
                return [Cancelled(waiting.id, waiting.request, sent=False)]
        call = self._outstanding
        if call is None or call.id != message_id or call.ended:
            return []
        call.cancelled = True
        return [Cancelled(call.id, call.request, sent=True)]

    def expire(self, now: float, events: list[Event]) -> None:
        """End the calls whose time is up."""
        call = self._outstanding
        if call is not None:
            if not call.ended and min(call.deadline, call.answer_by) <= now:
                call.overdue = True
                events.append(Unanswered(call.id, call.request, sent=True))
            if call.answer_by <= now:
                self._outstanding = None
                if call.answer_by < call.sent_at + call.timeout_s:
                    self._gave_way = {one: by for one, by in self._gave_way.items() if by > now}
                    self._gave_way[call.id] = call.sent_at + call.timeout_s
                else:
                    self._timed_out = (*self._timed_out[1 - _TIMED_OUT_KEPT :], call.id)
        if self._queue:
            events += [Unanswered(late.id, late.request, sent=False) for late in self._queue if late.deadline <= now]
            self._queue = [waiting for waiting in self._queue if waiting.deadline > now]

    def end_all(self) -> list[Event]:
        """End every call, because the connection has ended."""
        sent = self._outstanding
        ended: list[Event] = [] if sent is None or sent.ended else [Disconnected(sent.id, sent.request, sent=True)]
        ended += [Disconnected(waiting.id, waiting.request, sent=False) for waiting in self._queue]
        self._outstanding = None
        self._queue = []
        return ended

    def next_deadline(self) -> float:
        """When `expire` has work to do; infinite when never."""
        deadline = inf
        call = self._outstanding
        if call is not None:
            deadline = call.answer_by if call.ended else min(call.deadline, call.answer_by)
        for waiting in self._queue:
            deadline = min(deadline, waiting.deadline)
        return deadline

    def _all(self) -> list[OwnCall]:
        return self._queue if self._outstanding is None else [self._outstanding, *self._queue]

    def _settle(self, message_id: str, now: float, events: list[Event]) -> OwnCall | None:
        """The call that an answer of this id ends. None if there is none, or nobody waits for it any more."""
        call = self._outstanding
        if call is None or call.id != message_id:
            in_time_until = self._gave_way.pop(message_id, None)
            if in_time_until is not None and now <= in_time_until:
                return None
            if in_time_until is not None or message_id in self._timed_out:
                self._line.breach(events, BreachKind.LATE_ANSWER, "the call has timed out", message_id)
            else:
                self._line.breach(events, BreachKind.UNKNOWN_ANSWER, "no call has this id", message_id)
            return None
        self._outstanding = None
        if call.overdue:
            self._line.breach(events, BreachKind.LATE_ANSWER, "the deadline of the call has passed", message_id)
        return None if call.ended else call
