"""What is done about availability: hearing of states, ordering them, showing them, and knowing them again after a start."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.charging.connector_state import ConnectorState, Make, Meaning, Status, of_connector
from forecourt.charging.topology import Place
from forecourt.csms.blocks.availability import store, upkeep
from forecourt.csms.blocks.availability.events import AvailabilityOrdered, ConnectorChanged
from forecourt.csms.blocks.availability.model import (
    MOST_PLACES,
    SEEN_AT_MOST_EVERY,
    Availability,
    Condition,
    Live,
    Notice,
    Shown,
    Wanted,
    contradicted,
    has_happened,
    is_late,
    within,
)
from forecourt.csms.stations import actions as stations_actions
from forecourt.csms.stations.commands import Outcome
from forecourt.csms.stations.habits.model import Catalogue, Habits
from forecourt.csms.stations.model import Station
from forecourt.csms.stations.registry import Stations
from forecourt.csms.stations.sending import allot_request_id
from forecourt.csms.store.work import Work
from forecourt.errors import NotFound, Offline


def habits_of(catalogue: Catalogue, station: Station) -> Habits:
    """What is known of the ways of stations like this one."""
    return catalogue.of(Make(station.vendor, station.model))


def meaning_of(habits: Habits, word: str, info: str | None = None) -> Meaning | None:
    """What a status means in whichever version's words it is said; None for a word of none."""
    if word in _STATUSES:
        return habits.meaning(Status(word), info)
    if word in _STATES:
        return of_connector(ConnectorState(word), None)
    return None


_STATUSES = frozenset(status.value for status in Status)
_STATES = frozenset(state.value for state in ConnectorState)


# Hearing.


def heartbeat(work: Work, station: Station) -> datetime:
    """The station is there (G02.FR.04). Returns the time it is told (G02.FR.03).

    Adds a row once a minute at most, and never needs the database for its answer.
    """
    live = station.recall(Live)
    written_at = live.seen_written_at
    if written_at is None or work.now - written_at >= SEEN_AT_MOST_EVERY:
        live.seen_written_at = work.now
        stations_actions.seen(work, station)
    return work.now


def hear(block: Availability, work: Work, station: Station, notice: Notice) -> None:
    """Take what a station says about a place (G01). Late words change nothing; an event is announced only for a change.

    Needs no SQL: it judges by what is remembered, all of which was read at the start.
    """
    live = station.recall(Live)
    place = notice.place
    known = live.conditions.get(place)
    if known is None and len(live.conditions) >= MOST_PLACES:
        return
    if is_late(live, notice, work.now):
        return
    same = known is not None and known.notice.says_as(notice) and place not in live.unsure
    since = known.since if known is not None and same else work.now
    condition = live.conditions[place] = Condition(notice, work.now, since)
    store.put(work, station, condition)
    if not same:
        live.unsure.add(place)
        work.announce(_changed(station, notice))
        work.after_answer(partial(_committed, block, station, condition))
    elif any(one.request_id is not None and within(place, whole) for whole, one in live.wanted.items()):
        work.after_answer(partial(finish_orders, block, station))
    if any(within(place, whole) and contradicted(live, whole) for whole in live.wanted):
        upkeep.soon(work, station)


async def _committed(block: Availability, station: Station, condition: Condition) -> None:
    """What runs when a change is on record."""
    live = station.recall(Live)
    if live.conditions.get(condition.notice.place) is condition:
        live.unsure.discard(condition.notice.place)
    await finish_orders(block, station)


def _changed(station: Station, notice: Notice) -> ConnectorChanged:
    return ConnectorChanged(
        organisation_id=station.organisation,
        station_id=station.key,
        evse_id=notice.place.evse_id,
        connector_id=notice.place.connector_id,
        status=notice.state.value,
        plugged_in=notice.plugged_in,
        charging=None if notice.charging is None else notice.charging.value,
        wire_status=notice.wire_status,
        error_code=notice.error_code,
        vendor_id=notice.vendor_id,
        vendor_error_code=notice.vendor_error_code,
        info=notice.info,
        station_time=notice.at,
    )


