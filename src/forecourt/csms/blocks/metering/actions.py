"""Keeping what meters say. What other blocks use of this one is here and in `model`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.charging.ids import STATION, EvseId
from forecourt.charging.readings import Reading
from forecourt.charging.topology import Place
from forecourt.csms.blocks.metering import store
from forecourt.csms.blocks.metering.model import Metered, NewestReadings, Owner, Report, Shown
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Station
from forecourt.csms.store.work import Work

REPEATED_WITHIN: Final = timedelta(days=60)
"""For how long a message is known as a repetition. A station does not keep one in its queue for longer."""

SPLIT: Final = store.SPLIT
"""How the table of meter values is split, for the job that makes and drops partitions."""


async def hear(owner: Owner, link: Link, work: Work, report: Report) -> None:
    """Keep meter values that came by themselves; a repetition changes nothing (J01, 1.6 section 4.7)."""
    if not report.values:
        return
    station = link.station
    place = report.place
    work.once(
        store.MESSAGE,
        (
            station.key,
            place.evse_id << 16 | (place.connector_id or 0),
            -1 if report.number is None else report.number,
            report.at,
            report.digest,
            work.now,
        ),
    )
    keep(work, station, place, report.values, None if place.evse_id == STATION else await owner(link, work, report))


def keep(
    work: Work, station: Station, place: Place | None, values: Sequence[Metered], transaction_id: int | None
) -> None:
    """Add the values to the unit of work, and remember the newest of them. `place` None: the station did not say where."""
    newest = station.recall(NewestReadings)
    now, key, organisation = work.now, station.key, station.organisation
    evse_id = connector_id = None
    if place is not None:
        evse_id, connector_id = place.evse_id, place.connector_id
    rows = []
    for one in values:
        if evse_id is not None:
            newest.take(evse_id, one)
        rows.append((now, key, organisation, transaction_id, evse_id, connector_id, one.at, one.sampled))
        if one.signed:
            _keep_signed(work, station, place, one, transaction_id)
    work.add(store.METER_VALUES, *rows)


def come_to_rest(station: Station, evse_id: EvseId) -> None:
    """What was charged on an EVSE has ended: its last readings of power and the like say nothing about now."""
    if station.remembers(NewestReadings):
        station.recall(NewestReadings).come_to_rest(evse_id)


def newest(station: Station, evse_id: EvseId) -> list[Shown]:
    """The newest readings of an EVSE (0: of the station's own meter) that this process has heard."""
    if not station.remembers(NewestReadings):
        return []
    return station.recall(NewestReadings).of(evse_id)


async def of_transaction(
    connection: AsyncConnection, transaction_id: int, since: datetime
) -> list[tuple[datetime, list[Reading]]]:
    """All readings of a transaction, moment by moment, each with when it was received; in no order.

    `since` is when the first word about the transaction was received.
    """
    return await store.of_transaction(connection, transaction_id, since)


async def newest_of_transaction(
    connection: AsyncConnection, transaction_id: int, since: datetime, count: int
) -> list[list[Reading]]:
    """The readings of a transaction's `count` newest moments, the newest first."""
    return await store.newest_of_transaction(connection, transaction_id, since, count)


async def forget_messages(connection: AsyncConnection, now: datetime) -> int:
    """Forget messages so old that nobody repeats them. For a daily job. Returns how many there were."""
    return await store.forget_messages(connection, now - REPEATED_WITHIN)


def _keep_signed(
    work: Work, station: Station, place: Place | None, metered: Metered, transaction_id: int | None
) -> None:
    work.add(
        store.SIGNED_VALUES,
        *(
            (
                work.now,
                station.key,
                station.organisation,
                transaction_id,
                None if place is None else place.evse_id,
                None if place is None else place.connector_id,
                metered.at,
                signed.measurand,
                signed.context,
                signed.phase,
                signed.location,
                signed.value.data,
                signed.value.encoding,
                signed.value.method,
                signed.value.public_key,
            )
            for signed in metered.signed
        ),
    )
