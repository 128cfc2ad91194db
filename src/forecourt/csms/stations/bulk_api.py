"""The routes of commands to many stations at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta
from sqlalchemy import Row, Select, select

from forecourt.csms.stations import bulk, bulk_store
from forecourt.csms.stations.bulk_store import bulk_command as table
from forecourt.csms.stations.bulk_store import bulk_target as target
from forecourt.csms.stations.commands_api import Expiry, Kind
from forecourt.csms.stations.forms import shown
from forecourt.csms.stations.model import Station, StationKey
from forecourt.csms.stations.raw import SendRaw
from forecourt.csms.stations.sending import DEFAULT_EXPIRY
from forecourt.csms.stations.shapes import Reference, Registration, StationParts, Text
from forecourt.csms.stations.store import command
from forecourt.csms.stations.store import station as station_table
from forecourt.csms.store.work import Work
from forecourt.csms.web.numbers import OrganisationNumber
from forecourt.csms.web.paging import CursorText, Limit, Page, Sorting, SortText, page_of
from forecourt.csms.web.requests import ApiRequest
from forecourt.csms.web.routes import UniqueKey, create, read
from forecourt.errors import Invalid, NotFound
from forecourt.ocpp.versions import VersionName

MOST_NAMED: Final = 10_000
Reach = Literal["waiting", "asked", "skipped", "cancelled"]


class Filter(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Stations by what they are; each that is given narrows the selection."""

    site_id: Reference | None = None
    vendor: Text | None = None
    model: Text | None = None
    version: VersionName | None = None
    registration: Registration | None = None
    connected: bool | None = None


