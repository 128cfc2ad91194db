"""The SOAP door of 1.6 as an HTTP handler: a central system's for its stations, or a station's for its central system."""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol, TypeAlias
from uuid import uuid4

from forecourt.ocpp import soap
from forecourt.ocpp.deviations import Reading
from forecourt.ocpp.errors import ErrorCode, LocalProtocolError, ProtocolError, RemoteProtocolError
from forecourt.ocpp.events import CallReceived, CallRefused
from forecourt.ocpp.message import Message
from forecourt.ocpp.replay import ReplayMemory
from forecourt.ocpp.session import ErrorReply
from forecourt.ocpp.soap import Refusal, Service, SoapFault, SoapRequest
from forecourt.transport.handshake import Refuse
from forecourt.transport.http import HttpRequest, HttpResponse, plain
from forecourt.transport.observer import Observer
from forecourt.transport.peer import Handlers, Withheld, handle
from forecourt.transport.soap_peer import SoapPeer
from forecourt.transport.upgrade import UPGRADE_HEADERS

_log = logging.getLogger(__name__)

_CONTENT_TYPES = {"application/soap+xml", "text/xml", "application/xml"}
# Below this, gzip makes an envelope hardly smaller.
_GZIP_FROM_BYTES = 512


class Caller(Protocol):
    """One who may call this service."""

    @property
    def peer(self) -> SoapPeer:
        """What handlers are given."""

    @property
    def memory(self) -> ReplayMemory:
        """What was answered to it before."""

    @property
    def turn(self) -> asyncio.Lock:
        """Its calls are handled one after another."""


Judge: TypeAlias = Callable[[SoapRequest, HttpRequest], "Caller | Refuse | SoapFault"]
"""Tell who a request comes from: a caller, an HTTP refusal, or a fault."""


ReadingOf: TypeAlias = Callable[[str | None], Reading]
"""How to read the requests of a caller, by the identity it gives."""


@dataclass(slots=True)
class _Answer:
    body: bytes
    status: HTTPStatus
    payload: bytes | None
    """What is worth remembering: nothing of a fault."""


