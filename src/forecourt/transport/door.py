"""The first minutes of every incoming connection: HTTP is spoken until it becomes a WebSocket or ends.

One parser (h11) for both, so a WebSocket upgrade may follow any header order, spelling and `Connection: keep-alive, Upgrade`
that HTTP allows. An upgrade is decided by the listener's `decide`; everything else goes to its HTTP handler if it has one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from email.utils import format_datetime
from enum import Enum, auto
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

import h11

from forecourt.transport import deflate
from forecourt.transport.closure import PROTOCOL_ERROR
from forecourt.transport.endpoint import address_of, certificate_of, is_secure
from forecourt.transport.framing import accept_key
from forecourt.transport.handshake import (
    Accept,
    Decision,
    Handshake,
    NoCommonSubprotocol,
    Refuse,
    parse_basic,
)
from forecourt.transport.headers import Headers
from forecourt.transport.http import HttpRequest, HttpResponse, Unacceptable, decoded, plain, too_large
from forecourt.transport.upgrade import UPGRADE_HEADERS, Nobody, checked_key, is_upgrade
from forecourt.transport.websocket import Receiver, WebSocket

if TYPE_CHECKING:
    from forecourt.transport.listener import Listener

_log = logging.getLogger(__name__)

_MAX_HEAD_BYTES = 16 * 1024


class _Stage(Enum):
    HEAD = auto()
    """Waiting for a request's head; on a new connection within the handshake time-out."""
    BODY = auto()
    HANDLING = auto()
    LEAVING = auto()
    """The last answer is written; what still comes in is thrown away until the connection ends."""
    GONE = auto()


