"""`serve`: a management system's end for library users."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import TypeAlias

from forecourt.ocpp.deviations import Reading
from forecourt.ocpp.session import Limits as SessionLimits
from forecourt.ocpp.session import Role, Session
from forecourt.ocpp.soap import CENTRAL_SYSTEM
from forecourt.ocpp.versions import V16, V21, V201, Version
from forecourt.transport.admission import Admission, Authenticate, anyone
from forecourt.transport.closure import POLICY_VIOLATION
from forecourt.transport.handshake import Decide, Handshake
from forecourt.transport.limits import Limits
from forecourt.transport.link import WebSocketPeer
from forecourt.transport.listener import Listener, listen
from forecourt.transport.memories import Memories
from forecourt.transport.observer import Observer
from forecourt.transport.peer import Handlers, checked
from forecourt.transport.soap_endpoint import SoapEndpoint
from forecourt.transport.soap_peer import SoapPeer
from forecourt.transport.soap_stations import SoapSettings, SoapStations
from forecourt.transport.sweeper import Sweeper
from forecourt.transport.tasks import Tasks

OnConnect: TypeAlias = Callable[[WebSocketPeer], Awaitable[object]]


class Server:
    """A running server. Made by `serve`."""

    def __init__(
        self,
        *,
        handlers: Handlers,
        on_connect: OnConnect | None,
        observer: Observer | None,
        reading: Reading,
        session_limits: SessionLimits,
        sweeper: Sweeper,
    ) -> None:
        self._handlers = handlers
        self._on_connect = on_connect
        self._observer = observer
        self._reading = reading
        self._session_limits = session_limits
        self._sweeper = sweeper
        self._memories = Memories()
        self._tasks = Tasks()
        self._stations: dict[str, WebSocketPeer] = {}
        self._arrivals: dict[str, asyncio.Future[WebSocketPeer]] = {}
        self._listener: Listener | None = None
        self._soap: SoapStations | None = None

    @property
    def stations(self) -> Mapping[str, WebSocketPeer]:
        """The stations that are connected now, by identity."""
        return MappingProxyType(self._stations)

    @property
    def listener(self) -> Listener:
        """The port, its counts, and `renew_tls`."""
        if self._listener is None:
            raise RuntimeError("the server does not listen yet")
        return self._listener

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self.listener.port

    async def station(self, identity: str) -> WebSocketPeer:
        """Return the station of that identity; wait until it is connected."""
        present = self._stations.get(identity)
        if present is not None:
            return present
        arrival = self._arrivals.get(identity)
        if arrival is None:
            arrival = self._arrivals[identity] = asyncio.get_running_loop().create_future()
        return await asyncio.shield(arrival)

    def soap_station(self, identity: str) -> SoapPeer:
        """Return what calls a station over SOAP. It need not have been heard of if its address is known otherwise."""
        if self._soap is None:
            raise RuntimeError("this server does not speak SOAP")
        return self._soap.peer(identity)

    def admit(self, identity: str, version: Version, handshake: Handshake) -> WebSocketPeer:
        """Make the receiver of a connection that is let in."""

        def make_session(wake: Callable[[], None]) -> Session:
            memory = self._memories.enter(identity)
            return Session(
                version, Role.CSMS, reading=self._reading, limits=self._session_limits, memory=memory, wake=wake
            )

        return WebSocketPeer(
            identity,
            make_session,
            self._handlers,
            clock=self._sweeper.clock,
            tasks=self._tasks,
            observer=self._observer,
            began=self._began,
            ended=self._ended,
        )

    async def open(
        self,
        host: str | None,
        port: int,
        decide: Decide,
        *,
        soap: SoapSettings | None,
        path: str,
        authenticate: Authenticate,
        tls: ssl.SSLContext | None,
        limits: Limits,
    ) -> None:
        """Begin to listen."""
        service: SoapEndpoint | None = None
        if soap is not None:
            self._soap = SoapStations(
                soap,
                authenticate,
                tasks=self._tasks,
                observer=self._observer or Observer(),
                reading=self._reading,
                max_body_bytes=limits.max_body_bytes,
                clock=self._sweeper.clock,
            )
            service = SoapEndpoint(
                CENTRAL_SYSTEM,
                path,
                self._handlers,
                self._soap.judge,
                observer=self._observer or Observer(),
                reading=self._reading,
            )
        self._listener = await listen(
            decide, host=host, port=port, http=service, tls=tls, limits=limits, sweeper=self._sweeper
        )

    async def close(self) -> None:
        """Close every connection and wait for the end of all handlers."""
        if self._listener is not None:
            await self._listener.close()
        await self._tasks.finish()
        if self._soap is not None:
            await self._soap.close()

    def _began(self, peer: WebSocketPeer) -> None:
        # A new connection takes over at once: the old one is mostly dead already, and nobody has noticed.
        before = self._stations.get(peer.identity)
        self._stations[peer.identity] = peer
        if before is not None:
            before.close(POLICY_VIOLATION, "a new connection of this station takes over")
        arrival = self._arrivals.pop(peer.identity, None)
        if arrival is not None and not arrival.done():
            arrival.set_result(peer)
        if self._on_connect is not None:
            self._tasks.start(self._greet(self._on_connect, peer))

    async def _greet(self, on_connect: OnConnect, peer: WebSocketPeer) -> None:
        await on_connect(peer)

    def _ended(self, peer: WebSocketPeer) -> None:
        self._memories.leave(peer.identity)
        # An old connection's end does not touch the one that took over.
        if self._stations.get(peer.identity) is peer:
            del self._stations[peer.identity]


@asynccontextmanager
async def serve(
    host: str | None = None,
    port: int = 0,
    *,
    handlers: Handlers,
    versions: Sequence[Version] = (V21, V201, V16),
    path: str = "/ocpp",
    authenticate: Authenticate = anyone,
    unspoken: Callable[[str], Version | None] = lambda identity: None,
    on_connect: OnConnect | None = None,
    soap: SoapSettings | bool = False,
    observer: Observer | None = None,
    tls: ssl.SSLContext | None = None,
    reading: Reading = Reading.STRICT,
    limits: Limits | None = None,
    session_limits: SessionLimits | None = None,
    sweeper: Sweeper | None = None,
) -> AsyncGenerator[Server, None]:
    """Serve stations at `path`/{identity} until the block is left, then close every connection.

    `handlers` maps request types to coroutines; `authenticate` judges who connects (default: anyone); `unspoken` names the
    version of a station that offers none; `on_connect` is run for each new connection; `observer` sees everything; `soap`
    serves OCPP 1.6 over SOAP at `path` too, with the same handlers.
    Raises OSError when the port cannot be had, ValueError for a handler of something that is no request.
    """
    limits = limits or Limits()
    server = Server(
        handlers=checked(handlers),
        on_connect=on_connect,
        observer=observer,
        reading=reading,
        session_limits=session_limits or SessionLimits(message_size_bytes=limits.max_message_bytes),
        sweeper=sweeper or Sweeper.of_loop(),
    )
    decide = Admission(path, versions, authenticate, server.admit, unspoken=unspoken)
    try:
        await server.open(
            host,
            port,
            decide,
            soap=SoapSettings() if soap is True else soap or None,
            path=path,
            authenticate=authenticate,
            tls=tls,
            limits=limits,
        )
        yield server
    finally:
        await server.close()
