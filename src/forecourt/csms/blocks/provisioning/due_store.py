"""Which stations have something to be asked or told, and how asking for everything they know has gone; the only SQL about it.

It is all in the tables, so nothing is forgotten when a process dies, and a storm of reconnects costs nothing here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.csms.blocks.provisioning import store
from forecourt.csms.blocks.provisioning.rules import pause_after
from forecourt.csms.blocks.provisioning.store import provisioning
from forecourt.csms.stations.model import Station, StationKey
from forecourt.csms.stations.store import station as station_table

# B07.FR.14: everything is asked for at first, and again with another firmware; after a failure when its time has come, or
# after a boot, which may have changed the station's mind.
_INVENTORY: Final = (
    "station.registration = 'Accepted' AND station.booted_at IS NOT NULL"
    " AND (state.inventory_at IS NULL OR state.inventory_firmware <> station.firmware_version)"
    " AND (state.retry_at IS NULL OR state.retry_at <= :now OR state.asked_at < station.booted_at)"
)
_FROM: Final = " FROM station LEFT JOIN provisioning AS state ON state.station_id = station.id"

_ONE: Final = text(f"SELECT {_INVENTORY}{_FROM} WHERE station.id = :station")
_ANY: Final = text(
    f"SELECT station.id{_FROM}"  # noqa: S608 - our own words
    " WHERE station.connected AND station.enabled AND station.registration <> 'Rejected'"
    f" AND (({_INVENTORY})"
    " OR EXISTS (SELECT FROM wanted_variable AS wanted WHERE wanted.station_id = station.id AND ("
    "  wanted.checked_at IS NULL OR wanted.checked_at < station.booted_at OR wanted.retry_at <= :now)))"
    " ORDER BY state.asked_at NULLS FIRST, station.id LIMIT :limit"
)


async def due(connection: AsyncConnection, now: datetime, limit: int) -> list[StationKey]:
    """Connected stations that have something to be asked or told, the longest unasked first."""
    found = await connection.execute(_ANY, {"now": now, "limit": limit})
    return [StationKey(key) for key in found.scalars()]


async def inventory_due(connection: AsyncConnection, station: Station, now: datetime) -> bool:
    """Whether the station is to be asked what it consists of and is set to."""
    found = await connection.execute(_ONE, {"now": now, "station": station.key})
    return bool(found.scalar_one_or_none())


async def inventory_asked(connection: AsyncConnection, station: Station, now: datetime, retry_at: datetime) -> None:
    """The station is being asked; unless it has told everything by `retry_at`, it is asked again."""
    await store.save_state(connection, station, asked_at=now, retry_at=retry_at)


async def inventory_failed(
    connection: AsyncConnection, station: Station, reason: str, now: datetime
) -> tuple[datetime, bool]:
    """Record why it did not tell. Returns when it is asked again, and whether that is news."""
    found = await connection.execute(
        select(provisioning.c.failures, provisioning.c.failure).where(provisioning.c.station_id == station.key)
    )
    row = found.one_or_none()
    failures, earlier = (row.failures, row.failure) if row is not None else (0, "")
    retry_at = now + pause_after(failures)
    await store.save_state(connection, station, failure=reason, failures=failures + 1, retry_at=retry_at)
    return retry_at, reason != earlier


async def inventory_there(connection: AsyncConnection, station: Station, now: datetime) -> None:
    """The station has told everything, with the firmware it has now."""
    found = await connection.execute(select(station_table.c.firmware_version).where(station_table.c.id == station.key))
    await store.save_state(
        connection,
        station,
        inventory_at=now,
        inventory_firmware=found.scalar_one(),
        failure="",
        failures=0,
        retry_at=None,
    )
