"""`connect`: a station's end for library users."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from urllib.parse import quote

from forecourt.ocpp.deviations import Reading
from forecourt.ocpp.replay import ReplayMemory
from forecourt.ocpp.session import Limits as SessionLimits
from forecourt.ocpp.session import Role, Session
from forecourt.ocpp.versions import V16, V21, V201, VERSIONS, Version
from forecourt.transport.dial import HandshakeFailed, dial
from forecourt.transport.handshake import Credentials
from forecourt.transport.limits import Limits
from forecourt.transport.link import WebSocketPeer
from forecourt.transport.observer import Observer
from forecourt.transport.peer import Handlers, checked
from forecourt.transport.sweeper import Sweeper
from forecourt.transport.tasks import Tasks

_NO_HANDLERS: Handlers = {}


@asynccontextmanager
async def connect(
    url: str,
    *,
    identity: str,
    password: str | bytes | None = None,
    versions: Sequence[Version] = (V21, V201, V16),
    handlers: Handlers = _NO_HANDLERS,
    tls: ssl.SSLContext | None = None,
    headers: Mapping[str, str] | None = None,
    memory: ReplayMemory | None = None,
    observer: Observer | None = None,
    reading: Reading = Reading.STRICT,
    limits: Limits | None = None,
    session_limits: SessionLimits | None = None,
    sweeper: Sweeper | None = None,
) -> AsyncGenerator[WebSocketPeer, None]:
    """Be the station `identity` at the management system whose endpoint is `url`, until the block is left.

    The station's identity is appended to the path (Part 4, 3.1.1). `versions` are offered in this order; `password` goes
    out as Basic credentials; `memory` is kept by a caller who reconnects. Raises OSError, TimeoutError, HandshakeFailed (with
    HandshakeRefused for an HTTP status), ValueError for a URL or a handler that is none.
    """
    limits = limits or Limits()
    sweeper = sweeper or Sweeper.of_loop()
    tasks = Tasks()
    offered = [version.subprotocol for version in versions]
    known = checked(handlers)
    peers: list[WebSocketPeer] = []

    def receive(subprotocol: str | None) -> WebSocketPeer:
        if subprotocol is None:
            # Part 4, 3.3: the server is about to close.
            raise HandshakeFailed(f"the server speaks none of {', '.join(offered)}")

        def make_session(wake: Callable[[], None]) -> Session:
            return Session(
                VERSIONS[subprotocol],
                Role.STATION,
                reading=reading,
                limits=session_limits or SessionLimits(message_size_bytes=limits.max_message_bytes),
                memory=memory,
                wake=wake,
            )

        peers.append(WebSocketPeer(identity, make_session, known, clock=sweeper.clock, tasks=tasks, observer=observer))
        return peers[0]

    await dial(
        f"{url.rstrip('/')}/{quote(identity, safe='')}",
        receive,
        subprotocols=offered,
        credentials=None if password is None else Credentials.of(identity, password),
        context=tls,
        headers=(headers or {}).items(),
        limits=limits,
        sweeper=sweeper,
    )
    (peer,) = peers
    try:
        yield peer
    finally:
        peer.close()
        await peer.wait_closed()
        await tasks.finish()
