"""What is done with stations as such: announced, changed, loaded, connected and disconnected."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.charging.topology import Topology
from forecourt.csms.stations.model import (
    Credentials,
    OrganisationKey,
    Registration,
    SecurityProfile,
    SiteKey,
    Station,
    StationKey,
    check_identity,
)
from forecourt.csms.stations.store import station as table
from forecourt.csms.stations.topologies import topology_of
from forecourt.csms.store.announced import Event
from forecourt.csms.store.rows import Latest
from forecourt.csms.store.work import Work
from forecourt.errors import Conflict, NotFound

CONNECTION: Final = Latest(
    table,
    key=["id"],
    columns=["epoch", "connected", "spoken_version", "connection_changed_at"],
    unless_older="epoch",
)
SEEN: Final = Latest(table, key=["id"], columns=["last_seen_at"], unless_older="last_seen_at")

_PAGE: Final = 5_000
_IN_MEMORY: Final = {
    "enabled": "enabled",
    "assumed_version": "version_name",
    "soap_enabled": "soap",
    "soap_address": "soap_address",
    "strict": "strict",
}
"""Columns, and what they are called in memory."""
_COLUMNS: Final = (
    table.c.id,
    table.c.wire_id,
    table.c.organisation_id,
    table.c.site_id,
    table.c.enabled,
    table.c.registration,
    table.c.security_profile,
    table.c.offered_security_profile,
    table.c.password_hmac,
    table.c.next_password_hmac,
    table.c.certificate_name,
    table.c.assumed_version,
    table.c.soap_enabled,
    table.c.soap_address,
    table.c.strict,
    table.c.topology,
    table.c.vendor,
    table.c.model,
    table.c.epoch,
    table.c.last_seen_at,
    table.c.name,
    table.c.serial_number,
)


class StationAdded(Event, frozen=True, kw_only=True):
    """A station was announced, by a person or by policy when it knocked."""

    organisation_id: int
    station_id: int
    wire_id: str


class StationChanged(Event, frozen=True, kw_only=True):
    """What people say of a station was changed, or it was removed; `what` says which."""

    organisation_id: int
    station_id: int
    wire_id: str
    what: str


class StationConnected(Event, frozen=True, kw_only=True):
    """A station has connected. `peer` is where it was seen to come from."""

    organisation_id: int
    station_id: int
    version: str
    peer: str


class StationDisconnected(Event, frozen=True, kw_only=True):
    """A station's connection ended and no other has taken over. `code` is the WebSocket code."""

    organisation_id: int
    station_id: int
    code: int
    reason: str


async def add(
    work: Work,
    *,
    wire_id: str,
    organisation: OrganisationKey,
    site: SiteKey | None = None,
    name: str = "",
    profile: SecurityProfile = SecurityProfile.BASIC,
    password_hmac: bytes | None = None,
    registration: Registration = Registration.ACCEPTED,
    certificate_name: str = "",
    assumed_version: str = "",
    soap: bool = False,
    soap_address: str = "",
) -> Station:
    """Make a station known. It is in the registry only once the caller has committed and put it there.

    Raises Invalid for an impossible identity, Conflict when the identity is taken, by any organisation.
    """
    check_identity(wire_id)
    connection = await work.sql()
    await connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(wire_id, 0))))
    taken = await connection.execute(select(table.c.id).where(table.c.wire_id == wire_id))
    if taken.first() is not None:
        raise Conflict("station_id_taken", f"there is a station {wire_id} already", {"stationId": "is taken"})
    added = await connection.execute(
        insert(table)
        .values(
            wire_id=wire_id,
            organisation_id=organisation,
            site_id=site,
            name=name,
            registration=registration.value,
            security_profile=int(profile.value),
            password_hmac=password_hmac,
            certificate_name=certificate_name,
            assumed_version=assumed_version,
            soap_enabled=soap,
            soap_address=soap_address,
            created_at=work.now,
        )
        .returning(*_COLUMNS)
    )
    station = _station(added.mappings().one())
    work.announce(StationAdded(organisation_id=organisation, station_id=station.key, wire_id=wire_id))
    return station


async def change(work: Work, key: int, organisation: int, wire_id: str, values: Mapping[str, Any]) -> None:
    """Change columns of a station. In memory it changes by `apply`, once that is committed. Raises NotFound."""
    if values:
        changed = await (await work.sql()).execute(update(table).where(table.c.id == key).values(**values))
        if changed.rowcount != 1:
            raise NotFound("station_unknown", f"there is no station {key}")
    work.announce(StationChanged(organisation_id=organisation, station_id=key, wire_id=wire_id, what="changed"))


