"""The link to a real management system, over WebSocket: `transport.connect`, in a task of its own per connection."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from forecourt.ocpp.errors import LocalProtocolError
from forecourt.ocpp.message import Message, Request
from forecourt.ocpp.replay import ReplayMemory
from forecourt.station.link import Answer, Failed
from forecourt.transport import AnsweredError, CallFailed, Disconnected, HandshakeFailed, Peer, WebSocketPeer, connect
from forecourt.transport.tasks import Tasks

if TYPE_CHECKING:
    from forecourt.station.core import Station

_log = logging.getLogger(__name__)

_LATE_S: Final = 600.0
"""The station minds the time of its calls itself; this is for what it has long given up."""


class OnlineLink:
    """Connects one station to the endpoint `url`. Call `aclose` to be rid of its tasks."""

    __slots__ = ("_current", "_memory", "_password", "_peer", "_station", "_tasks", "_tls", "_url")

    def __init__(self, url: str, *, password: str | None = None, tls: ssl.SSLContext | None = None) -> None:
        self._url: Final = url
        self._password: Final = password
        self._tls: Final = tls
        self._memory: Final = ReplayMemory()
        self._station: Station | None = None
        self._peer: WebSocketPeer | None = None
        self._current: object | None = None
        self._tasks: Final = Tasks()

    def attach(self, station: Station) -> None:
        self.close()
        self._station = station

    def open(self) -> None:
        station = self._station
        if station is not None and self._current is None:
            self._current = current = object()
            self._tasks.start(self._connection(station, current))

    def close(self) -> None:
        peer, self._peer, self._current = self._peer, None, None
        if peer is not None:
            peer.close()

    async def aclose(self) -> None:
        """Hang up and wait until all is over."""
        self.close()
        await self._tasks.finish()

    def call(self, request: Message, done: Callable[[Answer], object]) -> None:
        self._tasks.start(self._call(self._peer, request, done))

    def send(self, message: Message) -> None:
        if self._peer is not None:
            self._peer.send(message)

    def send_text(self, text: str) -> None:
        """Send this instead of a message, to try the other side. Nothing happens while there is no connection."""
        if self._peer is not None:
            self._peer.send_text(text)

    async def _connection(self, station: Station, current: object) -> None:
        known = {action.request for version in station.build.versions for action in version.actions.values()}
        password = station.model.text("SecurityCtrlr", "BasicAuthPassword") or self._password
        try:
            async with connect(
                self._url,
                identity=station.build.identity,
                password=password,
                versions=station.build.versions,
                handlers=dict.fromkeys(known, self._handle),
                tls=self._tls,
                memory=self._memory,
            ) as peer:
                if current is self._current:
                    self._peer = peer
                    station.connected(peer.version)
                    await peer.wait_closed()
        except (OSError, TimeoutError, HandshakeFailed) as error:
            _log.info("%s cannot connect: %s", station.build.identity, error)
        if current is self._current:
            self._peer = self._current = None
            station.disconnected()

    def _handle(self, peer: Peer, request: Any) -> Message:
        station = self._station
        if station is None:
            raise LookupError("no station")
        answer = station.receive(request)
        peer.after_reply(proceeding(station))
        return answer

    async def _call(self, peer: WebSocketPeer | None, request: Message, done: Callable[[Answer], object]) -> None:
        answer: Answer
        if peer is None:
            answer = Failed(reason="not connected")
        else:
            try:
                assert isinstance(request, Request)  # noqa: S101 - what a station says is always one
                answer = await peer.call(request, timeout_s=_LATE_S)
            except Disconnected:
                # The station is told so by the end of the connection.
                return
            except AnsweredError as error:
                answer = Failed(error.code, error.description)
            except (CallFailed, LocalProtocolError) as error:
                _log.info("%s: %s", peer.identity, error)
                answer = Failed(reason=str(error))
        if peer is self._peer:
            done(answer)


def proceeding(station: Station) -> Callable[[], Any]:
    """What a station does once its answer has left."""

    async def proceed() -> None:
        station.proceed()

    return proceed
