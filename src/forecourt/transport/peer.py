"""What a library user sees of the other side, whichever way it is connected, and how its calls are handled."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Protocol, TypeAlias, TypeVar

from forecourt.ocpp.errors import ErrorCode, ProtocolError, RemoteProtocolError
from forecourt.ocpp.events import CallReceived
from forecourt.ocpp.message import Message, Request
from forecourt.ocpp.session import ErrorReply
from forecourt.ocpp.versions import VERSIONS, Version

_log = logging.getLogger(__name__)

AnswerT = TypeVar("AnswerT", bound=Message)
Work: TypeAlias = Callable[[], Coroutine[Any, Any, object]]


class Peer(Protocol):
    """The other side: call it. A handler is given the peer whose call it handles."""

    @property
    def identity(self) -> str:
        """The identity of the station, on either side of the connection."""

    @property
    def version(self) -> Version:
        """The version spoken with this peer."""

    @property
    def handled(self) -> CallReceived | None:
        """The peer's call that is being handled; None while there is none, and for what is sent without asking for an answer."""

    async def call(
        self, message: Request[AnswerT], *, timeout_s: float | None = None, within_s: float | None = None
    ) -> AnswerT:
        """Call the peer and return its answer. Calls to one peer go out one at a time, in order.

        The peer has `timeout_s` to answer once the call has left (default: the connection's); `within_s` bounds the whole,
        waiting in the queue included. Raises NoAnswer, Disconnected, AnsweredError, UnusableAnswer, and LocalProtocolError for
        what cannot be said in this version or from this side.

        A station may do only one thing at a time: do not await its answer inside a handler of its call, use `after_reply`.
        """

    def send(self, message: Message) -> None:
        """Send what is never answered (SEND, 2.1). Raises Disconnected, and LocalProtocolError for what cannot be said."""

    def after_reply(self, work: Work) -> None:
        """Start `work` when the answer to the call that is being handled has left; at once when none is."""


Handler: TypeAlias = Callable[[Any, Any], Message | Awaitable[Message | None] | None]
"""`async def on_boot(station: Peer, message: v2.BootNotification) -> v2.BootNotificationResponse`; None only for a SEND.

A handler that has nothing to wait for is a plain function.
"""

Handlers: TypeAlias = Mapping[type[Message], Handler]
"""Who handles what, by the type of the request. What is not listed is answered with NotSupported."""


class Refused(Exception):
    """Raised by a handler to answer with an error that carries details; a ProtocolError does for one without."""

    def __init__(self, code: ErrorCode, description: str = "", details: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"{code}: {description}" if description else str(code))
        self.reply = ErrorReply(code, description, dict(details or {}))


class Withheld(Exception):
    """Raised by a handler that cannot answer truly now, where an error would make the peer drop what it has to say.

    A WebSocket connection is closed with 1013, a SOAP request gets 503: the peer takes us for away and asks again later.
    """

    def __init__(self, reason: str, retry_after_s: int = 30) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_s = retry_after_s


def checked(handlers: Handlers) -> Handlers:
    """Return `handlers`; raise ValueError for a key that is no request of any version, which would never be called."""
    known = {action.request for version in VERSIONS.values() for action in version.actions.values()}
    for struct in handlers:
        if struct not in known:
            raise ValueError(f"{struct.__module__}.{struct.__qualname__} is no request")
    return handlers


Reply: TypeAlias = Message | ErrorReply | ProtocolError | Withheld
"""What a handled call is answered with."""


def handle(handlers: Handlers, peer: Peer, action: str, message: Message) -> Reply | Coroutine[Any, Any, Reply]:
    """Have `message` handled. Returns what to answer, or a coroutine that will; neither raises."""
    handler = handlers.get(type(message))
    if handler is None:
        return ErrorReply(ErrorCode.NOT_SUPPORTED, f"{action} is not handled here")
    try:
        answered = handler(peer, message)
    except Exception as error:
        return _excused(error, peer, action)
    if answered is None or isinstance(answered, Message):
        return _checked(answered, peer, action)
    return _awaited(answered, peer, action)


def hear(handlers: Handlers, peer: Peer, action: str, message: Message) -> Coroutine[Any, Any, None] | None:
    """Have a SEND handled, to which nothing is answered. Returns a coroutine if that takes time; neither raises."""
    handler = handlers.get(type(message))
    if handler is None:
        return None
    try:
        told = handler(peer, message)
    except Exception:
        _log.exception("the handler of %s failed for %s", action, peer.identity)
        return None
    return None if told is None or isinstance(told, Message) else _heard(told, peer, action)


async def _heard(told: Awaitable[Message | None], peer: Peer, action: str) -> None:
    try:
        await told
    except Exception:
        _log.exception("the handler of %s failed for %s", action, peer.identity)


async def _awaited(answered: Awaitable[Message | None], peer: Peer, action: str) -> Reply:
    try:
        return _checked(await answered, peer, action)
    except Exception as error:
        return _excused(error, peer, action)


def _checked(answered: Message | None, peer: Peer, action: str) -> Reply:
    if answered is not None:
        return answered
    _log.error("the handler of %s answered nothing to %s", action, peer.identity)
    return ErrorReply(ErrorCode.INTERNAL_ERROR)


def _excused(error: Exception, peer: Peer, action: str) -> Reply:
    """Make an answer of what a handler raised."""
    if isinstance(error, Refused):
        return error.reply
    if isinstance(error, RemoteProtocolError | Withheld) or type(error) is ProtocolError:
        return error
    # R27: the root of a call. The peer learns no more than that it was our fault; so it was, if what could not be said
    # (LocalProtocolError) was something else than the answer.
    _log.error("the handler of %s failed for %s", action, peer.identity, exc_info=error)
    return ErrorReply(ErrorCode.INTERNAL_ERROR)
