"""The routes of security: what stations and we have noticed, and the passwords of stations."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, QueryParameter
from sqlalchemy import Row, select

from forecourt.csms.blocks.security.rotation import Security, give_password
from forecourt.csms.blocks.security.store import security_event as table
from forecourt.csms.stations.credentials import new_password
from forecourt.csms.stations.model import SecurityProfile
from forecourt.csms.stations.registry import Stations
from forecourt.csms.stations.shapes import Password
from forecourt.csms.stations.store import station as station_table
from forecourt.csms.stations.visible import stands_at, visible
from forecourt.csms.web.instants import FromInstant, ToInstant, between
from forecourt.csms.web.numbers import OrganisationNumber, SiteNumber, StationNumber
from forecourt.csms.web.paging import CursorText, Limit, Page, Sorting, SortText, page_of
from forecourt.csms.web.requests import SHOWN_ONCE, ApiRequest
from forecourt.csms.web.routes import Key, create, read
from forecourt.errors import Conflict


class SecurityEventOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Something that concerns the security of a station. `source` says who noticed it; `critical` is null for events that the
    specification does not know."""

    id: int
    received_at: datetime
    station_time: datetime | None
    organisation_id: int
    station_id: int
    station: str
    type: str
    wire_type: str
    critical: bool | None
    source: Literal["station", "csms"]
    tech_info: str


class StationPasswordBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The password that was entered at the station; one is made up if it is left out."""

    password: Password | None = None


class StationPasswordOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The password that a station must show from now on. It is not shown again."""

    password: str


_SORTING: Final = Sorting(table.c.id, default="-id")
# Looked up for the rows of a page: joining the tables can cost a sort of all events.
_STATION: Final = (
    select(station_table.c.wire_id).where(station_table.c.id == table.c.station_id).scalar_subquery().label("station")
)
_WITH_PASSWORD: Final = (SecurityProfile.BASIC, SecurityProfile.TLS_BASIC)


def routes(block: Security, stations: Stations) -> list[HTTPRouteHandler]:
    """The routes of this block."""

    @create(
        "/stations/{station_id:int}/password",
        permission="stations.write",
        tags=["Stations"],
        summary="Give a station another password, on our side",
        status_code=200,
    )
    async def give_station_password(
        request: ApiRequest, station_id: Key, data: JSONBody[StationPasswordBody]
    ) -> Response[StationPasswordOut]:
        """For a station whose password was lost or is entered by hand: no other one is accepted from now on. The command
        RotatePassword changes it at the station as well, without anybody seeing it."""
        async with request.change() as change:
            station = await visible(change.work, stations, station_id)
            if station.credentials.profile not in _WITH_PASSWORD:
                raise Conflict("no_password_in_use", "the station proves itself without a password")
            change.record("station.password_given", f"stations/{station_id}", station.organisation)
        password = data.password or new_password()
        await give_password(block, station, password, request.caller.name)
        return Response(StationPasswordOut(password=password), status_code=200, headers=SHOWN_ONCE)

    return [give_station_password, list_security_events]


@read("/security-events", permission="log.read", tags=["Log"], summary="List security events")
async def list_security_events(
    request: ApiRequest,
    cursor: CursorText = None,
    limit: Limit = 50,
    sort: SortText = None,
    station_id: StationNumber = None,
    site_id: SiteNumber = None,
    organisation_id: OrganisationNumber = None,
    kind: Annotated[str | None, QueryParameter(name="type", max_length=100)] = None,
    critical: Annotated[bool | None, QueryParameter()] = None,
    source: Annotated[Literal["station", "csms"] | None, QueryParameter()] = None,
    since: FromInstant = None,
    until: ToInstant = None,
) -> Page[SecurityEventOut]:
    """The latest first."""
    same = {
        "station_id": station_id,
        "organisation_id": organisation_id,
        "type": kind,
        "critical": critical,
        "source": source,
    }
    statement = select(table, _STATION).where(
        *between(table.c.received_at, since, until),
        *(table.c[name] == value for name, value in same.items() if value is not None),
    )
    if site_id is not None:
        statement = statement.where(stands_at(table.c.station_id, site_id))
    async with request.work() as work:
        return await page_of(await work.sql(), statement, _SORTING.order(sort), cursor=cursor, limit=limit, build=_out)


def _out(row: Row[Any]) -> SecurityEventOut:
    return SecurityEventOut(**{name: row._mapping[name] for name in SecurityEventOut.__struct_fields__})
