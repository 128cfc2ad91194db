"""Security events and running changes of passwords as rows; the only SQL of this block."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Table,
    Text,
    delete,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.csms.stations.model import Station
from forecourt.csms.stations.store import station as station_table
from forecourt.csms.store.rows import Rows
from forecourt.csms.store.schema import metadata

security_event = Table(
    "security_event",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("received_at", DateTime(timezone=True), nullable=False),
    # When the station says it happened; null for what we noticed ourselves.
    Column("station_time", DateTime(timezone=True)),
    Column("organisation_id", BigInteger, nullable=False),
    Column("station_id", BigInteger, ForeignKey("station.id", ondelete="CASCADE"), nullable=False),
    Column("type", Text, nullable=False),
    # The word of whoever noticed it, where that is another one.
    Column("wire_type", Text, nullable=False),
    # Null for a vendor's own events.
    Column("critical", Boolean),
    Column("source", Text, nullable=False),
    Column("tech_info", Text, nullable=False),
    CheckConstraint("source IN ('station', 'csms')", name="source"),
    Index("security_event_station_id_received_at_idx", "station_id", "received_at"),
    Index("security_event_organisation_id_received_at_idx", "organisation_id", "received_at"),
)

HAPPENED: Final = Rows(
    security_event,
    "received_at",
    "station_time",
    "organisation_id",
    "station_id",
    "type",
    "wire_type",
    "critical",
    "source",
    "tech_info",
)

# A change of password whose outcome is not known yet: the station may show either.
password_rotation = Table(
    "password_rotation",
    metadata,
    Column("station_id", BigInteger, ForeignKey("station.id", ondelete="CASCADE"), primary_key=True),
    Column("organisation_id", BigInteger, nullable=False, index=True),
    Column("begun_at", DateTime(timezone=True), nullable=False),
    # Since when the station is known to have come back with the old one.
    Column("old_seen_at", DateTime(timezone=True)),
)


@dataclass(frozen=True, slots=True)
class Passwords:
    """What is kept of the password in use and of the one that may follow it."""

    current: bytes | None
    following: bytes | None
    old_seen: bool

    @property
    def hmacs(self) -> tuple[bytes, ...]:
        """What the station may show, the one in use first."""
        return tuple(one for one in (self.current, self.following) if one is not None)


async def lock(connection: AsyncConnection, station: Station) -> Passwords:
    """The passwords of a station, held until the transaction ends."""
    found = await connection.execute(
        select(station_table.c.password_hmac, station_table.c.next_password_hmac, password_rotation.c.old_seen_at)
        .outerjoin(password_rotation, password_rotation.c.station_id == station_table.c.id)
        .where(station_table.c.id == station.key)
        .with_for_update(of=station_table)
    )
    row = found.one()
    return Passwords(row.password_hmac, row.next_password_hmac, row.old_seen_at is not None)


async def keep(connection: AsyncConnection, station: Station, current: bytes | None, following: bytes | None) -> None:
    """Let these be the passwords of a station. Without a following one no change runs any more."""
    await connection.execute(
        update(station_table)
        .where(station_table.c.id == station.key)
        .values(password_hmac=current, next_password_hmac=following)
    )
    if following is None:
        await connection.execute(delete(password_rotation).where(password_rotation.c.station_id == station.key))


async def begin(connection: AsyncConnection, station: Station, now: datetime) -> None:
    """A change of password runs from now on."""
    values = {"organisation_id": station.organisation, "begun_at": now, "old_seen_at": None}
    adding = upsert(password_rotation).values(station_id=station.key, **values)
    await connection.execute(adding.on_conflict_do_update(index_elements=["station_id"], set_=values))


async def old_one_seen(connection: AsyncConnection, station: Station, now: datetime) -> None:
    """The station has come back with its old password."""
    await connection.execute(
        update(password_rotation).where(password_rotation.c.station_id == station.key).values(old_seen_at=now)
    )
