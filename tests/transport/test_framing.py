"""The contract with picows. If one of these fails after an update, `framing.py` needs a new look, not the test."""

from __future__ import annotations

import asyncio
import importlib.metadata
import inspect
import logging
import re
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import picows
import pytest
from picows.picows import WSProtocol  # type: ignore[attr-defined]

from forecourt.transport import framing
from forecourt.transport.framing import INITIAL_BUFFER_BYTES, FrameListener, Frames, WSFrame, WSMsgType, WSTransport
from tests.transport.raw import CLOSE, PING, TEXT, frame

PARAMETERS = [
    "host_port",
    "ws_path",
    "is_client_side",
    "ws_listener_factory",
    "logger",
    "disconnect_on_exception",
    "websocket_handshake_timeout",
    "enable_auto_ping",
    "auto_ping_idle_timeout",
    "auto_ping_reply_timeout",
    "auto_ping_strategy",
    "enable_auto_pong",
    "max_frame_size",
    "extra_headers",
    "read_buffer_init_size",
]


class Sink(asyncio.Transport):
    """A transport that goes nowhere and keeps what is written."""

    def __init__(self, socket: object) -> None:
        super().__init__({"socket": socket, "peername": ("192.0.2.1", 1), "sockname": ("192.0.2.2", 2)})
        self.written = b""
        self.protocol: asyncio.BaseProtocol | None = None
        self.closed = False

    def get_write_buffer_size(self) -> int:
        return 1  # so that picows writes here and not to the socket

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def taken(self) -> bytes:
        written, self.written = self.written, b""
        return written