# Ordering.


async def ordered(
    block: Availability, station: Station, place: Place, *, operative: bool, word: str, **details: str
) -> Outcome:
    """Remember an order that the station has answered with `word`, and say what has become of the command.

    Accepted: it is so, or is about to be (G03.FR.03). Scheduled: it will be when a transaction is over (G03.FR.05, G04.FR.06),
    so the command is running until the station says that it has happened. Refused orders are not remembered.
    """
    if word not in ("Accepted", "Scheduled"):
        return Outcome.refused(word, **details)
    live = station.recall(Live)
    earlier = live.wanted.get(place)
    async with block.store.work(station.key) as work:
        scheduled = word == "Scheduled" and not has_happened(live.conditions, place, operative=operative)
        request_id = await allot_request_id(work, station) if scheduled else None
        wanted = Wanted(operative, work.now, request_id)
        store.put_wanted(work, station, place, wanted)
        work.announce(
            AvailabilityOrdered(
                organisation_id=station.organisation,
                station_id=station.key,
                evse_id=place.evse_id,
                connector_id=place.connector_id,
                operative=operative,
                pending=scheduled,
            )
        )
    live.wanted[place] = wanted
    if earlier is not None and earlier.request_id is not None:
        await block.finish(station, earlier.request_id, failed=True, reason="a later order took its place")
    if request_id is None:
        return Outcome.accepted(word, **details)
    return Outcome.running(request_id, word, **details)


async def finish_orders(block: Availability, station: Station) -> None:
    """End the commands whose order has taken effect. Whatever fails is tried again with the next word of the station."""
    live = station.recall(Live)
    for place, wanted in list(live.wanted.items()):
        if wanted.request_id is None or not has_happened(live.conditions, place, operative=wanted.operative):
            continue
        if not await block.finish(station, wanted.request_id, failed=False, reason="it has happened"):
            continue
        if live.wanted.get(place) is not wanted:
            continue
        async with block.store.work(station.key) as work:
            done = Wanted(wanted.operative, wanted.at)
            store.put_wanted(work, station, place, done)
        live.wanted[place] = done


# Showing.


def conditions(station: Station, stations: Stations) -> list[Shown]:
    """Every place of a station of which something is known or was ordered, in order.

    While the station is away what was last known is still there, with the time since when it may be otherwise.
    """
    if not station.remembers(Live):
        return []
    live = station.recall(Live)
    unknown_since = None if _is_connected(station, stations) else station.last_seen_at
    return [_shown(place, live.conditions.get(place), live.wanted.get(place), unknown_since) for place in _places(live)]


def condition(station: Station, place: Place) -> Condition | None:
    """The last that is known of a place; None if nothing was ever heard of it."""
    return station.recall(Live).conditions.get(place) if station.remembers(Live) else None


def _places(live: Live) -> Iterator[Place]:
    yield from sorted({*live.conditions, *live.wanted}, key=lambda place: (place.evse_id, place.connector_id or 0))


def _shown(place: Place, known: Condition | None, wanted: Wanted | None, unknown_since: datetime | None) -> Shown:
    return Shown(
        place,
        None if known is None else known.notice,
        None if known is None else known.received_at,
        None if known is None else known.since,
        unknown_since,
        None if wanted is None else wanted.operative,
        None if wanted is None else wanted.at,
        wanted is not None and wanted.request_id is not None,
    )


def _is_connected(station: Station, stations: Stations) -> bool:
    try:
        stations.link_of(station)
    except Offline:
        return False
    return True


# Starting.


async def load(connection: AsyncConnection, stations: Stations) -> int:
    """After a start: know again the condition of every place and every order. Returns how many conditions there are.

    To be done before any station is let in.
    """
    count = 0
    async for key, known in store.conditions(connection):
        try:
            station = stations.of_key(key)
        except NotFound:
            continue
        station.recall(Live).conditions[known.notice.place] = known
        count += 1
    async for key, place, wanted in store.orders(connection):
        try:
            stations.of_key(key).recall(Live).wanted[place] = wanted
        except NotFound:
            continue
    return count
