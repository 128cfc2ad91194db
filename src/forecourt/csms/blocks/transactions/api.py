"""The routes of transactions: what was charged, how each figure came about, limits, stopping, and an export."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Final, Literal

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody, QueryParameter
from litestar.response import Stream
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.csms.blocks.metering import actions as metering
from forecourt.csms.blocks.metering.model import MeterValues, series_of
from forecourt.csms.blocks.transactions import records
from forecourt.csms.blocks.transactions.filters import Filters, State
from forecourt.csms.blocks.transactions.limiting import set_limits
from forecourt.csms.blocks.transactions.model import TransactionKey
from forecourt.csms.blocks.transactions.record import Record
from forecourt.csms.blocks.transactions.shapes import (
    LimitsBody,
    StopBody,
    StopOut,
    TransactionDetail,
    TransactionEvents,
    TransactionOut,
    TransactionParts,
    detail_of,
    event_of,
    row_out,
)
from forecourt.csms.blocks.transactions.store import transaction as table
from forecourt.csms.blocks.transactions.timeline import in_order
from forecourt.csms.stations.model import StationKey
from forecourt.csms.stations.store import station as station_table
from forecourt.csms.store.work import Work
from forecourt.csms.web.csv_text import MEDIA_TYPE, lines
from forecourt.csms.web.instants import FromInstant, ToInstant
from forecourt.csms.web.numbers import OrganisationNumber, SiteNumber, StationNumber, TokenNumber
from forecourt.csms.web.paging import CursorText, Limit, Order, Page, Sorting, SortText, page_of
from forecourt.csms.web.requests import ApiRequest
from forecourt.csms.web.routes import Key, create, read, replace
from forecourt.errors import Conflict, NotFound

Most = Annotated[int, QueryParameter(name="maxPoints", ge=2, le=10_000, description="how many points per series")]
Phase_ = Literal["", "L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N", "L1-L2", "L2-L3", "L3-L1"]
LONGEST_WAIT_S: Final = 60.0
Wait = Annotated[
    float,
    QueryParameter(ge=0, le=LONGEST_WAIT_S, description="for how many seconds to wait for the station's answer"),
]

_SORTING: Final = Sorting(table.c.id, {"startedAt": table.c.started_at}, "-startedAt")
_OLDEST_FIRST: Final = _SORTING.order("startedAt")
_TAGS: Final = ["Transactions"]
_PER_PAGE: Final = 1000


def routes(parts: TransactionParts) -> list[HTTPRouteHandler]:
    """The routes of transactions."""

    @replace(
        "/transactions/{transaction_id:int}/limits",
        permission="transactions.control",
        tags=_TAGS,
        summary="Set the limits of a running transaction",
    )
    async def set_transaction_limits(
        request: ApiRequest, transaction_id: Key, data: JSONBody[LimitsBody]
    ) -> Response[TransactionDetail]:
        """Kinds that are left out have no limit from now on. Refused is what nobody can observe: `errors` say why."""
        async with request.change() as change:
            before = await _load(change.work, transaction_id)
            after = await set_limits(
                parts.block,
                parts.store,
                parts.stations,
                before.id,
                data.limits(before.currency or parts.block.currency),
            )
            change.record(
                "transaction.limited",
                f"transactions/{transaction_id}",
                before.organisation_id,
                before={} if before.limits_wanted is None else before.limits_wanted,
                after={} if after.limits_wanted is None else after.limits_wanted,
            )
            out = await _detail(change.work, after)
        return request.tagged(out)

    @create(
        "/transactions/{transaction_id:int}/stop",
        permission="transactions.control",
        tags=_TAGS,
        summary="Ask the station to stop a transaction",
        status_code=202,
    )
    async def stop_transaction(
        request: ApiRequest, transaction_id: Key, data: JSONBody[StopBody], wait: Wait = 0.0
    ) -> Response[StopOut]:
        """Answers with the command, after the station's answer or `wait` seconds. A station that is away is asked when it is
        back within five minutes."""
        async with request.change() as change:
            record = await _load(change.work, transaction_id)
            if record.ended:
                raise Conflict("transaction_ended", f"transaction {record.wire_id} has ended")
            station = parts.stations.of_key(StationKey(record.station_id))
            order = await parts.stop(station, record.reference, request.caller.name)
            change.record(
                "transaction.stopped",
                f"transactions/{transaction_id}",
                record.organisation_id,
                after={"command": str(order.id), "reason": data.reason},
            )
        if wait > 0:
            await parts.sending.wait(order, wait)
        out = StopOut(
            command_id=order.id, transaction_id=transaction_id, status=order.status.value, reason=order.reason
        )
        return Response(out, status_code=202)

    return [
        list_transactions,
        export_transactions,
        get_transaction,
        get_meter_values,
        list_transaction_events,
        set_transaction_limits,
        stop_transaction,
    ]


@read("/transactions", permission="transactions.read", tags=_TAGS, summary="List transactions")
async def list_transactions(
    request: ApiRequest,
    cursor: CursorText = None,
    limit: Limit = 50,
    sort: SortText = None,
    organisation_id: OrganisationNumber = None,
    station_id: StationNumber = None,
    site_id: SiteNumber = None,
    token_id: TokenNumber = None,
    token: Annotated[str | None, QueryParameter(max_length=255, description="its value, in any case")] = None,
    in_state: Annotated[State | None, QueryParameter(name="state")] = None,
    refused: Annotated[bool | None, QueryParameter(description="whether its token was refused")] = None,
    since: FromInstant = None,
    until: ToInstant = None,
) -> Page[TransactionOut]:
    """The newest first. `from` and `to` are about the begin."""
    filters = Filters(
        organisation=organisation_id,
        station=station_id,
        site=site_id,
        token_id=token_id,
        token=token,
        state=in_state,
        refused=refused,
        since=since,
        until=until,
    )
    return await _page(request, filters, _SORTING.order(sort), cursor, limit)


@read(
    "/transactions/export",
    permission="transactions.read",
    tags=_TAGS,
    summary="Export transactions as CSV",
    responses={200: ResponseSpec(bytes, generate_examples=False, description="A line each", media_type="text/csv")},
)
async def export_transactions(
    request: ApiRequest,
    organisation_id: OrganisationNumber = None,
    station_id: StationNumber = None,
    site_id: SiteNumber = None,
    token_id: TokenNumber = None,
    token: Annotated[str | None, QueryParameter(max_length=255)] = None,
    in_state: Annotated[State | None, QueryParameter(name="state")] = None,
    refused: Annotated[bool | None, QueryParameter()] = None,
    since: FromInstant = None,
    until: ToInstant = None,
) -> Stream:
    """All that the filters mean, the oldest first, in the columns of the list. The first line names them."""
    filters = Filters(
        organisation=organisation_id,
        station=station_id,
        site=site_id,
        token_id=token_id,
        token=token,
        state=in_state,
        refused=refused,
        since=since,
        until=until,
    )
    # Looked up before the answer begins, so that what is wrong is still told as a problem.
    first = await _page(request, filters, _OLDEST_FIRST, None, _PER_PAGE)
    headers = {"Content-Disposition": 'attachment; filename="transactions.csv"'}
    return Stream(_exported(request, filters, first), media_type=MEDIA_TYPE, headers=headers)


@read("/transactions/{transaction_id:int}", permission="transactions.read", tags=_TAGS, summary="Get a transaction")
async def get_transaction(request: ApiRequest, transaction_id: Key) -> Response[TransactionDetail]:
    """With the trail of how its figures came about, its limits, and whatever is odd about it."""
    async with request.work() as work:
        return request.tagged(await _detail(work, await _load(work, transaction_id)))


@read(
    "/transactions/{transaction_id:int}/meter-values",
    permission="transactions.read",
    tags=_TAGS,
    summary="Get the meter values of a transaction",
)
async def get_meter_values(
    request: ApiRequest,
    transaction_id: Key,
    measurand: Annotated[str | None, QueryParameter(max_length=64)] = None,
    phase: Annotated[Phase_ | None, QueryParameter(description="empty for values without a phase")] = None,
    max_points: Most = 500,
) -> MeterValues:
    """In series, each thinned to `maxPoints`: registers by the last reading of a stretch, all else by the mean."""
    async with request.work() as work:
        record = await _load(work, transaction_id)
        found = await metering.of_transaction(await work.sql(), record.id, record.received_at)
    moments = [readings for _, readings in found]
    return MeterValues(series=series_of(moments, most=max_points, measurand=measurand, phase=phase))


@read(
    "/transactions/{transaction_id:int}/events",
    permission="transactions.read",
    tags=_TAGS,
    summary="List what the station said of a transaction",
)
async def list_transaction_events(request: ApiRequest, transaction_id: Key) -> TransactionEvents:
    """In the order it happened in; readings without an event of their own are in the meter values."""
    async with request.work() as work:
        record = await _load(work, transaction_id)
        found = await records.facts(await work.sql(), record.id)
    return TransactionEvents(items=[event_of(fact, record.currency) for fact in sorted(found, key=in_order)])


async def _load(work: Work, key: int) -> Record:
    record = await records.of_key(await work.sql(), TransactionKey(key))
    if record is None:
        raise NotFound("transaction_unknown", f"there is no transaction {key}")
    return record


async def _detail(work: Work, record: Record) -> TransactionDetail:
    columns = station_table.c
    found = await (await work.sql()).execute(
        select(columns.wire_id, columns.site_id).where(columns.id == record.station_id)
    )
    station = found.one()
    return detail_of(record, station.wire_id, station.site_id)


async def _page(
    request: ApiRequest, filters: Filters, order: Order, cursor: str | None, limit: int
) -> Page[TransactionOut]:
    async with request.work() as work:
        connection = await work.sql()
        page = await page_of(
            connection,
            filters.select(request, order, cursor, limit),
            order,
            cursor=cursor,
            limit=limit,
            build=_same,
        )
        return Page(items=await _shown(connection, page.items), next=page.next)


def _same(row: Row[Any]) -> Row[Any]:
    return row


async def _shown(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[TransactionOut]:
    """Transactions with what their stations are called: looked up for a page, since joining the tables can cost a sort of all."""
    columns = station_table.c
    found = await connection.execute(
        select(columns.id, columns.wire_id, columns.site_id).where(columns.id.in_({row.station_id for row in rows}))
    )
    stations = {row.id: row for row in found}
    return [row_out(row, stations[row.station_id].wire_id, stations[row.station_id].site_id) for row in rows]


async def _exported(request: ApiRequest, filters: Filters, page: Page[TransactionOut]) -> AsyncIterator[bytes]:
    yield lines([TransactionOut.__struct_encode_fields__])
    while True:
        yield lines([_cells(one) for one in page.items])
        if page.next is None:
            return
        page = await _page(request, filters, _OLDEST_FIRST, page.next, _PER_PAGE)


def _cells(one: TransactionOut) -> list[object]:
    values = [getattr(one, name) for name in TransactionOut.__struct_fields__]
    return [" ".join(value) if isinstance(value, list) else value for value in values]
