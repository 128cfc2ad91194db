"""The client's side of a connection: TCP, TLS, the WebSocket upgrade."""

from __future__ import annotations

import asyncio
import base64
import os
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, cast
from urllib.parse import urlsplit

import aiofastnet
import h11

from forecourt.transport import deflate, tls
from forecourt.transport.framing import accept_key
from forecourt.transport.handshake import Credentials, basic
from forecourt.transport.headers import HeaderItems, Headers
from forecourt.transport.limits import Limits
from forecourt.transport.sweeper import Sweeper
from forecourt.transport.websocket import Receiver, WebSocket

_MAX_HEAD_BYTES: Final = 16 * 1024
_MAX_REFUSAL_BYTES: Final = 4096
_DEFAULT_PORTS: Final = {"ws": 80, "wss": 443}


class HandshakeFailed(Exception):
    """The server did not become a WebSocket of ours. Nothing is open."""


class HandshakeRefused(HandshakeFailed):
    """The server answered with another status than 101. `text` is the beginning of what it said."""

    def __init__(self, status: int, headers: Headers, text: str) -> None:
        super().__init__(f"the server answered {status} {text}".strip())
        self.status = status
        self.headers = headers
        self.text = text


@dataclass(frozen=True, slots=True)
class Target:
    """A WebSocket URL taken apart."""

    secure: bool
    host: str
    port: int
    resource: str

    @classmethod
    def of(cls, url: str) -> Target:
        """Read a ws or wss URL. Credentials belong elsewhere: URLs end up in logs. Raises ValueError for anything else."""
        parts = urlsplit(url)
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.username is not None or parts.fragment:
            raise ValueError("a ws:// or wss:// URL without credentials and fragment is needed")
        resource = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
        return cls(parts.scheme == "wss", parts.hostname, port, resource)

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS["wss" if self.secure else "ws"] else f"{host}:{self.port}"


async def dial(
    url: str,
    receive: Callable[[str | None], Receiver],
    *,
    subprotocols: Sequence[str] = (),
    credentials: Credentials | None = None,
    context: ssl.SSLContext | None = None,
    headers: HeaderItems = (),
    limits: Limits | None = None,
    sweeper: Sweeper | None = None,
) -> WebSocket:
    """Open a WebSocket. `receive` makes its receiver, given the subprotocol that the server chose (None: none).

    Raises OSError (ssl.SSLError among them) when no connection comes about, HandshakeFailed when it does not become a
    WebSocket, TimeoutError after the handshake time-out, ValueError for a URL that is none.
    """
    target = Target.of(url)
    limits = limits or Limits()
    sweeper = sweeper or Sweeper.of_loop()
    hello = _Hello(target, receive, subprotocols, credentials, headers, limits, sweeper)
    loop = asyncio.get_running_loop()
    try:
        async with sweeper.clock.timeout(limits.handshake_timeout_s):
            if target.secure:
                await aiofastnet.create_connection(
                    loop,
                    lambda: hello,
                    target.host,
                    target.port,
                    ssl=context or tls.default_client_context(),
                    server_hostname=target.host,
                    ssl_shutdown_timeout=limits.close_timeout_s,
                    ssl_incoming_bio_size=tls.BIO_BYTES,
                    ssl_outgoing_bio_size=tls.BIO_BYTES,
                )
            else:
                await aiofastnet.create_connection(loop, lambda: hello, target.host, target.port)
            return await hello.finished
    except BaseException:
        hello.give_up()
        raise


