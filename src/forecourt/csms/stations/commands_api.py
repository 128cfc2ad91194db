"""The routes of commands: to one station, and what became of them. Those to many are in `bulk_api`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta
from sqlalchemy import Row, select

from forecourt.csms.redaction import redacted_value
from forecourt.csms.stations.commands import Command
from forecourt.csms.stations.forms import shown
from forecourt.csms.stations.model import Station
from forecourt.csms.stations.orders import Order
from forecourt.csms.stations.raw import SendRaw, request_of
from forecourt.csms.stations.sending import DEFAULT_EXPIRY, LONGEST_EXPIRY
from forecourt.csms.stations.shapes import StationParts
from forecourt.csms.stations.store import command as table
from forecourt.csms.stations.visible import stands_at, visible
from forecourt.csms.store.work import Work
from forecourt.csms.web.audit import Change
from forecourt.csms.web.instants import FromInstant, ToInstant, between
from forecourt.csms.web.numbers import OrganisationNumber, SiteNumber, StationNumber
from forecourt.csms.web.paging import CursorText, Limit, Page, Sorting, SortText, page_of
from forecourt.csms.web.requests import ApiRequest
from forecourt.csms.web.routes import Key, UniqueKey, create, read
from forecourt.csms.web.texts import WORD
from forecourt.errors import Conflict, Invalid, NotFound, Offline

Status = Literal["queued", "sent", "accepted", "running", "refused", "unanswered", "expired", "finished", "failed"]
Expiry = Annotated[
    int,
    Meta(
        ge=1,
        le=int(LONGEST_EXPIRY.total_seconds()),
        description="for how many seconds it may wait for the station to connect",
    ),
]
Kind = Annotated[str, Meta(min_length=1, max_length=64, pattern=WORD, description="see /command-kinds")]
LONGEST_WAIT_S: Final = 60.0
Wait = Annotated[
    float,
    QueryParameter(
        name="wait",
        ge=0,
        le=LONGEST_WAIT_S,
        description="for how many seconds to wait for the station's answer",
        # Litestar leaves a bound of 0 out of its description.
        schema_extra={"minimum": 0},
    ),
]


class CommandKindOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A kind of command, in which versions there is one, and the JSON Schema of its arguments."""

    kind: str
    title: str
    summary: str
    versions: list[str]
    arguments: dict[str, Any]


class CommandKinds(msgspec.Struct, frozen=True, kw_only=True):
    """All kinds of commands."""

    items: list[CommandKindOut]


class CommandOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A command and what became of it. `reason` is the station's own word, or ours; secrets are left out everywhere."""

    id: UUID
    organisation_id: int
    station_id: int
    bulk_id: UUID | None
    kind: str
    arguments: dict[str, Any]
    status: Status
    reason: str
    result: dict[str, Any] | None
    request_id: int | None
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    sent_at: datetime | None
    ended_at: datetime | None


class CommandBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What a station is to be asked. A station that is away is asked when it is back, unless the command has expired."""

    kind: Kind
    arguments: dict[str, Any] = msgspec.field(default_factory=dict)
    expires_in_s: Expiry = int(DEFAULT_EXPIRY.total_seconds())


class RawBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A message in the words of the station's version, literally. It is checked by the version's own rules."""

    action: Annotated[str, Meta(min_length=1, max_length=64, pattern=WORD)]
    payload: dict[str, Any] = msgspec.field(default_factory=dict)
    expires_in_s: Expiry = int(DEFAULT_EXPIRY.total_seconds())


# In the order of asking: version 4 identifiers have none, so the instant is what lists go by.
_SORTING: Final = Sorting(table.c.id, {"askedAt": table.c.asked_at}, "-askedAt")
_TAGS: Final = ["Commands"]
_UNFINISHED: Final = ("queued", "sent", "running")
_LATER: Final = {202: ResponseSpec(CommandOut, generate_examples=False, description="It is still under way")}


