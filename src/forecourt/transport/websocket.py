"""One open WebSocket connection as a stream of text messages (RFC 6455), in either role.

Frames come from `framing`; here they become messages: fragments joined, compression undone, UTF-8 checked, control frames
answered, both closing handshakes kept, dead and slow peers dropped. What a message means is the receiver's business.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from enum import Enum, Flag, auto
from typing import Protocol

from forecourt.transport.assembly import Assembler, Violation
from forecourt.transport.closure import (
    ABNORMAL,
    INTERNAL_ERROR,
    NO_STATUS,
    NORMAL,
    PROTOCOL_ERROR,
    Closed,
    fitting,
    may_be_sent,
)
from forecourt.transport.deflate import Codec
from forecourt.transport.framing import FrameListener, Frames, WSFrame, WSMsgType, WSTransport
from forecourt.transport.limits import Limits
from forecourt.transport.sweeper import Sweeper

_log = logging.getLogger(__name__)

# picows keeps a read buffer as large as its largest burst or frame. Beyond the first figure we look at it, beyond the second
# it is replaced by a small one.
_SWELLING_BYTES = 4096
_KEPT_BUFFER_BYTES = 8192

_WINDOW_S = 1.0
# How often a connection is visited that is never pinged.
_SELDOM_S = 3600.0

_TEXT, _PING, _PONG, _CLOSE = WSMsgType.TEXT, WSMsgType.PING, WSMsgType.PONG, WSMsgType.CLOSE
_CONTROL = (_PING, _PONG, _CLOSE)


class Receiver(Protocol):
    """What a WebSocket reports to. All calls come from the event loop's thread; `opened` first and `closed` last, once each."""

    def opened(self, websocket: WebSocket) -> None:
        """The upgrade is complete; sending is possible from here on."""

    def received(self, message: bytes) -> None:
        """A whole text message, valid UTF-8, within the size limit."""

    def next_deadline(self) -> float | None:
        """When `handle_deadline` is wanted next (monotonic seconds). After an earlier one has come up, call `WebSocket.hasten`."""

    def handle_deadline(self, now: float) -> None:
        """The deadline has come."""

    def closed(self, how: Closed) -> None:
        """The connection is gone."""


class _State(Enum):
    OPEN = auto()
    CLOSING = auto()
    """Our CLOSE is sent, the peer's is not here."""
    ENDING = auto()
    """Both are through; the TCP connection is still up."""
    CLOSED = auto()


class _Pause(Flag):
    """Who does not want anything to be read just now."""

    NOBODY = 0
    RECEIVER = auto()
    RATE = auto()
    BUFFER = auto()


