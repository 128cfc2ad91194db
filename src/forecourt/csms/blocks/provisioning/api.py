"""The routes of provisioning: who is accepted, what stations are set to, and what they are wanted to be set to."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta
from sqlalchemy import ColumnElement, Row, and_, func, or_, select

from forecourt.csms.blocks.provisioning import boots
from forecourt.csms.blocks.provisioning.actions import Provisioning
from forecourt.csms.blocks.provisioning.model import MAX_VALUE_LENGTH
from forecourt.csms.blocks.provisioning.report_store import report
from forecourt.csms.blocks.provisioning.store import provisioning, variable
from forecourt.csms.blocks.provisioning.wanted_store import wanted_variable
from forecourt.csms.stations.model import Registration, Station
from forecourt.csms.stations.registry import Stations
from forecourt.csms.stations.sending import Sending
from forecourt.csms.stations.shapes import Registration as Decision
from forecourt.csms.stations.visible import visible
from forecourt.csms.store.work import Work
from forecourt.csms.web.paging import CursorText, Limit, Page, Sorting, page_of, search
from forecourt.csms.web.requests import ApiRequest
from forecourt.csms.web.routes import Key, read, replace
from forecourt.csms.web.texts import ANY

Part = Annotated[str, Meta(min_length=1, max_length=50, pattern=ANY)]
Instance = Annotated[str, Meta(max_length=50, pattern=ANY)]
EvseNumber = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Value = Annotated[str, Meta(max_length=MAX_VALUE_LENGTH, pattern=ANY)]
Kind = Literal["Actual", "Target", "MinSet", "MaxSet"]
Words = Annotated[str | None, QueryParameter(max_length=100)]
MOST_AT_ONCE: Final = 200


class RegistrationOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a station was last told when it booted, and what it is to be told next time, if somebody has decided that."""

    registration: str
    decision: str | None
    decided_by: str
    decided_at: datetime | None


class RegistrationBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The decision about a station."""

    registration: Decision


class VariableOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A variable of a station (a configuration key in 1.6) as it was last reported, and what it is wanted to be, if anything."""

    component: str
    component_instance: str
    evse_id: int | None
    connector_id: int | None
    variable: str
    variable_instance: str
    attribute: Kind
    value: str | None
    mutability: str
    persistent: bool | None
    constant: bool | None
    data_type: str
    unit: str
    min_limit: float | None
    max_limit: float | None
    max_elements: int | None
    values_list: str
    reported_at: datetime
    missing_since: datetime | None
    wanted: str | None
    wanted_state: str | None


class ReportOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A report that a station was asked for, and how far it has come."""

    request_id: int
    base: str
    asked_at: datetime
    heard_at: datetime | None
    parts: int
    variables: int
    ended_at: datetime | None
    failure: str


_PLACE: Final = (variable.c.path + " " + variable.c.attribute).label("place")
_BY_NAME: Final = Sorting(_PLACE)
_BY_NUMBER: Final = Sorting(report.c.request_id, default="-id")
_TAGS: Final = ["Configuration"]


def routes(block: Provisioning, stations: Stations, sending: Sending) -> list[HTTPRouteHandler]:
    """The routes of this block."""

    @read(
        "/stations/{station_id:int}/registration",
        permission="stations.read",
        tags=["Stations"],
        summary="Get whether a station is accepted",
    )
    async def get_station_registration(request: ApiRequest, station_id: Key) -> Response[RegistrationOut]:
        async with request.work() as work:
            station = await visible(work, stations, station_id)
            return request.tagged(await _registration(work, station))

    @replace(
        "/stations/{station_id:int}/registration",
        permission="stations.write",
        tags=["Stations"],
        summary="Accept a station, have it wait, or turn it away",
    )
    async def decide_station_registration(
        request: ApiRequest, station_id: Key, data: JSONBody[RegistrationBody]
    ) -> Response[RegistrationOut]:
        """A station hears of it when it boots next; one that waits is asked to boot now, one that is turned away is sent away."""
        async with request.change() as change:
            station = await visible(change.work, stations, station_id)
            before = await _registration(change.work, station)
            request.require_match(before)
            change.record(
                "station.registration_decided",
                f"stations/{station_id}",
                station.organisation,
                before=before,
                after=data,
            )
        name, decided = request.caller.name, Registration(data.registration)
        if decided is Registration.ACCEPTED:
            await boots.accept(block.store, sending, stations, station, name)
        elif decided is Registration.PENDING:
            await boots.hold_back(block.store, station, name)
        else:
            await boots.reject(block.store, stations, station, name)
        async with block.store.work() as work:
            return request.tagged(await _registration(work, station))

    @read(
        "/stations/{station_id:int}/variables",
        permission="configuration.read",
        tags=_TAGS,
        summary="List the variables of a station",
    )
    async def list_station_variables(
        request: ApiRequest,
        station_id: Key,
        cursor: CursorText = None,
        limit: Limit = 50,
        component: Words = None,
        name: Annotated[str | None, QueryParameter(name="variable", max_length=100)] = None,
        evse_id: Annotated[int | None, QueryParameter(name="evseId", ge=1, le=2**31 - 1)] = None,
        writable: Annotated[bool | None, QueryParameter(description="whether it can be set")] = None,
        words: Annotated[
            str | None, QueryParameter(name="search", max_length=100, description="in names and values")
        ] = None,
    ) -> Page[VariableOut]:
        """As last reported, by name. Ask for them anew with the commands RequestReport and GetVariables."""
        columns = variable.c
        wish = and_(
            wanted_variable.c.station_id == columns.station_id,
            wanted_variable.c.path == columns.path,
            wanted_variable.c.attribute == columns.attribute,
        )
        statement = (
            select(
                variable,
                _PLACE,
                wanted_variable.c.value.label("wanted"),
                wanted_variable.c.state.label("wanted_state"),
            )
            .outerjoin(wanted_variable, wish)
            .where(columns.station_id == station_id)
        )
        for column, said in ((columns.component, component), (columns.variable, name)):
            if said is not None:
                statement = statement.where(func.lower(column) == said.casefold())
        if evse_id is not None:
            statement = statement.where(columns.evse_id == evse_id)
        if writable is not None:
            can = columns.mutability != "ReadOnly"
            statement = statement.where(can if writable else ~can)
        if words:
            pattern = search(words)
            found: list[ColumnElement[bool]] = [
                one.ilike(pattern) for one in (columns.component, columns.variable, columns.value)
            ]
            statement = statement.where(or_(*found))
        async with request.work() as work:
            await visible(work, stations, station_id)
            return await page_of(
                await work.sql(), statement, _BY_NAME.order(None), cursor=cursor, limit=limit, build=_variable
            )

    @read(
        "/stations/{station_id:int}/reports",
        permission="configuration.read",
        tags=_TAGS,
        summary="List the reports a station was asked for",
    )
    async def list_station_reports(
        request: ApiRequest, station_id: Key, cursor: CursorText = None, limit: Limit = 50
    ) -> Page[ReportOut]:
        """The latest first."""
        async with request.work() as work:
            await visible(work, stations, station_id)
            statement = select(report).where(report.c.station_id == station_id)
            return await page_of(
                await work.sql(), statement, _BY_NUMBER.order(None), cursor=cursor, limit=limit, build=_report
            )

    return [
        get_station_registration,
        decide_station_registration,
        list_station_variables,
        list_station_reports,
    ]


async def _registration(work: Work, station: Station) -> RegistrationOut:
    columns = provisioning.c
    found = await (await work.sql()).execute(
        select(columns.decision, columns.decided_by, columns.decided_at).where(columns.station_id == station.key)
    )
    row = found.one_or_none()
    return RegistrationOut(
        registration=station.registration.value,
        decision=None if row is None else row.decision,
        decided_by="" if row is None else row.decided_by,
        decided_at=None if row is None else row.decided_at,
    )


def _variable(row: Row[Any]) -> VariableOut:
    fields = {name: row._mapping[name] for name in VariableOut.__struct_fields__}
    for limit in ("min_limit", "max_limit"):
        fields[limit] = None if fields[limit] is None else float(fields[limit])
    return VariableOut(**fields)


def _report(row: Row[Any]) -> ReportOut:
    fields = {name: row._mapping[name] for name in ReportOut.__struct_fields__}
    return ReportOut(**{**fields, "parts": len(row.parts)})
