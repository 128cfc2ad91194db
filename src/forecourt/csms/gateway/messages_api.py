"""The routes of the message log: searched, exported, and followed as it is written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter
from litestar.response import Stream
from sqlalchemy import Select, or_, select

from forecourt.clock import Clock
from forecourt.csms.gateway.log import LOGGED, message_log
from forecourt.csms.gateway.tail import Followed, Follower, Tail
from forecourt.csms.stations.registry import Stations
from forecourt.csms.stations.visible import stands_at
from forecourt.csms.web.instants import FromInstant, ToInstant, between, instant
from forecourt.csms.web.numbers import OrganisationNumber, SiteNumber, StationNumber
from forecourt.csms.web.paging import CursorText, Limit, Page, search
from forecourt.csms.web.pouring import MEDIA_TYPE, STILL_THERE, EventStream
from forecourt.csms.web.problems import TooManyRequests
from forecourt.csms.web.requests import ApiRequest
from forecourt.csms.web.routes import read
from forecourt.csms.web.trails import Trail
from forecourt.errors import Invalid

Who = Literal["station", "csms"]
Caller = Annotated[Who | None, QueryParameter(description="who called")]
Action = Annotated[str | None, QueryParameter(max_length=100)]
MessageId = Annotated[str | None, QueryParameter(name="messageId", max_length=100)]
Failed = Annotated[bool | None, QueryParameter(description="whether the answer was an error, or none came")]
Words = Annotated[
    str | None,
    QueryParameter(name="search", max_length=100, description="in the payloads, as they are written in JSON"),
]
LONGEST_SEARCH: Final = timedelta(days=7)
"""For how long all stations' messages can be searched for a text at once: no index helps with that."""

MOST_FOLLOWERS: Final = 500
MOST_FOLLOWERS_PER_CALLER: Final = 20
JSON_LINES: Final = "text/x-ndjson"
_PER_PAGE: Final = 500


class MessageOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A call and its answer, as they stood on the wire, without secrets. `error` is the code of an error answer, or
    `unanswered`; `answer` is null when there was none."""

    received_at: datetime
    station_id: int
    station: str
    organisation_id: int
    caller: Who
    version: str
    message_id: str
    action: str
    request: Any
    answer: Any
    error: str
    duration_s: float


_MESSAGES: Final = Trail(
    (message_log.c.received_at, message_log.c.station_id, message_log.c.message_id, message_log.c.caller)
)
_TAGS: Final = ["Log"]


class Asked:
    """Which messages are meant. The parameters of the list and of the export."""

    def __init__(
        self,
        *,
        station: int | None,
        site: int | None,
        organisation: int | None,
        caller: str | None,
        action: str | None,
        message_id: str | None,
        failed: bool | None,
        words: str | None,
        since: str | None,
        until: str | None,
    ) -> None:
        table = message_log.c
        same = {
            "station_id": station,
            "organisation_id": organisation,
            "caller": caller,
            "action": action,
            "message_id": message_id,
        }
        self.station = station
        self._words = words
        self._since = None if since is None else instant("from", since)
        self._until = None if until is None else instant("to", until)
        self._statement: Select[Any] = select(message_log).where(
            *between(table.received_at, since, until),
            *(table[name] == value for name, value in same.items() if value is not None),
        )
        if site is not None:
            self._statement = self._statement.where(stands_at(table.station_id, site))
        if failed is not None:
            self._statement = self._statement.where(table.error != "" if failed else table.error == "")
        if words:
            pattern = search(words)
            self._statement = self._statement.where(or_(table.request.ilike(pattern), table.answer.ilike(pattern)))

    async def page(self, request: ApiRequest, stations: Stations, cursor: str | None, limit: int) -> Page[MessageOut]:
        """Raises Invalid for a text that is looked for in more than can be searched."""
        async with request.work() as work:
            last = work.now if self._until is None else self._until
            everywhere = self.station is None
            if self._words and everywhere and (self._since is None or last - self._since > LONGEST_SEARCH):
                message = f"name a station, or a time from..to of at most {LONGEST_SEARCH.days} days to search in"
                raise Invalid("search_too_wide", message, {"search": message})
            return await _MESSAGES.page(
                await work.sql(),
                self._statement,
                cursor=cursor,
                limit=limit,
                build=lambda row: message_of(row._mapping, stations),
                now=last,
                since=self._since,
                in_pieces=everywhere,
            )


def routes(stations: Stations, tail: Tail, clock: Clock) -> list[HTTPRouteHandler]:
    """The routes of the message log."""

    @read("/messages", permission="log.read", tags=_TAGS, summary="Search the message log")
    async def list_messages(
        request: ApiRequest,
        cursor: CursorText = None,
        limit: Limit = 50,
        station_id: StationNumber = None,
        site_id: SiteNumber = None,
        organisation_id: OrganisationNumber = None,
        caller: Caller = None,
        action: Action = None,
        message_id: MessageId = None,
        failed: Failed = None,
        words: Words = None,
        since: FromInstant = None,
        until: ToInstant = None,
    ) -> Page[MessageOut]:
        """The latest first. A text is searched for in one station's messages, or in those of at most seven days."""
        asked = Asked(
            station=station_id,
            site=site_id,
            organisation=organisation_id,
            caller=caller,
            action=action,
            message_id=message_id,
            failed=failed,
            words=words,
            since=since,
            until=until,
        )
        return await asked.page(request, stations, cursor, limit)

    @read(
        "/messages/export",
        permission="log.read",
        tags=_TAGS,
        summary="Export messages as lines of JSON",
        responses={200: ResponseSpec(bytes, generate_examples=False, description="A line each", media_type=JSON_LINES)},
    )
    async def export_messages(
        request: ApiRequest,
        station_id: StationNumber = None,
        site_id: SiteNumber = None,
        organisation_id: OrganisationNumber = None,
        caller: Caller = None,
        action: Action = None,
        message_id: MessageId = None,
        failed: Failed = None,
        words: Words = None,
        since: FromInstant = None,
        until: ToInstant = None,
    ) -> Stream:
        """All that the filters mean, the latest first, each as in the list."""
        asked = Asked(
            station=station_id,
            site=site_id,
            organisation=organisation_id,
            caller=caller,
            action=action,
            message_id=message_id,
            failed=failed,
            words=words,
            since=since,
            until=until,
        )
        # Looked up before the answer begins, so that what is wrong is still told as a problem.
        first = await asked.page(request, stations, None, _PER_PAGE)
        headers = {"Content-Disposition": 'attachment; filename="messages.jsonl"'}
        return Stream(_exported(request, stations, asked, first), media_type=JSON_LINES, headers=headers)

    @read(
        "/messages/stream",
        permission="log.read",
        tags=_TAGS,
        summary="Follow the message log",
        responses={
            200: ResponseSpec(
                str, generate_examples=False, description="Server-Sent Events, without an end", media_type=MEDIA_TYPE
            )
        },
    )
    async def follow_messages(
        request: ApiRequest,
        station_id: StationNumber = None,
        site_id: SiteNumber = None,
        organisation_id: OrganisationNumber = None,
        caller: Caller = None,
        action: Action = None,
        failed: Failed = None,
        words: Words = None,
    ) -> EventStream:
        """Server-Sent Events: each message as in the list, once it is on record. Those of before are in the list. `missed` says how
        many were left out because the reader was too slow."""
        owner = request.caller.name
        if tail.followers >= MOST_FOLLOWERS or tail.followers_of(owner) >= MOST_FOLLOWERS_PER_CALLER:
            raise TooManyRequests("too_many_streams", "too many streams are open already", 30)
        followed = Followed(
            scope=request.caller.scope(request.permission),
            station=station_id,
            site=site_id,
            organisation=organisation_id,
            caller=caller,
            action=action,
            failed=failed,
            words=words or None,
        )
        follower = tail.follow(followed, owner)
        return EventStream(_followed(follower, stations), follower.close, clock)

    return [list_messages, export_messages, follow_messages]


def message_of(row: Any, stations: Stations) -> MessageOut:
    """A row of the log, by the names of its columns."""
    return MessageOut(
        received_at=row["received_at"],
        station_id=row["station_id"],
        station=stations.wire_id_of(row["station_id"]),
        organisation_id=row["organisation_id"],
        caller=row["caller"],
        version=row["version"],
        message_id=row["message_id"],
        action=row["action"],
        request=_payload(row["request"]),
        answer=_payload(row["answer"]),
        error=row["error"],
        duration_s=row["duration_us"] / 1_000_000,
    )


def _payload(text: str) -> Any:
    """A payload as JSON; what is none (a station's nonsense) as the text it is."""
    if not text:
        return None
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


async def _exported(
    request: ApiRequest, stations: Stations, asked: Asked, page: Page[MessageOut]
) -> AsyncIterator[bytes]:
    while True:
        yield b"".join(msgspec.json.encode(one) + b"\n" for one in page.items)
        if page.next is None:
            return
        page = await asked.page(request, stations, page.next, _PER_PAGE)


async def _followed(follower: Follower, stations: Stations) -> AsyncIterator[bytes]:
    yield b"retry: 1000\nevent: open\ndata: {}\n\n"
    async for told in follower.lines():
        parts = [
            b"data: %b\n\n" % msgspec.json.encode(message_of(dict(zip(LOGGED.columns, row, strict=True)), stations))
            for row in told.rows
        ]
        if told.missed:
            parts.append(b'event: missed\ndata: {"count":%d}\n\n' % told.missed)
        yield b"".join(parts) or STILL_THERE
