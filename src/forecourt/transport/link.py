"""A peer at the other end of a WebSocket.

A `WebSocketPeer` drives one `Session` over one `WebSocket`. Reading never waits for handling: handlers run as tasks, one
after another for one peer, while answers to our own calls come in.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from forecourt.clock import Clock
from forecourt.ocpp import events
from forecourt.ocpp.errors import ErrorCode, LocalProtocolError
from forecourt.ocpp.events import CallReceived, Event, MustClose, Outcome, SendReceived
from forecourt.ocpp.message import Message, Request
from forecourt.ocpp.session import ErrorReply, Session
from forecourt.ocpp.versions import Version
from forecourt.transport.closure import NORMAL, TRY_AGAIN_LATER, Closed
from forecourt.transport.failures import AnsweredError, Disconnected, NoAnswer, UnusableAnswer
from forecourt.transport.observer import Observer
from forecourt.transport.peer import AnswerT, Handlers, Reply, Withheld, Work, handle, hear
from forecourt.transport.tasks import Tasks
from forecourt.transport.websocket import WebSocket

_log = logging.getLogger(__name__)


class WebSocketPeer:
    """One connection to one peer."""

    __slots__ = (
        "_after",
        "_began",
        "_calls",
        "_clock",
        "_closed",
        "_ended",
        "_handled",
        "_handlers",
        "_how",
        "_observer",
        "_ready",
        "_session",
        "_tasks",
        "_websocket",
        "identity",
    )

    def __init__(
        self,
        identity: str,
        make_session: Callable[[Callable[[], None]], Session],
        handlers: Handlers,
        *,
        clock: Clock,
        tasks: Tasks,
        observer: Observer | None = None,
        began: Callable[[WebSocketPeer], None] | None = None,
        ended: Callable[[WebSocketPeer], None] | None = None,
    ) -> None:
        self.identity = identity
        self._session = make_session(self._wake)
        self._handlers = handlers
        self._clock = clock
        self._tasks = tasks
        self._observer = observer
        self._began = began
        self._ended = ended
        self._websocket: WebSocket | None = None
        self._calls: dict[str, asyncio.Future[Outcome]] = {}
        self._handled: CallReceived | None = None
        self._after: list[Work] = []
        self._ready: list[Work] = []
        self._how: Closed | None = None
        self._closed: asyncio.Event | None = None

    def __repr__(self) -> str:
        return f"<WebSocketPeer {self.identity} {self.version!r}>"

    # For library users.

    @property
    def version(self) -> Version:
        return self._session.version

    @property
    def session(self) -> Session:
        """The session behind this connection, for its counts."""
        return self._session

    @property
    def is_connected(self) -> bool:
        """Whether something can be said."""
        return self._websocket is not None and self._websocket.is_open

    @property
    def handled(self) -> CallReceived | None:
        """The peer's call that is being handled."""
        return self._handled

    async def call(
        self,
        message: Request[AnswerT],
        *,
        timeout_s: float | None = None,
        within_s: float | None = None,
        yields_after_s: float | None = None,
    ) -> AnswerT:
        now = self._clock.monotonic()
        action = type(message).__name__
        if not self.is_connected:
            raise Disconnected(action, sent=False)
        message_id = self._session.call(
            message,
            now,
            timeout_s=timeout_s,
            deadline=None if within_s is None else now + within_s,
            yields_after_s=yields_after_s,
        )
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._calls[message_id] = future
        self._proceed([])
        try:
            outcome = await future
        except asyncio.CancelledError:
            if self._calls.pop(message_id, None) is not None:
                self._proceed(self._session.cancel(message_id))
            raise
        match outcome:
            case events.Answered(message=answer):
                return answer  # type: ignore[return-value]  # the session checked that it answers this request
            case events.AnsweredError(code=code, description=description, details=details):
                raise AnsweredError(code, description, details)
            case events.Unusable(code=code, reason=reason, path=path):
                raise UnusableAnswer(code, reason, path)
            case events.Disconnected(sent=sent):
                raise Disconnected(action, sent=sent)
            case events.Unanswered(sent=sent):
                raise NoAnswer(action, sent=sent)
        raise RuntimeError(f"a call ended in {outcome!r}")

    def send(self, message: Message) -> None:
        if not self.is_connected:
            raise Disconnected(type(message).__name__, sent=False)
        self._session.send(message)
        self._proceed([])

    def send_text(self, text: str) -> None:
        """Send what need not be a message, to see what the other side makes of it."""
        if self._websocket is not None:
            self._websocket.send(text.encode())

    def after_reply(self, work: Work) -> None:
        if self._handled is None:
            self._tasks.start(work())
        else:
            self._after.append(work)

    def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Close the connection politely. Calls that wait for an answer end with Disconnected now."""
        if self._websocket is not None:
            self._websocket.close(code, reason)
        self._give_up()

    async def wait_closed(self) -> Closed:
        """Wait for the end of the connection, whoever ends it, and return how it ended."""
        if self._how is None:
            if self._closed is None:
                self._closed = asyncio.Event()
            await self._closed.wait()
        if self._how is None:
            raise RuntimeError("a connection ended in no way")
        return self._how

    # For the WebSocket.

    def opened(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        if self._observer is not None:
            self._observer.opened(self)
        if self._began is not None:
            self._began(self)

    def received(self, message: bytes) -> None:
        if self._observer is not None:
            self._observer.heard(self, message)
        self._proceed(self._session.receive(message, self._clock.monotonic()))

    def next_deadline(self) -> float | None:
        return self._session.next_deadline()

    def handle_deadline(self, now: float) -> None:
        self._proceed(self._session.handle_deadline(now))

    def closed(self, how: Closed) -> None:
        self._how = how
        self._give_up()
        self._websocket = None
        if self._ended is not None:
            self._ended(self)
        if self._observer is not None:
            self._observer.closed(self, how)
        if self._closed is not None:
            self._closed.set()

    # Driving the session.

    def _wake(self) -> None:
        asyncio.get_running_loop().call_soon(self._woken)

    def _woken(self) -> None:
        self.handle_deadline(self._clock.monotonic())

    def _give_up(self) -> None:
        self._proceed(self._session.connection_lost())

    def _proceed(self, happened: list[Event]) -> None:
        """Do what the session's driver owes it after each method: act on events, write, mind its deadline."""
        session, observer = self._session, self._observer
        while True:
            ending: MustClose | None = None
            # What is answered at once adds to the list that is being walked.
            for event in happened:
                if observer is not None:
                    observer.noted(self, event)
                match event:
                    case CallReceived():
                        self._take_up(event, happened)
                    case Outcome():
                        future = self._calls.pop(event.id, None)
                        if future is not None and not future.done():
                            future.set_result(event)
                    case SendReceived():
                        self._hear(event)
                    case MustClose():
                        ending = event
            websocket = self._websocket
            for message in session.data_to_send():
                if websocket is not None:
                    if observer is not None:
                        observer.said(self, message)
                    websocket.send(message)
            if self._ready:
                ready, self._ready = self._ready, []
                for work in ready:
                    self._tasks.start(work())
            if ending is not None:
                self.close(ending.code, ending.reason)
                return
            due = session.next_deadline()
            if due is None:
                return
            if due > 0.0:
                if websocket is not None:
                    websocket.hasten(due)
                return
            happened = session.handle_deadline(self._clock.monotonic())

    def _take_up(self, event: CallReceived, happened: list[Event]) -> None:
        self._handled = event
        reply = handle(self._handlers, self, event.action, event.message)
        if isinstance(reply, Coroutine):
            self._tasks.start(self._reply_later(event, reply))
        else:
            happened += self._reply(event, reply)

    def _hear(self, event: SendReceived) -> None:
        work = hear(self._handlers, self, event.action, event.message)
        if work is not None:
            self._tasks.start(work)

    async def _reply_later(self, event: CallReceived, work: Coroutine[Any, Any, Reply]) -> None:
        reply: Reply = ErrorReply(ErrorCode.INTERNAL_ERROR)
        try:
            reply = await work
        finally:
            # Also when cancelled: the session is owed a reply to each call.
            self._proceed(self._reply(event, reply))

    def _reply(self, event: CallReceived, reply: Reply) -> list[Event]:
        """Answer; what waits for the answer to leave is ready when it is written."""
        self._handled = None
        if isinstance(reply, Withheld):
            # Once the session has lost its connection it writes nothing, and takes the call for one to be repeated.
            self.close(TRY_AGAIN_LATER, reply.reason)
            reply = ErrorReply(ErrorCode.INTERNAL_ERROR)
        if self._after:
            self._ready += self._after
            self._after = []
        try:
            return self._session.reply(event.id, reply)
        except LocalProtocolError:
            _log.exception(
                "the answer to %s of %s cannot be said; it got an InternalError", event.action, self.identity
            )
            return []
