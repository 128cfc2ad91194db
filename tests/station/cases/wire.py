"""A station on real sockets, with TLS where a case wants it; its time stands still until the case moves it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from forecourt.ocpp.message import Message
from forecourt.ocpp.versions import Version
from forecourt.pki.keys import new_key, signing_request
from forecourt.station import events
from forecourt.station.blocks.certificates.model import Identity, Use
from forecourt.station.blocks.certificates.store import endow, trust
from forecourt.station.core import Station
from forecourt.station.device_model.table import Name
from forecourt.station.device_model.values import VALUES
from forecourt.station.online import OnlineLink
from forecourt.station.running import Powered
from forecourt.transport import Peer, serve
from forecourt.transport.admission import Caller
from forecourt.transport.handshake import Refuse, unauthorized
from tests.pki.authority import Holder, root
from tests.station.rig import Rig
from tests.transport.raw import soon

HOST = "csms.example.com"
PASSWORD = "a-password-0123456"

BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
"""Real sockets know real time only."""
LONG = 36_500.0

OPERATOR = root("Operator root", begin=BEGIN, days=LONG)
STRANGER = root("Somebody else", begin=BEGIN, days=LONG)


class Wire(Rig):
    """A rig whose management system is behind a socket. `callers` is who has knocked; `password` what is let in."""

    def __init__(self, version: Version, port: int, **build: Any) -> None:
        super().__init__(version, start=False, **build)
        self.changed = asyncio.Event()
        self.port = port
        self.callers: list[Caller] = []
        self.peer: Peer | None = None
        self.password: str | None = PASSWORD
        self.online = OnlineLink(f"ws://{HOST}:{port}/ocpp")
        self.powered = Powered(self.build, self.time, self.online, self.hardware, self.powered.storage)
        self.powered.watch(self.see)
        self.lost = 0
        self._there = AsyncExitStack()

    def see(self, station: Station, event: object) -> None:
        """Counts connections that were lost or did not come about."""
        self.lost += isinstance(event, events.Offline)
        self.changed.set()

    def judge(self, identity: str, caller: Caller) -> Refuse | None:
        self.callers.append(caller)
        self.changed.set()
        assert identity == "CS001"
        given = caller.credentials
        if self.password is not None and (given is None or given.password != self.password.encode()):
            return unauthorized("wrong password")
        return None

    def heard_of(self, peer: Peer, request: Any) -> Message:
        self.peer = peer
        self.changed.set()
        answer = self.script(self.station, request)
        assert isinstance(answer, Message)
        return answer

    async def come(self, tls: ssl.SSLContext | None = None) -> None:
        """Open the management system's port, in place of what was there."""
        await self.go()
        handlers = {action.request: self.heard_of for action in self.version.actions.values()}
        await self._there.enter_async_context(
            serve("127.0.0.1", self.port, handlers=handlers, authenticate=self.judge, tls=tls)
        )

    async def go(self) -> None:
        """Close the port, and all connections with it."""
        await self._there.aclose()

    async def until(self, happened: Callable[[], object]) -> None:
        """Wait for what must happen within a moment."""

        async def waiting() -> None:
            while not happened():
                self.changed.clear()
                await self.changed.wait()

        await soon(waiting())

    async def connected(self) -> None:
        """The station is back, after its usual wait."""
        await self.until(lambda: not self.station.connected_now)
        self.time.advance(900)
        await self.until(lambda: self.station.online)

    async def refused(self) -> None:
        """The station tries once, after its usual wait, and no connection comes about."""
        await self.until(lambda: not self.station.connected_now)
        lost = self.lost
        self.time.advance(900)
        await self.until(lambda: self.lost > lost)
        assert not self.station.connected_now

    async def call(self, request: Any) -> Any:
        """Ask the station."""
        assert self.peer is not None
        return await soon(self.peer.call(request))


@asynccontextmanager
async def wired(
    version: Version, monkeypatch: Any, *, profile: int, roots: Sequence[Holder] = (OPERATOR,), **build: Any
) -> AsyncIterator[Wire]:
    """A station of a security profile, with what it needs; not switched on yet."""
    async with serve("127.0.0.1", handlers={}) as server:
        port = server.port
    there = Wire(version, port, security_profile=profile, **build)
    storage = there.powered.storage
    for holder in roots:
        trust(storage, Use.CSMS, holder.pem)
    if profile == 3:
        there.password = None
        key = new_key()
        csr = signing_request(key, common_name=there.build.serial_number or "CS001", organization="Forecourt")
        endow(storage, Identity(key=key, chain=OPERATOR.sign_request(csr, begin=BEGIN, days=LONG)))
    else:
        storage.put(VALUES, "|".join(Name("SecurityCtrlr", "BasicAuthPassword")), PASSWORD)
    storage.commit()
    resolve = asyncio.get_running_loop().getaddrinfo

    async def local(host: Any, *rest: Any, **more: Any) -> Any:
        return await resolve("127.0.0.1" if host == HOST else host, *rest, **more)

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", local)
    try:
        yield there
    finally:
        there.powered.cut_power()
        await there.go()
        await soon(there.online.aclose())


def server(
    folder: Path,
    holder: Holder | None = None,
    *,
    clients: bool = False,
    suite: str | None = None,
    newest: ssl.TLSVersion | None = None,
) -> ssl.SSLContext:
    """What a management system's port is opened with: by default with a good certificate for HOST."""
    holder = OPERATOR.issue(HOST, begin=BEGIN, days=LONG) if holder is None else holder
    file = folder / "server.pem"
    file.write_text(holder.key_pem + holder.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    if clients:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=OPERATOR.pem)
    if suite is not None:
        context.set_ciphers(suite)
    if newest is not None:
        context.maximum_version = newest
    return context
