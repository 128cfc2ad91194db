"""permessage-deflate (RFC 7692): negotiation in both roles, and the codec for whole messages.

Part 4, 3.4 requires a CSMS to support it. By default neither side keeps its compression context between messages: a
context costs some 40 KiB per connection and direction, and without one every connection shares the same compressor.
"""

from __future__ import annotations

import re
import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

NAME = "permessage-deflate"

_TAIL = b"\x00\x00\xff\xff"
_EMPTY_BLOCK = b"\x00"
_LEVEL = 6
_MEMORY_LEVEL = 8
_LARGEST_WINDOW = 15
# zlib cannot deflate raw data with a window of 256 bytes (8 bits), though it inflates such data.
_SMALLEST_WINDOW = 9

_PARAMETER = re.compile(
    r"""\s*;\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*(?:"([^"\\,;]*)"|([!#$%&'*+.^_`|~0-9A-Za-z-]+)))?"""
)
_WINDOW_BITS = re.compile(r"[89]|1[0-5]")


class NegotiationError(Exception):
    """The server's answer does not fit our offer; the connection has to be failed (RFC 7692, 5.1)."""


class InflationError(Exception):
    """Compressed data that is no deflate stream."""


class InflatedTooLarge(Exception):
    """A message that would inflate beyond the limit. Nothing beyond the limit was allocated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compression:
    """How we want to compress. Messages shorter than `threshold_bytes` go out as they are.

    `keep_context` lets both sides refer back to earlier messages, where the peer agrees: much better compression of small
    messages for some 80 KiB of memory per connection.
    """

    threshold_bytes: int = 200
    keep_context: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What both sides have settled on for one connection. `window_bits` is the window that we compress with."""

    window_bits: int = _LARGEST_WINDOW
    we_keep_context: bool = False
    peer_keeps_context: bool = False


def answer(offers: Sequence[str], wanted: Compression) -> tuple[str, Agreement] | None:
    """Pick the first acceptable offer out of the members of Sec-WebSocket-Extensions; return our answer to it and what it means.

    None when there is no acceptable one: the connection then goes uncompressed.
    """
    for offer in offers:
        parameters = _parameters(offer)
        if parameters is None or not _valid(parameters, _OFFERED):
            continue
        requested_bits = parameters.get("server_max_window_bits")
        window_bits = int(requested_bits) if requested_bits else _LARGEST_WINDOW
        if window_bits < _SMALLEST_WINDOW:
            continue
        agreement = Agreement(
            window_bits=window_bits,
            we_keep_context=wanted.keep_context and "server_no_context_takeover" not in parameters,
            peer_keeps_context=wanted.keep_context and "client_no_context_takeover" not in parameters,
        )
        parts = [NAME]
        if not agreement.we_keep_context:
            parts.append("server_no_context_takeover")
        if not agreement.peer_keeps_context:
            parts.append("client_no_context_takeover")
        if requested_bits:
            parts.append(f"server_max_window_bits={window_bits}")
        # client_max_window_bits is only a hint of the client: we inflate every window, so there is nothing to restrict.
        return "; ".join(parts), agreement
    return None


def offer(wanted: Compression) -> str:
    """Write a client's offer."""
    parts = [NAME, "client_max_window_bits"]
    if not wanted.keep_context:
        parts += ["client_no_context_takeover", "server_no_context_takeover"]
    return "; ".join(parts)


def accept(answers: Sequence[str], wanted: Compression) -> Agreement | None:
    """Read the server's answer to our `offer`. None when it declined; raises NegotiationError when it answered what we cannot do."""
    if not answers:
        return None
    if len(answers) > 1:
        raise NegotiationError("the server accepted more extensions than were offered")
    parameters = _parameters(answers[0])
    if parameters is None or not _valid(parameters, _ANSWERED):
        raise NegotiationError(f"the server answered with an extension that was not offered: {answers[0]}")
    window_bits = int(parameters.get("client_max_window_bits") or _LARGEST_WINDOW)
    if window_bits < _SMALLEST_WINDOW:
        raise NegotiationError("a compression window of 256 bytes is not supported")
    return Agreement(
        window_bits=window_bits,
        we_keep_context=wanted.keep_context and "client_no_context_takeover" not in parameters,
        # A server that ignored our wish keeps its context, so we keep ours of it.
        peer_keeps_context="server_no_context_takeover" not in parameters,
    )


