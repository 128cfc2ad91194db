"""The routes of wanted configuration: what stations are to be set to, one by one and many at once, and how it stands with that."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta
from sqlalchemy import ColumnElement, Row, Text, cast, func, select

from forecourt.csms.blocks.provisioning import upkeep, wanted, wanted_store
from forecourt.csms.blocks.provisioning.actions import Provisioning
from forecourt.csms.blocks.provisioning.model import MAX_VALUE_LENGTH, Attribute, Component, Given, Name, Variable
from forecourt.csms.blocks.provisioning.wanted_store import WantedState, wanted_variable
from forecourt.csms.stations.model import Station, StationKey
from forecourt.csms.stations.registry import Stations
from forecourt.csms.stations.store import station as station_table
from forecourt.csms.stations.visible import visible
from forecourt.csms.store.work import Work
from forecourt.csms.web.instants import instant
from forecourt.csms.web.numbers import StationNumber
from forecourt.csms.web.paging import CursorText, Limit, Page, Sorting, page_of
from forecourt.csms.web.requests import ApiRequest
from forecourt.csms.web.routes import Key, create, read
from forecourt.csms.web.texts import ANY
from forecourt.errors import Invalid

Part = Annotated[str, Meta(min_length=1, max_length=50, pattern=ANY)]
Instance = Annotated[str, Meta(max_length=50, pattern=ANY)]
EvseNumber = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Value = Annotated[str, Meta(max_length=MAX_VALUE_LENGTH, pattern=ANY)]
Reference = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Kind = Literal["Actual", "Target", "MinSet", "MaxSet"]
State = Literal["waiting", "held", "reboot", "failed"]
MOST_AT_ONCE: Final = 200
MOST_STATIONS: Final = 500


class WantedOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A value that a station is asked to have until it has it. `state` is waiting, held, reboot (in use after its next boot) or
    failed, with the reason and when it is tried again."""

    component: str
    component_instance: str
    evse_id: int | None
    connector_id: int | None
    variable: str
    variable_instance: str
    attribute: Kind
    value: str
    state: State
    reason: str
    failures: int
    wanted_by: str
    wanted_at: datetime
    checked_at: datetime | None
    retry_at: datetime | None


class WantedOfStation(WantedOut, frozen=True, kw_only=True, rename="camel"):
    """The same with the station it is wanted of."""

    station_id: int
    station: str
    connected: bool


