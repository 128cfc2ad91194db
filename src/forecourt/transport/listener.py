"""A listening port: accepts connections, bounds their number, and ends them all when it closes."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
import sys
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeAlias

import aiofastnet

from forecourt.transport.closure import GOING_AWAY
from forecourt.transport.door import Door
from forecourt.transport.handshake import Decide
from forecourt.transport.http import HttpHandler
from forecourt.transport.limits import Limits
from forecourt.transport.sweeper import Sweeper
from forecourt.transport.tls import BIO_BYTES
from forecourt.transport.turns import Turns
from forecourt.transport.websocket import WebSocket

if sys.platform != "win32":
    import resource

_log = logging.getLogger(__name__)

# The system bounds it by its own limit. What finds no place in it tries again a second later, then after two, four, eight.
_BACKLOG = 16_384
_ACCEPTED_AT_ONCE = 32
_HANDSHAKES_AT_ONCE = 32
# What a process needs besides its connections: log files, databases, outgoing calls.
_OTHER_FILES = 256
_NO_LIMIT = 1 << 30
_SCRATCH_BYTES = 64 * 1024
_OUT_OF_FILES_PAUSE_S = 0.2
_OUT_OF_RESOURCES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 60\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

TlsFailed: TypeAlias = Callable[[str, str], None]


class _Guest(Protocol):
    def close(self) -> None:
        """End the connection politely."""


class Listener:
    """One or more listening sockets that share everything else, `port` included. Made by `listen`.

    `counts` tells what has happened at the door since the start: accepted, full, tls_failed, timed_out, unreadable, upgraded,
    no_common_subprotocol, http_404 and so on.
    """

    def __init__(
        self,
        sockets: list[socket.socket],
        decide: Decide,
        *,
        http: HttpHandler | None,
        tls: ssl.SSLContext | None,
        limits: Limits,
        sweeper: Sweeper,
        tls_failed: TlsFailed | None = None,
    ) -> None:
        self.decide = decide
        self.http = http
        self.limits = limits
        self.sweeper = sweeper
        self.counts: Counter[str] = Counter()
        self.scratch = bytearray(_SCRATCH_BYTES)
        self.turns = Turns(_HANDSHAKES_AT_ONCE)
        self.closing = False
        self.port = int(sockets[0].getsockname()[1])
        self._tls = tls
        self._tls_failed = tls_failed
        self._sockets = sockets
        self._guests: set[_Guest] = set()
        self._arriving = 0
        self._room = min(limits.max_connections, _most_files() - _OTHER_FILES)
        self._tasks: set[asyncio.Task[None]] = set()
        self._empty = asyncio.Event()
        self._empty.set()
        self._accepting = [asyncio.get_running_loop().create_task(self._accept(listening)) for listening in sockets]

    @property
    def connections(self) -> int:
        """How many connections there are, in whatever state."""
        return self._arriving + len(self._guests)

    def renew_tls(self, context: ssl.SSLContext) -> None:
        """Use another context for connections from now on; those that are there go on with theirs."""
        if self._tls is None:
            raise RuntimeError("a listener without TLS cannot be given a certificate")
        self._tls = context

    async def close(self, code: int = GOING_AWAY, reason: str = "the server is going down") -> None:
        """Stop listening, close every connection, and return when the last one is gone and every HTTP handler has returned."""
        self.closing = True
        for task in self._accepting:
            task.cancel()
        for listening in self._sockets:
            listening.close()
        for guest in list(self._guests):
            if isinstance(guest, WebSocket):
                guest.close(code, reason)
            else:
                guest.close()
        await self._empty.wait()
        await asyncio.wait([*self._accepting, *self._tasks])

    # For the doors and WebSockets of this listener.

    def entered(self, guest: _Guest) -> None:
        """Count a connection."""
        self._guests.add(guest)
        self._empty.clear()

    def left(self, guest: _Guest) -> None:
        """Count it no more."""
        self._guests.discard(guest)
        self._note_empty()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run what belongs to one connection; `close` waits for it."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _note_empty(self) -> None:
        if not self._guests and not self._arriving:
            self._empty.set()

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                arrived, _ = await loop.sock_accept(listening)
            except OSError as error:
                if self.closing:
                    return
                if error.errno in _OUT_OF_RESOURCES:
                    _log.error("no connection can be accepted: %s", error)
                    await self.sweeper.clock.sleep(_OUT_OF_FILES_PAUSE_S)
                # Anything else is the fault of one connection that was gone before it was accepted.
                continue
            self._take_in(arrived)
            # A busy loop comes by here seldom, so it takes more than one; but not all, since those who are in wait meanwhile.
            for _ in range(_ACCEPTED_AT_ONCE - 1):
                try:
                    arrived, _address = listening.accept()
                except OSError:
                    # Nobody is there, or the same will be said to whoever waits for the next one.
                    break
                arrived.setblocking(False)
                self._take_in(arrived)
            await self.sweeper.clock.sleep(0)

    def _take_in(self, arrived: socket.socket) -> None:
        if self.connections >= self._room:
            self._turn_away(arrived)
        else:
            self.counts["accepted"] += 1
            self._arriving += 1
            self._empty.clear()
            self.spawn(self._welcome(arrived, self._tls))

    def _turn_away(self, arrived: socket.socket) -> None:
        self.counts["full"] += 1
        with arrived:
            if self._tls is None:
                try:
                    arrived.send(_FULL)
                except OSError:
                    pass

    async def _welcome(self, arrived: socket.socket, tls: ssl.SSLContext | None) -> None:
        """Do the TLS handshake, if there is one, and open the door."""
        loop = asyncio.get_running_loop()
        came_from = _address(arrived)
        try:
            if tls is None:
                await aiofastnet.connect_accepted_socket(loop, self._open_door, arrived)
            else:
                await aiofastnet.connect_accepted_socket(
                    loop,
                    self._open_door,
                    arrived,
                    ssl=tls,
                    ssl_handshake_timeout=self.limits.handshake_timeout_s,
                    ssl_shutdown_timeout=self.limits.close_timeout_s,
                    ssl_incoming_bio_size=BIO_BYTES,
                    ssl_outgoing_bio_size=BIO_BYTES,
                )
        except (OSError, TimeoutError) as error:
            # ssl.SSLError is an OSError too: no TLS, no common suite, a bad certificate, or gone.
            self.counts["tls_failed" if tls else "lost"] += 1
            if isinstance(error, ssl.SSLError) and self._tls_failed is not None:
                self._tls_failed(came_from, _words(error))
            arrived.close()
        finally:
            self._arriving -= 1
            self._note_empty()

    def _open_door(self) -> Door:
        return Door(self)


def _address(arrived: socket.socket) -> str:
    try:
        host, port, *_ = arrived.getpeername()
    except OSError:
        return ""
    return f"{host}:{port}"


def _words(error: ssl.SSLError) -> str:
    """What went wrong, without the names of source files that OpenSSL adds."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return (error.reason or "no TLS").replace("_", " ").lower()


