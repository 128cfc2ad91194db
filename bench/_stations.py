"""Stations for measurements: bare sockets that cost the machine little, and what a management system must know of them."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import ssl
import sys
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, Self, TypeAlias, cast

from sqlalchemy import insert, text

from forecourt.clock import SYSTEM
from forecourt.csms import app
from forecourt.csms.config import Api, Config, Database, Gateway, Server
from forecourt.csms.stations import actions
from forecourt.csms.stations.credentials import digest
from forecourt.csms.stations.store import station as station_table
from forecourt.csms.store.embedded import EmbeddedPostgres
from forecourt.transport.running import collect_seldom

PASSWORD: Final = "sixteen or more letters"
DURABILITY: Final = ("fsync", "synchronous_commit", "full_page_writes")

V201: Final = "ocpp2.0.1"
V16: Final = "ocpp1.6"
Hear: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]
"""Waits for what the load says next."""

_PING, _CLOSE = 0x89, 0x88


class Station(asyncio.Protocol):
    """A station with at most one call under way. What it is asked it answers with an error, as one that supports nothing.

    Its frames are masked with zeros, which costs nothing and is as valid.
    """

    def __init__(self, wire_id: str, subprotocol: str) -> None:
        self.wire_id = wire_id
        self.subprotocol = subprotocol
        self.asked = 0
        """Calls of the management system."""
        self.lost = ""
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting: asyncio.Future[bytes] | None = None
        self._rest = b""

    @classmethod
    async def connect(cls, port: int, wire_id: str, subprotocol: str, context: ssl.SSLContext | None = None) -> Self:
        """Open a connection. Raises ConnectionError when it is refused."""
        loop = asyncio.get_running_loop()
        _, station = await loop.create_connection(partial(cls, wire_id, subprotocol), "127.0.0.1", port, ssl=context)
        await station._opened
        return station

    async def call(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Call and return the payload of the answer. Raises ConnectionError for an error answer or a lost connection."""
        self._waiting = asyncio.get_running_loop().create_future()
        self.send(json.dumps([2, f"{action}-{os.urandom(6).hex()}", action, payload]).encode())
        answer = json.loads(await self._waiting)
        if answer[0] != 3:
            raise ConnectionError(f"{self.wire_id}: {action} was answered {answer}")
        return cast("dict[str, Any]", answer[2])

    def send(self, message: bytes) -> None:
        """Send one text message."""
        size = len(message)
        if size < 126:
            head = b"\x81%c\x00\x00\x00\x00" % (0x80 | size)
        else:
            head = b"\x81\xfe%b\x00\x00\x00\x00" % size.to_bytes(2, "big")
        self.transport.write(head + message)

    def answer(self, message_id: str, action: str, payload: dict[str, Any]) -> list[Any]:
        """What a call of the management system is answered with."""
        return [4, message_id, "NotSupported", "", {}]

    def answered(self, message: bytes) -> None:
        """An answer has come."""
        # Who waited may have been cancelled, at the end of a measurement.
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(message)

    def ended(self) -> None:
        """The connection is lost; `lost` says how."""

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        key = base64.b64encode(os.urandom(16)).decode()
        basic = base64.b64encode(f"{self.wire_id}:{PASSWORD}".encode()).decode()
        self.transport.write(
            f"GET /ocpp/{self.wire_id} HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nAuthorization: Basic {basic}\r\n"
            f"Sec-WebSocket-Protocol: {self.subprotocol}\r\n\r\n".encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = self.lost or str(exc or "the connection was closed")
        for future in (self._opened, self._waiting):
            if future is not None and not future.done():
                future.set_exception(ConnectionError(f"{self.wire_id}: {self.lost}"))
        self.ended()

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        at = 0
        if not self._opened.done():
            at = data.find(b"\r\n\r\n") + 4
            if at < 4:
                self._rest = data
                return
            if not data.startswith(b"HTTP/1.1 101"):
                self.lost = data[:60].decode("latin-1")
                self.transport.abort()
                return
            self._opened.set_result(None)
        while len(data) >= at + 2:
            size, begin = data[at + 1], at + 2
            if size > 125:
                begin += 2 if size == 126 else 8
                size = int.from_bytes(data[at + 2 : begin], "big")
            if len(data) < begin + size:
                break
            self._frame(data[at], data[begin : begin + size])
            at = begin + size
        self._rest = data[at:]

    def _frame(self, kind: int, payload: bytes) -> None:
        if kind == _PING:
            self.transport.write(b"\x8a%c\x00\x00\x00\x00%b" % (0x80 | len(payload), payload))
        elif kind == _CLOSE:
            self.lost = f"closed with {int.from_bytes(payload[:2], 'big')} {payload[2:].decode()}"
            self.transport.close()
        elif payload.startswith(b"[2"):
            self.asked += 1
            self.send(json.dumps(self.answer(*json.loads(payload)[1:])).encode())
        else:
            self.answered(payload)


def wire_ids(stations: int) -> list[str]:
    """Names of stations."""
    return [f"CS{number:06d}" for number in range(stations)]


def version_of(number: int) -> str:
    """The subprotocol of a station: one half speak 2.0.1, the other half 1.6."""
    return V201 if number % 2 else V16


# The management system's side.


@asynccontextmanager
async def management_system(
    place: Path, wire_ids: Sequence[str], *, api: bool = False
) -> AsyncGenerator[app.Csms, None]:
    """A management system with an embedded database of its own in `place`, as an operator would start it, that knows stations.

    If the database is there already, it knows those that are in it.
    """
    folder = place / "data"
    new = not folder.exists()
    folder.mkdir(mode=0o755, exist_ok=True)
    config = Config(
        server=Server(host="127.0.0.1", port=0),
        api=Api(enabled=api, port=0),
        database=Database(folder=folder),
        gateway=Gateway(registration="closed"),
    )
    async with app.run(config) as csms:
        if new:
            await _know(csms, wire_ids)
        collect_seldom()
        yield csms


async def _know(csms: app.Csms, wire_ids: Sequence[str]) -> None:
    """Make stations known, in the database and in memory."""
    async with csms.store.database.engine.begin() as connection:
        common = {
            "organisation_id": csms.organisation,
            "registration": "Accepted",
            "security_profile": 1,
            "password_hmac": digest(PASSWORD, csms.pepper),
            "created_at": csms.store.clock.now(),
        }
        rows = [
            {"wire_id": name, "name": f"Place {number}", "serial_number": f"SN{7 * number}", **common}
            for number, name in enumerate(wire_ids)
        ]
        await connection.execute(insert(station_table), rows)
        for station in await actions.load(connection):
            csms.stations.add(station)


@asynccontextmanager
async def load(name: str, given: Mapping[str, Any], longest_s: float) -> AsyncGenerator[Hear, None]:
    """Run the measurement `name` with `--load` in a process of its own, whose `instructions` are what is `given`.

    The block hears what it says, line by line; a load that stays is there until the block ends. Ends the process when it fails.
    """
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"bench.{name}", "--load"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdin is not None and child.stdout is not None  # noqa: PT018 - both are pipes
    source, heard = child.stdin, child.stdout

    async def hear() -> dict[str, Any]:
        async with asyncio.timeout(longest_s):
            line = await heard.readline()
            if not line:
                raise SystemExit(f"the load of {name} ended with {await child.wait()}")
        said: dict[str, Any] = json.loads(line)
        return said

    try:
        source.write(json.dumps(given).encode() + b"\n")
        yield hear
        source.close()
        async with asyncio.timeout(longest_s):
            if await child.wait():
                raise SystemExit(f"the load of {name} ended with {child.returncode}")
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


def instructions() -> dict[str, Any]:
    """What the process of a load was given by `load`."""
    given: dict[str, Any] = json.loads(sys.stdin.readline())
    return given


def say(what: Mapping[str, Any]) -> None:
    """Tell the process that measures, or whoever reads the result."""
    print(json.dumps(what), flush=True)


async def quiet(stations: Sequence[Station], longest_s: float) -> None:
    """Wait until the management system has asked what it wants to know of stations that have booted."""
    deadline, before = SYSTEM.monotonic() + longest_s, -1
    while (asked_so_far := sum(station.asked for station in stations)) != before and SYSTEM.monotonic() < deadline:
        before = asked_so_far
        await SYSTEM.sleep(3.0)


def local_key(place: Path) -> str:
    """The key by which a program on this machine acts as the administrator of the management system in `place`."""
    return (place / "data" / "secrets" / "local-administration").read_bytes().hex()


def database_pids(place: Path) -> list[int]:
    """The processes of the embedded server in `place`."""
    return list(EmbeddedPostgres(place / "data" / "database").pids())


async def asked(csms: app.Csms, question: str) -> Any:
    """The one value that a query gives."""
    async with csms.store.database.engine.connect() as connection:
        return (await connection.execute(text(question))).scalar_one()


async def durability(csms: app.Csms) -> dict[str, str]:
    """How the database is set. Ends the process unless everything is on."""
    shown = {name: str(await asked(csms, f"SHOW {name}")) for name in DURABILITY}
    if set(shown.values()) != {"on"}:
        raise SystemExit(f"not durable: {shown}")
    return shown


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder on the disk that the sources are on: /tmp may be memory, where fsync costs nothing."""
    folder = tempfile.TemporaryDirectory(prefix="forecourt-bench-", dir=".")
    # As root the database runs as somebody else, who has to get in.
    os.chmod(folder.name, 0o711)
    return folder


def cpu_s(pids: Sequence[int]) -> float:
    """The processor time that processes have used so far. One that has ended counts nothing."""
    ticks = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except FileNotFoundError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