class Heard(FrameListener):
    def __init__(self) -> None:
        self.frames: list[tuple[WSMsgType, bytes, bool, bool, bool, int]] = []
        self.failed = asyncio.Event()
        self.lost = False

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self.frames.append(
            (
                frame.msg_type,
                frame.get_payload_as_bytes(),
                bool(frame.fin),
                bool(frame.rsv1),
                bool(frame.last_in_buffer),
                frame.tail_size,
            )
        )

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.lost = True

    def framing_failed(self) -> None:
        self.failed.set()


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async def nobody(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(nobody, "127.0.0.1", 0) as server:
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        try:
            yield Sink(writer.get_extra_info("socket"))
        finally:
            writer.close()
            await writer.wait_closed()


def test_the_installed_version_is_one_that_pyproject_allows_and_its_constructor_is_known() -> None:
    assert re.match(r"2\.3\.", importlib.metadata.version("picows"))
    project = Path(__file__).parents[2] / "pyproject.toml"
    pins = re.findall(r'"(picows[<>=][^"]*)"', project.read_text(encoding="utf-8"))
    assert pins == ["picows>=2.3,<2.4"]
    source = Path(picows.__file__).with_name("picows.pyx").read_text(encoding="utf-8")
    signature = source.partition("cdef class WSProtocol(")[2].partition("def __init__(self,")[2].partition("):")[0]
    names = [part.strip().rpartition(" ")[2] for part in signature.split(",")]
    assert names == PARAMETERS
    assert issubclass(WSProtocol, asyncio.BufferedProtocol)


async def test_a_server_is_open_at_once_and_its_handshake_never_reaches_the_wire(sink: Sink) -> None:
    heard = Heard()
    frames = Frames(sink, heard, client=False, max_frame_bytes=1000)
    assert sink.written == b""
    assert isinstance(sink.protocol, WSProtocol)
    frames.feed(frame(TEXT, b"hello"))
    assert heard.frames == [(WSMsgType.TEXT, b"hello", True, False, True, 0)]
    frames.ws.send(WSMsgType.TEXT, b"hi", True, True)
    assert sink.taken() == b"\xc1\x02hi"
    frames.ws.send(WSMsgType.TEXT, b"x" * 9000)
    assert sink.taken() == b"\x81\x7e\x23\x28" + b"x" * 9000


async def test_a_client_is_open_at_once_and_masks(sink: Sink) -> None:
    heard = Heard()
    frames = Frames(sink, heard, client=True, max_frame_bytes=1000)
    assert sink.written == b""
    frames.feed(frame(TEXT, b"hello", masked=False))
    assert [payload for _, payload, *_ in heard.frames] == [b"hello"]
    frames.ws.send(WSMsgType.TEXT, b"hi")
    written = sink.taken()
    assert written[:2] == b"\x81\x82"
    assert bytes(byte ^ mask for byte, mask in zip(written[6:], written[2:6], strict=False)) == b"hi"


async def test_message_types_are_the_very_members_that_frames_carry(sink: Sink) -> None:
    heard = Heard()
    frames = Frames(sink, heard, client=False, max_frame_bytes=1000)
    frames.feed(frame(TEXT, b"a", fin=False, rsv=4) + frame(0, b"b") + frame(PING, b"c") + frame(0xA, b"d") + frame(2))
    kinds = [kind for kind, *_ in heard.frames]
    expected = [WSMsgType.TEXT, WSMsgType.CONTINUATION, WSMsgType.PING, WSMsgType.PONG, WSMsgType.BINARY]
    assert len(kinds) == len(expected)
    assert all(kind is wanted for kind, wanted in zip(kinds, expected, strict=True))
    assert [(fin, rsv1) for _, _, fin, rsv1, *_ in heard.frames][:2] == [(False, True), (True, False)]
    assert sink.written == b"", "picows must not answer pings by itself"


async def test_a_frame_knows_whether_it_is_the_last_that_was_read_and_what_lies_behind_it(sink: Sink) -> None:
    heard = Heard()
    frames = Frames(sink, heard, client=False, max_frame_bytes=1000)
    half = frame(TEXT, b"half of me")
    frames.feed(frame(TEXT, b"1") + frame(TEXT, b"2") + half[:5])
    assert [(payload, last, tail) for _, payload, _, _, last, tail in heard.frames] == [
        (b"1", False, 12),
        (b"2", True, 5),
    ]
    frames.feed(half[5:])
    assert heard.frames[-1][1] == b"half of me"


async def test_the_read_buffer_grows_with_a_large_frame_stays_large_and_is_small_when_renewed(sink: Sink) -> None:
    heard = Heard()
    frames = Frames(sink, heard, client=False, max_frame_bytes=100_000)
    small = frames.buffer_bytes()
    assert small <= INITIAL_BUFFER_BYTES
    frames.feed(frame(TEXT, b"x" * 50_000))
    assert frames.buffer_bytes() > 50_000
    before = frames.ws
    frames.renew()
    assert frames.buffer_bytes() == small
    assert frames.ws is not before
    assert sink.written == b""
    frames.feed(frame(TEXT, b"after"))
    assert [payload for _, payload, *_ in heard.frames] == [b"x" * 50_000, b"after"]
    assert isinstance(sink.protocol, WSProtocol)
    sink.protocol.connection_lost(None)
    assert heard.lost


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (frame(TEXT, b"x" * 1001), 1009),
        (frame(TEXT, b"not masked", masked=False), 1002),
        (frame(3, b"reserved opcode"), 1002),
        (frame(PING, b"x" * 126), 1002),
        (frame(PING, fin=False), 1002),
        (frame(CLOSE, b"\x03"), 1002),
        (frame(CLOSE, b"\x03\xed"), 1002),  # 1005
        (frame(CLOSE, b"\x03\xe8\xff"), 1007),
        (b"\x81\xfe\x00\x01", 1002),  # a length that needs no 16 bits
        (b"\x81\xff\x80" + b"\x00" * 7, 1002),  # a length of 2^63
    ],
)
async def test_a_broken_frame_is_answered_with_close_and_reported(
    sink: Sink, wrong: bytes, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    heard = Heard()
    frames = Frames(sink, heard, client=False, max_frame_bytes=1000)
    with caplog.at_level(logging.INFO):
        frames.feed(wrong)
        async with asyncio.timeout(5):
            await heard.failed.wait()
    assert sink.written[0] == 0x88
    assert int.from_bytes(sink.written[2:4], "big") == code
    assert frames.sent_close()[0] == code
    assert not sink.closed, "closing is ours to do"
    assert caplog.text == "", "a peer's mistake is not an error of ours"


async def test_codes_that_picows_has_no_name_for_can_be_sent(sink: Sink) -> None:
    frames = Frames(sink, Heard(), client=False, max_frame_bytes=1000)
    with pytest.raises(RuntimeError):
        frames.sent_close()
    frames.send_close(4001, b"bye")
    assert sink.taken() == b"\x88\x05\x0f\xa1bye"
    assert frames.sent_close() == (4001, "bye")
    frames.ws.send(WSMsgType.TEXT, b"too late")
    assert sink.written == b""


async def test_a_close_without_a_code_is_sent_as_an_empty_frame(sink: Sink) -> None:
    frames = Frames(sink, Heard(), client=False, max_frame_bytes=1000)
    frames.ws.send(WSMsgType.CLOSE, b"")
    assert sink.taken() == b"\x88\x00"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the option")
async def test_acknowledgements_ride_on_answers_although_picows_wants_them_at_once(sink: Sink) -> None:
    connected = sink.get_extra_info("socket")
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    Frames(sink, Heard(), client=False, max_frame_bytes=1000)
    assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK) == 0


async def test_no_handshake_is_kept_in_memory(sink: Sink) -> None:
    frames = Frames(sink, Heard(), client=False, max_frame_bytes=1000)
    assert len(frames.ws.request.headers) == 0
    assert len(frames.ws.response.headers) == 0


def test_no_other_module_imports_picows() -> None:
    folder = Path(inspect.getfile(framing)).parent
    users = [path.name for path in folder.glob("*.py") if re.search(r"(import|from) picows", path.read_text("utf-8"))]
    assert users == ["framing.py"]
