"""The routes of what was odd: deviations from the specification, and handshakes that were refused."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter
from sqlalchemy import Row, select

from forecourt.csms.gateway.log import deviation
from forecourt.csms.stations.registry import Stations
from forecourt.csms.stations.store import refused_handshake
from forecourt.csms.stations.store import station as station_table
from forecourt.csms.stations.visible import stands_at
from forecourt.csms.web.instants import FromInstant, ToInstant, between, instant
from forecourt.csms.web.numbers import OrganisationNumber, SiteNumber, StationNumber
from forecourt.csms.web.paging import CursorText, Limit, Page, Sorting, SortText, page_of
from forecourt.csms.web.requests import ApiRequest
from forecourt.csms.web.routes import read
from forecourt.csms.web.trails import Trail

Word = Annotated[str | None, QueryParameter(max_length=100)]


class DeviationOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Something a station did against the specification that was made sense of, or a breach of the protocol itself."""

    received_at: datetime
    station_id: int
    station: str
    organisation_id: int
    version: str
    action: str
    kind: str
    path: str
    value: str
    detail: str


class RefusedHandshakeOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A station, or somebody else, that was not let in, and why."""

    id: int
    at: datetime
    organisation_id: int | None
    wire_id: str = msgspec.field(name="stationName")
    peer: str
    path: str
    reason: str
    detail: str
    subprotocols: list[str]


_DEVIATIONS: Final = Trail(
    (
        deviation.c.received_at,
        deviation.c.station_id,
        deviation.c.action,
        deviation.c.kind,
        deviation.c.path,
        deviation.c.value,
    )
)
_REFUSED: Final = Sorting(refused_handshake.c.id, default="-id")
_TAGS: Final = ["Log"]


def routes(stations: Stations) -> list[HTTPRouteHandler]:
    """The routes of what was odd."""

    @read("/deviations", permission="log.read", tags=_TAGS, summary="List deviations from the specification")
    async def list_deviations(
        request: ApiRequest,
        cursor: CursorText = None,
        limit: Limit = 50,
        station_id: StationNumber = None,
        site_id: SiteNumber = None,
        organisation_id: OrganisationNumber = None,
        action: Word = None,
        kind: Word = None,
        since: FromInstant = None,
        until: ToInstant = None,
    ) -> Page[DeviationOut]:
        """The latest first."""
        table = deviation.c
        same = {"station_id": station_id, "organisation_id": organisation_id, "action": action, "kind": kind}
        statement = select(deviation).where(
            *between(table.received_at, since, until),
            *(table[name] == value for name, value in same.items() if value is not None),
        )
        if site_id is not None:
            statement = statement.where(stands_at(table.station_id, site_id))
        async with request.work() as work:
            return await _DEVIATIONS.page(
                await work.sql(),
                statement,
                cursor=cursor,
                limit=limit,
                build=partial(_deviation, stations),
                now=work.now if until is None else instant("to", until),
                since=None if since is None else instant("from", since),
                in_pieces=station_id is None,
            )

    return [list_deviations, list_refused_handshakes]


@read("/refused-handshakes", permission="log.read", tags=_TAGS, summary="List handshakes that were refused")
async def list_refused_handshakes(
    request: ApiRequest,
    cursor: CursorText = None,
    limit: Limit = 50,
    sort: SortText = None,
    station: Annotated[str | None, QueryParameter(max_length=100, description="what the station calls itself")] = None,
    reason: Word = None,
    since: FromInstant = None,
    until: ToInstant = None,
) -> Page[RefusedHandshakeOut]:
    """The latest first; the same refusal of the same station at most once a minute. Those of stations that nobody knows are for
    the platform's administrators, and for the organisation if there is one only."""
    table = refused_handshake.c
    same = {"wire_id": station, "reason": reason}
    statement = select(refused_handshake).where(
        *between(table.at, since, until), *(table[name] == value for name, value in same.items() if value is not None)
    )
    if request.caller.scope(request.permission).sites is not None:
        statement = statement.where(table.wire_id.in_(select(station_table.c.wire_id)))
    async with request.work() as work:
        return await page_of(
            await work.sql(), statement, _REFUSED.order(sort), cursor=cursor, limit=limit, build=_refusal
        )


def _deviation(stations: Stations, row: Row[Any]) -> DeviationOut:
    plain = {name: row._mapping[name] for name in DeviationOut.__struct_fields__ if name in row._mapping}
    return DeviationOut(**plain, station=stations.wire_id_of(row.station_id))


def _refusal(row: Row[Any]) -> RefusedHandshakeOut:
    return RefusedHandshakeOut(**{name: row._mapping[name] for name in RefusedHandshakeOut.__struct_fields__})
