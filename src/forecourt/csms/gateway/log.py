"""The message log: one row per call, request and answer side by side, secrets taken out before anything is stored."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, Table, Text

from forecourt.csms.redaction import SECRET_ACTIONS, redacted, redacted_odd
from forecourt.csms.stations.model import Station
from forecourt.csms.store.rows import Row, Rows
from forecourt.csms.store.schema import metadata

message_log = Table(
    "message_log",
    metadata,
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("station_id", BigInteger, nullable=False),
    Column("organisation_id", BigInteger, nullable=False),
    # Who called: 'station' or 'csms'.
    Column("caller", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("request", Text, nullable=False),
    # The payload of the answer; empty when there was none.
    Column("answer", Text, nullable=False),
    # The code of an error answer, or 'unanswered'; empty when all went well.
    Column("error", Text, nullable=False),
    Column("duration_us", Integer, nullable=False),
    Index("message_log_station_id_received_at_idx", "station_id", "received_at"),
    Index("message_log_received_at_idx", "received_at", postgresql_using="brin"),
    postgresql_partition_by="RANGE (received_at)",
)

LOGGED: Final = Rows(
    message_log,
    "received_at",
    "station_id",
    "organisation_id",
    "caller",
    "version",
    "message_id",
    "action",
    "request",
    "answer",
    "error",
    "duration_us",
)

deviation = Table(
    "deviation",
    metadata,
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("station_id", BigInteger, nullable=False),
    Column("organisation_id", BigInteger, nullable=False),
    Column("version", Text, nullable=False),
    # Empty for a breach of the protocol itself, which belongs to no action.
    Column("action", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index("deviation_station_id_received_at_idx", "station_id", "received_at"),
    Index("deviation_received_at_idx", "received_at", postgresql_using="brin"),
)

DEVIATED: Final = Rows(
    deviation,
    "received_at",
    "station_id",
    "organisation_id",
    "version",
    "action",
    "kind",
    "path",
    "value",
    "detail",
)

_STATION: Final = "station"
_CSMS: Final = "csms"
_OPEN: Final = b"customData"


def row_of_call(
    station: Station,
    *,
    received_at: datetime,
    by_station: bool,
    version: str,
    message_id: str,
    action: str,
    request: bytes,
    answer: bytes,
    error: str,
    duration_s: float,
    odd: bool = False,
) -> Row:
    """The log row of one call. `request` and `answer` are payloads as they were on the wire.

    `odd` says that there may be more in them than the action has. customData holds whatever a vendor likes.
    """
    if action in SECRET_ACTIONS:
        request, answer = redacted(action, request, answer)
    elif odd or _OPEN in request or _OPEN in answer:
        request, answer = redacted_odd(request, answer)
    return (
        received_at,
        station.key,
        station.organisation,
        _STATION if by_station else _CSMS,
        version,
        storable(message_id),
        storable(action),
        storable(request.decode("utf-8", "backslashreplace")),
        storable(answer.decode("utf-8", "backslashreplace")),
        error,
        int(duration_s * 1_000_000),
    )


def storable(text: str) -> str:
    """`text` without what PostgreSQL cannot hold. JSON itself holds no raw NUL, an odd message id may."""
    return text.replace("\0", "\\0") if "\0" in text else text


def plain(payload: bytes) -> Any:
    """A payload as plain values. Raises msgspec.DecodeError."""
    return msgspec.json.decode(payload)
