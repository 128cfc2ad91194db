"""Targets of `forecourt.transport`: HTTP requests, WebSocket frames behind an upgrade, compression, header values."""

from __future__ import annotations

import asyncio
import gzip
import logging
import socket
import struct
import zlib
from collections.abc import Iterator
from http import HTTPStatus
from random import Random
from typing import Any, Final

from forecourt.clock import VirtualClock
from forecourt.ocpp.versions import V21
from forecourt.transport import deflate
from forecourt.transport.closure import Closed
from forecourt.transport.door import Door
from forecourt.transport.handshake import (
    Accept,
    Decision,
    Handshake,
    NoCommonSubprotocol,
    Refuse,
    choose_subprotocol,
    identity_from_path,
    parse_basic,
)
from forecourt.transport.http import HttpRequest, HttpResponse, Unacceptable, decoded
from forecourt.transport.limits import Limits
from forecourt.transport.listener import listen
from forecourt.transport.sweeper import Sweeper
from forecourt.transport.websocket import WebSocket
from tools.fuzz.mutations import mutate
from tools.fuzz.seeds import seeds

INPUTS_PER_CASE: Final = 8
VISITS_PER_CASE: Final = 4
LIMITS: Final = Limits(max_message_bytes=4096, max_body_bytes=4096)

UPGRADE: Final = (
    b"GET /ocpp/CP%201?a=b HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: ocpp2.1, ocpp2.0.1,ocpp1.6\r\nAuthorization: Basic Q1AgMTpodW50ZXI6Mg==\r\n"
    b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits; server_max_window_bits=10\r\n\r\n"
)
POST: Final = b"POST /soap HTTP/1.1\r\nHost: example.org\r\nContent-Type: application/soap+xml\r\nContent-Length: 11\r\n\r\n<a>text</a>"
CHUNKED: Final = (
    b"POST /soap HTTP/1.1\r\nHost: example.org\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n"
    b"Connection: close\r\n\r\n6\r\n<a>tex\r\n5;x=y\r\nt</a>\r\n0\r\nTrailer: 1\r\n\r\n"
)
ZIPPED_BODY: Final = gzip.compress(b"<a>text</a>" * 50)
ZIPPED: Final = (
    b"POST /soap HTTP/1.1\r\nHost: example.org\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    % len(ZIPPED_BODY)
) + ZIPPED_BODY
GET: Final = b"GET / HTTP/1.1\r\nHost: example.org\r\nAccept: */*\r\nCookie: a=b\r\n\r\n"


class Requests:
    """A door that is sent mutated HTTP, in pieces. Whatever comes, it answers or closes; nothing reaches the log as an error."""

    name = "requests"

    def __init__(self) -> None:
        self.seeds = (UPGRADE, POST, CHUNKED, ZIPPED, GET, POST + GET, GET + UPGRADE)

    def case(self, random: Random) -> Iterator[bytes]:
        with Street() as street:
            for _ in range(VISITS_PER_CASE):
                data = mutate(random.choice(self.seeds), random.choice(self.seeds), random)
                yield data
                street.visit(pieces(data, random))


class WebSockets:
    """An accepted upgrade, followed by mutated frames. What reaches the receiver is text of bounded size."""

    name = "websockets"

    def __init__(self) -> None:
        self.messages = [b'[2,"1","A",' + seed.payload + b"]" for seed in seeds(V21)]
        self.codec = deflate.codec(deflate.Agreement())

    def case(self, random: Random) -> Iterator[bytes]:
        with Street() as street:
            for _ in range(VISITS_PER_CASE):
                data = b"".join(self._frames(random) for _ in range(random.choice((1, 1, 2, 5))))
                if random.random() < 0.7:
                    data = mutate(data, self._frames(random), random)
                yield data
                at_once = random.random() < 0.5
                street.visit(pieces(UPGRADE + data, random) if at_once else [UPGRADE, *pieces(data, random)])

    def _frames(self, random: Random) -> bytes:
        """One message as a client sends it: whole, compressed or fragmented; or a control frame; or something that is none."""
        message = random.choice(self.messages)
        match random.randrange(8):
            case 0:
                return frame(
                    random.choice((8, 9, 10)), random.choice((b"", b"\x03\xe8", b"\x03\xe8bye", b"\x00", message[:125]))
                )
            case 1:
                return frame(random.randrange(16), message, fin=random.random() < 0.5, reserved=random.randrange(8))
            case 2:
                parts = list(pieces(message, random))
                first, *rest = [
                    frame(1 if n == 0 else 0, part, fin=n == len(parts) - 1) for n, part in enumerate(parts)
                ]
                return b"".join([first, *rest])
            case 3 | 4:
                return frame(1, self.codec.compress(message), reserved=4)
            case 5:
                return frame(1, mutate(self.codec.compress(message), zlib.compress(message), random), reserved=4)
            case _:
                return frame(1, mutate(message, message, random) if random.random() < 0.5 else message)


