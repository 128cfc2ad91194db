"""The routes of stations: who there is, what is known of them, and what people say of them."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, QueryParameter
from msgspec import UNSET
from sqlalchemy import Row, Select, func, select
from sqlalchemy import text as sql_text

from forecourt.csms.stations import actions
from forecourt.csms.stations.credentials import digest, new_password
from forecourt.csms.stations.model import OrganisationKey, SecurityProfile, SiteKey, Station, StationKey
from forecourt.csms.stations.model import Registration as Registered
from forecourt.csms.stations.shapes import (
    SETTINGS,
    Registration,
    Settings,
    StationBody,
    StationChange,
    StationDetail,
    StationMade,
    StationOut,
    StationParts,
)
from forecourt.csms.stations.store import command
from forecourt.csms.stations.store import station as table
from forecourt.csms.store.work import Work
from forecourt.csms.web.numbers import OrganisationNumber, SiteNumber
from forecourt.csms.web.paging import CursorText, Limit, Page, Sorting, SortText, among, page_of, search
from forecourt.csms.web.requests import SHOWN_ONCE, ApiRequest
from forecourt.csms.web.routes import Key, change, create, read, remove
from forecourt.csms.web.texts import END
from forecourt.errors import Invalid, NotFound
from forecourt.ocpp.versions import VersionName
from forecourt.transport.closure import POLICY_VIOLATION

Number = Annotated[int | None, QueryParameter(ge=1, le=2**63 - 1)]
Words = Annotated[str | None, QueryParameter(max_length=100)]
State = Literal["Available", "Occupied", "Reserved", "Unavailable", "Faulted"]
# Litestar leaves a bound of 0 out of its description.
Profile = Annotated[int | None, QueryParameter(name="securityProfile", ge=0, le=3, schema_extra={"minimum": 0})]

_WITH_PASSWORD: Final = (1, 2)
_SORTING: Final = Sorting(
    table.c.id, {"stationId": table.c.wire_id, "name": table.c.name, "createdAt": table.c.created_at}, "stationId"
)
_TAGS: Final = ["Stations"]
MANY: Final = 20_000
"""So many that a search has found are listed by their numbers; among more a page is soon full in any order."""
# Searched in memory first (`Stations.called`): here every station would be read, and asked whether it may be seen.
_WORDS: Final = table.c.wire_id + "\n" + table.c.name + "\n" + table.c.serial_number
_SAME: Final = {
    "id": "id",
    "station_id": "wire_id",
    "version": "spoken_version",
    **{
        name: name for name in StationOut.__struct_fields__ if name not in ("id", "station_id", "version", "connectors")
    },
}


def routes(parts: StationParts) -> list[HTTPRouteHandler]:
    """The routes of stations."""

    @read("/stations", permission="stations.read", tags=_TAGS, summary="List stations")
    async def list_stations(
        request: ApiRequest,
        cursor: CursorText = None,
        limit: Limit = 50,
        sort: SortText = None,
        station_id: Annotated[
            str | None, QueryParameter(name="stationId", max_length=100, description="exactly so")
        ] = None,
        organisation_id: OrganisationNumber = None,
        site_id: SiteNumber = None,
        in_state: Annotated[State | None, QueryParameter(name="state", description="that a connector is in")] = None,
        vendor: Words = None,
        model: Words = None,
        version: Annotated[VersionName | None, QueryParameter(description="spoken last")] = None,
        registration: Annotated[Registration | None, QueryParameter()] = None,
        security_profile: Profile = None,
        connected: Annotated[bool | None, QueryParameter()] = None,
        enabled: Annotated[bool | None, QueryParameter()] = None,
        ids: Annotated[
            str | None,
            QueryParameter(pattern=r"^[1-9]\d{0,17}(,[1-9]\d{0,17}){0,199}" + END, description="these, as `1,2,3`"),
        ] = None,
        text: Annotated[
            str | None,
            QueryParameter(name="search", max_length=100, description="in the station's id, name and serial number"),
        ] = None,
    ) -> Page[StationOut]:
        same = {
            "wire_id": station_id,
            "organisation_id": organisation_id,
            "site_id": site_id,
            "vendor": vendor,
            "model": model,
            "spoken_version": version,
            "registration": registration,
            "security_profile": security_profile,
            "connected": connected,
            "enabled": enabled,
        }
        statement = select(table).where(*(table.c[name] == value for name, value in same.items() if value is not None))
        if ids:
            statement = statement.where(table.c.id.in_([int(one) for one in ids.split(",")]))
        if in_state is not None:
            statement = statement.where(parts.in_state(table.c.id.expression, in_state))
        if text:
            scope = request.caller.scope(request.permission)
            seen = (one.key for one in parts.stations.called(text) if scope.sees(one.organisation, one.site))
            keys = list(islice(seen, MANY + 1))
            statement = statement.where(among(table.c.id, keys) if len(keys) <= MANY else _WORDS.ilike(search(text)))

        def build(row: Row[Any]) -> StationOut:
            return StationOut(**_shared(parts, row))

        async with request.work() as work:
            connection = await work.sql()
            return await page_of(connection, statement, _SORTING.order(sort), cursor=cursor, limit=limit, build=build)

    @create("/stations", permission="stations.write", tags=_TAGS, summary="Add a station")
    async def create_station(request: ApiRequest, data: JSONBody[StationBody]) -> Response[StationMade]:
        """The answer says what to enter at the station: the address, and the password, which is not shown again."""
        organisation = request.organisation(data.organisation_id)
        password = _password(data)
        async with request.change() as change:
            await _check_site(change.work, data.site_id, organisation)
            station = await actions.add(
                change.work,
                wire_id=data.station_id,
                organisation=OrganisationKey(organisation),
                site=None if data.site_id is None else SiteKey(data.site_id),
                name=data.name,
                profile=SecurityProfile(str(data.security_profile)),
                password_hmac=None if password is None else digest(password, parts.pepper),
                registration=Registered(data.registration),
                certificate_name=data.certificate_name,
                assumed_version=data.assumed_version,
                soap=data.soap_enabled,
                soap_address=data.soap_address,
            )
            out = await _one(parts, request, change.work, station.key, new=station)
            change.record("station.added", f"stations/{station.key}", organisation, after=_settings(out))
        parts.stations.add(station)
        made = StationMade(**_fields(out), password=password)
        location = {"Location": f"/api/v1/stations/{station.key}"}
        return Response(made, status_code=201, headers={**location, **(SHOWN_ONCE if password else {})})

    @read("/stations/{station_id:int}", permission="stations.read", tags=_TAGS, summary="Get a station")
    async def get_station(request: ApiRequest, station_id: Key) -> Response[StationDetail]:
        """Its entity tag goes by what people have said of it, so that a heartbeat spoils nobody's change."""
        async with request.work() as work:
            out = await _one(parts, request, work, station_id)
        return request.tagged(out, tag_by=_settings(out))

    @change("/stations/{station_id:int}", permission="stations.write", tags=_TAGS, summary="Change a station")
    async def change_station(
        request: ApiRequest, station_id: Key, data: JSONBody[StationChange]
    ) -> Response[StationDetail]:
        given = {name: getattr(data, name) for name in data.__struct_fields__}
        values = {name: value for name, value in given.items() if value is not UNSET}
        async with request.change() as change:
            before = await _one(parts, request, change.work, station_id)
            request.require_match(_settings(before))
            if "site_id" in values and values["site_id"] is None:
                # Without a site it belongs to the organisation as a whole.
                request.caller.check(request.permission, before.organisation_id)
            await _check_site(change.work, values.get("site_id"), before.organisation_id)
            await actions.change(change.work, station_id, before.organisation_id, before.station_id, values)
            # A restricted caller that has moved it out of its sight is still told what has become of it.
            out = _changed(before, values)
            change.record(
                "station.changed",
                f"stations/{station_id}",
                before.organisation_id,
                before=_settings(before),
                after=_settings(out),
            )
        station = parts.stations.of_key(StationKey(station_id))
        actions.apply(station, values)
        link = parts.stations.link_if_any(station)
        if not station.enabled and link is not None:
            link.close(POLICY_VIOLATION, "this station is disabled")
        return request.tagged(out, tag_by=_settings(out))

    @remove("/stations/{station_id:int}", permission="stations.write", tags=_TAGS, summary="Remove a station")
    async def remove_station(request: ApiRequest, station_id: Key) -> None:
        """One that has a history (commands, transactions) stays; disable it instead."""
        async with request.change() as change:
            before = await _one(parts, request, change.work, station_id)
            request.require_match(_settings(before))
            await actions.remove(change.work, station_id, before.organisation_id, before.station_id)
            change.record("station.removed", f"stations/{station_id}", before.organisation_id, before=_settings(before))
        station = parts.stations.of_key(StationKey(station_id))
        link = parts.stations.link_if_any(station)
        parts.stations.forget(station)
        if link is not None:
            link.close(POLICY_VIOLATION, "this station was removed")

    return [list_stations, create_station, get_station, change_station, remove_station]


