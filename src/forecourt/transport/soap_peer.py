"""A peer that is reached by SOAP: every call is an HTTP request of its own (OCPP-S 1.6, 3.2)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import cast
from uuid import uuid4

from forecourt.clock import SYSTEM, Clock
from forecourt.ocpp.deviations import Reading
from forecourt.ocpp.errors import ErrorCode, LocalProtocolError, RemoteProtocolError
from forecourt.ocpp.events import CallReceived
from forecourt.ocpp.message import Message, Request
from forecourt.ocpp.soap import CONTENT_TYPE, Service, parse_response, write_request
from forecourt.ocpp.versions import V16, Version
from forecourt.transport.failures import AnsweredError, Disconnected, NoAnswer, NotServed, UnusableAnswer
from forecourt.transport.handshake import Credentials
from forecourt.transport.observer import Observer
from forecourt.transport.outbound import Outbound, OutboundError, is_success
from forecourt.transport.peer import AnswerT, Work
from forecourt.transport.tasks import Tasks

# A fault comes with one of these (SOAP 1.2 part 2, table 20).
_FAULT_STATUS = {HTTPStatus.BAD_REQUEST, HTTPStatus.INTERNAL_SERVER_ERROR}


class SoapPeer:
    """The other side of 1.6 over SOAP. There is no connection: whether it is there shows when it is called.

    `address` tells where its service is at the moment, None if that is not known. `from_address` is where ours is.
    """

    version: Version = V16

    def __init__(
        self,
        identity: str,
        service: Service,
        address: Callable[[], str | None],
        outbound: Outbound,
        tasks: Tasks,
        observer: Observer,
        *,
        from_address: str | None = None,
        credentials: Credentials | None = None,
        reading: Reading = Reading.STRICT,
        timeout_s: float = 30.0,
        clock: Clock = SYSTEM,
    ) -> None:
        self.identity = identity
        self._service = service
        self._address = address
        self._outbound = outbound
        self._tasks = tasks
        self._observer = observer
        self._from_address = from_address
        self._credentials = credentials
        self._reading = reading
        self._timeout_s = timeout_s
        self._clock = clock
        self._turn = asyncio.Lock()
        self._handled: CallReceived | None = None
        self._after: list[Work] = []

    def __repr__(self) -> str:
        return f"<SoapPeer {self.identity}>"

    async def call(
        self, message: Request[AnswerT], *, timeout_s: float | None = None, within_s: float | None = None
    ) -> AnswerT:
        action = type(message).__name__
        try:
            async with self._clock.timeout(within_s):
                await self._turn.acquire()
        except TimeoutError:
            raise NoAnswer(action, sent=False) from None
        try:
            return await self._call(action, message, self._timeout_s if timeout_s is None else timeout_s)
        finally:
            self._turn.release()

    def send(self, message: Message) -> None:
        raise LocalProtocolError(ErrorCode.NOT_SUPPORTED, f"OCPP {self.version.name} has no SEND")

    def after_reply(self, work: Work) -> None:
        if self._handled is not None:
            self._after.append(work)
        else:
            self._tasks.start(work())

    @property
    def handled(self) -> CallReceived | None:
        """The peer's call that is being handled. Its payload is empty: it came as XML."""
        return self._handled

    def begin_handling(self, call: CallReceived) -> None:
        """A call of this peer is being handled from now on."""
        self._handled = call

    def end_handling(self) -> None:
        """The answer is ready; what waits for it starts in the next turn of the loop, when it has left."""
        self._handled = None
        after, self._after = self._after, []
        for work in after:
            self._tasks.start(work())

    async def _call(self, action: str, message: Request[AnswerT], timeout_s: float) -> AnswerT:
        address = self._address()
        if address is None:
            raise Disconnected(action, sent=False)
        message_id = f"urn:uuid:{uuid4()}"
        body = write_request(
            message,
            service=self._service,
            identity=self.identity,
            message_id=message_id,
            to=address,
            from_address=self._from_address,
        )
        self._observer.said(self, body)
        content_type = f'{CONTENT_TYPE}; action="/{action}"'
        try:
            reply = await self._outbound.post(
                address, body, content_type, credentials=self._credentials, timeout_s=timeout_s
            )
        except TimeoutError:
            raise NoAnswer(action, sent=True) from None
        except OutboundError as error:
            raise Disconnected(action, sent=error.sent) from error
        self._observer.heard(self, reply.body)
        if not is_success(reply.status) and reply.status not in _FAULT_STATUS:
            raise NotServed(reply.status)
        try:
            response = parse_response(
                reply.body, service=self._service, action=action, message_id=message_id, reading=self._reading
            )
        except RemoteProtocolError as error:
            raise UnusableAnswer(error.code, error.reason, error.path) from error
        if response.fault is not None:
            raise AnsweredError(response.fault.error_code, response.fault.description, {})
        return cast(AnswerT, response.message)