class Compressed:
    """Inflating, and undoing the content codings of HTTP: never more than the limit comes out."""

    name = "compressed"

    def __init__(self) -> None:
        plain = [seed.payload for seed in seeds(V21)] + [b"\x00" * 100_000]
        codec = deflate.codec(deflate.Agreement())
        self.seeds = [codec.compress(data) for data in plain] + [gzip.compress(data) for data in plain[::8]]

    def case(self, random: Random) -> Iterator[bytes]:
        kept = deflate.codec(deflate.Agreement(peer_keeps_context=True))
        for _ in range(INPUTS_PER_CASE):
            data = mutate(random.choice(self.seeds), random.choice(self.seeds), random)
            limit_bytes = random.choice((0, 10, 5_000, 200_000))
            yield data
            for codec in (deflate.codec(deflate.Agreement()), kept):
                try:
                    if len(codec.inflate(data, limit_bytes)) > limit_bytes:
                        raise AssertionError("more came out than the limit")
                except (deflate.InflationError, deflate.InflatedTooLarge):
                    pass
            codings = random.choices(("gzip", "deflate", "identity", "x-gzip", "br"), k=random.randint(1, 3))
            try:
                if len(decoded(data, tuple(codings), limit_bytes)) > max(limit_bytes, len(data)):
                    raise AssertionError("more came out than the limit")
            except Unacceptable:
                pass


class Fields:
    """Header values and paths: extensions offered and answered, credentials, identities."""

    name = "fields"

    def __init__(self) -> None:
        self.seeds = (
            b"permessage-deflate; client_max_window_bits; server_max_window_bits=10",
            b'permessage-deflate; server_no_context_takeover; client_max_window_bits="12", x-other; a=b',
            b"Basic Q1AgMTpodW50ZXI6Mg==",
            b"/ocpp/CP%201%C3%A9",
            b"ocpp2.1, ocpp2.0.1,ocpp1.6",
        )

    def case(self, random: Random) -> Iterator[bytes]:
        for _ in range(INPUTS_PER_CASE):
            data = mutate(random.choice(self.seeds), random.choice(self.seeds), random)[:16_384]
            yield data
            text = data.decode("latin-1")
            wanted = deflate.Compression(keep_context=random.random() < 0.5)
            deflate.answer(text.split(","), wanted)
            try:
                deflate.accept(text.split(","), wanted)
            except deflate.NegotiationError:
                pass
            parse_basic(text)
            identity_from_path(text, "/ocpp")
            choose_subprotocol(("ocpp2.1", "ocpp1.6"), text.split(","))


def frame(opcode: int, payload: bytes, *, fin: bool = True, reserved: int = 0) -> bytes:
    """A masked frame (RFC 6455, 5.2). The mask is all zeros, so that the payload stays readable for mutations."""
    head = bytes([fin << 7 | reserved << 4 | opcode])
    if len(payload) < 126:
        head += bytes([0x80 | len(payload)])
    elif len(payload) < 1 << 16:
        head += b"\xfe" + struct.pack(">H", len(payload))
    else:
        head += b"\xff" + struct.pack(">Q", len(payload))
    return head + bytes(4) + payload


def pieces(data: bytes, random: Random) -> list[bytes]:
    """`data` as a network might deliver it."""
    cuts = sorted(random.randint(0, len(data)) for _ in range(random.choice((0, 0, 1, 3))))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