class WebSocket(FrameListener):
    """An open connection. Made by a listener or by `dial`, never directly."""

    __slots__ = (
        "_assembler",
        "_blocked",
        "_client",
        "_codec",
        "_deadline",
        "_ended",
        "_frames",
        "_heard_at",
        "_how",
        "_limits",
        "_pauses",
        "_pinged_at",
        "_receiver",
        "_state",
        "_sweeper",
        "_swollen",
        "_taken",
        "_transport",
        "_visit",
        "_window_from",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        receiver: Receiver,
        *,
        client: bool,
        limits: Limits,
        codec: Codec | None,
        sweeper: Sweeper,
        ended: Callable[[WebSocket], None] | None = None,
    ) -> None:
        self._transport = transport
        self._receiver = receiver
        self._client = client
        self._limits = limits
        self._codec = codec
        self._sweeper = sweeper
        self._ended = ended
        self._state = _State.OPEN
        self._how: Closed | None = None
        self._assembler = Assembler(codec, limits.max_message_bytes)
        self._blocked = False
        self._swollen = False
        self._pauses = _Pause.NOBODY
        self._pinged_at: float | None = None
        self._deadline = 0.0
        self._heard_at = sweeper.clock.monotonic()
        self._window_from = self._heard_at
        self._taken = 0
        self._frames = Frames(transport, self, client=client, max_frame_bytes=limits.max_message_bytes)
        self._visit = sweeper.watch(self, self._heard_at + (limits.ping_interval_s or _SELDOM_S))

    def start(self, already_read: bytes) -> None:
        """Tell the receiver, then take in what was read behind the handshake."""
        self._receiver.opened(self)
        if already_read and self._state is not _State.CLOSED:
            self._frames.feed(already_read)

    # What the receiver may do.

    @property
    def is_open(self) -> bool:
        """Whether a message can still be sent."""
        return self._state is _State.OPEN

    @property
    def outgoing_bytes(self) -> int:
        """How much waits for the peer to read."""
        return self._transport.get_write_buffer_size()

    def send(self, message: bytes) -> None:
        """Send one text message. Lost without notice once the connection is closing, as it would be on the way."""
        if self._state is not _State.OPEN:
            return
        codec = self._codec
        if codec is not None and len(message) >= self._threshold_bytes():
            self._frames.ws.send(_TEXT, codec.compress(message), True, True)
        else:
            self._frames.ws.send(_TEXT, message)
        if self._blocked:
            self._drop_slow_reader()

    def hasten(self, due: float) -> None:
        """Ask for `handle_deadline` no later than `due`."""
        if due < self._visit.due:
            self._visit = self._sweeper.hasten(self._visit, due)

    def pause_reading(self) -> None:
        """Stop taking in messages, so that the peer is slowed down. What is already read still arrives."""
        self._pause(_Pause.RECEIVER)

    def resume_reading(self) -> None:
        """Take in messages again."""
        self._resume(_Pause.RECEIVER)

    def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Begin the closing handshake; what was sent before still arrives. No more messages are received."""
        if self._state is not _State.OPEN:
            return
        self._how = Closed(code, reason, by_peer=False)
        self._send_close(code, reason)
        self._state = _State.CLOSING
        self._resume(self._pauses)
        self._end_by(self._limits.close_timeout_s)

    def abort(self, reason: str) -> None:
        """Drop the connection at once, without a handshake."""
        if self._state is _State.CLOSED:
            return
        if self._how is None:
            self._how = Closed(ABNORMAL, reason, by_peer=False)
        self._transport.abort()

    # What picows and the transport report.

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        try:
            self._take(frame)
        except Violation as violation:
            self.close(violation.code, violation.reason)
        except Exception:
            _log.exception("a receiver failed; its connection is closed")
            self.close(INTERNAL_ERROR, "internal error")

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.transport_lost()

    def framing_failed(self) -> None:
        if self._state in {_State.ENDING, _State.CLOSED}:
            return
        if self._state is _State.OPEN:
            self._how = Closed(*self._frames.sent_close(), by_peer=False)
            self._state = _State.CLOSING
            self._end_by(self._limits.close_timeout_s)
        # Closing now would reset the connection and might cost the peer our CLOSE (RFC 6455, 7.1.1); and picows would
        # collect the rest of an oversized frame. So everything the peer still sends is read and thrown away.
        self._transport.set_protocol(_Drain(self))
        self._resume(self._pauses)
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def transport_lost(self) -> None:
        """The TCP connection is gone."""
        if self._state is _State.CLOSED:
            return
        self._state = _State.CLOSED
        self._sweeper.end(self._visit)
        if self._how is None and self._frames.ws.is_close_frame_sent:
            self._how = Closed(*self._frames.sent_close(), by_peer=False)
        how = self._how or Closed(ABNORMAL, "the connection was lost", by_peer=True)
        try:
            self._receiver.closed(how)
        except Exception:
            _log.exception("a receiver failed to take note of the end of its connection")
        if self._ended is not None:
            self._ended(self)

    def pause_writing(self) -> None:
        self._blocked = True
        self._drop_slow_reader()

    def resume_writing(self) -> None:
        self._blocked = False

    def sweep(self, now: float) -> float | None:
        if self._state is _State.CLOSED:
            return None
        if self._state is not _State.OPEN:
            return self._sweep_ending(now)
        wanted = self._receiver.next_deadline()
        if wanted is not None and wanted <= now:
            self._receiver.handle_deadline(now)
            wanted = self._receiver.next_deadline()
            if not self.is_open:
                return self._sweep_ending(now)
        due = self._sweep_liveness(now)
        if due is None:
            return None
        if self._pauses & _Pause.RATE:
            window_until = self._window_from + _WINDOW_S
            if window_until <= now:
                self._resume(_Pause.RATE)
            else:
                due = min(due, window_until)
        return due if wanted is None else min(due, wanted)

    # Frames to messages.

    def _take(self, frame: WSFrame) -> None:
        self._heard_at = now = self._sweeper.clock.monotonic()
        self._taken += 1
        if self._taken > self._limits.max_frames_per_s:
            self._throttle(now)
        kind = frame.msg_type
        if kind is _CLOSE:
            self._closed_by_peer(frame)
        elif self._state is _State.OPEN and not self._frames.ws.is_close_frame_sent:
            # After a CLOSE of its own, for a frame over the limit, picows goes on to deliver that very frame.
            if frame.rsv2 or frame.rsv3 or (frame.rsv1 and kind in _CONTROL):
                raise Violation(PROTOCOL_ERROR, "a reserved bit is set")
            if kind is _PING:
                self._frames.ws.send_pong(frame.get_payload_as_bytes())
                if self._blocked:
                    self._drop_slow_reader()
            elif kind is not _PONG:
                message = self._assembler.take(frame)
                if message is not None:
                    self._receiver.received(message)
            if frame.payload_size > _SWELLING_BYTES or not frame.last_in_buffer or self._swollen:
                self._watch_buffer(frame)

    def _throttle(self, now: float) -> None:
        if now - self._window_from < _WINDOW_S:
            self._pause(_Pause.RATE)
            self.hasten(self._window_from + _WINDOW_S)
        else:
            self._window_from = now
            self._taken = 0

    def _watch_buffer(self, frame: WSFrame) -> None:
        self._swollen = bool(frame.tail_size) or not frame.last_in_buffer
        if not self._swollen:
            # Nothing may be read until the buffer has been looked at: what is in it cannot be moved to another one.
            self._pause(_Pause.BUFFER)
            asyncio.get_running_loop().call_soon(self._shrink_buffer)

    def _shrink_buffer(self) -> None:
        if self._state is _State.OPEN and self._frames.buffer_bytes() > _KEPT_BUFFER_BYTES:
            self._frames.renew()
        self._resume(_Pause.BUFFER)

    def _pause(self, who: _Pause) -> None:
        if self._state is _State.OPEN:
            if not self._pauses:
                self._transport.pause_reading()
            self._pauses |= who

    def _resume(self, who: _Pause) -> None:
        if self._pauses & who:
            self._pauses &= ~who
            if not self._pauses:
                # A peer that was not listened to was not silent.
                self._heard_at = self._sweeper.clock.monotonic()
                self._transport.resume_reading()

    # Closing.

    def _closed_by_peer(self, frame: WSFrame) -> None:
        payload = frame.get_payload_as_bytes()
        code = int.from_bytes(payload[:2], "big") if payload else NO_STATUS
        if self._frames.ws.is_close_frame_sent and self._how is None:
            # picows was first, and this is the answer to the CLOSE it sent.
            self._how = Closed(*self._frames.sent_close(), by_peer=False)
        elif self._state is _State.OPEN:
            self._how = Closed(code, payload[2:].decode("utf-8", "replace"), by_peer=True)
            # RFC 6455, 5.5.1: the same code goes back.
            self._send_close(code if code == NO_STATUS or may_be_sent(code) else PROTOCOL_ERROR, "")
        if self._state in {_State.OPEN, _State.CLOSING}:
            self._state = _State.ENDING
            self._end_by(self._limits.close_timeout_s)
        if not self._client:
            # RFC 6455, 7.1.1: the server closes the TCP connection first.
            self._transport.close()

    def _send_close(self, code: int, reason: str) -> None:
        if code == NO_STATUS:
            self._frames.ws.send(_CLOSE, b"")
        else:
            self._frames.send_close(code, fitting(reason))

    def _end_by(self, delay_s: float) -> None:
        self._deadline = self._sweeper.clock.monotonic() + delay_s
        self.hasten(self._deadline)

    def _sweep_ending(self, now: float) -> float | None:
        if now < self._deadline:
            return self._deadline
        self._transport.abort()
        return None

    def _sweep_liveness(self, now: float) -> float | None:
        interval_s = self._limits.ping_interval_s
        if interval_s is None:
            return now + _SELDOM_S
        if self._pauses:
            self._heard_at = now
        if self._pinged_at is not None:
            if self._heard_at < self._pinged_at:
                dead_at = self._pinged_at + self._limits.pong_timeout_s
                if now < dead_at:
                    return dead_at
                self.abort("the peer does not answer pings")
                return None
            self._pinged_at = None
        silent_at = self._heard_at + interval_s
        if now < silent_at:
            return silent_at
        self._pinged_at = now
        self._frames.ws.send_ping()
        return now + self._limits.pong_timeout_s

    def _drop_slow_reader(self) -> None:
        if self.outgoing_bytes > self._limits.max_outgoing_bytes:
            self.abort("the peer does not read what it is sent")

    def _threshold_bytes(self) -> int:
        compression = self._limits.compression
        return compression.threshold_bytes if compression is not None else 0


class _Drain(asyncio.BufferedProtocol):
    """Reads and forgets, until the connection ends."""

    __slots__ = ("_websocket",)

    _RUBBISH = bytearray(64 * 1024)

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._RUBBISH

    def buffer_updated(self, nbytes: int) -> None:
        pass

    def eof_received(self) -> None:
        pass

    def connection_lost(self, exc: Exception | None) -> None:
        self._websocket.transport_lost()