async def _one(
    parts: StationParts, request: ApiRequest, work: Work, key: int, *, new: Station | None = None
) -> StationDetail:
    waiting = select(func.count()).where(command.c.station_id == table.c.id, command.c.status == "queued")
    statement: Select[Any] = select(table, waiting.scalar_subquery().label("waiting_commands")).where(table.c.id == key)
    row = (await (await work.sql()).execute(statement)).one_or_none()
    if row is None:
        raise NotFound("station_unknown", f"there is no station {key}")
    shared = _shared(parts, row, new)
    spoken = shared["version"] or shared["assumed_version"]
    dialect = next((one for version, one in parts.dialects.items() if version.name == spoken), None)
    return StationDetail(
        **shared,
        url=parts.url_of(request.url.hostname or "localhost", shared["station_id"], shared["security_profile"]),
        boot_details=row.boot_details,
        capabilities=None if dialect is None else sorted(dialect.capabilities),
        offered_security_profile=row.offered_security_profile,
        waiting_commands=row.waiting_commands,
    )


def _shared(parts: StationParts, row: Row[Any], new: Station | None = None) -> dict[str, Any]:
    """The fields of a station in lists. Where it is and how its connectors are is what this process knows, if it does."""
    columns = row._mapping
    fields: dict[str, Any] = {name: columns[column] for name, column in _SAME.items()}
    station = new or parts.stations.named(columns["wire_id"])
    if station is not None and station.last_seen_at is not None:
        seen: datetime | None = fields["last_seen_at"]
        fields["last_seen_at"] = station.last_seen_at if seen is None else max(seen, station.last_seen_at)
    return {**fields, "connectors": [] if station is None else parts.places(station)}


def _fields(out: msgspec.Struct) -> dict[str, Any]:
    return msgspec.structs.asdict(out)


def _settings(out: StationOut) -> Settings:
    return Settings(values={"station_id": out.station_id, **{name: getattr(out, name) for name in SETTINGS}})


def _changed(before: StationDetail, values: dict[str, Any]) -> StationDetail:
    return msgspec.structs.replace(before, **values)


def _password(data: StationBody) -> str | None:
    """The password of a new station, made up if none is given. Raises Invalid where one can have none."""
    if data.security_profile in _WITH_PASSWORD:
        return data.password or new_password()
    if data.password is not None:
        message = f"a station of security profile {data.security_profile} proves itself without a password"
        raise Invalid("password_not_used", message, {"password": message})
    return None


async def _check_site(work: Work, site: int | None, organisation: int) -> None:
    """Raise Invalid unless it is a site of that organisation that the caller may see."""
    if site is None:
        return
    found = await (await work.sql()).execute(
        sql_text("SELECT 1 FROM site WHERE id = :site AND organisation_id = :organisation"),
        {"site": site, "organisation": organisation},
    )
    if found.first() is None:
        message = f"the organisation has no site {site}"
        raise Invalid("site_unknown", message, {"siteId": message})