def routes(parts: StationParts) -> list[HTTPRouteHandler]:
    """The routes of commands."""
    kinds = CommandKinds(
        items=[
            CommandKindOut(
                kind=form.command.kind,
                title=form.title,
                summary=form.summary,
                versions=[version.name for version, one in parts.dialects.items() if form.command in one.says],
                arguments=form.schema,
            )
            for form in parts.forms
        ]
    )

    @read("/command-kinds", permission="commands.read", tags=_TAGS, summary="List the kinds of commands")
    async def list_command_kinds(request: ApiRequest) -> Response[CommandKinds]:
        """Which of them a station can be given says its `capabilities`."""
        return request.tagged(kinds)

    @create(
        "/stations/{station_id:int}/commands",
        permission="commands.send",
        tags=_TAGS,
        summary="Give a station a command",
        responses=_LATER,
    )
    async def create_command(
        request: ApiRequest, station_id: Key, data: JSONBody[CommandBody], wait: Wait = 0.0
    ) -> Response[CommandOut]:
        """Answers 201 when its outcome is known, 202 when it is still under way after `wait` seconds, or at once when the station
        is away. A refusal of the station is an outcome as well; a problem means that nothing was recorded."""
        if data.kind == SendRaw.kind:
            message = "raw messages have a route of their own: POST .../raw-commands"
            raise Invalid("command_is_raw", message, {"kind": message})
        form = parts.forms.named(data.kind)
        async with request.change() as change:
            station = await visible(change.work, parts.stations, station_id)
            command = await form.fill(change.work, station, data.arguments)
            order = await _give(parts, request, change, station, command, data.expires_in_s)
        return await _answer(parts, request, order, wait)

    @create(
        "/stations/{station_id:int}/raw-commands",
        permission="commands.send_raw",
        tags=_TAGS,
        summary="Send a station a message literally",
        responses=_LATER,
    )
    async def create_raw_command(
        request: ApiRequest, station_id: Key, data: JSONBody[RawBody], wait: Wait = 0.0
    ) -> Response[CommandOut]:
        """For experts and vendors' extensions: whatever the station's version has, and what nothing else here says."""
        command = SendRaw(data.action, data.payload)
        async with request.change() as change:
            station = await visible(change.work, parts.stations, station_id)
            _check_raw(parts, station, command)
            order = await _give(parts, request, change, station, command, data.expires_in_s)
        return await _answer(parts, request, order, wait)

    @read("/commands", permission="commands.read", tags=_TAGS, summary="List commands")
    async def list_commands(
        request: ApiRequest,
        cursor: CursorText = None,
        limit: Limit = 50,
        sort: SortText = None,
        organisation_id: OrganisationNumber = None,
        site_id: SiteNumber = None,
        station_id: StationNumber = None,
        bulk_id: Annotated[UUID | None, QueryParameter(name="bulkId")] = None,
        kind: Annotated[str | None, QueryParameter(max_length=64)] = None,
        status: Annotated[Status | None, QueryParameter()] = None,
        asked_by: Annotated[str | None, QueryParameter(name="askedBy", max_length=200)] = None,
        since: FromInstant = None,
        until: ToInstant = None,
    ) -> Page[CommandOut]:
        if kind is not None:
            parts.forms.named(kind)
        same = {
            "organisation_id": organisation_id,
            "station_id": station_id,
            "bulk_id": bulk_id,
            "kind": kind,
            "status": status,
            "asked_by": asked_by,
        }
        statement = select(table).where(
            *(table.c[name] == value for name, value in same.items() if value is not None),
            *between(table.c.asked_at, since, until),
        )
        if site_id is not None:
            statement = statement.where(stands_at(table.c.station_id, site_id))
        async with request.work() as work:
            connection = await work.sql()
            return await page_of(connection, statement, _SORTING.order(sort), cursor=cursor, limit=limit, build=_out)

    @read("/commands/{command_id:uuid}", permission="commands.read", tags=_TAGS, summary="Get a command")
    async def get_command(request: ApiRequest, command_id: UniqueKey) -> Response[CommandOut]:
        async with request.work() as work:
            return request.tagged(await _one(work, command_id))

    @create(
        "/commands/{command_id:uuid}/cancel",
        permission="commands.send",
        tags=_TAGS,
        summary="Cancel a command that waits",
        status_code=200,
    )
    async def cancel_command(request: ApiRequest, command_id: UniqueKey) -> Response[CommandOut]:
        """One that is on its way, or has ended, cannot be taken back."""
        async with request.change() as change:
            before = await _one(change.work, command_id)
            change.record(
                "command.cancelled", f"commands/{command_id}", before.organisation_id, before={"status": before.status}
            )
        if not await parts.sending.cancel(lambda order: order.id == command_id, request.caller.name):
            raise Conflict("command_under_way", "this command does not wait: it is on its way, or has ended")
        async with parts.store.work() as work:
            return request.tagged(await _one(work, command_id))

    return [
        list_command_kinds,
        create_command,
        create_raw_command,
        list_commands,
        get_command,
        cancel_command,
    ]


async def _give(
    parts: StationParts, request: ApiRequest, change: Change, station: Station, command: Command, expires_in_s: int
) -> Order:
    """The change, with the audit log, is committed together with the command."""
    order = parts.sending.new(
        change.work, station, command, asked_by=request.caller.name, expires_in=timedelta(seconds=expires_in_s)
    )
    arguments = redacted_value(msgspec.to_builtins(command))
    given = {"id": str(order.id), "kind": command.kind, "arguments": shown(arguments)}
    change.record("command.given", f"stations/{station.key}", station.organisation, after=given)
    await parts.sending.give(change.work, order)
    return order


async def _answer(parts: StationParts, request: ApiRequest, order: Order, wait_s: float) -> Response[CommandOut]:
    if parts.stations.link_if_any(order.station) is not None:
        # Who is away answers nothing: that may take days.
        await parts.sending.wait(order, wait_s)
    async with parts.store.work() as work:
        out = await _one(work, order.id)
    ended = out.status not in _UNFINISHED
    return request.tagged(out, status_code=201 if ended else 202, location=f"/api/v1/commands/{order.id}")


def _check_raw(parts: StationParts, station: Station, command: SendRaw) -> None:
    """Raise Invalid, naming the path, for what the version that a station speaks does not have."""
    try:
        version = parts.stations.link_of(station).dialect.version
    except Offline:
        return
    request_of(version, command)


async def _one(work: Work, command_id: UUID) -> CommandOut:
    row = (await (await work.sql()).execute(select(table).where(table.c.id == command_id))).one_or_none()
    if row is None:
        raise NotFound("command_unknown", f"there is no command {command_id}")
    return _out(row)


def _out(row: Row[Any]) -> CommandOut:
    fields = {name: row._mapping[name] for name in CommandOut.__struct_fields__}
    return CommandOut(**{**fields, "arguments": shown(row.arguments), "result": shown(row.result)})
