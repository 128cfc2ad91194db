"""What is going on right now and what wants looking at, counted: the first thing an operator sees."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter
from sqlalchemy import ColumnElement, FromClause, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.csms.blocks.availability.store import connector
from forecourt.csms.blocks.certificates.model import SOON
from forecourt.csms.blocks.certificates.store import certificate, ends_before
from forecourt.csms.blocks.security.store import security_event
from forecourt.csms.blocks.transactions.store import transaction
from forecourt.csms.stations.store import command, station
from forecourt.csms.web.instants import instant
from forecourt.csms.web.numbers import OrganisationNumber, SiteNumber
from forecourt.csms.web.requests import ApiRequest
from forecourt.csms.web.routes import read

_DAY = timedelta(days=1)
_WENT_WRONG = ("refused", "unanswered", "failed")


class StationCounts(msgspec.Struct, frozen=True, kw_only=True):
    """`offline` are those in service that are not connected; `faulted` have a faulted connector; `pending` wait for somebody's
    decision to let them in; `never` have not been seen yet."""

    total: int
    connected: int
    offline: int
    never: int
    faulted: int
    pending: int
    disabled: int


class SessionCounts(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`begun` and `energyWh` are since the beginning of the day that was asked for; energy is of sessions that went on in it."""

    active: int
    begun: int
    energy_wh: float