class Door(asyncio.BufferedProtocol):
    """One incoming connection before (or without) its upgrade."""

    __slots__ = ("_body", "_due", "_http", "_listener", "_queued", "_request", "_stage", "_transport", "_visit", "peer")

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEAD_BYTES)
        self._stage = _Stage.HEAD
        self._queued = False
        self._request: h11.Request | None = None
        self._body = bytearray()

    # What the transport reports.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.peer = address_of(transport)
        self._due = self._now() + self._listener.limits.handshake_timeout_s
        self._visit = self._listener.sweeper.watch(self, self._due)
        self._listener.entered(self)
        if self._listener.closing:
            self._transport.close()

    def get_buffer(self, sizehint: int) -> bytearray:
        # Shared by all doors of the listener: what is read is copied out before anything else can be read.
        return self._listener.scratch

    def buffer_updated(self, nbytes: int) -> None:
        if self._stage in {_Stage.LEAVING, _Stage.GONE}:
            return
        self._http.receive_data(bytes(memoryview(self._listener.scratch)[:nbytes]))
        if not self._queued:
            self._queued = True
            self._listener.turns.take(self._proceed)

    def eof_received(self) -> None:
        # The transport closes itself. A client that shuts down its sending side gets no answer; none in OCPP does.
        return

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()

    def sweep(self, now: float) -> float | None:
        if self._stage is _Stage.GONE:
            return None
        if now < self._due:
            return self._due
        if self._queued:
            # What it has said was not looked at yet, because of so many others.
            self._due = now + self._listener.limits.handshake_timeout_s
            return self._due
        if self._stage is _Stage.HANDLING:
            # The handler goes on: what it began may already be recorded. Only nobody waits for its answer any more.
            self._respond(plain(HTTPStatus.SERVICE_UNAVAILABLE, "no answer in time", {"Retry-After": "60"}), last=True)
            return self._due
        self._listener.counts["timed_out"] += self._stage is not _Stage.LEAVING
        self._transport.abort()
        return None

    def close(self) -> None:
        """End the connection; an answer that is being worked out is still sent."""
        if self._stage is not _Stage.HANDLING:
            self._transport.close()

    # Parsing.

    def _proceed(self) -> None:
        self._queued = False
        try:
            while self._stage in {_Stage.HEAD, _Stage.BODY}:
                event = self._http.next_event()
                if event is h11.NEED_DATA:
                    self._encourage()
                    return
                if isinstance(event, h11.Request):
                    self._begin(event)
                elif isinstance(event, h11.Data):
                    self._body += event.data
                    self._check_length(len(self._body))
                elif isinstance(event, h11.EndOfMessage):
                    self._complete()
                else:
                    self._transport.close()
                    return
        except h11.RemoteProtocolError as error:
            self._listener.counts["unreadable"] += 1
            status = HTTPStatus(error.error_status_hint)
            self._respond(plain(status, "this is not an HTTP request that can be served"), last=True)
        except Unacceptable as refusal:
            self._respond(refusal.response, last=True)

    def _begin(self, request: h11.Request) -> None:
        self._request = request
        self._body = bytearray()
        if request.http_version not in {b"1.1", b"1.0"}:
            raise Unacceptable(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "HTTP/1.1 is spoken here")
        headers = Headers.from_wire(request.headers)
        if is_upgrade(headers):
            return
        if self._listener.http is None:
            if request.method == b"GET":
                raise Unacceptable(HTTPStatus.UPGRADE_REQUIRED, "OCPP is spoken over WebSocket here", UPGRADE_HEADERS)
            raise Unacceptable(HTTPStatus.METHOD_NOT_ALLOWED, "only WebSocket is served here", {"Allow": "GET"})
        if request.method == b"POST" and "content-length" not in headers and "transfer-encoding" not in headers:
            raise Unacceptable(HTTPStatus.LENGTH_REQUIRED, "a POST needs a Content-Length or chunked coding")
        length = headers.get("content-length")
        self._check_length(int(length) if length is not None else 0)
        self._stage = _Stage.BODY
        self._set_due(self._listener.limits.exchange_timeout_s)

    def _check_length(self, length_bytes: int) -> None:
        limit = self._listener.limits.max_body_bytes
        if length_bytes > limit:
            raise too_large(limit)

    def _encourage(self) -> None:
        if self._stage is _Stage.BODY and self._http.they_are_waiting_for_100_continue:
            go_on = self._http.send(h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue"))
            self._transport.write(go_on or b"")

    def _complete(self) -> None:
        request = self._request
        if request is None:
            raise RuntimeError("a request ended that did not begin")
        headers = Headers.from_wire(request.headers)
        if self._stage is _Stage.HEAD:
            self._upgrade(request, headers)
            return
        path, _, query = request.target.decode("ascii").partition("?")
        whole = HttpRequest(
            method=request.method.decode("ascii"),
            path=path,
            query=query,
            headers=headers,
            body=decoded(bytes(self._body), headers.tokens("content-encoding"), self._listener.limits.max_body_bytes),
            credentials=parse_basic(headers.get("authorization")),
            certificate=certificate_of(self._transport),
            peer=self.peer,
            secure=is_secure(self._transport),
        )
        self._body = bytearray()
        self._stage = _Stage.HANDLING
        self._set_due(self._listener.limits.exchange_timeout_s)
        self._transport.pause_reading()
        self._listener.spawn(self._handle(whole))

    async def _handle(self, request: HttpRequest) -> None:
        if self._listener.http is None:
            raise RuntimeError("a request was taken in that nobody serves")
        try:
            response = await self._listener.http(request)
        except Exception:
            _log.exception("an HTTP handler failed")
            response = plain(HTTPStatus.INTERNAL_SERVER_ERROR, "internal error")
        if self._stage is _Stage.HANDLING:
            self._respond(response, last=self._listener.closing)

    # Answering.

    def _respond(self, response: HttpResponse, *, last: bool) -> None:
        """Send a response. After the `last` one, or where HTTP has it so, the connection ends."""
        self._listener.counts[f"http_{response.status.value}"] += 1
        headers = [
            ("Date", format_datetime(self._listener.sweeper.clock.now(), usegmt=True)),
            ("Content-Length", str(len(response.body))),
            *response.headers.items(),
        ]
        if response.body:
            headers.append(("Content-Type", response.content_type))
        if last:
            headers.append(("Connection", "close"))
        head = h11.Response(
            status_code=response.status.value, reason=response.status.phrase.encode(), headers=cast(Any, headers)
        )
        body = b"" if self._request is not None and self._request.method == b"HEAD" else response.body
        out = [self._http.send(head), self._http.send(h11.Data(data=body)), self._http.send(h11.EndOfMessage())]
        self._transport.write(b"".join(part or b"" for part in out))
        if self._http.our_state is h11.MUST_CLOSE or self._http.their_state is not h11.DONE:
            self._take_leave()
            return
        self._http.start_next_cycle()
        self._stage = _Stage.HEAD
        self._set_due(self._listener.limits.keep_alive_s)
        self._transport.resume_reading()
        self._proceed()

    def _take_leave(self) -> None:
        self._stage = _Stage.LEAVING
        self._set_due(self._listener.limits.close_timeout_s)
        try:
            while isinstance(self._http.next_event(), h11.Data):
                pass
        except h11.RemoteProtocolError:
            pass
        if self._http.their_state in {h11.DONE, h11.CLOSED, h11.MUST_CLOSE}:
            self._transport.close()
            return
        # There is more of the request on its way: closing now would reset the connection, and our answer with it.
        self._transport.resume_reading()
        if self._transport.can_write_eof():
            self._transport.write_eof()

    # Upgrading.

    def _upgrade(self, request: h11.Request, headers: Headers) -> None:
        if self._body:
            raise Unacceptable(HTTPStatus.BAD_REQUEST, "an upgrade has no body")
        key = checked_key(request, headers)
        path, _, query = request.target.decode("ascii").partition("?")
        handshake = Handshake(
            path=path,
            query=query,
            headers=headers,
            subprotocols=headers.tokens("sec-websocket-protocol"),
            credentials=parse_basic(headers.get("authorization")),
            certificate=certificate_of(self._transport),
            peer=self.peer,
            secure=is_secure(self._transport),
        )
        try:
            decision: Decision = self._listener.decide(handshake)
        except Exception:
            _log.exception("the decision about a handshake failed")
            decision = Refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "internal error")
        match decision:
            case Refuse(status, reason, extra):
                self._respond(plain(status, reason, extra), last=True)
            case NoCommonSubprotocol():
                self._listener.counts["no_common_subprotocol"] += 1
                websocket, already_read = self._become(Nobody(), key, {}, None)
                websocket.start(already_read)
                websocket.close(PROTOCOL_ERROR, "no common subprotocol")
            case Accept(receiver, subprotocol):
                extra = {} if subprotocol is None else {"Sec-WebSocket-Protocol": subprotocol}
                codec = None
                compression = self._listener.limits.compression
                if compression is not None:
                    negotiated = deflate.answer(headers.tokens("sec-websocket-extensions"), compression)
                    if negotiated is not None:
                        extra["Sec-WebSocket-Extensions"] = negotiated[0]
                        codec = deflate.codec(negotiated[1])
                self._listener.counts["upgraded"] += 1
                websocket, already_read = self._become(receiver, key, extra, codec)
                websocket.start(already_read)

    def _become(
        self, receiver: Receiver, key: str, extra: Mapping[str, str], codec: deflate.Codec | None
    ) -> tuple[WebSocket, bytes]:
        headers = [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Accept", accept_key(key.encode("ascii")).decode("ascii")),
            *extra.items(),
        ]
        switch = h11.InformationalResponse(status_code=101, reason=b"Switching Protocols", headers=cast(Any, headers))
        self._transport.write(self._http.send(switch) or b"")
        already_read, _ = self._http.trailing_data
        websocket = WebSocket(
            self._transport,
            receiver,
            client=False,
            limits=self._listener.limits,
            codec=codec,
            sweeper=self._listener.sweeper,
            ended=self._listener.left,
        )
        self._listener.entered(websocket)
        self._leave()
        return websocket, already_read

    def _leave(self) -> None:
        if self._stage is not _Stage.GONE:
            self._stage = _Stage.GONE
            self._listener.sweeper.end(self._visit)
            self._listener.left(self)

    def _now(self) -> float:
        return self._listener.sweeper.clock.monotonic()

    def _set_due(self, delay_s: float) -> None:
        self._due = self._now() + delay_s
        self._visit = self._listener.sweeper.hasten(self._visit, self._due)
