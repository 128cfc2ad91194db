"""The link to a real management system, over WebSocket: `transport.connect`, in a task of its own per connection."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from forecourt.ocpp.errors import LocalProtocolError
from forecourt.ocpp.message import Message, Request
from forecourt.ocpp.replay import ReplayMemory
from forecourt.station.link import Answer, Failed, Route
from forecourt.transport import (
    AnsweredError,
    CallFailed,
    Disconnected,
    HandshakeFailed,
    HandshakeRefused,
    Peer,
    WebSocketPeer,
    connect,
)
from forecourt.transport.tasks import Tasks
from forecourt.transport.tls import KeyPairText, client_context

if TYPE_CHECKING:
    from forecourt.station.core import Station

_log = logging.getLogger(__name__)

_LATE_S: Final = 600.0
"""The station minds the time of its calls itself; this is for what it has long given up."""

_INCIDENTS: Final = {
    "NO_PROTOCOLS_AVAILABLE": "InvalidTLSVersion",
    "TLSV1_ALERT_PROTOCOL_VERSION": "InvalidTLSVersion",
    "UNSUPPORTED_PROTOCOL": "InvalidTLSVersion",
    "NO_CIPHERS_AVAILABLE": "InvalidTLSCipherSuite",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "InvalidTLSCipherSuite",
    "SSL/TLS_ALERT_HANDSHAKE_FAILURE": "InvalidTLSCipherSuite",
    "WRONG_CIPHER_RETURNED": "InvalidTLSCipherSuite",
}
"""What OpenSSL calls failures to agree on a version or a cipher suite."""


class OnlineLink:
    """Connects one station to the endpoint `url`, until a network profile names another one.

    `password` is used until the station has been given one, `tls` until it trusts roots of its own. Call `aclose` to be rid
    of its tasks.
    """

    __slots__ = ("_context", "_current", "_memory", "_password", "_peer", "_station", "_tasks", "_tls", "_url")

    def __init__(self, url: str, *, password: str | None = None, tls: ssl.SSLContext | None = None) -> None:
        self._url: Final = url
        self._password: Final = password
        self._tls: Final = tls
        self._memory: Final = ReplayMemory()
        self._station: Station | None = None
        self._peer: WebSocketPeer | None = None
        self._current: object | None = None
        self._tasks: Final = Tasks()
        self._context: tuple[Route, ssl.SSLContext] | None = None

    def attach(self, station: Station) -> None:
        self.close()
        self._station = station

    def open(self, route: Route) -> None:
        station = self._station
        if station is not None and self._current is None:
            self._current = current = object()
            self._tasks.start(self._connection(station, route, current))

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

    async def _connection(self, station: Station, route: Route, current: object) -> None:
        known = {action.request for version in station.build.versions for action in version.actions.values()}
        fault: str | None = None
        why = ""
        try:
            url = self._url_of(route)
            async with connect(
                url,
                identity=route.identity,
                password=self._password_of(route),
                versions=station.build.versions,
                handlers=dict.fromkeys(known, self._handle),
                tls=self._tls_of(route) if url.startswith("wss:") else None,
                memory=self._memory,
            ) as peer:
                if current is self._current:
                    self._peer = peer
                    station.connected(peer.version)
                    await peer.wait_closed()
        except (OSError, TimeoutError, HandshakeFailed, ValueError) as error:
            _log.info("%s cannot connect: %s", station.build.identity, error)
            fault, why = incident_of(error), str(error) or type(error).__name__
        if current is self._current:
            self._peer = self._current = None
            station.disconnected(fault, why)

    def _url_of(self, route: Route) -> str:
        url = route.url or self._url
        return f"wss://{url[5:]}" if route.security_profile >= 2 and url.startswith("ws://") else url

    def _password_of(self, route: Route) -> bytes | None:
        """With profile 3 there is none. The key of 1.6 is bytes, kept as one character each; in 2.x all are ASCII."""
        password = route.password or self._password
        if password is None or route.security_profile == 3:
            return None
        try:
            return password.encode("latin-1")
        except UnicodeEncodeError:
            return password.encode()

    def _tls_of(self, route: Route) -> ssl.SSLContext | None:
        """What the station trusts and shows; made anew only when that changes."""
        if not route.roots and (self._tls is not None or route.security_profile < 2):
            return self._tls
        if self._context is None or self._context[0] != route:
            own = None if route.own is None else KeyPairText(*route.own)
            self._context = route, client_context(roots=route.roots, key_pair=own, wildcards=route.wildcards)
        return self._context[1]

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


def incident_of(error: Exception) -> str | None:
    """The security event that a failure to connect is, if it is one (A00.FR.310, 316, 323)."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "InvalidCsmsCertificate"
    if isinstance(error, ssl.SSLError):
        return _INCIDENTS.get(error.reason or "")
    if isinstance(error, HandshakeRefused) and error.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return "FailedToAuthenticateAtCsms"
    return None


def proceeding(station: Station) -> Callable[[], Any]:
    """What a station does once its answer has left."""

    async def proceed() -> None:
        station.proceed()

    return proceed