class SoapEndpoint:
    """Handles the HTTP requests to one path. `judge` must not wait."""

    def __init__(
        self,
        service: Service,
        path: str,
        handlers: Handlers,
        judge: Judge,
        *,
        observer: Observer,
        reading: Reading | ReadingOf = Reading.STRICT,
    ) -> None:
        """`reading` is how requests are read, or who says so of a caller."""
        self._service = service
        self._path = path.rstrip("/")
        self._handlers = handlers
        self._judge = judge
        self._observer = observer
        self._reading = reading

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one HTTP request."""
        if request.path != self._path and not request.path.startswith(self._path + "/"):
            return plain(HTTPStatus.NOT_FOUND, "nothing is served here")
        if request.method == "GET" and request.query.lower() == "wsdl":
            scheme = "https" if request.secure else "http"
            address = f"{scheme}://{request.headers.get('host') or ''}{request.path}"
            return HttpResponse(HTTPStatus.OK, soap.wsdl(self._service, address), "text/xml; charset=utf-8")
        if request.method == "GET":
            return plain(
                HTTPStatus.UPGRADE_REQUIRED, "OCPP is spoken over WebSocket here, or by POST of SOAP", UPGRADE_HEADERS
            )
        if request.method != "POST":
            return plain(HTTPStatus.METHOD_NOT_ALLOWED, "SOAP comes by POST", {"Allow": "GET, POST"})
        if (request.headers.get("content-type") or "").partition(";")[0].strip().lower() not in _CONTENT_TYPES:
            headers = {"Accept-Post": "application/soap+xml"}
            return plain(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "SOAP 1.2 is application/soap+xml", headers)
        return await self._serve(request)

    async def _serve(self, request: HttpRequest) -> HttpResponse:
        try:
            asked = self._read(request.body)
        except Refusal as refusal:
            return self._envelope(request, self._fault(refusal.fault, refusal.message_id))
        judged = self._judge(asked, request)
        if isinstance(judged, Refuse):
            return plain(judged.status, judged.reason, judged.headers)
        if isinstance(judged, SoapFault):
            return self._envelope(request, self._fault(judged, asked.message_id))
        self._observer.heard(judged.peer, request.body)
        try:
            async with judged.turn:
                given = await self._once(judged, asked, request)
        except Withheld as withheld:
            headers = {"Retry-After": str(withheld.retry_after_s)}
            return plain(HTTPStatus.SERVICE_UNAVAILABLE, withheld.reason, headers)
        self._observer.said(judged.peer, given.body)
        return self._envelope(request, given)

    def _read(self, body: bytes) -> SoapRequest:
        """A request, read as its sender is to be read. Raises Refusal."""
        if isinstance(self._reading, Reading):
            return soap.parse_request(body, service=self._service, reading=self._reading)
        asked = soap.parse_request(body, service=self._service, reading=Reading.TOLERANT)
        if asked.deviations and self._reading(asked.identity) is Reading.STRICT:
            # Who it comes from stands in it, and what strict reading refuses is told only by strict reading.
            return soap.parse_request(body, service=self._service, reading=Reading.STRICT)
        return asked

    async def _once(self, caller: Caller, asked: SoapRequest, request: HttpRequest) -> _Answer:
        """Answer a call, the same one twice only from memory."""
        content = hash(request.body)
        if asked.message_id is not None:
            known = caller.memory.recall(asked.message_id, content)
            if known is not None:
                return _Answer(known, HTTPStatus.OK, None)
        message_id = asked.message_id or ""
        received = CallReceived(message_id, asked.action, asked.message, asked.deviations)
        self._observer.noted(caller.peer, received)
        caller.peer.begin_handling(received)
        try:
            reply = handle(self._handlers, caller.peer, asked.action, asked.message)
            if isinstance(reply, Coroutine):
                reply = await reply
        finally:
            caller.peer.end_handling()
        if isinstance(reply, Withheld):
            raise reply
        given = self._written(caller.peer, asked, reply)
        if asked.message_id is not None and given.payload is not None:
            caller.memory.end(asked.message_id, content, given.payload)
        return given

    def _written(self, peer: SoapPeer, asked: SoapRequest, reply: Message | ErrorReply | ProtocolError) -> _Answer:
        expected = soap.operation_of(self._service, asked.action).response
        if isinstance(reply, Message) and type(reply) is not expected:
            reply = LocalProtocolError(
                ErrorCode.INTERNAL_ERROR, f"{type(reply).__name__} does not answer {asked.action}"
            )
        if isinstance(reply, Message):
            try:
                body = soap.write_response(
                    reply, service=self._service, message_id=_new_id(), relates_to=asked.message_id
                )
            except LocalProtocolError as error:
                reply = error
            else:
                return _Answer(body, HTTPStatus.OK, body)
        if isinstance(reply, LocalProtocolError):
            _log.error("the answer to %s of %s cannot be said", asked.action, peer.identity, exc_info=reply)
        if isinstance(reply, ErrorReply):
            reply = RemoteProtocolError(reply.code, reply.description)
        refused = CallRefused(asked.message_id or "", asked.action, ErrorCode(reply.code), reply.reason, reply.path)
        self._observer.noted(peer, refused)
        return self._fault(soap.fault_of(reply), asked.message_id)

    def _fault(self, fault: SoapFault, relates_to: str | None) -> _Answer:
        body = soap.write_fault(fault, service=self._service, message_id=_new_id(), relates_to=relates_to)
        return _Answer(body, HTTPStatus(fault.http_status), None)

    def _envelope(self, request: HttpRequest, given: _Answer) -> HttpResponse:
        body = given.body
        headers = {}
        codings = {token.partition(";")[0].strip().lower() for token in request.headers.tokens("accept-encoding")}
        # OCPP-S 1.6, 6.1: gzip is understood by both sides; whoever wants it says so.
        if "gzip" in codings and len(body) >= _GZIP_FROM_BYTES:
            body = gzip.compress(body, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return HttpResponse(given.status, body, soap.CONTENT_TYPE, headers)


def _new_id() -> str:
    return f"urn:uuid:{uuid4()}"