class _Hello(asyncio.BufferedProtocol):
    """A connection on which our opening handshake is under way."""

    def __init__(
        self,
        target: Target,
        receive: Callable[[str | None], Receiver],
        subprotocols: Sequence[str],
        credentials: Credentials | None,
        headers: HeaderItems,
        limits: Limits,
        sweeper: Sweeper,
    ) -> None:
        self.finished: asyncio.Future[WebSocket] = asyncio.get_running_loop().create_future()
        self._target = target
        self._receive = receive
        self._subprotocols = subprotocols
        self._credentials = credentials
        self._headers = headers
        self._limits = limits
        self._sweeper = sweeper
        self._key = base64.b64encode(os.urandom(16))
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD_BYTES)
        self._buffer = bytearray(4096)
        self._refusal: h11.Response | None = None
        self._text = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        headers = [
            ("Host", self._target.authority),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", self._key.decode("ascii")),
        ]
        if self._subprotocols:
            headers.append(("Sec-WebSocket-Protocol", ", ".join(self._subprotocols)))
        if self._limits.compression is not None:
            headers.append(("Sec-WebSocket-Extensions", deflate.offer(self._limits.compression)))
        if self._credentials is not None:
            headers.append(("Authorization", basic(self._credentials)))
        request = h11.Request(method="GET", target=self._target.resource, headers=cast(Any, [*headers, *self._headers]))
        self._transport.write((self._http.send(request) or b"") + (self._http.send(h11.EndOfMessage()) or b""))

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self.finished.done():
            return
        self._http.receive_data(bytes(self._buffer[:nbytes]))
        try:
            self._proceed()
        except (HandshakeFailed, deflate.NegotiationError, h11.RemoteProtocolError) as error:
            self._fail(error)

    def eof_received(self) -> None:
        if self._refusal is not None and not self.finished.done():
            # The end of the connection may be the end of the refusal's text.
            self._http.receive_data(b"")
            try:
                self._proceed()
            except (HandshakeFailed, h11.RemoteProtocolError) as error:
                self._fail(error)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc or HandshakeFailed("the server closed the connection during the handshake"))

    def give_up(self) -> None:
        """Nobody waits any more."""
        if self.finished.done() and not self.finished.cancelled():
            self.finished.exception()
        self.finished.cancel()
        if self._transport is not None:
            self._transport.abort()

    def _proceed(self) -> None:
        while True:
            event = self._http.next_event()
            if isinstance(event, h11.InformationalResponse):
                if event.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
                    self._become(Headers.from_wire(event.headers))
                    return
            elif isinstance(event, h11.Response):
                self._refusal = event
            elif isinstance(event, h11.Data):
                self._text += event.data
                if len(self._text) > _MAX_REFUSAL_BYTES:
                    self._refused()
            elif isinstance(event, h11.EndOfMessage):
                self._refused()
            else:
                return

    def _refused(self) -> None:
        if self._refusal is None:
            raise HandshakeFailed("the server's answer has no beginning")
        text = self._text[:_MAX_REFUSAL_BYTES].decode("utf-8", "replace").strip()
        raise HandshakeRefused(self._refusal.status_code, Headers.from_wire(self._refusal.headers), text)

    def _become(self, headers: Headers) -> None:
        """Check the server's answer (RFC 6455, 4.1) and hand the connection over."""
        if not any(token.lower() == "websocket" for token in headers.tokens("upgrade")):
            raise HandshakeFailed("the server switched to something that is not WebSocket")
        if not any(token.lower() == "upgrade" for token in headers.tokens("connection")):
            raise HandshakeFailed("the server's Connection header does not say Upgrade")
        if headers.get("sec-websocket-accept") != accept_key(self._key).decode("ascii"):
            raise HandshakeFailed("the server answered the handshake of somebody else")
        subprotocol = headers.get("sec-websocket-protocol")
        if subprotocol is not None and subprotocol not in self._subprotocols:
            raise HandshakeFailed(f"the server chose a subprotocol that was not offered: {subprotocol}")
        extensions = headers.tokens("sec-websocket-extensions")
        codec = None
        if self._limits.compression is not None:
            agreement = deflate.accept(extensions, self._limits.compression)
            codec = None if agreement is None else deflate.codec(agreement)
        elif extensions:
            raise HandshakeFailed("the server accepted an extension that was not offered")
        if self._transport is None:
            raise RuntimeError("an answer came in without a connection")
        already_read, _ = self._http.trailing_data
        websocket = WebSocket(
            self._transport,
            self._receive(subprotocol),
            client=True,
            limits=self._limits,
            codec=codec,
            sweeper=self._sweeper,
        )
        self.finished.set_result(websocket)
        websocket.start(already_read)

    def _fail(self, error: Exception) -> None:
        if self.finished.done():
            return
        if isinstance(error, h11.RemoteProtocolError):
            error = HandshakeFailed(f"the server does not speak HTTP: {error}")
        elif isinstance(error, deflate.NegotiationError):
            error = HandshakeFailed(str(error))
        self.finished.set_exception(error)
        if self._transport is not None:
            self._transport.abort()
