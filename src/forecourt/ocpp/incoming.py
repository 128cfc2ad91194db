"""The peer's calls: handled one after another in the order they came, each answered once, none acted on twice.

A call that comes again with the same id and content is answered from memory. If its first copy is waiting or being handled
on this connection, one answer serves both; if it is being handled on another connection of the same peer, this copy holds
its place in the queue until that is done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from forecourt.ocpp.deviations import Deviation
from forecourt.ocpp.errors import ErrorCode, LocalProtocolError, ProtocolError, RemoteProtocolError
from forecourt.ocpp.events import BreachKind, CallReceived, CallRefused, Event
from forecourt.ocpp.frames import CallError, CallResult, Details, call_error
from forecourt.ocpp.line import Line, excerpt_of, in_words
from forecourt.ocpp.message import Message
from forecourt.ocpp.reading import read
from forecourt.ocpp.replay import ReplayMemory
from forecourt.ocpp.writing import write

CLOSE_POLICY: Final = 1008


class ErrorReply(msgspec.Struct, frozen=True):
    """A refusal with details; without them, a ProtocolError says as much."""

    code: ErrorCode
    description: str = ""
    details: Details = {}


class PeerCall(msgspec.Struct, frozen=True, gc=False):
    """A call of the peer. `content` is the hash of the frame it came in, `arrived_at` in monotonic seconds."""

    id: str
    action: str
    payload: msgspec.Raw
    content: int
    arrived_at: float
    deviations: tuple[Deviation, ...]


class Incoming:
    """The calls that wait, and the current one: the one that is being handled and owed a reply."""

    __slots__ = ("_current", "_held", "_line", "_memory", "_waiting", "_wake")

    def __init__(self, line: Line, memory: ReplayMemory, wake: Callable[[], None] | None) -> None:
        self._line = line
        self._memory = memory
        self._wake = wake
        self._current: PeerCall | None = None
        self._waiting: list[PeerCall] = []
        self._held = False

    @property
    def is_ready(self) -> bool:
        """Whether `go_on` has something to do."""
        return self._current is None and bool(self._waiting) and not self._held

    def put(self, call: PeerCall, events: list[Event]) -> None:
        """Take a call that has just come: begin with it, queue it, or answer it if it came before."""
        is_busy = self._current is not None or bool(self._waiting)
        same_id = [earlier for earlier in self._here() if earlier.id == call.id] if is_busy else []
        if any(earlier.content == call.content for earlier in same_id):
            self._count(events, BreachKind.REPEATED_CALL, call, "again, it is being handled")
            return
        if same_id or self._memory.knows(call.id):
            answer = self._memory.recall(call.id, call.content)
            if answer is not None:
                self._answer_again(call, answer, events)
                return
            self._count(events, BreachKind.ID_REUSED, call, "under the id of an earlier call")
        if not is_busy:
            self._begin_or_hold(call, events)
        elif len(self._waiting) < self._line.limits.waiting_calls:
            self._count(events, BreachKind.SECOND_CALL, call, "before an earlier call was answered")
            self._waiting.append(call)
        else:
            self._count(events, BreachKind.TOO_MANY_CALLS, call, f"while {len(self._waiting)} calls wait already")
            self.drop_waiting()
            self._line.must_close(events, CLOSE_POLICY, "too many calls before an answer")

    def go_on(self, events: list[Event]) -> None:
        """Take calls from the queue until one is being handled or held."""
        while self._waiting and self._current is None and not self._held:
            call = self._waiting.pop(0)
            # Another connection may have answered a copy while this one waited.
            answer = self._memory.recall(call.id, call.content)
            if answer is None:
                self._begin_or_hold(call, events)
            else:
                self._answer_again(call, answer, events)

    def reply(self, message_id: str, answer: Message | ErrorReply | ProtocolError) -> None:
        """Answer the current call, which `message_id` must name. Raises LocalProtocolError, see `Session.reply`."""
        call = self._current
        if call is None or call.id != message_id:
            raise LocalProtocolError(ErrorCode.GENERIC_ERROR, f"no call {message_id} is being handled")
        payload: bytes | None = None
        try:
            if isinstance(answer, Message):
                payload = self._payload(call, answer)
                self._line.write(CallResult(call.id, msgspec.Raw(payload)))
            else:
                self._line.write(self._error(call, answer))
        except LocalProtocolError:
            self._line.write(call_error(call.id, ErrorCode.INTERNAL_ERROR))
            self._end(call, None)
            raise
        self._end(call, payload)

    def held_until(self) -> float | None:
        """When the call that is held has waited long enough; None if none is."""
        return self._waiting[0].arrived_at + self._line.limits.call_timeout_s if self._held else None

    def expire(self, now: float, events: list[Event]) -> None:
        """Give up the call that is held, if it has waited long enough."""
        until = self.held_until()
        if until is not None and until <= now:
            self._count(events, BreachKind.HELD_TOO_LONG, self._waiting[0], "is still being handled")
            self._give_up_held()

    def drop_waiting(self) -> None:
        """Drop every call but the current one: its handling goes on, and its answer is worth keeping."""
        if self._held:
            self._give_up_held()
        self._waiting = []

    def _here(self) -> list[PeerCall]:
        return self._waiting if self._current is None else [self._current, *self._waiting]

    def _begin_or_hold(self, call: PeerCall, events: list[Event]) -> None:
        if self._memory.wait(call.id, call.content, self._released):
            self._held = True
            self._waiting.insert(0, call)
            return
        try:
            action = self._line.peer_action(call.action, answered=True)
            request = read(self._line.version, action.request, call.payload, self._line.reading)
        except RemoteProtocolError as error:
            self._line.write(call_error(call.id, error.code, in_words(error)))
            action_name = excerpt_of(call.action)
            events.append(CallRefused(call.id, action_name, error.code, error.reason, error.path, call.payload))
            return
        self._current = call
        self._memory.begin(call.id, call.content)
        deviations = call.deviations + request.deviations
        events.append(CallReceived(call.id, action.name, request.message, deviations, call.payload))

    def _end(self, call: PeerCall, answer: bytes | None) -> None:
        self._current = None
        self._memory.end(call.id, call.content, answer)

    def _payload(self, call: PeerCall, answer: Message) -> bytes:
        version = self._line.version
        if type(answer) is not version.actions[call.action].response:
            raise LocalProtocolError(ErrorCode.INTERNAL_ERROR, f"{type(answer).__name__} does not answer {call.action}")
        return write(version, answer)

    def _error(self, call: PeerCall, answer: ErrorReply | ProtocolError) -> CallError:
        if answer.code not in self._line.rules.codes:
            raise LocalProtocolError(ErrorCode.INTERNAL_ERROR, f"{answer.code} is no code of {self._line.version!r}")
        if isinstance(answer, ProtocolError):
            return call_error(call.id, answer.code, in_words(answer))
        return call_error(call.id, answer.code, answer.description, answer.details)

    def _answer_again(self, call: PeerCall, answer: bytes, events: list[Event]) -> None:
        self._line.write(CallResult(call.id, msgspec.Raw(answer)))
        self._count(events, BreachKind.REPEATED_CALL, call, "again, it has been answered")

    def _count(self, events: list[Event], kind: BreachKind, call: PeerCall, what: str) -> None:
        self._line.breach(events, kind, f"{excerpt_of(call.action)} {what}", call.id)

    def _give_up_held(self) -> None:
        call = self._waiting.pop(0)
        self._memory.stop_waiting(call.id, call.content, self._released)
        self._held = False

    def _released(self) -> None:
        self._held = False
        if self._wake is not None:
            self._wake()
