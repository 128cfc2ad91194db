"""One more event or reading of a transaction that runs: judged from memory, written through the journal.

Ten thousand of these a second are what this block is built for. None of them asks the database anything, unless the energy
so far is wanted for the first time since the transaction was read into memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from forecourt.charging.energy import EnergyAccount
from forecourt.charging.ids import EvseId
from forecourt.charging.limits import Limits
from forecourt.charging.quantities import Money
from forecourt.charging.topology import Place
from forecourt.csms.blocks.metering import actions as metering
from forecourt.csms.blocks.metering.model import Metered
from forecourt.csms.blocks.transactions import limiting, records
from forecourt.csms.blocks.transactions.context import Transactions
from forecourt.csms.blocks.transactions.events import TransactionUpdated
from forecourt.csms.blocks.transactions.figures import counted
from forecourt.csms.blocks.transactions.memory import WRITE_EVERY, Ongoing, Running
from forecourt.csms.blocks.transactions.model import ON_THE_WAY, Heard, Told, What, moment
from forecourt.csms.blocks.transactions.reckoning import on_record, reported
from forecourt.csms.blocks.transactions.record import facts_of
from forecourt.csms.blocks.transactions.recording import cost_to_tell, record
from forecourt.csms.blocks.transactions.store import EVENT, RUNNING, STATE
from forecourt.csms.blocks.transactions.timeline import Timeline, in_order
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Station, StationKey
from forecourt.csms.store.work import Work

_MICROSECONDS: Final = 1_000_000
_YOUNG: Final = timedelta(minutes=5)
"""The few readings of a transaction that has just begun are counted when it is read into memory, those of another later."""


async def tell(block: Transactions, link: Link, work: Work, told: Told) -> Heard:
    """What a station says about a transaction, whatever it is. Raises StoreAway."""
    ongoing = await fresh(block, link, work)
    running = ongoing.named(told.wire_id)
    if running is None or not running.takes(told):
        return await record(block, link, work, told)
    work.once(EVENT, records.row_of(running.record, told, told.details, work.now))
    newest = running.seen.highest is None or told.seq_no > running.seen.highest
    running.seen.add(told.seq_no)
    if told.values:
        evse_id = running.record.evse_id
        place = None if evse_id is None else Place(EvseId(evse_id))
        metering.keep(work, link.station, place, told.values, running.record.id)
    state = told.charging_state if newest else ""
    await _go_on(block, link.station, work, running, told.values, state, told.at)
    limits: Limits | None = None
    cost: Money | None = None
    if running.record.limits_wanted is not None:
        limits = limiting.to_tell(ongoing, link, running.record, told)
        cost = cost_to_tell(running.record, told.what)
    return Heard(running.record.id, running.record.number, None, cost, limits)


async def fresh(block: Transactions, link: Link, work: Work) -> Ongoing:
    """What the station has open, read from the database if memory is stale."""
    ongoing = link.station.recall(Ongoing)
    if ongoing.epoch != link.epoch:
        found = await _read(block, link.station.key, ongoing, work)
        ongoing.fill(link.epoch, found.records, found.seen, work.now)
        for running in ongoing.all():
            if work.now - running.record.received_at < _YOUNG:
                running.account = await _counted(block, link.station, work, running, ())
            if running.record.limits_wanted is not None:
                block.watch.look(link.station, running.record, running.pulse, work.now, work)
    return ongoing


async def _read(block: Transactions, station: StationKey, ongoing: Ongoing, work: Work) -> records.Open:
    """What is open, for many stations at once where the unit of work is not a transaction of its own already."""
    while True:
        generation = ongoing.generation
        if work.is_own:
            found = (await records.open_of(await work.sql(), [station]))[station]
        else:
            found = await block.open_ones.of(station)
        # If something was changed meanwhile it may not be in it.
        if ongoing.generation == generation:
            return found


async def state_told(
    block: Transactions, link: Link, work: Work, place: Place, charging_state: str, at: datetime
) -> None:
    """A charging state that came apart from any transaction's own messages, as 1.6 tells it; nothing if none is open there.

    For the block that hears of it. Called within its unit of work, which may be guarded by something else.
    """
    ongoing = await fresh(block, link, work)
    running = ongoing.at(place.evse_id)
    if running is None or not charging_state or charging_state == running.state:
        return
    told = Told(
        action="StatusNotification",
        wire_id=running.record.wire_id,
        what=What.UPDATED,
        seq_no=ON_THE_WAY,
        take=int(at.timestamp()) * _MICROSECONDS + at.microsecond,
        at=at,
        trigger="ChargingStateChanged",
        charging_state=charging_state,
    )
    work.add(STATE, records.row_of(running.record, told, None, work.now))
    newest = moment(at, work.now) >= running.record.last_at
    await _go_on(block, link.station, work, running, (), charging_state if newest else "", at)


async def take_readings(
    block: Transactions, link: Link, work: Work, running: Running, values: Sequence[Metered]
) -> None:
    """Readings of a transaction that came apart from its own messages."""
    await _go_on(block, link.station, work, running, values, "", values[-1].at)


async def _go_on(
    block: Transactions,
    station: Station,
    work: Work,
    running: Running,
    values: Sequence[Metered],
    state: str,
    at: datetime,
) -> None:
    evse_id = running.record.evse_id
    bounds = block.bounds(station, None if evse_id is None else EvseId(evse_id))
    running.read(values, bounds)
    changed = bool(state) and state != running.state
    limited = running.record.limits_wanted is not None
    if not (changed or limited or work.now >= running.due):
        return
    if changed:
        running.state = state
    if running.account is None:
        running.account = await _counted(block, station, work, running, values)
    now = running.progress(bounds, moment(at, work.now))
    if limited:
        running.pulse.feel(values)
        block.watch.look(station, now, running.pulse, work.now, work)
    if changed or work.now >= running.due:
        running.due = work.now + WRITE_EVERY
        work.add(RUNNING, running.row())
    if changed:
        work.announce(TransactionUpdated(**facts_of(now)))


async def _counted(
    block: Transactions, station: Station, work: Work, running: Running, values: Sequence[Metered]
) -> EnergyAccount:
    """The account of everything that is on record, and of what this unit adds to it."""
    connection = await work.sql()
    now = running.record
    readings = [*await on_record(connection, now), *reported(values, work.now)]
    facts = sorted(await records.facts(connection, now.id), key=in_order)
    evse_id = None if now.evse_id is None else EvseId(now.evse_id)
    return counted(Timeline.of(facts), readings, block.bounds(station, evse_id))
