"""What the two directions of a session share: the terms it was made with, what is to be written, what was counted."""

from __future__ import annotations

from enum import Enum
from secrets import token_hex
from typing import Final

import msgspec

from forecourt.ocpp.depth import DEPTH_LIMIT
from forecourt.ocpp.deviations import Reading
from forecourt.ocpp.errors import ErrorCode, LocalProtocolError, ProtocolError, RemoteProtocolError
from forecourt.ocpp.events import Breach, BreachKind, Event, MustClose
from forecourt.ocpp.frames import RULES, Frame, FrameRules, encode
from forecourt.ocpp.message import Message
from forecourt.ocpp.parsing import SIZE_LIMIT_BYTES
from forecourt.ocpp.versions import Action, Version

_EXCERPT_LENGTH: Final = 50


class Role(Enum):
    """Which side of the connection we are."""

    STATION = "station"
    CSMS = "CSMS"


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a session bears. `waiting_calls` are the peer's and `queued_calls` ours, each beyond the one being handled."""

    message_size_bytes: int = SIZE_LIMIT_BYTES
    depth: int = DEPTH_LIMIT
    waiting_calls: int = 8
    queued_calls: int = 32
    call_timeout_s: float = 30.0


class SessionClosed(LocalProtocolError):
    """The connection has ended or is about to. Nothing was sent."""

    def __init__(self) -> None:
        super().__init__(ErrorCode.GENERIC_ERROR, "the connection has ended")


class State(Enum):
    """OPEN becomes CLOSING when safety demands an end, and either becomes LOST, for good."""

    OPEN = "open"
    CLOSING = "closing"
    LOST = "lost"


class Line:
    """One connection as its two directions see it."""

    __slots__ = ("counts", "limits", "outbox", "reading", "role", "rules", "state", "version")

    def __init__(self, version: Version, role: Role, reading: Reading, limits: Limits) -> None:
        self.version: Final = version
        self.role: Final = role
        self.reading: Final = reading
        self.limits: Final = limits
        self.rules: Final[FrameRules] = RULES[version]
        self.state = State.OPEN
        self.outbox: list[bytes] = []
        self.counts: dict[BreachKind, int] | None = None

    def write(self, frame: Frame) -> None:
        """Have `frame` written, unless nobody is there to read it."""
        if self.state is not State.LOST:
            self.outbox.append(encode(frame))

    def breach(self, events: list[Event], kind: BreachKind, detail: str, message_id: str | None = None) -> None:
        """Count what the peer did, and tell it."""
        if self.counts is None:
            self.counts = {}
        self.counts[kind] = self.counts.get(kind, 0) + 1
        events.append(Breach(kind, detail, message_id))

    def must_close(self, events: list[Event], code: int, reason: str) -> None:
        """Take no more input, and have the connection closed."""
        self.state = State.CLOSING
        events.append(MustClose(code, reason))

    def own_action(self, message: Message) -> Action:
        """The action that `message` asks for. Raises LocalProtocolError when it is not for this side to ask, SessionClosed."""
        if self.state is not State.OPEN:
            raise SessionClosed
        action = self.version.action_of(message)
        if type(message) is not action.request:
            raise LocalProtocolError(ErrorCode.NOT_SUPPORTED, f"{type(message).__name__} is an answer")
        if not (action.from_station if self.role is Role.STATION else action.from_csms):
            raise LocalProtocolError(ErrorCode.NOT_SUPPORTED, f"{action.name} does not come from the {self.role.value}")
        return action

    def peer_action(self, name: str, *, answered: bool) -> Action:
        """The action that the peer asks for by CALL, or by SEND if it is not to be `answered`. Raises RemoteProtocolError."""
        action = self.version.actions.get(name)
        if action is None:
            raise RemoteProtocolError(ErrorCode.NOT_IMPLEMENTED, f"{excerpt_of(name)} is unknown")
        if not (action.from_csms if self.role is Role.STATION else action.from_station):
            raise RemoteProtocolError(ErrorCode.NOT_SUPPORTED, f"{name} is not for the {self.role.value}")
        if (action.response is not None) is not answered:
            raise RemoteProtocolError(ErrorCode.NOT_SUPPORTED, f"{name} goes by another message type")
        return action


def new_message_id() -> str:
    """A message id that no connection has used before."""
    return token_hex(16)


def in_words(error: ProtocolError) -> str:
    """What was wrong and where, as an error description."""
    return f"{error.reason} at {error.path}" if error.path else error.reason


def excerpt_of(action: str) -> str:
    """The name of an action that nobody has vouched for, short enough to be kept and shown."""
    return action if len(action) <= _EXCERPT_LENGTH and action.isprintable() else ascii(action[:_EXCERPT_LENGTH])