class Street:
    """Where connections come in, one after another, and time passes as it is told to."""

    def __enter__(self) -> Street:
        self._runner = asyncio.Runner()
        self._clock = _HandClock()
        self._sweeper = Sweeper(self._clock)
        # It listens on a port, since that is what a listener does, and nobody comes in there.
        self._listener = self._runner.run(
            listen(_decide, host="127.0.0.1", http=_serve, limits=LIMITS, sweeper=self._sweeper)
        )
        # picows sets an option of the socket below a transport, and does nothing else with it.
        self._socket = socket.socket()
        self._errors = _Errors(level=logging.ERROR)
        self._log = logging.getLogger("forecourt")
        self._log.addHandler(self._errors)
        self._log.propagate = False
        return self

    def __exit__(self, *_: object) -> None:
        self._log.propagate = True
        self._log.removeHandler(self._errors)
        self._socket.close()
        self._runner.run(self._listener.close())
        self._runner.close()

    def visit(self, data: list[bytes]) -> None:
        """A connection on which `data` comes in piece by piece, until one side ends it. Raises what was logged as an error."""
        self._runner.run(self._visit(data))
        if self._errors.records:
            record = self._errors.records[0]
            raise AssertionError(record.getMessage()) from (record.exc_info[1] if record.exc_info else None)

    async def _visit(self, data: list[bytes]) -> None:
        transport = _Pipe(self._socket)
        door = Door(self._listener)
        transport.set_protocol(door)
        door.connection_made(transport)
        for piece in data:
            await transport.deliver(piece)
        for _ in range(8):
            self._clock.seconds += 100.0
            self._sweeper.sweep(self._clock.seconds)
            await transport.deliver(b"")
        if not transport.is_closing():
            raise AssertionError("a connection on which nothing more comes outlives every time-out")
        if self._listener.connections:
            raise AssertionError("a connection that is gone is still counted")


class _HandClock(VirtualClock):
    """Stands at `seconds`; sweeps are made by hand, so timers never fire."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


def _decide(handshake: Handshake) -> Decision:
    identity = identity_from_path(handshake.path, "/ocpp")
    if identity is None:
        return Refuse(HTTPStatus.NOT_FOUND, "no such path")
    chosen = choose_subprotocol(("ocpp2.1", "ocpp2.0.1", "ocpp1.6"), handshake.subprotocols)
    return NoCommonSubprotocol() if chosen is None else Accept(_Reader(), chosen)


async def _serve(request: HttpRequest) -> HttpResponse:
    await asyncio.sleep(0)
    return HttpResponse(HTTPStatus.OK, request.body)


class _Reader:
    """A receiver that answers each message with itself."""

    def opened(self, websocket: WebSocket) -> None:
        self.websocket = websocket

    def received(self, message: bytes) -> None:
        message.decode()
        if len(message) > LIMITS.max_message_bytes:
            raise AssertionError("a message over the limit")
        self.websocket.send(message)

    def next_deadline(self) -> float | None:
        return None

    def handle_deadline(self, now: float) -> None:
        raise AssertionError("nobody asked for a deadline")

    def closed(self, how: Closed) -> None:
        if len(how.reason) > 125:
            raise AssertionError("a close reason that does not fit into a frame")


class _Pipe(asyncio.Transport):
    """A transport without a network: what is written disappears, what comes in is `deliver`ed while reading is not paused."""

    def __init__(self, below: socket.socket) -> None:
        super().__init__({"peername": ("192.0.2.1", 50_000), "socket": below})
        self._protocol: Any = None
        self._paused = False
        self._closing = False
        self._waiting = bytearray()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        protocol: asyncio.BaseProtocol = self._protocol
        return protocol

    async def deliver(self, data: bytes) -> None:
        self._waiting += data
        for _ in range(2):
            while self._waiting and not self._paused and not self._closing:
                buffer = memoryview(self._protocol.get_buffer(-1))
                count = min(len(buffer), len(self._waiting))
                buffer[:count] = self._waiting[:count]
                del self._waiting[:count]
                self._protocol.buffer_updated(count)
            await asyncio.sleep(0)

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        self._paused = False

    def is_reading(self) -> bool:
        return not self._paused

    def is_closing(self) -> bool:
        return self._closing

    def write(self, data: Any) -> None:
        pass

    def writelines(self, list_of_data: Any) -> None:
        pass

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            asyncio.get_running_loop().call_soon(lambda: self._protocol.connection_lost(None))

    def abort(self) -> None:
        self.close()


class _Errors(logging.Handler):
    """Keeps what is logged."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)
