"""The only module that knows picows: it makes a connection that is already open, so that picows frames and nothing else.

picows can do both handshakes itself, but ours say more (the peer's certificate, any Connection header, HTTP beside
WebSocket, answers without internals). So its protocol object is built behind a `_Wire` that feeds it the plainest
handshake there is and swallows what it answers. The constructor is semi-private: `tests/transport/test_framing.py` is the
contract, and pyproject.toml pins the minor version.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import socket
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any, Final

from multidict import CIMultiDict
from picows import WSAutoPingStrategy, WSFrame, WSListener, WSMsgType, WSTransport
from picows.picows import WSProtocol  # type: ignore[attr-defined]  # not in its stub: see above

__all__ = ["Frames", "WSFrame", "WSListener", "WSMsgType", "WSTransport", "accept_key"]

INITIAL_BUFFER_BYTES: Final = 2048
"""Read buffer of an idle connection. picows lets it grow to the largest burst or frame seen and never shrinks it: see `Frames.renewed`."""

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CLIENT_HELLO = (
    b"GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
_SERVER_HELLO = (
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: "
)
_NO_HEADERS: CIMultiDict[str] = CIMultiDict()


def accept_key(key: bytes) -> bytes:
    """Compute Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455, 4.2.2)."""
    return base64.b64encode(hashlib.sha1(key + _GUID).digest())  # noqa: S324 -- RFC 6455 says SHA-1, and not for security


class _Quieter(logging.LoggerAdapter[logging.Logger]):
    """picows reports each connection at INFO and each peer's mistake at ERROR. We count those ourselves: here they are DEBUG."""

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        super().log(level if kwargs.get("exc_info") else min(level, logging.DEBUG), msg, *args, **kwargs)

    def isEnabledFor(self, level: int) -> bool:
        # picows formats every frame below DEBUG when this level is on.
        return level >= logging.DEBUG and super().isEnabledFor(level)

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        return msg, kwargs


_log = _Quieter(logging.getLogger(__name__))


class _Wire:
    """What picows takes for its transport. It swallows the handshake, and turns picows' own closing into a call of ours."""

    __slots__ = ("_frames", "_transport", "get_write_buffer_size", "swallowed")

    def __init__(self, transport: asyncio.Transport, frames: Frames) -> None:
        self._transport = transport
        self._frames = frames
        self.get_write_buffer_size = transport.get_write_buffer_size
        self.swallowed: bytes | None = b""

    def get_extra_info(self, name: str, default: object = None) -> object:
        return self._transport.get_extra_info(name, default)

    def write(self, data: bytes) -> None:
        if self.swallowed is None:
            self._transport.write(data)
        else:
            self.swallowed += data

    def writelines(self, parts: Iterable[bytes]) -> None:
        self.write(b"".join(parts))

    def close(self) -> None:
        # Only picows itself calls this, 10 ms after it answered a broken frame with CLOSE.
        self._frames.listener.framing_failed()

    def abort(self) -> None:
        self._transport.abort()


class FrameListener(WSListener):
    """What `Frames` calls: the frame callbacks of picows, and the notice that picows gave up on the peer."""

    __slots__ = ()

    def framing_failed(self) -> None:
        """The peer broke RFC 6455; picows has sent CLOSE and stopped reading frames."""
        raise NotImplementedError


class Frames:
    """One open WebSocket connection as a stream of frames, over an established transport of aiofastnet or asyncio."""

    __slots__ = ("_client", "_max_frame_bytes", "_protocol", "_transport", "_wire", "listener", "ws")

    def __init__(
        self, transport: asyncio.Transport, listener: FrameListener, *, client: bool, max_frame_bytes: int
    ) -> None:
        self._transport = transport
        self.listener = listener
        self._client = client
        self._max_frame_bytes = max_frame_bytes
        self._build()

    def _build(self) -> None:
        self._wire = _Wire(self._transport, self)
        self._protocol = WSProtocol(
            "peer" if self._client else None,  # host and port, of a client only
            "/" if self._client else None,  # path, of a client only
            self._client,
            lambda *_: self.listener,
            _log,
            True,  # disconnect on an exception of the listener
            None,  # no handshake time-out: there is no handshake
            False,  # no pings of its own, which would cost a task for each connection
            1,  # idle time-out and
            1,  # reply time-out of those pings
            WSAutoPingStrategy.PING_WHEN_IDLE,
            False,  # pongs are ours: a flood of pings is the listener's to bound
            self._max_frame_bytes,
            None,  # no more headers
            INITIAL_BUFFER_BYTES,
        )
        self._protocol.connection_made(self._wire)
        if sys.platform == "linux":
            # picows asks for acknowledgements at once. Ours ride on our answers: one packet less for each message, which a
            # station pays for by the byte and a server by the interrupt.
            self._transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
        if self._client:
            request = self._wire.swallowed or b""
            key = next(line for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key:"))
            self.feed(_SERVER_HELLO + accept_key(key.partition(b":")[2].strip()) + b"\r\n\r\n")
        else:
            self.feed(_CLIENT_HELLO)
        self._wire.swallowed = None
        self.ws: WSTransport = self._protocol.transport
        # picows keeps both halves of the handshake for the life of the connection.
        self.ws.request.headers = self.ws.response.headers = _NO_HEADERS
        self._transport.set_protocol(self._protocol)

    def feed(self, data: bytes) -> None:
        """Take in bytes that were read before the frames took over the transport."""
        view = memoryview(data)
        while view:
            buffer = self._protocol.get_buffer(-1)
            count = min(len(buffer), len(view))
            buffer[:count] = view[:count]
            self._protocol.buffer_updated(count)
            view = view[count:]

    def send_close(self, code: int, reason: bytes) -> None:
        """Send CLOSE with a status code; nothing can be sent after it."""
        self.ws.send_close(code, reason)  # type: ignore[arg-type]  # any code, not only those picows has names for

    def sent_close(self) -> tuple[int, str]:
        """What the CLOSE said that has been sent. Only after `framing_failed` or `send_close`."""
        # Before the first CLOSE of either side there is no handshake at all, whatever the stub says.
        sent = getattr(self.ws.close_handshake, "sent", None)
        if sent is None:
            raise RuntimeError("no CLOSE has been sent")
        return int(sent.code), sent.reason

    def buffer_bytes(self) -> int:
        """Room in the read buffer. To be called while the last frame in it is being delivered: an upper bound is not known."""
        return len(self._protocol.get_buffer(-1))

    def renew(self) -> None:
        """Start over with a small read buffer. Only when no byte of a further frame has been read, and reading is paused."""
        self._build()
