"""`connect_soap`: a station's end over SOAP (OCPP 1.6), for library users."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from forecourt.ocpp.deviations import Reading
from forecourt.ocpp.replay import ReplayMemory
from forecourt.ocpp.soap import CENTRAL_SYSTEM, CHARGE_POINT, IDENTITY_MISMATCH, FaultCode, SoapFault, SoapRequest
from forecourt.transport.handshake import Credentials, not_found
from forecourt.transport.http import HttpRequest
from forecourt.transport.limits import Limits
from forecourt.transport.listener import listen
from forecourt.transport.observer import Observer
from forecourt.transport.outbound import Outbound, anywhere
from forecourt.transport.peer import Handlers, checked
from forecourt.transport.soap_endpoint import SoapEndpoint
from forecourt.transport.soap_peer import SoapPeer
from forecourt.transport.sweeper import Sweeper
from forecourt.transport.tasks import Tasks

_NO_HANDLERS: Handlers = {}


class _CentralSystem:
    """The one caller that a station's service has."""

    def __init__(self, peer: SoapPeer) -> None:
        self.peer = peer
        self.memory = ReplayMemory()
        self.turn = asyncio.Lock()


@asynccontextmanager
async def connect_soap(
    url: str,
    *,
    identity: str,
    password: str | bytes | None = None,
    handlers: Handlers = _NO_HANDLERS,
    host: str = "127.0.0.1",
    port: int = 0,
    from_address: str | None = None,
    tls: ssl.SSLContext | None = None,
    listen_tls: ssl.SSLContext | None = None,
    observer: Observer | None = None,
    reading: Reading = Reading.STRICT,
    limits: Limits | None = None,
    timeout_s: float = 30.0,
    sweeper: Sweeper | None = None,
) -> AsyncGenerator[SoapPeer, None]:
    """Be the station `identity` at the central system whose service is at `url`, until the block is left.

    The station listens at `host` and `port` for what the central system asks, and says so in each request: as `from_address`,
    which is needed where others reach it under another name. Raises OSError when the port cannot be had, ValueError for a
    handler of something that is no request.
    """
    limits = limits or Limits()
    sweeper = sweeper or Sweeper.of_loop()
    observer = observer or Observer()
    tasks = Tasks()
    outbound = Outbound(
        # Only the operator of the station names the central system.
        approve=anywhere,
        tls=tls,
        timeout_s=timeout_s,
        max_body_bytes=limits.max_body_bytes,
        clock=sweeper.clock,
    )
    callers: list[_CentralSystem] = []

    def judge(asked: SoapRequest, request: HttpRequest) -> _CentralSystem | SoapFault:
        if asked.identity not in {identity, None}:
            # OCPP-S 1.6, 3.3.
            return SoapFault(code=FaultCode.SENDER, subcode=IDENTITY_MISMATCH, reason="this is another charge point")
        return callers[0]

    service = SoapEndpoint(CHARGE_POINT, "/", checked(handlers), judge, observer=observer, reading=reading)
    listener = await listen(
        lambda handshake: not_found("no WebSocket is served here"),
        host=host,
        port=port,
        http=service,
        tls=listen_tls,
        limits=limits,
        sweeper=sweeper,
    )
    peer = SoapPeer(
        identity,
        CENTRAL_SYSTEM,
        lambda: url,
        outbound,
        tasks,
        observer,
        from_address=from_address or f"{'https' if listen_tls else 'http'}://{host}:{listener.port}/",
        credentials=None if password is None else Credentials.of(identity, password),
        reading=reading,
        timeout_s=timeout_s,
        clock=sweeper.clock,
    )
    callers.append(_CentralSystem(peer))
    try:
        yield peer
    finally:
        await listener.close()
        await tasks.finish()
        await outbound.close()