async def listen(
    decide: Decide,
    *,
    host: str | None = None,
    port: int = 0,
    http: HttpHandler | None = None,
    tls: ssl.SSLContext | None = None,
    limits: Limits | None = None,
    sweeper: Sweeper | None = None,
    tls_failed: TlsFailed | None = None,
) -> Listener:
    """Listen on `host` (None: every address, IPv4 and IPv6) and `port` (0: any free one).

    `decide` answers WebSocket handshakes, `http` every other request; `tls_failed` hears from where and why a connection did
    not get as far as that. Raises OSError when the port cannot be had.
    """
    sockets = await _bound(host, port)
    return Listener(
        sockets,
        decide,
        http=http,
        tls=tls,
        limits=limits or Limits(),
        sweeper=sweeper or Sweeper.of_loop(),
        tls_failed=tls_failed,
    )


async def _bound(host: str | None, port: int) -> list[socket.socket]:
    if host is None and socket.has_dualstack_ipv6():
        both = socket.create_server(("", port), family=socket.AF_INET6, backlog=_BACKLOG, dualstack_ipv6=True)
        both.setblocking(False)
        return [both]
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    try:
        for family, _, _, _, address in dict.fromkeys(found):
            # Port 0 means any port, but the same one for every address.
            wanted = port or (sockets[0].getsockname()[1] if sockets else 0)
            one = socket.create_server((str(address[0]), wanted), family=family, backlog=_BACKLOG)
            one.setblocking(False)
            sockets.append(one)
    except OSError:
        for one in sockets:
            one.close()
        raise
    return sockets


def _most_files() -> int:
    if sys.platform != "win32":
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != resource.RLIM_INFINITY:
            return soft
    return _NO_LIMIT
