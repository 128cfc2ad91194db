"""From data frames to text messages: fragments joined, compression undone, UTF-8 checked, sizes bounded."""

from __future__ import annotations

from forecourt.transport.closure import INVALID_DATA, PROTOCOL_ERROR, TOO_BIG, UNSUPPORTED_DATA
from forecourt.transport.deflate import Codec, InflatedTooLarge, InflationError
from forecourt.transport.framing import WSFrame, WSMsgType

_TEXT, _CONTINUATION = WSMsgType.TEXT, WSMsgType.CONTINUATION


class Violation(Exception):
    """The peer sent what ends the connection, with the status code to close with."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Assembler:
    """Puts the messages of one connection together."""

    __slots__ = ("_codec", "_compressed", "_fragments", "_limit_bytes")

    def __init__(self, codec: Codec | None, limit_bytes: int) -> None:
        self._codec = codec
        self._limit_bytes = limit_bytes
        self._fragments: bytearray | None = None
        self._compressed = False

    def take(self, frame: WSFrame) -> bytes | None:
        """Take a data frame; return the message that it completes. Raises Violation, after which nothing may follow."""
        kind = frame.msg_type
        if frame.rsv1 and (self._codec is None or kind is not _TEXT):
            raise Violation(PROTOCOL_ERROR, "RSV1 is set where no compression was agreed")
        if kind is _TEXT:
            if self._fragments is not None:
                raise Violation(PROTOCOL_ERROR, "a new message inside a fragmented one")
            if frame.fin:
                return self._finished(frame.get_payload_as_bytes(), bool(frame.rsv1))
            self._fragments = bytearray(frame.get_payload_as_memoryview())
            self._compressed = bool(frame.rsv1)
            return None
        if kind is not _CONTINUATION:
            # Part 4, 4.1.2: messages are JSON text.
            raise Violation(UNSUPPORTED_DATA, "binary messages are not used in OCPP")
        if self._fragments is None:
            raise Violation(PROTOCOL_ERROR, "a continuation of nothing")
        if len(self._fragments) + frame.payload_size > self._limit_bytes:
            raise self._too_big()
        self._fragments += frame.get_payload_as_memoryview()
        if not frame.fin:
            return None
        whole, self._fragments = bytes(self._fragments), None
        return self._finished(whole, self._compressed)

    def _finished(self, message: bytes, compressed: bool) -> bytes:
        if compressed and self._codec is not None:
            try:
                message = self._codec.inflate(message, self._limit_bytes)
            except InflatedTooLarge:
                raise self._too_big() from None
            except InflationError as error:
                raise Violation(INVALID_DATA, f"a message does not inflate: {error}") from None
        if not message.isascii():
            try:
                message.decode()
            except UnicodeDecodeError:
                raise Violation(INVALID_DATA, "a message is not UTF-8") from None
        return message

    def _too_big(self) -> Violation:
        return Violation(TOO_BIG, f"more than {self._limit_bytes} bytes in one message")
