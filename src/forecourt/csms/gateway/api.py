"""The routes of what was heard and said: the message log, deviations, and handshakes that were refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter
from sqlalchemy import Row, or_, select

from forecourt.csms.gateway.log import deviation, message_log
from forecourt.csms.stations.store import refused_handshake
from forecourt.csms.stations.store import station as station_table
from forecourt.csms.web.instants import FromInstant, ToInstant, between, instant
from forecourt.csms.web.paging import CursorText, Limit, Page, Sorting, SortText, page_of, search
from forecourt.csms.web.requests import ApiRequest
from forecourt.csms.web.routes import read
from forecourt.csms.web.trails import Trail
from forecourt.errors import Invalid

StationNumber = Annotated[int | None, QueryParameter(name="stationId", ge=1, le=2**63 - 1)]
Word = Annotated[str | None, QueryParameter(max_length=100)]
Who = Literal["station", "csms"]
LONGEST_SEARCH: Final = timedelta(days=7)
"""For how long all stations' messages can be searched for a text at once: no index helps with that."""


class MessageOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A call and its answer, as they stood on the wire, without secrets. `error` is the code of an error answer, or
    `unanswered`; `answer` is null when there was none."""

    received_at: datetime
    station_id: int
    organisation_id: int
    caller: Who
    version: str
    message_id: str
    action: str
    request: Any
    answer: Any
    error: str
    duration_s: float


class DeviationOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Something a station did against the specification that was made sense of, or a breach of the protocol itself."""

    received_at: datetime
    station_id: int
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


_MESSAGES: Final = Trail(
    (message_log.c.received_at, message_log.c.station_id, message_log.c.message_id, message_log.c.caller)
)
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


def routes() -> list[HTTPRouteHandler]:
    """The routes of the log."""
    return [list_messages, list_deviations, list_refused_handshakes]


@read("/messages", permission="log.read", tags=_TAGS, summary="Search the message log")
async def list_messages(
    request: ApiRequest,
    cursor: CursorText = None,
    limit: Limit = 50,
    station_id: StationNumber = None,
    caller: Annotated[Who | None, QueryParameter(description="who called")] = None,
    action: Word = None,
    message_id: Annotated[str | None, QueryParameter(name="messageId", max_length=100)] = None,
    failed: Annotated[bool | None, QueryParameter(description="whether the answer was an error, or none came")] = None,
    words: Annotated[
        str | None,
        QueryParameter(name="search", max_length=100, description="in the payloads, as they are written in JSON"),
    ] = None,
    since: FromInstant = None,
    until: ToInstant = None,
) -> Page[MessageOut]:
    """The latest first. A text is searched for in one station's messages, or in those of at most seven days."""
    table = message_log.c
    statement = select(message_log).where(*between(table.received_at, since, until))
    same = {"station_id": station_id, "caller": caller, "action": action, "message_id": message_id}
    statement = statement.where(*(table[name] == value for name, value in same.items() if value is not None))
    if failed is not None:
        statement = statement.where(table.error != "" if failed else table.error == "")
    first = None if since is None else instant("from", since)
    async with request.work() as work:
        last = work.now if until is None else instant("to", until)
        if words:
            if station_id is None and (first is None or last - first > LONGEST_SEARCH):
                message = f"name a station, or a time from..to of at most {LONGEST_SEARCH.days} days to search in"
                raise Invalid("search_too_wide", message, {"search": message})
            pattern = search(words)
            statement = statement.where(or_(table.request.ilike(pattern), table.answer.ilike(pattern)))
        return await _MESSAGES.page(
            await work.sql(),
            statement,
            cursor=cursor,
            limit=limit,
            build=_message,
            now=last,
            since=first,
            in_pieces=station_id is None,
        )


@read("/deviations", permission="log.read", tags=_TAGS, summary="List deviations from the specification")
async def list_deviations(
    request: ApiRequest,
    cursor: CursorText = None,
    limit: Limit = 50,
    station_id: StationNumber = None,
    action: Word = None,
    kind: Word = None,
    since: FromInstant = None,
    until: ToInstant = None,
) -> Page[DeviationOut]:
    """The latest first."""
    table = deviation.c
    same = {"station_id": station_id, "action": action, "kind": kind}
    statement = select(deviation).where(
        *between(table.received_at, since, until),
        *(table[name] == value for name, value in same.items() if value is not None),
    )
    async with request.work() as work:
        return await _DEVIATIONS.page(
            await work.sql(),
            statement,
            cursor=cursor,
            limit=limit,
            build=_deviation,
            now=work.now if until is None else instant("to", until),
            since=None if since is None else instant("from", since),
            in_pieces=station_id is None,
        )


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
    the platform's administrators."""
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


def _message(row: Row[Any]) -> MessageOut:
    plain = {name: row._mapping[name] for name in MessageOut.__struct_fields__ if name in row._mapping}
    shown = {**plain, "request": _payload(row.request), "answer": _payload(row.answer)}
    return MessageOut(**shown, duration_s=row.duration_us / 1_000_000)


def _payload(text: str) -> Any:
    """A payload as JSON; what is none (a station's nonsense) as the text it is."""
    if not text:
        return None
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


def _deviation(row: Row[Any]) -> DeviationOut:
    return DeviationOut(**{name: row._mapping[name] for name in DeviationOut.__struct_fields__})


def _refusal(row: Row[Any]) -> RefusedHandshakeOut:
    return RefusedHandshakeOut(**{name: row._mapping[name] for name in RefusedHandshakeOut.__struct_fields__})