class Selection(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which stations: named, or all of the organisation that a filter leaves (`all` with an empty filter is every one)."""

    station_ids: Annotated[list[Reference], Meta(min_length=1, max_length=MOST_NAMED)] | None = None
    filter: Filter | None = None
    all: bool = False


class BulkBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What many stations are to be asked. It is handed out to a few at a time."""

    organisation_id: Reference | None = None
    selection: Selection
    kind: Kind
    arguments: dict[str, Any] = msgspec.field(default_factory=dict)
    expires_in_s: Expiry = int(DEFAULT_EXPIRY.total_seconds())


class BulkOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A command to many stations and how far it has come. `counts` adds up to `total` (less for callers who do not see all of
    them): each station by the status of its command, or `waiting`, `skipped` or `cancelled` if it has none."""

    id: UUID
    organisation_id: int
    kind: str
    arguments: dict[str, Any]
    selection: dict[str, Any]
    total: int
    counts: dict[str, int]
    done: bool
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    handed_out_at: datetime | None
    cancelled_at: datetime | None
    cancelled_by: str


class TargetOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A station of a bulk command: its command, or why it has none."""

    station_id: int
    state: Reach
    reason: str
    detail: str
    command_id: UUID | None
    status: str | None
    command_reason: str | None


_SORTING: Final = Sorting(table.c.id, {"askedAt": table.c.asked_at}, "-askedAt")
_BY_STATION: Final = Sorting(target.c.station_id)
_OPEN: Final = ("waiting", "queued", "sent", "running")
_TAGS: Final = ["Bulk commands"]


def routes(parts: StationParts) -> list[HTTPRouteHandler]:
    """The routes of bulk commands."""

    @create(
        "/bulk-commands",
        permission="commands.send",
        tags=_TAGS,
        summary="Give many stations a command",
        status_code=202,
    )
    async def create_bulk_command(request: ApiRequest, data: JSONBody[BulkBody]) -> Response[BulkOut]:
        """Each station has a command of its own; one that cannot be given it is counted, with the reason. Commands that hold a
        secret are given to one station at a time."""
        if data.kind == SendRaw.kind:
            message = "raw messages are sent to one station at a time"
            raise Invalid("command_is_raw", message, {"kind": message})
        form = parts.forms.named(data.kind)
        async with request.change() as change:
            organisation = _organisation(request, data.organisation_id)
            chosen = await _chosen(change.work, data.selection, organisation)
            given = await form.fill(change.work, _anybody(organisation), data.arguments)
            new = await bulk.begin(
                change.work,
                given,
                chosen,
                organisation=organisation,
                selection=msgspec.to_builtins(data.selection),
                asked_by=request.caller.name,
                expires_in=timedelta(seconds=data.expires_in_s),
            )
            out = await _one(change.work, new.id)
            change.record("bulk_command.given", f"bulk-commands/{new.id}", organisation, after=out)
        await bulk.hand_out(parts.store, new.id)
        return request.tagged(out, status_code=202, location=f"/api/v1/bulk-commands/{new.id}")

    @read("/bulk-commands", permission="commands.read", tags=_TAGS, summary="List bulk commands")
    async def list_bulk_commands(
        request: ApiRequest,
        cursor: CursorText = None,
        limit: Limit = 50,
        sort: SortText = None,
        organisation_id: OrganisationNumber = None,
        kind: Annotated[str | None, QueryParameter(max_length=64)] = None,
    ) -> Page[BulkOut]:
        if kind is not None:
            parts.forms.named(kind)
        same = {"organisation_id": organisation_id, "kind": kind}
        statement = select(table).where(*(table.c[name] == value for name, value in same.items() if value is not None))
        async with request.work() as work:
            connection = await work.sql()
            page = await page_of(
                connection, statement, _SORTING.order(sort), cursor=cursor, limit=limit, build=lambda row: row
            )
            counts = await bulk_store.progress(connection, [row.id for row in page.items])
        return Page(items=[_out(row, counts.get(row.id, {})) for row in page.items], next=page.next)

    @read("/bulk-commands/{bulk_id:uuid}", permission="commands.read", tags=_TAGS, summary="Get a bulk command")
    async def get_bulk_command(request: ApiRequest, bulk_id: UniqueKey) -> Response[BulkOut]:
        async with request.work() as work:
            return request.tagged(await _one(work, bulk_id))

    @read(
        "/bulk-commands/{bulk_id:uuid}/stations",
        permission="commands.read",
        tags=_TAGS,
        summary="List the stations of a bulk command",
    )
    async def list_bulk_command_stations(
        request: ApiRequest,
        bulk_id: UniqueKey,
        cursor: CursorText = None,
        limit: Limit = 50,
        in_state: Annotated[Reach | None, QueryParameter(name="state")] = None,
        status: Annotated[str | None, QueryParameter(max_length=20, description="of the station's command")] = None,
    ) -> Page[TargetOut]:
        statement = (
            select(
                target,
                command.c.id.label("command_id"),
                command.c.status.label("status"),
                command.c.reason.label("command_reason"),
            )
            .outerjoin(command, (command.c.bulk_id == target.c.bulk_id) & (command.c.station_id == target.c.station_id))
            .where(target.c.bulk_id == bulk_id)
        )
        if in_state is not None:
            statement = statement.where(target.c.state == in_state)
        if status is not None:
            statement = statement.where(command.c.status == status)
        async with request.work() as work:
            await _one(work, bulk_id)
            return await page_of(
                await work.sql(), statement, _BY_STATION.order(None), cursor=cursor, limit=limit, build=_target
            )

    @create(
        "/bulk-commands/{bulk_id:uuid}/cancel",
        permission="commands.send",
        tags=_TAGS,
        summary="Cancel a bulk command",
        status_code=200,
    )
    async def cancel_bulk_command(request: ApiRequest, bulk_id: UniqueKey) -> Response[BulkOut]:
        """Whoever has not been asked is not asked any more, and commands that wait end as expired."""
        async with request.change() as change:
            before = await _one(change.work, bulk_id)
            if before.asked_by != request.caller.name:
                # It may reach further than this caller does.
                request.caller.check(request.permission, before.organisation_id)
            change.record("bulk_command.cancelled", f"bulk-commands/{bulk_id}", before.organisation_id, before=before)
        await bulk.cancel(parts.store, parts.sending, bulk_id, request.caller.name)
        async with parts.store.work() as work:
            return request.tagged(await _one(work, bulk_id))

    return [
        create_bulk_command,
        list_bulk_commands,
        get_bulk_command,
        list_bulk_command_stations,
        cancel_bulk_command,
    ]


def _organisation(request: ApiRequest, named: int | None) -> int:
    """Whose stations it is for. Which of them a caller reaches who works on sites only is seen when they are chosen.

    Raises NotFound, and Invalid when it has to be named.
    """
    organisations = request.caller.scope(request.permission).organisations
    if named is None and (organisations is None or request.caller.home(request.permission) is None):
        return request.organisation(None)
    chosen = request.caller.home(request.permission) if named is None else named
    if chosen is None or (organisations is not None and chosen not in organisations):
        message = f"there is no organisation {chosen}"
        raise NotFound("organisation_unknown", message, {"organisationId": message})
    return chosen


async def _chosen(work: Work, selection: Selection, organisation: int) -> Select[Any]:
    """The stations that are meant, all of which the caller may see. Raises Invalid for one that is not there."""
    columns = station_table.c
    chosen = select(columns.id, columns.organisation_id).where(columns.organisation_id == organisation)
    if (selection.station_ids is not None) + (selection.filter is not None or selection.all) != 1:
        message = "name stations, or give a filter, or say all"
        raise Invalid("selection_of_what", message, {"selection": message})
    if selection.station_ids is not None:
        wanted = list(dict.fromkeys(selection.station_ids))
        chosen = chosen.where(columns.id.in_(wanted))
        there = set((await (await work.sql()).execute(chosen.with_only_columns(columns.id))).scalars())
        missing = {
            f"selection.stationIds[{number}]": f"the organisation has no station {key}"
            for number, key in enumerate(selection.station_ids)
            if key not in there
        }
        if missing:
            raise Invalid(
                "station_unknown", f"{len(missing)} of the stations are not there", dict(list(missing.items())[:20])
            )
        return chosen
    narrowed = selection.filter or Filter()
    same = {
        "site_id": narrowed.site_id,
        "vendor": narrowed.vendor,
        "model": narrowed.model,
        "spoken_version": narrowed.version,
        "registration": narrowed.registration,
        "connected": narrowed.connected,
    }
    if not selection.all and all(value is None for value in same.values()):
        message = "an empty filter selects every station: say all if that is meant"
        raise Invalid("selection_of_what", message, {"selection.filter": message})
    return chosen.where(*(station_table.c[name] == value for name, value in same.items() if value is not None))


def _anybody(organisation: int) -> Station:
    """In place of a station, for arguments that must mean the same to all: a reference to something of one station is not found."""
    return Station(StationKey(0), "", organisation)  # type: ignore[arg-type]


async def _one(work: Work, bulk_id: UUID) -> BulkOut:
    connection = await work.sql()
    row = (await connection.execute(select(table).where(table.c.id == bulk_id))).one_or_none()
    if row is None:
        raise NotFound("bulk_command_unknown", f"there is no bulk command {bulk_id}")
    return _out(row, (await bulk_store.progress(connection, [bulk_id])).get(bulk_id, {}))


def _out(row: Row[Any], counts: dict[str, int]) -> BulkOut:
    names = [name for name in BulkOut.__struct_fields__ if name not in ("counts", "done")]
    fields = {name: row._mapping[name] for name in names}
    fields["arguments"] = shown(row.arguments)
    done = row.handed_out_at is not None or row.cancelled_at is not None
    return BulkOut(**fields, counts=counts, done=done and not any(counts.get(status) for status in _OPEN))


def _target(row: Row[Any]) -> TargetOut:
    return TargetOut(**{name: row._mapping[name] for name in TargetOut.__struct_fields__})
