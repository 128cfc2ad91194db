"""The routes of what happens: events as pages and as a stream, the kinds there are, and the newest readings."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter, QueryParameter

from forecourt.clock import Clock
from forecourt.csms.events import Cursor
from forecourt.csms.feed.engine import Feed, FeedEvent
from forecourt.csms.feed.filters import Watched, check_kinds, kinds
from forecourt.csms.feed.readings import EvseReadings
from forecourt.csms.feed.stream import stream_of
from forecourt.csms.web.numbers import OrganisationNumber, SiteNumber, StationNumber
from forecourt.csms.web.pouring import MEDIA_TYPE, EventStream
from forecourt.csms.web.problems import TooManyRequests
from forecourt.csms.web.requests import ApiRequest
from forecourt.csms.web.routes import read
from forecourt.errors import Invalid

MOST_STREAMS: Final = 5000
MOST_STREAMS_PER_CALLER: Final = 50
_TAGS: Final = ["Events"]
_BIGGEST: Final = 2**63

Kinds = Annotated[
    str | None, QueryParameter(max_length=2000, description="names of kinds with commas between them; all if left out")
]
After = Annotated[
    str | None,
    QueryParameter(max_length=64, description="the `cursor` of an event, or `next`: what follows it is answered"),
]


class EventPage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A piece of the order of events. `next` is where to go on, also when there are none yet; `more` says that there may be
    some already. `resync` says that events in between are no longer kept, so that whoever keeps a copy must read it anew."""

    items: list[FeedEvent]
    next: str
    more: bool
    resync: bool


class EventKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of event and what it says."""

    kind: str
    meaning: str


class EventKinds(msgspec.Struct, frozen=True, kw_only=True):
    """All kinds of events."""

    items: list[EventKind]


class Readings(msgspec.Struct, frozen=True, kw_only=True):
    """The newest readings, EVSE by EVSE."""

    items: list[EvseReadings]


def routes(feed: Feed, clock: Clock) -> list[HTTPRouteHandler]:
    """The routes of events."""

    @read("/events", permission="events.read", tags=_TAGS, summary="Read events in pages")
    async def list_events(
        request: ApiRequest,
        cursor: After = None,
        limit: Annotated[int, QueryParameter(ge=1, le=1000, description="how many to look at")] = 200,
        kind: Kinds = None,
        organisation_id: OrganisationNumber = None,
        station_id: StationNumber = None,
        site_id: SiteNumber = None,
    ) -> EventPage:
        """The oldest first. Begin without a cursor, or with `0-0` for everything that is still kept, and go on with `next`. What
        the filters leave out counts for `limit`: a page may be empty while `more` is true."""
        watched = _watched(request, kind, organisation_id, station_id, site_id)
        after = _cursor(cursor, "cursor")
        found = await feed.page(watched, after, limit)
        return EventPage(
            items=[FeedEvent.of(event) for event in found.events],
            next=str(found.cursor),
            more=found.resync or (after is not None and found.cursor != after),
            resync=found.resync,
        )

    @read(
        "/events/stream",
        permission="events.read",
        tags=_TAGS,
        summary="Watch events as they happen",
        responses={
            200: ResponseSpec(
                str, generate_examples=False, description="Server-Sent Events, without an end", media_type=MEDIA_TYPE
            )
        },
    )
    async def stream_events(
        request: ApiRequest,
        cursor: After = None,
        last_event_id: Annotated[str | None, HeaderParameter(name="Last-Event-ID")] = None,
        kind: Kinds = None,
        organisation_id: OrganisationNumber = None,
        station_id: StationNumber = None,
        site_id: SiteNumber = None,
        readings: Annotated[
            bool,
            QueryParameter(description="whether the newest readings come too, as `readings`, at most once a second"),
        ] = True,
    ) -> EventStream:
        """Server-Sent Events. Each fact has its place as `id`; a reader that comes again with `Last-Event-ID` misses nothing and
        gets nothing twice. `resync` says that it was away for longer than events are kept. Readings have no id: they are
        sent anew to whoever comes."""
        watched = _watched(request, kind, organisation_id, station_id, site_id)
        after = _cursor(last_event_id, "Last-Event-ID") or _cursor(cursor, "cursor")
        owner = request.caller.name
        if feed.watchers >= MOST_STREAMS or feed.watchers_of(owner) >= MOST_STREAMS_PER_CALLER:
            raise TooManyRequests("too_many_streams", "too many streams are open already", 30)
        return stream_of(await feed.watch(watched, after, readings=readings, owner=owner), clock)

    @read("/event-kinds", permission="events.read", tags=_TAGS, summary="List the kinds of events")
    async def list_event_kinds(request: ApiRequest) -> Response[EventKinds]:
        """What `kind` of the other routes, and of webhooks, may name."""
        known = EventKinds(items=[EventKind(kind=name, meaning=meaning) for name, meaning in kinds().items()])
        return request.tagged(known)

    @read("/readings", permission="events.read", tags=_TAGS, summary="Get the newest readings")
    async def list_readings(
        request: ApiRequest,
        organisation_id: OrganisationNumber = None,
        station_id: StationNumber = None,
        site_id: SiteNumber = None,
    ) -> Readings:
        """Of every EVSE of which any were heard since the start, as the stream sends them when they change."""
        return Readings(items=feed.readings(_watched(request, None, organisation_id, station_id, site_id)))

    return [list_events, stream_events, list_event_kinds, list_readings]


def _watched(
    request: ApiRequest, kind: str | None, organisation: int | None, station: int | None, site: int | None
) -> Watched:
    named = None if kind is None else check_kinds(frozenset(part.strip() for part in kind.split(",")), "kind")
    scope = request.caller.scope(request.permission)
    return Watched(scope=scope, kinds=named, organisation=organisation, station=station, site=site)


def _cursor(words: str | None, field: str) -> Cursor | None:
    if words is None:
        return None
    cursor = Cursor.parse(words)
    if cursor is None or max(cursor.xid, cursor.id) >= _BIGGEST:
        message = "this is not the place of an event"
        raise Invalid("cursor_invalid", message, {field: message})
    return cursor