class WantedValue(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A value for a variable; null wants nothing particular of it any more, and leaves it as it is."""

    component: Part
    component_instance: Instance = ""
    evse_id: EvseNumber | None = None
    connector_id: EvseNumber | None = None
    variable: Part
    variable_instance: Instance = ""
    attribute: Kind = "Actual"
    value: Value | None


class WantedBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What a station is to be set to."""

    values: Annotated[list[WantedValue], Meta(min_length=1, max_length=MOST_AT_ONCE)]


class WantedOfMany(WantedBody, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What several stations are to be set to."""

    station_ids: Annotated[list[Reference], Meta(min_length=1, max_length=MOST_STATIONS)]


class WantedList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All that is wanted of a station."""

    items: list[WantedOut]


class Begun(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was wanted of how many stations at once: `wantedAt` finds it again."""

    wanted_at: datetime
    stations: int
    values: int


class WantedCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many wanted values there are in each state."""

    waiting: int
    held: int
    reboot: int
    failed: int


_DIGITS: Final = 19
_BY_STATION: Final = Sorting(
    (
        func.lpad(cast(wanted_variable.c.station_id, Text), _DIGITS, "0")
        + " "
        + wanted_variable.c.path
        + " "
        + wanted_variable.c.attribute
    ).label("place")
)
_TAGS: Final = ["Configuration"]
At = Annotated[
    str | None, QueryParameter(name="wantedAt", max_length=64, description="what was wanted at this instant")
]
Word = Annotated[str | None, QueryParameter(max_length=100)]


def routes(block: Provisioning, stations: Stations) -> list[HTTPRouteHandler]:
    """The routes of what is wanted."""

    @read(
        "/stations/{station_id:int}/wanted-variables",
        permission="configuration.read",
        tags=_TAGS,
        summary="List what a station is wanted to be set to",
    )
    async def list_wanted_variables(request: ApiRequest, station_id: Key) -> Response[WantedList]:
        async with request.work() as work:
            await visible(work, stations, station_id)
            return request.tagged(await _of_station(work, station_id))

    @create(
        "/stations/{station_id:int}/wanted-variables",
        permission="configuration.write",
        tags=_TAGS,
        summary="Want a station to be set to something",
        status_code=202,
    )
    async def want_variables(request: ApiRequest, station_id: Key, data: JSONBody[WantedBody]) -> Response[WantedList]:
        """Each value is set as soon as the station is there, checked, tried again when it is not taken, and looked at after every
        boot: stations lose their settings."""
        async with request.change() as change:
            station = await visible(change.work, stations, station_id)
            await _want(change.work, station, data.values, request.caller.name)
            out = await _of_station(change.work, station_id)
            change.record("station.variables_wanted", f"stations/{station_id}", station.organisation, after=data)
        await _look_after(block, [station])
        return request.tagged(out, status_code=202)

    @create(
        "/wanted-variables",
        permission="configuration.write",
        tags=_TAGS,
        summary="Want many stations to be set to something",
        status_code=202,
    )
    async def want_variables_of_many(request: ApiRequest, data: JSONBody[WantedOfMany]) -> Response[Begun]:
        """The same values for each of the stations, all or none: a station that is not there refuses it for all. How it stands with
        them tells the list, asked with `wantedAt`."""
        async with request.change() as change:
            chosen = await _visible(change.work, stations, data.station_ids)
            for station in chosen:
                await _want(change.work, station, data.values, request.caller.name)
                change.record(
                    "station.variables_wanted",
                    f"stations/{station.key}",
                    station.organisation,
                    after=WantedBody(values=data.values),
                )
            out = Begun(wanted_at=change.work.now, stations=len(chosen), values=len(data.values))
        await _look_after(block, chosen)
        return Response(out, status_code=202)

    @read(
        "/wanted-variables",
        permission="configuration.read",
        tags=_TAGS,
        summary="List what all stations are wanted to be set to",
    )
    async def list_all_wanted_variables(
        request: ApiRequest,
        cursor: CursorText = None,
        limit: Limit = 50,
        station_id: StationNumber = None,
        component: Word = None,
        name: Annotated[str | None, QueryParameter(name="variable", max_length=100)] = None,
        in_state: Annotated[State | None, QueryParameter(name="state")] = None,
        wanted_at: At = None,
    ) -> Page[WantedOfStation]:
        """Station by station."""
        columns = station_table.c
        statement = (
            select(wanted_variable, _BY_STATION.key, columns.wire_id, columns.connected)
            .join(station_table, columns.id == wanted_variable.c.station_id)
            .where(*_narrowed(station_id, component, name, in_state, wanted_at))
        )
        async with request.work() as work:
            return await page_of(
                await work.sql(), statement, _BY_STATION.order(None), cursor=cursor, limit=limit, build=_of_any
            )

    @read(
        "/wanted-variables/counts",
        permission="configuration.read",
        tags=_TAGS,
        summary="Count what all stations are wanted to be set to",
    )
    async def count_wanted_variables(
        request: ApiRequest,
        station_id: StationNumber = None,
        component: Word = None,
        name: Annotated[str | None, QueryParameter(name="variable", max_length=100)] = None,
        wanted_at: At = None,
    ) -> WantedCounts:
        """By state."""
        counted = (
            select(wanted_variable.c.state, func.count().label("count"))
            .where(*_narrowed(station_id, component, name, None, wanted_at))
            .group_by(wanted_variable.c.state)
        )
        async with request.work() as work:
            found = (await (await work.sql()).execute(counted)).all()
        counts = {row.state: row._mapping["count"] for row in found}
        return WantedCounts(**{state.value: counts.get(state.value, 0) for state in WantedState})

    return [
        list_wanted_variables,
        want_variables,
        want_variables_of_many,
        list_all_wanted_variables,
        count_wanted_variables,
    ]


async def _want(work: Work, station: Station, values: Sequence[WantedValue], by: str) -> None:
    given = [Given.to(_name(one), one.value) for one in values if one.value is not None]
    if given:
        await wanted.want(work, station, given, by)
    for one in values:
        if one.value is None:
            await wanted.unwant(work, station, _name(one))
    wanted.announce(work, station, await wanted_store.all_wanted(await work.sql(), station))


async def _visible(work: Work, stations: Stations, keys: Sequence[int]) -> list[Station]:
    """The stations with these numbers, each once. Raises Invalid naming those that the caller does not see."""
    wished = list(dict.fromkeys(keys))
    columns = station_table.c
    there = set((await (await work.sql()).execute(select(columns.id).where(columns.id.in_(wished)))).scalars())
    missing = {
        f"stationIds[{number}]": f"there is no station {key}" for number, key in enumerate(keys) if key not in there
    }
    if missing:
        raise Invalid(
            "station_unknown", f"{len(missing)} of the stations are not there", dict(list(missing.items())[:20])
        )
    return [stations.of_key(StationKey(key)) for key in wished]


async def _look_after(block: Provisioning, chosen: Sequence[Station]) -> None:
    async with block.store.work() as work:
        for station in chosen:
            upkeep.soon(work, station)


def _narrowed(
    station: int | None, component: str | None, name: str | None, state: str | None, wanted_at: str | None
) -> list[ColumnElement[bool]]:
    columns = wanted_variable.c
    conditions: list[ColumnElement[bool]] = []
    if station is not None:
        conditions.append(columns.station_id == station)
    for column, said in ((columns.component, component), (columns.variable, name)):
        if said is not None:
            conditions.append(func.lower(column) == said.casefold())
    if state is not None:
        conditions.append(columns.state == state)
    if wanted_at is not None:
        conditions.append(columns.wanted_at == instant("wantedAt", wanted_at))
    return conditions


async def _of_station(work: Work, station_id: int) -> WantedList:
    statement = select(wanted_variable).where(wanted_variable.c.station_id == station_id)
    found = await (await work.sql()).execute(statement.order_by(wanted_variable.c.path, wanted_variable.c.attribute))
    return WantedList(items=[WantedOut(**_fields(row)) for row in found])


def _of_any(row: Row[Any]) -> WantedOfStation:
    return WantedOfStation(**_fields(row), station_id=row.station_id, station=row.wire_id, connected=row.connected)


def _fields(row: Row[Any]) -> dict[str, Any]:
    return {name: row._mapping[name] for name in WantedOut.__struct_fields__}


def _name(one: WantedValue) -> Name:
    component = Component(one.component, one.component_instance, one.evse_id, one.connector_id)
    return Name(component, Variable(one.variable, one.variable_instance), Attribute(one.attribute))
