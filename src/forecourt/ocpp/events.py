"""What a session tells its driver. Every event is a value; none is raised, and none asks for I/O but `MustClose`.

Each call that `Session.call` accepted ends in exactly one `Outcome`. Everything the peer did against the rules, or late, or
twice, is a `Breach`: it is counted, to be shown, and has already been answered as the specification asks.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeAlias

import msgspec

from forecourt.ocpp.deviations import Deviation
from forecourt.ocpp.errors import ErrorCode
from forecourt.ocpp.message import Message


class BreachKind(StrEnum):
    """What is counted. A repeated call is allowed to a peer that waited in vain, and counted all the same."""

    BROKEN_FRAME = "broken frame"
    """A frame with a readable id and something wrong around it."""
    HELD_TOO_LONG = "held too long"
    """A repeated call was given up: the first copy, on an earlier connection, has found no answer in time."""
    ID_REUSED = "id reused"
    """A call under the id of an earlier one, with other content. It was treated as a new call."""
    LATE_ANSWER = "late answer"
    """An answer to a call that had timed out."""
    REPEATED_CALL = "repeated call"
    """A call that had come before, byte for byte. It was not acted on again."""
    SECOND_CALL = "second call"
    """A call before the previous one was answered. It waits its turn."""
    TOO_BIG = "too big"
    """A message over the size limit."""
    TOO_DEEP = "too deep"
    """A message nested deeper than the limit."""
    TOO_MANY_CALLS = "too many calls"
    """More calls before an answer than may wait."""
    UNKNOWN_ANSWER = "unknown answer"
    """An answer, or the refusal of an answer, under an id that belongs to nothing we sent."""
    UNKNOWN_TYPE = "unknown type"
    """A message type number that this version does not have."""
    UNREADABLE_FRAME = "unreadable frame"
    """Not JSON, not an array, or without a readable id."""
    UNREADABLE_TO_PEER = "unreadable to peer"
    """The peer says that it could not read the id of something we sent."""
    UNUSABLE_SEND = "unusable send"
    """A SEND that this side does not receive or whose payload is faulty. It is never answered."""


class CallReceived(msgspec.Struct, frozen=True, gc=False):
    """The peer wants this. The driver owes exactly one `Session.reply`, even when the connection is lost meanwhile."""

    id: str
    action: str
    message: Message
    deviations: tuple[Deviation, ...] = ()
    payload: msgspec.Raw = msgspec.Raw(b"")
    """The request as it stood on the wire, for a message log. It shares the memory of the whole frame."""


class CallRefused(msgspec.Struct, frozen=True, gc=False):
    """A call was answered with an error by the session itself: `path` is where in the payload the fault is."""

    id: str
    action: str
    code: ErrorCode
    reason: str
    path: str = ""
    payload: msgspec.Raw = msgspec.Raw(b"")


class SendReceived(msgspec.Struct, frozen=True, gc=False):
    """The peer tells this and expects no answer (2.1)."""

    id: str
    action: str
    message: Message
    deviations: tuple[Deviation, ...] = ()


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """The end of our call `id`. Each call has exactly one."""

    id: str
    request: Message


class Answered(Outcome, frozen=True, gc=False):
    """The peer answered."""

    message: Message
    deviations: tuple[Deviation, ...] = ()


class AnsweredError(Outcome, frozen=True, gc=False):
    """The peer answered with an error. `code` is an ErrorCode when the specification knows it, else the text as it came."""

    code: str
    description: str
    details: dict[str, Any]
    deviations: tuple[Deviation, ...] = ()


class Unusable(Outcome, frozen=True, gc=False):
    """The peer answered with something that is no answer to this call. In 2.1 it has been told so (CALLRESULTERROR)."""

    code: ErrorCode
    reason: str
    path: str = ""


class Unanswered(Outcome, frozen=True, gc=False):
    """Time is up. `sent` tells whether the call had left the queue: if not, the peer has not heard of it."""

    sent: bool


class Cancelled(Outcome, frozen=True, gc=False):
    """We lost interest. A call that was `sent` still occupies the connection until the peer answers or its time is up."""

    sent: bool


class Disconnected(Outcome, frozen=True, gc=False):
    """The connection ended first. A call that was `sent` may have been acted on."""

    sent: bool


class AnswerRefused(msgspec.Struct, frozen=True, gc=False):
    """The peer could not use our answer to its call `id` (CALLRESULTERROR, 2.1)."""

    id: str
    code: str
    description: str
    details: dict[str, Any]


class Breach(msgspec.Struct, frozen=True, gc=False):
    """The peer broke a rule or did what is worth counting. `id` is the message id as far as it could be read."""

    kind: BreachKind
    detail: str
    id: str | None = None


class MustClose(msgspec.Struct, frozen=True, gc=False):
    """The driver has to close the connection with this WebSocket code; the session takes no more input."""

    code: int
    reason: str


Event: TypeAlias = CallReceived | CallRefused | SendReceived | Outcome | AnswerRefused | Breach | MustClose