def codec(agreement: Agreement) -> Codec:
    """Return what compresses and inflates the messages of one connection. Connections without context share theirs."""
    if agreement.we_keep_context or agreement.peer_keeps_context:
        return Codec(agreement)
    shared = _SHARED.codecs.get(agreement)
    if shared is None:
        shared = _SHARED.codecs[agreement] = Codec(agreement)
    return shared


class Codec:
    """Compresses and inflates whole messages."""

    __slots__ = ("_compressor", "_flush", "_inflater")

    def __init__(self, agreement: Agreement) -> None:
        bits = agreement.window_bits
        self._compressor = _compressor(bits) if agreement.we_keep_context else _shared_compressor(bits)
        # A full flush forgets all that was compressed so far, which is what lets connections share one compressor.
        self._flush = zlib.Z_SYNC_FLUSH if agreement.we_keep_context else zlib.Z_FULL_FLUSH
        self._inflater = zlib.decompressobj(-_LARGEST_WINDOW) if agreement.peer_keeps_context else None

    def compress(self, message: bytes) -> bytes:
        """Return the payload of a message with RSV1 set (RFC 7692, 7.2.1)."""
        if not message:
            return _EMPTY_BLOCK
        compressed = self._compressor.compress(message) + self._compressor.flush(self._flush)
        return compressed[: -len(_TAIL)]

    def inflate(self, payload: bytes, limit_bytes: int) -> bytes:
        """Return the message behind a payload with RSV1 set (RFC 7692, 7.2.2).

        Raises InflatedTooLarge beyond `limit_bytes`, InflationError for bytes that are not deflated data.
        """
        inflater = self._inflater or zlib.decompressobj(-_LARGEST_WINDOW)
        try:
            message = inflater.decompress(payload + _TAIL, limit_bytes + 1)
        except zlib.error as error:
            raise InflationError(str(error)) from None
        if len(message) > limit_bytes:
            raise InflatedTooLarge
        if inflater.eof:
            # A final block ends a deflate stream; the next message of a kept context would have to start a new one.
            if inflater.unused_data not in (_EMPTY_BLOCK + _TAIL, _TAIL):
                raise InflationError("data behind the final block")
            if self._inflater is not None:
                self._inflater = zlib.decompressobj(-_LARGEST_WINDOW)
        return message


class _Shared(threading.local):
    """What the connections of one thread share. Another thread must not compress in the middle of a message."""

    def __init__(self) -> None:
        self.codecs: dict[Agreement, Codec] = {}
        self.compressors: dict[int, zlib._Compress] = {}


_SHARED = _Shared()


def _compressor(window_bits: int) -> zlib._Compress:
    return zlib.compressobj(_LEVEL, zlib.DEFLATED, -window_bits, _MEMORY_LEVEL)


def _shared_compressor(window_bits: int) -> zlib._Compress:
    compressor = _SHARED.compressors.get(window_bits)
    if compressor is None:
        compressor = _SHARED.compressors[window_bits] = _compressor(window_bits)
    return compressor


def _parameters(member: str) -> Mapping[str, str | None] | None:
    """Take `permessage-deflate; a; b=1` apart. None for another extension, a malformed one, or a parameter given twice."""
    name, _, _ = member.partition(";")
    if name.strip().lower() != NAME:
        return None
    rest = member[len(name) :]
    parameters: dict[str, str | None] = {}
    position = 0
    while position < len(rest.rstrip()):
        match = _PARAMETER.match(rest, position)
        if match is None or match[1] in parameters:
            return None
        quoted, plain = match[2], match[3]
        parameters[match[1]] = quoted if quoted is not None else plain
        position = match.end()
    return parameters


def _is_flag(value: str | None) -> bool:
    return value is None


def _is_window(value: str | None) -> bool:
    return value is not None and _WINDOW_BITS.fullmatch(value) is not None


def _is_hint(value: str | None) -> bool:
    return value is None or _is_window(value)


_OFFERED = {
    "server_no_context_takeover": _is_flag,
    "client_no_context_takeover": _is_flag,
    "server_max_window_bits": _is_window,
    "client_max_window_bits": _is_hint,
}
# Unlike in an offer, client_max_window_bits has a value in an answer (RFC 7692, 7.1.2.2).
_ANSWERED = _OFFERED | {"client_max_window_bits": _is_window}


def _valid(parameters: Mapping[str, str | None], rules: Mapping[str, Callable[[str | None], bool]]) -> bool:
    """Tell whether every parameter is known and has a value of its kind; an offer or answer with another one is void (RFC 7692, 7.1)."""
    return all(name in rules and rules[name](value) for name, value in parameters.items())
