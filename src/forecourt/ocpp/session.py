"""One OCPP connection as a state machine: bytes and `now` in, events and bytes out, for either side of it.

There is no I/O and no clock in here. The driver of a `Session` does this and nothing else:

- it passes each message to `receive`, and calls `handle_deadline` when `next_deadline` has come;
- after every method it writes what `data_to_send` returns, and looks at `next_deadline` again;
- it acts on the events that a method returned, in their order. Each `CallReceived` it owes exactly one `reply`, also when the
  connection is lost meanwhile. On `MustClose` it closes;
- when the connection has ended, for whatever reason, it calls `connection_lost`.

Times are monotonic seconds. The rules:

- At most one CALL of ours is on the wire (Part 4, 4.1.1). The others wait in a bounded queue. Replies and SENDs never wait.
- Calls of the peer are handled one after another in the order they came: the next `CallReceived` comes with the `reply` to
  the one before. A peer that does not wait for our answer is counted, its calls wait in a bounded queue, and beyond that
  the connection is closed.
- A call of the peer that comes again with the same id and content is not acted on again, on whichever connection of the peer
  the first copy came. It gets the answer of the first copy: at once if there is one; otherwise, while the first is waiting
  or being handled, one answer serves all copies that came on the same connection, and the last connection gets it too. The
  same id with other content is a new call. Refused calls are not remembered, since nothing was done for them.
- A call times out when `handle_deadline` says so, not before: an answer that lies in a buffer while the process is busy is an
  answer. One that comes after is counted and belongs to nothing, unless the caller has repeated the call under the same id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from types import MappingProxyType
from typing import Final

import msgspec

from forecourt.ocpp.deviations import Deviation, Reading
from forecourt.ocpp.errors import ErrorCode, LocalProtocolError, ProtocolError, RemoteProtocolError
from forecourt.ocpp.events import AnswerRefused, BreachKind, Event, SendReceived
from forecourt.ocpp.faults import FrameError
from forecourt.ocpp.frames import UNREADABLE_ID, Call, CallError, CallResult, CallResultError, Send, heard_code
from forecourt.ocpp.incoming import CLOSE_POLICY, ErrorReply, Incoming, PeerCall
from forecourt.ocpp.line import Limits, Line, Role, SessionClosed, State, new_message_id
from forecourt.ocpp.message import Message
from forecourt.ocpp.outgoing import Outgoing, QueueFull
from forecourt.ocpp.parsing import parse, to_bytes
from forecourt.ocpp.reading import read
from forecourt.ocpp.replay import ReplayMemory
from forecourt.ocpp.versions import Version
from forecourt.ocpp.writing import write

__all__ = ["CLOSE_POLICY", "CLOSE_TOO_BIG", "ErrorReply", "Limits", "QueueFull", "Role", "Session", "SessionClosed"]

CLOSE_TOO_BIG: Final = 1009

_NO_COUNTS: Final[Mapping[BreachKind, int]] = MappingProxyType({})
_DEFAULT_LIMITS: Final = Limits()


class Session:
    """One connection that speaks `version`, seen from the side that `role` names.

    `memory` outlives the session: the driver passes the same one for each connection of a peer. `wake` is called when
    another connection of this peer has answered a call that this one was waiting for: the driver then calls
    `handle_deadline`, soon but not from within `wake`.
    """

    __slots__ = ("_incoming", "_line", "_memory", "_message_ids", "_outgoing")

    def __init__(
        self,
        version: Version,
        role: Role,
        *,
        reading: Reading = Reading.STRICT,
        limits: Limits = _DEFAULT_LIMITS,
        memory: ReplayMemory | None = None,
        message_ids: Callable[[], str] = new_message_id,
        wake: Callable[[], None] | None = None,
    ) -> None:
        self._line = Line(version, role, reading, limits)
        self._memory = ReplayMemory() if memory is None else memory
        self._message_ids = message_ids
        self._incoming = Incoming(self._line, self._memory, wake)
        self._outgoing = Outgoing(self._line)

    @property
    def version(self) -> Version:
        """The version spoken here."""
        return self._line.version

    @property
    def counts(self) -> Mapping[BreachKind, int]:
        """How many breaches of each kind there were."""
        return _NO_COUNTS if self._line.counts is None else MappingProxyType(self._line.counts)

    def receive(self, data: bytes | str | memoryview, now: float) -> list[Event]:
        """Take one message of the peer. It raises nothing, whatever the message; `data` is copied unless it is bytes."""
        events: list[Event] = []
        line = self._line
        if line.state is not State.OPEN:
            return events
        try:
            data = to_bytes(data, line.limits.message_size_bytes)
            frame, deviations = parse(
                data,
                line.version,
                line.reading,
                size_limit_bytes=line.limits.message_size_bytes,
                depth_limit=line.limits.depth,
            )
        except FrameError as error:
            self._on_fault(error, events)
        else:
            match frame:
                case Call():
                    call = PeerCall(frame.id, frame.action, frame.payload, hash(data), now, deviations)
                    self._incoming.put(call, events)
                case CallResult():
                    self._outgoing.on_result(frame, now, deviations, events)
                case Send():
                    self._on_send(frame, deviations, events)
                case CallError() | CallResultError() if frame.id == UNREADABLE_ID:
                    line.breach(events, BreachKind.UNREADABLE_TO_PEER, f"{heard_code(frame.code)}: {frame.description}")
                case CallError():
                    self._outgoing.on_error(frame, now, deviations, events)
                case _:
                    self._on_result_error(frame, events)
        self._go_on(now, events)
        return events

    def call(
        self,
        message: Message,
        now: float,
        *,
        timeout_s: float | None = None,
        deadline: float | None = None,
        yields_after_s: float | None = None,
        message_id: str | None = None,
    ) -> str:
        """Call the peer, or queue the call while the peer owes us an answer. Returns the message id that its Outcome will have.

        The peer has `timeout_s` to answer once the call is on the wire (default: `Limits.call_timeout_s`). `deadline` is the
        latest moment for the Outcome, waiting included (default: none but that). With `yields_after_s` the call gives way: others
        go before it, and while one of them waits the peer has only so long to answer it. To repeat a call that nobody answered, give
        its `message_id`: a peer that remembers it will not act again.

        Raises LocalProtocolError for what cannot be said in this version or from this side, and for a `message_id` that is
        still on the wire because only the `deadline` has passed; QueueFull; SessionClosed.
        """
        if message_id is None:
            message_id = self._message_ids()
        self._outgoing.put(message_id, message, timeout_s, deadline, yields_after_s)
        self._outgoing.go_on(now)
        return message_id

    def cancel(self, message_id: str) -> list[Event]:
        """Give up a call. If it is on the wire, the next one still waits until the peer has answered or time is up.

        Returns its Outcome, or nothing if the call has ended already.
        """
        return self._outgoing.cancel(message_id)

    def send(self, message: Message) -> str:
        """Send what is never answered (SEND, 2.1). Returns the message id.

        Raises LocalProtocolError for what cannot be said in this version or from this side, SessionClosed.
        """
        action = self._line.own_action(message)
        if action.response is not None:
            raise LocalProtocolError(ErrorCode.NOT_SUPPORTED, f"{action.name} is called, not sent")
        payload = write(self._line.version, message)
        message_id = self._message_ids()
        self._line.write(Send(message_id, action.name, msgspec.Raw(payload)))
        return message_id

    def reply(self, message_id: str, answer: Message | ErrorReply | ProtocolError) -> list[Event]:
        """Answer the call that was received last, and go on to the next.

        After the connection was lost this writes nothing, but the answer is remembered for when the peer repeats its call.

        Raises LocalProtocolError when no such call is being handled; and when the answer cannot be said, in which case the
        peer gets an InternalError instead and `next_deadline` may be due.
        """
        self._incoming.reply(message_id, answer)
        events: list[Event] = []
        self._incoming.go_on(events)
        return events

    def data_to_send(self) -> list[bytes]:
        """The messages to write now, in this order. They are handed out once."""
        messages, self._line.outbox = self._line.outbox, []
        return messages

    def next_deadline(self) -> float | None:
        """When to call `handle_deadline`; None when never, 0.0 when there is something to do at once."""
        if self._incoming.is_ready:
            return 0.0
        deadline = self._outgoing.next_deadline()
        held_until = self._incoming.held_until()
        if held_until is not None:
            deadline = min(deadline, held_until)
        return None if deadline == inf else deadline

    def handle_deadline(self, now: float) -> list[Event]:
        """Do what is due: end the calls whose time is up, and go on to the next in both directions."""
        events: list[Event] = []
        self._outgoing.expire(now, events)
        self._incoming.expire(now, events)
        self._go_on(now, events)
        return events

    def connection_lost(self) -> list[Event]:
        """The connection has ended: so do all our calls, and those of the peer that wait are dropped. Harmless when repeated."""
        self._line.state = State.LOST
        self._line.outbox = []
        self._incoming.drop_waiting()
        return self._outgoing.end_all()

    def _go_on(self, now: float, events: list[Event]) -> None:
        if self._line.state is State.OPEN:
            self._outgoing.go_on(now)
            self._incoming.go_on(events)

    def _on_fault(self, error: FrameError, events: list[Event]) -> None:
        self._line.breach(events, error.kind, error.reason, error.message_id)
        if error.kind is BreachKind.TOO_BIG:
            self._incoming.drop_waiting()
            self._line.must_close(events, CLOSE_TOO_BIG, error.reason)
            return
        if error.answer is not None:
            self._line.write(error.answer)
        self._outgoing.on_fault(error, events)

    def _on_result_error(self, frame: CallResultError, events: list[Event]) -> None:
        if self._memory.knows(frame.id):
            events.append(AnswerRefused(frame.id, heard_code(frame.code), frame.description, frame.details))
        else:
            self._line.breach(events, BreachKind.UNKNOWN_ANSWER, f"CALLRESULTERROR {heard_code(frame.code)}", frame.id)

    def _on_send(self, frame: Send, deviations: tuple[Deviation, ...], events: list[Event]) -> None:
        try:
            action = self._line.peer_action(frame.action, answered=False)
            told = read(self._line.version, action.request, frame.payload, self._line.reading)
        except RemoteProtocolError as error:
            self._line.breach(events, BreachKind.UNUSABLE_SEND, str(error), frame.id)
        else:
            events.append(SendReceived(frame.id, action.name, told.message, deviations + told.deviations))
