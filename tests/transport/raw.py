"""A client that writes any bytes it likes, and what else the tests of the transport share."""

from __future__ import annotations

import asyncio
import base64
import ssl
import zlib
from collections.abc import Awaitable, Sequence
from typing import Self, TypeVar

from forecourt.transport import Closed, WebSocket
from forecourt.transport.framing import accept_key

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
KEY = base64.b64encode(b"sixteen bytes ..")
PATIENCE_S = 10.0

T = TypeVar("T")


async def soon(awaitable: Awaitable[T]) -> T:
    """Wait for what must happen within a moment; only a broken test waits longer."""
    async with asyncio.timeout(PATIENCE_S):
        return await awaitable


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, masked: bool = True) -> bytes:
    """One frame as a client sends it. `rsv` holds the three reserved bits, RSV1 being 4."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    bit = 0x80 if masked else 0
    if len(payload) < 126:
        head = bytes([first, bit | len(payload)])
    elif len(payload) < 1 << 16:
        head = bytes([first, bit | 126]) + len(payload).to_bytes(2, "big")
    else:
        head = bytes([first, bit | 127]) + len(payload).to_bytes(8, "big")
    if not masked:
        return head + payload
    mask = b"\x01\x02\x03\x04"
    repeated = (mask * (len(payload) // 4 + 1))[: len(payload)]
    covered = (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(len(payload), "big")
    return head + mask + covered


def deflated(message: bytes) -> bytes:
    """The payload of a compressed message."""
    compressor = zlib.compressobj(wbits=-15)
    return (compressor.compress(message) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]


def opening(
    path: str = "/ocpp/CS1",
    *,
    subprotocols: Sequence[str] = ("ocpp1.6",),
    headers: Sequence[str] = (),
    drop: str = "",
) -> bytes:
    """A client's opening handshake; `drop` leaves the header of that name out."""
    lines = [
        "Host: forecourt.test",
        "Upgrade: websocket",
        "Connection: keep-alive, Upgrade",
        f"Sec-WebSocket-Key: {KEY.decode()}",
        "Sec-WebSocket-Version: 13",
        *([f"Sec-WebSocket-Protocol: {', '.join(subprotocols)}"] if subprotocols else []),
    ]
    kept = [line for line in lines if line.partition(":")[0].lower() != drop.lower()]
    return "\r\n".join([f"GET {path} HTTP/1.1", *kept, *headers, "", ""]).encode()


class Raw:
    """A TCP connection in the hands of a test."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.head = b""

    @classmethod
    async def connect(cls, port: int, tls: ssl.SSLContext | None = None) -> Self:
        """Connect and say nothing."""
        name = "127.0.0.1" if tls else None
        return cls(*await soon(asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname=name)))

    @classmethod
    async def upgraded(
        cls, port: int, request: bytes | None = None, *, tls: ssl.SSLContext | None = None, behind: bytes = b""
    ) -> Self:
        """Connect and become a WebSocket; `behind` is sent together with the handshake."""
        raw = await cls.connect(port, tls)
        raw.write((request or opening()) + behind)
        raw.head = await soon(raw.reader.readuntil(b"\r\n\r\n"))
        assert raw.head.startswith(b"HTTP/1.1 101 "), raw.head
        assert accept_key(KEY) in raw.head
        return raw

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self.writer.write(data)

    def send(self, opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0) -> None:
        """Send a frame."""
        self.write(frame(opcode, payload, fin=fin, rsv=rsv))

    async def receive(self) -> tuple[int, bytes]:
        """Read one frame: its first byte, flags included, and its payload."""
        first, second = await soon(self.reader.readexactly(2))
        size = second & 0x7F
        if size > 125:
            size = int.from_bytes(await soon(self.reader.readexactly(2 if size == 126 else 8)), "big")
        return first, await soon(self.reader.readexactly(size))

    async def text(self) -> bytes:
        """Read one uncompressed text message."""
        first, payload = await self.receive()
        assert first == 0x81, (first, payload)
        return payload

    async def close_code(self) -> int:
        """Read until CLOSE and return its status code, 1005 for none."""
        while True:
            first, payload = await self.receive()
            if first == 0x88:
                return int.from_bytes(payload[:2], "big") if payload else 1005

    async def rest(self) -> bytes:
        """Read until the other side has ended the connection."""
        try:
            return await soon(self.reader.read())
        except ConnectionResetError:
            return b""

    async def close(self) -> None:
        """End the connection without any ceremony."""
        self.writer.close()
        try:
            await soon(self.writer.wait_closed())
        except (OSError, TimeoutError):
            pass


class Recorder:
    """A receiver that keeps what it is told."""

    def __init__(self) -> None:
        self.websocket: WebSocket | None = None
        self.messages: asyncio.Queue[bytes] = asyncio.Queue()
        self.ended: asyncio.Future[Closed] = asyncio.get_running_loop().create_future()
        self.open = asyncio.Event()
        self.deadline: float | None = None
        self.deadlines_met: list[float] = []

    @property
    def socket(self) -> WebSocket:
        """The open connection."""
        assert self.websocket is not None
        return self.websocket

    def opened(self, websocket: WebSocket) -> None:
        self.websocket = websocket
        self.open.set()

    def received(self, message: bytes) -> None:
        self.messages.put_nowait(message)

    def next_deadline(self) -> float | None:
        return self.deadline

    def handle_deadline(self, now: float) -> None:
        self.deadline = None
        self.deadlines_met.append(now)

    def closed(self, how: Closed) -> None:
        self.ended.set_result(how)
