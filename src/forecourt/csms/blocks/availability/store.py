"""The tables of conditions and orders; the only SQL about them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    RowMapping,
    Table,
    Text,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.schema import SchemaItem

from forecourt.charging.connector_state import ChargingState, ConnectorState
from forecourt.charging.ids import ConnectorId, EvseId
from forecourt.charging.topology import Place
from forecourt.csms.blocks.availability.model import Condition, Notice, Wanted
from forecourt.csms.stations.model import Station, StationKey
from forecourt.csms.store.rows import Latest, Row
from forecourt.csms.store.schema import metadata
from forecourt.csms.store.work import Work

_STATES: Final = ", ".join(f"'{state}'" for state in ConnectorState)


def _condition() -> list[SchemaItem]:
    """What the tables of EVSEs and connectors have in common."""
    return [
        Column("organisation_id", BigInteger, nullable=False, index=True),
        # In the words of 2.x; the station's own is beside it.
        Column("status", Text, nullable=False),
        Column("wire_status", Text, nullable=False),
        Column("error_code", Text, nullable=False),
        Column("vendor_id", Text, nullable=False),
        Column("vendor_error_code", Text, nullable=False),
        Column("info", Text, nullable=False),
        Column("station_time", DateTime(timezone=True)),
        Column("received_at", DateTime(timezone=True), nullable=False),
        # Since when it says so; `received_at` is when it said so last.
        Column("changed_at", DateTime(timezone=True), nullable=False),
        CheckConstraint(f"status IN ({_STATES})", name="status"),
    ]


# What a station says of an EVSE as a whole; EVSE 0 is the station itself, connector 0 of 1.6.
evse = Table(
    "evse",
    metadata,
    Column("station_id", BigInteger, ForeignKey("station.id", ondelete="CASCADE"), nullable=False),
    Column("evse_id", BigInteger, nullable=False),
    *_condition(),
    PrimaryKeyConstraint("station_id", "evse_id"),
)

connector = Table(
    "connector",
    metadata,
    Column("station_id", BigInteger, ForeignKey("station.id", ondelete="CASCADE"), nullable=False),
    Column("evse_id", BigInteger, nullable=False),
    Column("connector_id", BigInteger, nullable=False),
    *_condition(),
    # Null where the station does not say.
    Column("plugged_in", Boolean),
    Column("charging", Text),
    PrimaryKeyConstraint("station_id", "evse_id", "connector_id"),
)

# What was last ordered of a place and taken by the station. Connector 0 is an EVSE as a whole, EVSE 0 the station.
wanted_availability = Table(
    "wanted_availability",
    metadata,
    Column("station_id", BigInteger, ForeignKey("station.id", ondelete="CASCADE"), nullable=False),
    Column("evse_id", BigInteger, nullable=False),
    Column("connector_id", BigInteger, nullable=False),
    Column("organisation_id", BigInteger, nullable=False, index=True),
    Column("operative", Boolean, nullable=False),
    Column("ordered_at", DateTime(timezone=True), nullable=False),
    # The command that waits for it to happen; null when it has.
    Column("request_id", Integer),
    PrimaryKeyConstraint("station_id", "evse_id", "connector_id"),
    Index(
        "wanted_availability_pending_idx",
        "station_id",
        postgresql_where="request_id IS NOT NULL",
    ),
)

_SAID: Final = (
    "organisation_id",
    "status",
    "wire_status",
    "error_code",
    "vendor_id",
    "vendor_error_code",
    "info",
    "station_time",
    "received_at",
    "changed_at",
)
_EVSES: Final = Latest(
    evse, key=["station_id", "evse_id"], columns=_SAID, adds=True, unless_older="received_at", rank=10
)
_CONNECTORS: Final = Latest(
    connector,
    key=["station_id", "evse_id", "connector_id"],
    columns=[*_SAID, "plugged_in", "charging"],
    adds=True,
    unless_older="received_at",
    rank=10,
)
_WANTED: Final = Latest(
    wanted_availability,
    key=["station_id", "evse_id", "connector_id"],
    columns=["organisation_id", "operative", "ordered_at", "request_id"],
    adds=True,
    unless_older="ordered_at",
    rank=10,
)

_PAGE: Final = 10_000


def put(work: Work, station: Station, condition: Condition) -> None:
    """Write what is known of a place."""
    notice = condition.notice
    place = notice.place
    said: Row = (
        station.organisation,
        notice.state.value,
        notice.wire_status,
        notice.error_code,
        notice.vendor_id,
        notice.vendor_error_code,
        notice.info,
        notice.at,
        condition.received_at,
        condition.since,
    )
    if place.connector_id:
        charging = None if notice.charging is None else notice.charging.value
        work.add(_CONNECTORS, (station.key, place.evse_id, place.connector_id, *said, notice.plugged_in, charging))
    else:
        work.add(_EVSES, (station.key, place.evse_id, *said))


def put_wanted(work: Work, station: Station, place: Place, wanted: Wanted) -> None:
    """Write what was ordered of a place."""
    work.add(
        _WANTED,
        (
            station.key,
            place.evse_id,
            place.connector_id or 0,
            station.organisation,
            wanted.operative,
            wanted.at,
            wanted.request_id,
        ),
    )


async def conditions(connection: AsyncConnection) -> AsyncIterator[tuple[StationKey, Condition]]:
    """What is known of every place there is. Read in pages, so that memory holds no second copy."""
    for table in (evse, connector):
        async for row in _pages(connection, table):
            yield StationKey(row["station_id"]), _condition_of(row)


async def orders(connection: AsyncConnection) -> AsyncIterator[tuple[StationKey, Place, Wanted]]:
    """What was ordered of every place of which something was."""
    async for row in _pages(connection, wanted_availability):
        wanted = Wanted(row["operative"], row["ordered_at"], row["request_id"])
        yield StationKey(row["station_id"]), _place(row), wanted


async def _pages(connection: AsyncConnection, table: Table) -> AsyncIterator[RowMapping]:
    key = list(table.primary_key.columns)
    last = tuple(0 for _ in key)
    first = True
    while True:
        page = select(table).order_by(*key).limit(_PAGE)
        if not first:
            page = page.where(tuple_(*key) > last)
        rows = (await connection.execute(page)).mappings().all()
        for row in rows:
            yield row
        if len(rows) < _PAGE:
            return
        first, last = False, tuple(rows[-1][column.name] for column in key)


def _place(row: RowMapping) -> Place:
    number = row.get("connector_id")
    return Place(EvseId(row["evse_id"]), ConnectorId(number) if number else None)


def _condition_of(row: RowMapping) -> Condition:
    charging: str | None = row.get("charging")
    at: datetime | None = row["station_time"]
    notice = Notice(
        _place(row),
        ConnectorState(row["status"]),
        row.get("plugged_in"),
        None if charging is None else ChargingState(charging),
        row["wire_status"],
        at,
        row["error_code"],
        row["vendor_id"],
        row["vendor_error_code"],
        row["info"],
    )
    return Condition(notice, row["received_at"], row["changed_at"])
