"""The tables of meter values; the only SQL about them.

Nothing here refers to the transactions table by a constraint: the check would cost more than the row, and readings that
outlive or precede their transaction are not wrong.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    cast,
    delete,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.charging.readings import Reading
from forecourt.csms.blocks.metering.sampling import readings_of
from forecourt.csms.store.partitions import Partitioned
from forecourt.csms.store.rows import Once, Rows
from forecourt.csms.store.schema import metadata

# What a meter said at one moment: one row for all its values, in the form of `sampling.Metered.sampled`.
meter_value = Table(
    "meter_value",
    metadata,
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("station_id", BigInteger, nullable=False),
    Column("organisation_id", BigInteger, nullable=False),
    # Null for what belongs to no transaction.
    Column("transaction_id", BigInteger),
    # 0 is the station's own meter; null where it is not known yet.
    Column("evse_id", Integer),
    Column("connector_id", Integer),
    Column("station_time", DateTime(timezone=True), nullable=False),
    Column("sampled", JSONB, nullable=False),
    # Each row is in one of these two, so that writing it costs one.
    Index("meter_value_transaction_id_idx", "transaction_id", postgresql_where=text("transaction_id IS NOT NULL")),
    Index(
        "meter_value_station_id_received_at_idx",
        "station_id",
        "received_at",
        postgresql_where=text("transaction_id IS NULL"),
    ),
    Index("meter_value_received_at_idx", "received_at", postgresql_using="brin"),
    postgresql_partition_by="RANGE (received_at)",
)

# Meter values that came by themselves, so that a repetition is noticed (DESIGN section 4).
meter_message = Table(
    "meter_message",
    metadata,
    Column("station_id", BigInteger, nullable=False),
    # EVSE and connector as one number: 1.6 has one, 2.x names the EVSE.
    Column("place", BigInteger, nullable=False),
    # As the station said it; -1 stands for none, since 0 is one that stations send.
    Column("transaction_number", BigInteger, nullable=False),
    Column("station_time", DateTime(timezone=True), nullable=False),
    Column("digest", BigInteger, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("station_id", "place", "transaction_number", "station_time", "digest"),
    Index("meter_message_received_at_idx", "received_at", postgresql_using="brin"),
)

# Signed values byte for byte. Evidence for a bill, so they are kept as long as the transaction and not as long as readings.
signed_value = Table(
    "signed_value",
    metadata,
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("station_id", BigInteger, nullable=False),
    Column("organisation_id", BigInteger, nullable=False),
    Column("transaction_id", BigInteger),
    Column("evse_id", Integer),
    Column("connector_id", Integer),
    Column("station_time", DateTime(timezone=True), nullable=False),
    Column("measurand", Text, nullable=False),
    Column("context", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("location", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("encoding", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Index("signed_value_transaction_id_idx", "transaction_id"),
    Index("signed_value_station_id_received_at_idx", "station_id", "received_at"),
)

METER_VALUES: Final = Rows(
    meter_value,
    "received_at",
    "station_id",
    "organisation_id",
    "transaction_id",
    "evse_id",
    "connector_id",
    "station_time",
    "sampled",
)
SIGNED_VALUES: Final = Rows(
    signed_value,
    "received_at",
    "station_id",
    "organisation_id",
    "transaction_id",
    "evse_id",
    "connector_id",
    "station_time",
    "measurand",
    "context",
    "phase",
    "location",
    "data",
    "encoding",
    "method",
    "public_key",
)
MESSAGE: Final = Once(
    meter_message,
    "station_id",
    "place",
    "transaction_number",
    "station_time",
    "digest",
    "received_at",
    unique=["station_id", "place", "transaction_number", "station_time", "digest"],
)

SPLIT: Final = Partitioned("meter_value", "received_at", step=timedelta(days=7))
"""By week: a transaction is in one or two of them, and a year is not too many to look through."""


async def of_transaction(
    connection: AsyncConnection, transaction_id: int, since: datetime
) -> list[tuple[datetime, list[Reading]]]:
    """The readings of a transaction, moment by moment, each with when it was received. Nothing is older than `since`."""
    columns = meter_value.c
    found = await connection.execute(
        select(columns.received_at, columns.station_time, cast(columns.sampled, Text)).where(
            columns.transaction_id == transaction_id, columns.received_at >= since
        )
    )
    return [(received_at, readings_of(at, sampled)) for received_at, at, sampled in found]


async def newest_of_transaction(
    connection: AsyncConnection, transaction_id: int, since: datetime, count: int
) -> list[list[Reading]]:
    """The `count` newest moments of a transaction."""
    found = await connection.execute(
        select(meter_value.c.station_time, cast(meter_value.c.sampled, Text))
        .where(meter_value.c.transaction_id == transaction_id, meter_value.c.received_at >= since)
        .order_by(meter_value.c.received_at.desc(), meter_value.c.station_time.desc())
        .limit(count)
    )
    return [readings_of(at, sampled) for at, sampled in found]


async def forget_messages(connection: AsyncConnection, before: datetime) -> int:
    """Forget which messages came before an instant: nobody repeats them any more. Returns how many."""
    gone = await connection.execute(delete(meter_message).where(meter_message.c.received_at < before))
    return gone.rowcount