class SiteCounts(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The stations of one site, counted as those of all, and its sessions that run."""

    site_id: int
    total: int
    connected: int
    offline: int
    faulted: int
    active_sessions: int


class Overview(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Counts of this moment. Connectors are by state, `Unknown` where the station is not connected. Commands that went wrong and
    critical security events are those of the last 24 hours. Certificates are those in use that end within three weeks or have
    ended, with this server's own where the caller sees the platform and asks for all of it."""

    at: datetime
    stations: StationCounts
    connectors: dict[str, int]
    sessions: SessionCounts
    sites: list[SiteCounts]
    commands_gone_wrong: int
    commands_queued: int
    critical_security_events: int
    certificates_expiring: int


def routes() -> list[HTTPRouteHandler]:
    """The route of the overview."""

    @read("/overview", permission="stations.read", tags=["Overview"], summary="Count what is going on")
    async def get_overview(
        request: ApiRequest,
        organisation_id: OrganisationNumber = None,
        site_id: SiteNumber = None,
        since: Annotated[
            str | None,
            QueryParameter(
                format="date-time", max_length=40, description="when the day began; without it, 24 hours ago"
            ),
        ] = None,
    ) -> Overview:
        """All counts are of what the caller may see."""
        seen: list[ColumnElement[bool]] = []
        if organisation_id is not None:
            seen.append(station.c.organisation_id == organisation_id)
        if site_id is not None:
            seen.append(station.c.site_id == site_id)
        begun = None if since is None else instant("since", since)
        async with request.work() as work:
            connection = await work.sql()
            day_ago = work.now - _DAY
            return Overview(
                at=work.now,
                stations=await _stations(connection, seen),
                connectors=await _connectors(connection, seen),
                sessions=await _sessions(connection, seen, begun or day_ago),
                sites=await _sites(connection, seen),
                commands_gone_wrong=await _count(
                    connection,
                    _of(command, seen).where(command.c.status.in_(_WENT_WRONG), command.c.asked_at > day_ago),
                ),
                commands_queued=await _count(connection, _of(command, seen).where(command.c.status == "queued")),
                critical_security_events=await _count(
                    connection,
                    _of(security_event, seen).where(
                        security_event.c.critical.is_(True), security_event.c.received_at > day_ago
                    ),
                ),
                certificates_expiring=await _count(
                    connection, _of(certificate, seen).where(ends_before(work.now + SOON))
                ),
            )

    return [get_overview]


_FAULTED: Final = select(connector.c.station_id).where(connector.c.status == "Faulted").distinct().subquery()
_WITH_FAULTS: Final = station.outerjoin(_FAULTED, _FAULTED.c.station_id == station.c.id)
_TOTAL: Final = func.count()
_CONNECTED: Final = func.count().filter(station.c.connected)
_OFFLINE: Final = func.count().filter(
    and_(station.c.enabled, station.c.registration == "Accepted"),
    ~station.c.connected,
    station.c.connection_changed_at.is_not(None),
)
_BROKEN: Final = func.count(_FAULTED.c.station_id).filter(station.c.connected)


async def _stations(connection: AsyncConnection, seen: list[ColumnElement[bool]]) -> StationCounts:
    found = select(
        _TOTAL,
        _CONNECTED,
        _OFFLINE,
        func.count().filter(station.c.connection_changed_at.is_(None)),
        _BROKEN,
        func.count().filter(station.c.enabled, station.c.registration == "Pending"),
        func.count().filter(~station.c.enabled),
    ).select_from(_WITH_FAULTS)
    row = (await connection.execute(found.where(*seen))).one()
    total, connected, offline, never, broken, pending, disabled = row
    return StationCounts(
        total=total,
        connected=connected,
        offline=offline,
        never=never,
        faulted=broken,
        pending=pending,
        disabled=disabled,
    )


async def _sites(connection: AsyncConnection, seen: list[ColumnElement[bool]]) -> list[SiteCounts]:
    charging = select(station.c.site_id, func.count()).select_from(
        transaction.join(station, station.c.id == transaction.c.station_id)
    )
    charging = charging.where(transaction.c.ended_at.is_(None), *seen).group_by(station.c.site_id)
    active = {row[0]: row[1] for row in await connection.execute(charging)}
    found = select(station.c.site_id, _TOTAL, _CONNECTED, _OFFLINE, _BROKEN).select_from(_WITH_FAULTS)
    rows = await connection.execute(
        found.where(station.c.site_id.is_not(None), *seen).group_by(station.c.site_id).order_by(station.c.site_id)
    )
    return [
        SiteCounts(
            site_id=site,
            total=total,
            connected=connected,
            offline=offline,
            faulted=faulted,
            active_sessions=active.get(site, 0),
        )
        for site, total, connected, offline, faulted in rows
    ]


async def _connectors(connection: AsyncConnection, seen: list[ColumnElement[bool]]) -> dict[str, int]:
    joined = connector.join(station, station.c.id == connector.c.station_id)
    rows = await connection.execute(
        select(connector.c.status, station.c.connected, func.count())
        .select_from(joined)
        .where(*seen)
        .group_by(connector.c.status, station.c.connected)
    )
    counts: dict[str, int] = {}
    for status, is_connected, count in rows:
        state = status if is_connected else "Unknown"
        counts[state] = counts.get(state, 0) + count
    return counts


async def _sessions(connection: AsyncConnection, seen: list[ColumnElement[bool]], since: datetime) -> SessionCounts:
    table = transaction.c
    is_open = table.ended_at.is_(None)
    found = select(
        func.count().filter(is_open),
        func.count().filter(table.started_at >= since),
        func.coalesce(func.sum(table.energy_imported_wh), 0),
    ).select_from(_joined(transaction, seen))
    row = (await connection.execute(found.where(or_(is_open, table.ended_at >= since), *seen))).one()
    active, begun, energy_wh = row
    return SessionCounts(active=active, begun=begun, energy_wh=float(energy_wh))


def _of(table: FromClause, seen: list[ColumnElement[bool]]) -> Select[Any]:
    return select(func.count()).select_from(_joined(table, seen)).where(*seen)


def _joined(table: FromClause, seen: list[ColumnElement[bool]]) -> FromClause:
    """A table of things of stations, with their stations where these matter."""
    return table.join(station, station.c.id == table.c.station_id) if seen else table


async def _count(connection: AsyncConnection, statement: Select[Any]) -> int:
    return int((await connection.execute(statement)).scalar_one())
