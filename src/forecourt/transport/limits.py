"""How far a peer may go before its connection ends. One frozen value is shared by all connections of a listener."""

from __future__ import annotations

from dataclasses import dataclass, field

from forecourt.transport.deflate import Compression


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds and deadlines of a connection. What happens beyond each of them is listed in docs/wire.md.

    `max_message_bytes`    largest message taken in, also after joining fragments and after inflating; beyond it: CLOSE 1009
    `max_frames_per_s`     a peer that sends more is not read from for the rest of the second, so that TCP slows it down
    `max_outgoing_bytes`   how much may wait to be read by a slow peer; beyond it the connection is dropped
    `ping_interval_s`      a peer silent for this long is pinged; None: never
    `pong_timeout_s`       a pinged peer silent for this long is taken for dead
    `handshake_timeout_s`  from TCP connection to completed upgrade, TLS included
    `close_timeout_s`      from our CLOSE to the end of the connection
    `compression`          how permessage-deflate is offered and answered; None: never
    `max_connections`      of a listener, counted from TCP accept on; more get 503. Fewer where the process may open fewer files
    `max_body_bytes`       largest HTTP body taken in, also after decoding its content coding; beyond it: 413
    `exchange_timeout_s`   from the first byte of an HTTP request to the end of its body, and again from there to our answer
    `keep_alive_s`         how long a connection may rest between two HTTP requests
    """

    max_message_bytes: int = 1024 * 1024
    max_frames_per_s: int = 1000
    max_outgoing_bytes: int = 2 * 1024 * 1024
    ping_interval_s: float | None = 60.0
    pong_timeout_s: float = 30.0
    handshake_timeout_s: float = 10.0
    close_timeout_s: float = 5.0
    compression: Compression | None = field(default_factory=Compression)
    max_connections: int = 50_000
    max_body_bytes: int = 1024 * 1024
    exchange_timeout_s: float = 30.0
    keep_alive_s: float = 30.0