def apply(station: Station, values: Mapping[str, Any]) -> None:
    """Let the process know of a committed change."""
    for name, value in values.items():
        if name == "site_id":
            station.site = None if value is None else SiteKey(value)
        elif name == "name":
            station.know_as(name=value)
        elif name == "security_profile":
            station.credentials.profile = SecurityProfile(str(value))
        elif name == "certificate_name":
            station.credentials.certificate_name = value
        elif name in _IN_MEMORY:
            setattr(station, _IN_MEMORY[name], value)


async def remove(work: Work, key: int, organisation: int, wire_id: str) -> None:
    """Remove a station; the database refuses while commands or transactions of it are on record. Raises NotFound."""
    removed = await (await work.sql()).execute(delete(table).where(table.c.id == key))
    if removed.rowcount != 1:
        raise NotFound("station_unknown", f"there is no station {key}")
    work.announce(StationChanged(organisation_id=organisation, station_id=key, wire_id=wire_id, what="removed"))


async def find(work: Work, wire_id: str) -> Station:
    """The station of that identity as the database knows it; not the one of the registry. Raises NotFound."""
    found = await (await work.sql()).execute(select(*_COLUMNS).where(table.c.wire_id == wire_id))
    row = found.mappings().first()
    if row is None:
        raise NotFound("station_unknown", f"there is no station {wire_id}")
    return _station(row)


async def load(connection: AsyncConnection) -> list[Station]:
    """Every station there is. Read in pages, by key, so that memory holds no second copy of a hundred thousand rows."""
    found: list[Station] = []
    last = 0
    while True:
        page = await connection.execute(select(*_COLUMNS).where(table.c.id > last).order_by(table.c.id).limit(_PAGE))
        stations = [_station(row) for row in page.mappings()]
        if not stations:
            return found
        found += stations
        last = stations[-1].key


async def mark_all_disconnected(connection: AsyncConnection, now: datetime) -> int:
    """At start nobody is connected, whatever the last process had written. Returns how many were."""
    result = await connection.execute(
        update(table).where(table.c.connected).values(connected=False, connection_changed_at=now)
    )
    return result.rowcount


def connected(work: Work, station: Station, *, version: str, peer: str) -> None:
    """Record that a station has connected; `station.epoch` is that of the new connection."""
    work.add(CONNECTION, (station.key, station.epoch, True, version, work.now))
    work.announce(
        StationConnected(organisation_id=station.organisation, station_id=station.key, version=version, peer=peer)
    )


def disconnected(work: Work, station: Station, *, epoch: int, version: str, code: int, reason: str) -> None:
    """Record that the connection with `epoch` has ended; it changes nothing if a later one is there."""
    work.add(CONNECTION, (station.key, epoch, False, version, work.now))
    work.announce(
        StationDisconnected(
            organisation_id=station.organisation, station_id=station.key, code=code, reason=reason[:255]
        )
    )


def seen(work: Work, station: Station) -> None:
    """Record that a station was heard."""
    station.last_seen_at = work.now
    work.add(SEEN, (station.key, work.now))


def _station(row: RowMapping) -> Station:
    offered = row["offered_security_profile"]
    hmacs = tuple(value for value in (row["password_hmac"], row["next_password_hmac"]) if value is not None)
    return Station(
        key=StationKey(row["id"]),
        wire_id=row["wire_id"],
        organisation=OrganisationKey(row["organisation_id"]),
        site=None if row["site_id"] is None else SiteKey(row["site_id"]),
        enabled=row["enabled"],
        registration=Registration(row["registration"]),
        credentials=Credentials(
            profile=SecurityProfile(str(row["security_profile"])),
            offered_profile=None if offered is None else SecurityProfile(str(offered)),
            password_hmacs=hmacs,
            certificate_name=row["certificate_name"],
        ),
        vendor=row["vendor"],
        model=row["model"],
        version_name=row["assumed_version"],
        soap=row["soap_enabled"],
        soap_address=row["soap_address"],
        strict=row["strict"],
        epoch=row["epoch"],
        topology=_topology(row["topology"]),
        last_seen_at=row["last_seen_at"],
        name=row["name"],
        serial_number=row["serial_number"],
    )


def _topology(stored: Mapping[str, Any] | None) -> Topology | None:
    return None if stored is None else topology_of(stored)
