"""The link to a real management system over SOAP (OCPP-S 1.6): calls go out over HTTP, and are taken at a port of our own.

There is no connection. The station counts as connected when the management system's port opens, and until a call finds
nobody there who speaks SOAP; while it counts as connected, and only then, it can be called.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from forecourt.clock import SYSTEM, Clock
from forecourt.ocpp.errors import ErrorCode, LocalProtocolError
from forecourt.ocpp.message import Message, Request
from forecourt.ocpp.versions import V16
from forecourt.station.link import Answer, Failed, Route
from forecourt.station.online import proceeding
from forecourt.transport import AnsweredError, CallFailed, Disconnected, NotServed, Peer, SoapPeer, connect_soap
from forecourt.transport.tasks import Tasks

if TYPE_CHECKING:
    from forecourt.station.core import Station

_log = logging.getLogger(__name__)

_LATE_S: Final = 600.0
"""The station minds the time of its calls itself; this is for what it has long given up."""

_KNOCK_S: Final = 10.0
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class SoapLink:
    """Connects one station to the central system whose service is at `url` (http or https).

    It listens at `host` and `port` (0: any) for what the central system asks, and says so in each request as
    `from_address`, needed where others reach it under another name. Call `aclose` to be rid of its tasks. Raises
    ValueError for a URL that is none.
    """

    __slots__ = (
        "_calls",
        "_clock",
        "_current",
        "_options",
        "_password",
        "_peer",
        "_station",
        "_tasks",
        "_turn",
        "_url",
    )

    def __init__(
        self,
        url: str,
        *,
        password: str | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        from_address: str | None = None,
        tls: ssl.SSLContext | None = None,
        clock: Clock = SYSTEM,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            raise ValueError("an http:// or https:// URL is needed")
        self._url: Final = url
        self._password: Final = password
        self._options: Final[dict[str, Any]] = {"host": host, "port": port, "from_address": from_address, "tls": tls}
        self._clock: Final = clock
        self._station: Station | None = None
        self._peer: SoapPeer | None = None
        self._current: asyncio.Event | None = None
        self._turn: Final = asyncio.Lock()
        self._tasks: Final = Tasks()
        self._calls: Final = Tasks()

    def attach(self, station: Station) -> None:
        self.close()
        self._station = station

    def open(self, route: Route) -> None:
        if self._station is not None and self._current is None:
            self._current = current = asyncio.Event()
            self._tasks.start(self._connection(self._station, current))

    def close(self) -> None:
        over, self._peer, self._current = self._current, None, None
        if over is not None:
            over.set()

    async def aclose(self) -> None:
        """Hang up and wait until all is over."""
        self.close()
        await self._calls.finish()
        await self._tasks.finish()

    def call(self, request: Message, done: Callable[[Answer], object]) -> None:
        self._calls.start(self._call(self._peer, request, done))

    def send(self, message: Message) -> None:
        """SOAP has no message without an answer; the dialect of 1.6 makes none."""
        raise LocalProtocolError(ErrorCode.NOT_SUPPORTED, f"OCPP {V16.name} has no SEND")

    async def _connection(self, station: Station, current: asyncio.Event) -> None:
        handlers = {action.request: self._handle for action in V16.actions.values()}
        password = station.model.text("SecurityCtrlr", "BasicAuthPassword") or self._password
        why = ""
        try:
            # One after another: the one before may still hold the port.
            async with (
                self._turn,
                connect_soap(
                    self._url,
                    identity=station.build.identity,
                    password=password,
                    handlers=handlers,
                    **self._options,
                ) as peer,
            ):
                await self._knock()
                if current is self._current:
                    self._peer = peer
                    station.connected(V16)
                    await current.wait()
                    # Before the connections below are closed, so that none is opened anew.
                    await self._calls.finish()
        except (OSError, TimeoutError) as error:
            _log.info("%s cannot connect: %s", station.build.identity, error)
            why = str(error) or type(error).__name__
        self._lost(station, current, why)

    async def _knock(self) -> None:
        """See whether somebody is there. Raises OSError, TimeoutError."""
        parts = urlsplit(self._url)
        async with self._clock.timeout(_KNOCK_S):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or _DEFAULT_PORTS[parts.scheme])
        writer.close()

    def _lost(self, station: Station, current: asyncio.Event, why: str) -> None:
        if current is self._current:
            self.close()
            station.disconnected(why=why)

    def _handle(self, peer: Peer, request: Any) -> Message:
        station = self._station
        if station is None or self._current is None:
            raise LookupError("no station")
        answer = station.receive(request)
        peer.after_reply(proceeding(station))
        return answer

    async def _call(self, peer: SoapPeer | None, request: Message, done: Callable[[Answer], object]) -> None:
        station, current = self._station, self._current
        answer: Answer
        if peer is None:
            answer = Failed(reason="not connected")
        else:
            try:
                assert isinstance(request, Request)  # noqa: S101 - what a station says is always one
                answer = await peer.call(request, timeout_s=_LATE_S)
            except (Disconnected, NotServed) as error:
                _log.info("%s: %s", peer.identity, error)
                if station is not None and current is not None:
                    self._lost(station, current, str(error))
                return
            except AnsweredError as error:
                answer = Failed(error.code, error.description)
            except (CallFailed, LocalProtocolError) as error:
                _log.info("%s: %s", peer.identity, error)
                answer = Failed(reason=str(error))
        if peer is self._peer:
            done(answer)
